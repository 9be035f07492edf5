"""A real server and a real Chromium."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.install import CHROMIUM_ARGUMENTS, find_chromium
from trainer import RunStore
from trainer.data.uploads import DatasetStore

ROOT = Path(__file__).parents[2]
#: Seconds, on a machine that is busy with other tests.
PATIENCE = 60


class Server:
    """The app in its own process, which can be killed and restarted.

    Args:
        runs: the folder of runs; uploaded data goes into "datasets" beside it.
        log: a file for what it prints.
        environment: added to this process's.
    """

    def __init__(self, runs: Path, log: Path, environment: dict[str, str] | None = None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log, self.runs, self.datasets = log, runs, runs.parent / "datasets"
        folders = {"TRAINDECK_RUNS": str(runs), "TRAINDECK_DATASETS": str(self.datasets)}
        self._environment = os.environ | folders | (environment or {})
        self.process: subprocess.Popen | None = None

    def start(self) -> Server:
        """Starts it and waits until it answers."""
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/api/health", timeout=5).read()
                return self
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.05)

    @property
    def is_running(self) -> bool:
        """Whether its process has been started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Ends it at once, like a power cut."""
        self.process.kill()
        self.process.wait()

    def terminate(self, seconds: float = 20) -> int:
        """Asks it to end and waits; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    server = Server(folder / "runs", folder / "server.log").start()
    yield server
    server.kill()


@pytest.fixture
def server(shared_server):
    """A warm server without runs and data sets, which tests share one after the other."""
    yield shared_server
    if clear(shared_server):
        shared_server.start()


def clear(server: Server) -> bool:
    """Deletes a server's runs and data sets; kills it first if it still trains, and returns whether it did."""
    is_busy = any(run.is_live for run in RunStore(server.runs).list())  # where a test has failed
    if is_busy:
        server.kill()
    runs = RunStore(server.runs)
    for run in runs.list():
        runs.delete(run.id, stop=True)
    datasets = DatasetStore(server.datasets)
    for dataset in datasets.list():
        datasets.delete(dataset.id)
    return is_busy


@pytest.fixture(scope="module")
def ended_server(tmp_path_factory):
    """A server that the tests of a file may end and start again; it is not started yet."""
    folder = tmp_path_factory.mktemp("own")
    server = Server(folder / "runs", folder / "server.log")
    yield server
    if server.is_running:
        server.kill()


@pytest.fixture
def own_server(ended_server):
    """A server without runs, for tests that end it; one that the test before left running goes on."""
    if not ended_server.is_running:
        ended_server.start()
    yield ended_server
    clear(ended_server)


# One for each module: Playwright's event loop, where it lives on, breaks asyncio.run in later tests.
@pytest.fixture(scope="module")
def browser():
    chromium = find_chromium()
    if chromium is None:
        reason = "there is no Chromium, and none could be installed"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    yield page
    context.close()


def settle(page: Page, seconds: float = 60) -> None:
    """Waits until the page is connected, its script has ended, and the browser has drawn what came of it."""
    page.wait_for_selector("[data-testid='stApp'][data-test-connection-state='CONNECTED']", timeout=seconds * 1000)
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']", timeout=seconds * 1000)
    # Fields get their values by a second drawing.
    for _ in range(2):
        page.evaluate("new Promise(done => requestIdleCallback(done, { timeout: 5000 }))")


def set_number(page: Page, key: str, value: int) -> None:
    """Types a number into the field with a widget key."""
    field = page.locator(f".st-key-{key} input")
    expect(field).to_have_count(1)  # while a page is drawn again, an old field may stand beside the new one
    field.fill(str(value))
    field.press("Tab")
    settle(page)
    expect(field).to_have_value(str(value))


def wait_warm(page: Page) -> None:
    """Waits until the page no longer says that the engine is warming up."""
    page.get_by_text("The engine is warming up").wait_for(state="hidden", timeout=90_000)


def wait_status(page: Page, status: str, seconds: float = 60) -> None:
    """Waits until the run's badge shows a status word."""
    page.locator(".st-key-train_run_header").get_by_text(status, exact=True).wait_for(timeout=seconds * 1000)


def wait_points(page: Page, more_than: int = 0, seconds: float = 60) -> int:
    """Waits until the chart holds more points; returns their number."""
    page.wait_for_function(
        "n => window.traindeck && window.traindeck.points > n", arg=more_than, timeout=seconds * 1000
    )
    return page.evaluate("window.traindeck.points")
