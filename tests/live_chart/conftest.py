"""The live chart in a real browser, on a bare page, over a run that the test writes."""

import json
import threading

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from server.assets import asset_url
from server.guard import Guard
from server.progress import progress
from server.routes import build_routes
from tests.browser.install import CHROMIUM_ARGUMENTS, find_chromium
from tests.server.fakes import FakeStore, make_run

#: Milliseconds, on a machine that is busy with other tests.
PATIENCE = 60_000

PAGE = """<!doctype html><meta charset="utf-8"><style>body {
margin: 20px; --st-text-color: #1B1F23; --st-background-color: #FBFBF9; --st-border-color: #D9DAD4;
--st-secondary-background-color: #F2F2EE; --st-primary-color: #0F766E; --st-link-color: #0F766E; --st-font: sans-serif
}</style><div class="live-chart"></div><script type="module">
window.sockets = []
const Real = WebSocket
window.WebSocket = class extends Real { constructor(...args) { super(...args); sockets.push(this) } }
import { mount } from "/api/assets/MODULE"
window.data = DATA
window.changes = []
window.chart = mount(document.querySelector(".live-chart"), window.data, (status) => changes.push(status))
</script>"""


class Stage:
    """A server over fake runs, and a browser page that shows one of them."""

    def __init__(self, port, store, guard, browser):
        self.port, self.store, self.guard, self.browser = port, store, guard, browser
        self.errors = []

    def data(self, run_id="run-1", **change):
        data = {
            "run": run_id, "token": self.guard.token(run_id), "status": "running", "steps_per_epoch": 45, "height": 300,
            "panels": [["loss", "loss"], ["accuracy", "accuracy"]],
            "module": asset_url("live_chart.js"), "plotly": asset_url("plotly.min.js"),
            "figures": [["loss", "Mean over the epoch."], ["val_loss", "Over the validation split."]],
            "progress": progress(self.store.get(run_id)),
        }  # fmt: skip
        return data | change

    def compared(self, *runs, colors=None, **change):
        """What `compare_chart` gives its component."""
        shown = [
            {
                "run": run.id, "token": self.guard.token(run.id), "name": run.name, "status": run.status,
                "colour": (colors or {}).get(run.id, "#0072B2"), "steps_per_epoch": run.steps_per_epoch,
            }
            for run in runs
        ]  # fmt: skip
        panels = [["loss", "Loss"], ["accuracy", "Accuracy"]]
        return {"height": 300, "panels": panels, "runs": shown, "plotly": asset_url("plotly.min.js")} | change

    def open(self, **change):
        return self.open_module("live_chart.js", self.data(**change))

    def open_compare(self, *runs, **change):
        return self.open_module("compare.js", self.compared(*runs, **change))

    def open_module(self, module, data):
        self.module, self.shown = module, data
        page = self.browser.new_context(viewport={"width": 1200, "height": 800}).new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{self.port}/")
        page.wait_for_function("window.chart && chart.Plotly")
        return page


@pytest.fixture(scope="module")  # while playwright is open its event loop bars asyncio.run
def browser():
    path = find_chromium()
    if path is None:
        pytest.skip("There is no Chromium here. Install the package chromium to run these.")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def stage(browser):
    store, guard = FakeStore(make_run(), make_run("run-2", rows=300)), Guard(secret="a secret for tests")
    routes = build_routes(lambda: store, guard, lambda: ({}, None))
    page = Route(
        "/",
        lambda request: HTMLResponse(
            PAGE.replace("MODULE", stage.module).replace("DATA", json.dumps(stage.shown).replace("<", "\\u003c"))
        ),
    )
    config = uvicorn.Config(
        Starlette(routes=[*routes, page]), host="127.0.0.1", port=0, log_level="error", ws_ping_interval=None
    )
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    stage = Stage(socket.getsockname()[1], store, guard, browser)
    yield stage
    for context in browser.contexts:
        context.close()
    server.should_exit = True
    thread.join(60)
    socket.close()
    assert not thread.is_alive()
    assert stage.errors == []
