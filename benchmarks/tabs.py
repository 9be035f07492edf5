"""Training speed while three tabs watch, over nobody watching; and from batch to drawn point.

Measured twice: with three real tabs, whose browser draws on the same processor that trains, and with
three sockets that receive the same without drawing, which is what the server's own work costs.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import Server, set_number, settle, wait_points, wait_warm
from tests.browser.install import CHROMIUM_ARGUMENTS, find_chromium
from trainer.runs.history import Table
from trainer.runs.store import RunStore

LISTEN = """
import sys
from websockets.sync.client import connect
origin = "http://" + sys.argv[1].split("/")[2]
with connect(sys.argv[1], origin=origin, max_size=None) as socket:
    while True:
        socket.recv()
"""
TABS, ROUNDS, SECONDS = 3, 3, 6.0
SPEED_BUDGET, SOCKET_BUDGET, LATENCY_BUDGET = 0.70, 0.97, 100.0


def run() -> dict:
    """Starts a server and a long run, and measures in turns without tabs and with three."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "runs", Path(folder) / "server.log").start()
        try:
            return _measure(playwright, server)
        finally:
            server.terminate()


def _measure(playwright, server: Server) -> dict:
    browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.goto(server.url)
    settle(page)
    wait_warm(page)
    set_number(page, "train_epochs_set", 1_000_000)
    began = time.monotonic()
    page.get_by_role("button", name="Start training").click()
    wait_points(page)
    first_point = time.monotonic() - began
    address = page.url
    with page.expect_websocket(lambda socket: "/live" in socket.url) as opened:
        page.reload()
    live = opened.value.url
    page.close()
    run = RunStore(server.runs).list()[0]
    alone, watched, latencies = [], [], []
    for _ in range(ROUNDS):
        alone.append(_speed(run.path))
        pages = [browser.new_context(viewport={"width": 1440, "height": 1000}).new_page() for _ in range(TABS)]
        for each in pages:
            each.goto(address)
            settle(each)
            wait_points(each)
        time.sleep(2)
        watched.append(_speed(run.path))
        for each in pages:
            latencies += each.evaluate("window.traindeck.latencyMs")
            each.context.close()
    browser.close()
    heard, quiet = [], []
    for _ in range(ROUNDS):
        quiet.append(_speed(run.path))
        listeners = [subprocess.Popen([sys.executable, "-c", LISTEN, live]) for _ in range(TABS)]
        time.sleep(2)
        heard.append(_speed(run.path))
        for listener in listeners:
            listener.kill()
            listener.wait()
    sockets = statistics.median(a / b for a, b in zip(heard, quiet, strict=True))
    print(f"three sockets without drawing, over headless: {sockets:.3f} (budget {SOCKET_BUDGET})")
    ratio = statistics.median(a / b for a, b in zip(watched, alone, strict=True))
    latencies.sort()
    p50, p95 = (latencies[int(len(latencies) * share)] for share in (0.5, 0.95))
    print(f"start to first point {first_point:.2f} s")
    print(f"three tabs watching, over headless: {ratio:.3f} (budget {SPEED_BUDGET}); "
          f"alone {statistics.median(alone):,.0f} steps/s, watched {statistics.median(watched):,.0f}")  # fmt: skip
    print(f"batch to drawn point: p50 {p50:.0f} ms, p95 {p95:.0f} ms (budget {LATENCY_BUDGET:.0f} ms)", flush=True)
    return {
        "first_point_seconds": first_point,
        "watched_over_alone": ratio,
        "sockets_over_alone": sockets,
        "alone": alone,
        "watched": watched,
        "latency_p50_ms": p50,
        "latency_p95_ms": p95,
    }


def _speed(folder: Path) -> float:
    """Returns steps per second of training between two looks at the history on disk."""
    first = _newest(folder)
    time.sleep(SECONDS)
    last = _newest(folder)
    return (last[0] - first[0]) / (last[1] - first[1])


def _newest(folder: Path) -> tuple[int, float]:
    table = Table(folder / "history.arrows")
    table.read()
    row = table.rows(len(table) - 1, len(table))
    return int(row["step"][0]), float(row["time"][0])
