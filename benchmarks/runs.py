"""The Runs page with a thousand runs, and the page of one run of a million batches.

    python -m benchmarks runs

Prints the time to the first view, in a browser that has cached nothing and after a click on another page, the bytes
that the browser received through the socket of the page, and how much the server's memory grew.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import sync_playwright

from tests.browser.conftest import Server, settle, wait_points
from tests.browser.install import CHROMIUM_ARGUMENTS, find_chromium

RUNS, ROWS, ROUNDS = 1000, 1_000_000, 5
BUDGET = 1.0


def run() -> dict:
    """Makes the runs, opens both pages some times and prints the medians."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        runs = Path(folder) / "runs"
        long = make_runs(runs)
        server = Server(runs, Path(folder) / "server.log").start()
        memory = psutil.Process(server.process.pid)
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        try:
            time.sleep(20)  # until the engine is warm
            empty = memory.memory_info().rss
            listed = [open_page(browser, f"{server.url}/runs", wait_for_table) for _ in range(ROUNDS)]
            switched = [switch_page(browser, server.url) for _ in range(ROUNDS)]
            after_list = memory.memory_info().rss
            shown = [open_page(browser, f"{server.url}/?run={long}", wait_points) for _ in range(ROUNDS)]
            after_run = memory.memory_info().rss
        finally:
            server.terminate()
    found = {}
    for what, times, grown in (
        (f"Runs page, {RUNS:,} runs", listed, after_list - empty),
        ("the same, from the Train page", switched, 0),
        (f"one run of {ROWS:,} batches", shown, after_run - after_list),
    ):
        seconds, received = (statistics.median(values) for values in zip(*times, strict=True))
        verdict = "met" if seconds <= BUDGET else "MISSED"
        print(f"{what:<32} {seconds:5.2f} s to the first view (budget {BUDGET:g} s: {verdict}), "
              f"{received / 1e3:,.0f} kB received, {grown / 2**20:+.0f} MB in the server", flush=True)  # fmt: skip
        found[what] = {"seconds": seconds, "bytes": received, "grown_mb": grown / 2**20}
    return found


def make_runs(folder: Path) -> str:
    """Trains one run, copies it `RUNS` times under other names, and returns the id of one with a long history."""
    from trainer import RunConfig, RunStore
    from trainer.runs.history import History

    store = RunStore(folder)
    first = store.create(RunConfig(model="mlp", dataset="digits", epochs=3))
    first.start()
    first.wait()
    store.close()
    state = json.loads((first.path / "run.json").read_bytes())
    for number in range(RUNS - 1):
        copy = folder / f"20250101-{number:06d}-{number:06x}"
        shutil.copytree(first.path, copy)
        fields = state | {"id": copy.name, "name": f"run {number}", "tags": [f"group {number % 7}"],
                          "created": state["created"] - number * 60}  # fmt: skip
        (copy / "run.json").write_text(json.dumps(fields), encoding="utf-8")
    long = folder / "20250101-999999-ffffff"
    shutil.copytree(first.path, long)
    for name in ("history.arrows", "epochs.arrows"):
        (long / name).unlink(missing_ok=True)
    history, columns = History(long), first.history.rows(0, 1)
    history.cut_to(0, 0, tuple(columns))
    steps = np.arange(1, ROWS + 1)
    for part in np.array_split(steps, 100):
        rows = {name: np.full(len(part), 0.5, np.float32) for name in columns}
        history.record(rows | {"step": part, "epoch": (part - 1) // 45 + 1, "time": part / 5000, "loss": 1 / part**0.3})
    history.flush_all()
    history.close_all()
    fields = state | {"id": long.name, "name": "a million batches", "step": ROWS, "epochs": ROWS // 45 + 1}
    (long / "run.json").write_text(json.dumps(fields), encoding="utf-8")
    return long.name


def open_page(browser, address: str, wait) -> tuple[float, int]:
    """Returns the seconds until a page shows what it is about, and the bytes received through its sockets."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    received = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
    began = time.monotonic()
    page.goto(address, wait_until="commit")
    wait(page)
    seconds = time.monotonic() - began
    settle(page)
    page.context.close()
    return seconds, sum(received)


def switch_page(browser, address: str) -> tuple[float, int]:
    """Returns the seconds from a click on Runs, on a page that is open, until the table is drawn, and the bytes."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    received = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
    page.goto(address)
    settle(page)
    received.clear()
    began = time.monotonic()
    page.get_by_role("link", name="Runs", exact=True).first.click()
    wait_for_table(page)
    seconds = time.monotonic() - began
    page.context.close()
    return seconds, sum(received)


def wait_for_table(page) -> None:
    """Waits until the table of runs is drawn."""
    page.locator("[data-testid='stDataFrame'] canvas").first.wait_for()


if __name__ == "__main__":
    run()
