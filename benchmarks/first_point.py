"""What a person waits for: the first point on the chart, on a fresh server and a warm one, and from batch to point.

    python -m benchmarks first-point

Fresh: the page is opened as soon as the server answers, and Start is clicked as soon as it can be. Warm: the page has
settled and says nothing of warming up. The delay from the end of a batch to its drawn point is that of one visible tab
over a run of some ten seconds.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import Server, set_number, settle, wait_points, wait_status, wait_warm
from tests.browser.install import CHROMIUM_ARGUMENTS, find_chromium

FRESH, WARM = 5, 5
PAGE_BUDGET, FRESH_BUDGET, WARM_BUDGET, DELAY_BUDGET = 2.0, 5.0, 1.0, 100.0


def run() -> dict:
    """Measures all and prints medians."""
    pages, fresh = [], []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        for number in range(FRESH):
            server = Server(Path(folder) / f"runs{number}", Path(folder) / "server.log")
            shown, point = time_fresh(server, browser)
            pages.append(shown)
            fresh.append(point)
            if number < FRESH - 1:
                server.terminate()
        warm, delays = time_warm(server, browser)
        server.terminate()
        server = Server(Path(folder) / "untouched", Path(folder) / "server.log")
        warmed = time_warming(server, browser)
        server.terminate()
    delays.sort()
    p50, p95 = (delays[int(len(delays) * share)] for share in (0.5, 0.95))
    for what, found, budget, unit in (
        ("server start to first page", statistics.median(pages), PAGE_BUDGET, "s"),
        ("page opened to first point, fresh server, clicked at once", statistics.median(fresh), FRESH_BUDGET, "s"),
        ("click to first point, warm", statistics.median(warm), WARM_BUDGET, "s"),
        ("batch to drawn point, p95, one tab", p95, DELAY_BUDGET, "ms"),
    ):
        verdict = "met" if found <= budget else "MISSED"
        print(f"{what:<60} {found:7.2f} {unit} (budget {budget:g} {unit}: {verdict})")
    print(f"page opened to warm, nothing clicked: {warmed:.2f} s; batch to drawn point, p50: {p50:.0f} ms")
    print(f"all: fresh {rounded(fresh)}, warm {rounded(warm)}, pages {rounded(pages)}", flush=True)
    return {"page": pages, "fresh": fresh, "warm": warm, "warmed": warmed, "delay_p50": p50, "delay_p95": p95}


def rounded(seconds: list[float]) -> list[float]:
    """Returns seconds with two decimals."""
    return [round(value, 2) for value in seconds]


def open_page(server: Server, browser):
    """Opens the page in a new tab; returns it."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.goto(server.url, wait_until="commit")
    return page


def time_fresh(server: Server, browser) -> tuple[float, float]:
    """Returns the seconds from the server's start to its page, and from opening the page to the first point."""
    began = time.monotonic()
    server.start()
    opened = time.monotonic()
    page = open_page(server, browser)
    button = page.get_by_role("button", name="Start training")
    button.wait_for()
    shown = time.monotonic() - began
    button.click()
    wait_points(page)
    point = time.monotonic() - opened
    page.context.close()
    return shown, point


def time_warming(server: Server, browser) -> float:
    """Returns the seconds from opening a fresh server's page until the engine is warm."""
    server.start()
    opened = time.monotonic()
    page = open_page(server, browser)
    page.get_by_role("button", name="Start training").wait_for()
    wait_warm(page)
    seconds = time.monotonic() - opened
    page.context.close()
    return seconds


def time_warm(server: Server, browser) -> tuple[list[float], list[float]]:
    """Returns the seconds from clicks to first points, and the delays of a longer run in milliseconds."""
    seconds = []
    for _ in range(WARM):
        page = open_page(server, browser)
        settle(page)
        wait_warm(page)
        time.sleep(1)
        began = time.monotonic()
        page.get_by_role("button", name="Start training").click()
        wait_points(page)
        seconds.append(time.monotonic() - began)
        wait_status(page, "completed")
        page.context.close()
    page = open_page(server, browser)
    settle(page)
    set_number(page, "train_epochs_set", 2_000)
    page.get_by_role("button", name="Start training").click()
    wait_points(page)
    delays = []
    for _ in range(8):
        page.wait_for_timeout(1000)
        delays += page.evaluate("window.traindeck.latencyMs")
    page.get_by_role("button", name="Stop").click()
    wait_status(page, "stopped")
    page.context.close()
    return seconds, delays


if __name__ == "__main__":
    run()
