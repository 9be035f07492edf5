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
}</style><script type="module">
const Real = WebSocket
window.WebSocket = class extends Real { constructor(...args) { super(...args); sockets.push(this) } }
// What charts and tests set.
const NAMES = "chart changes data draws hit isHidden kept sockets traindeck traindeckCompare".split(" ")
window.clear = () => {
  window.chart?.close()
  document.querySelector(".live-chart")?.remove()
  for (const name of NAMES) delete window[name]
  delete document.hidden
  localStorage.clear()
}
window.begin = async (module, data) => {
  const { mount } = await import(`/api/assets/${module}`)
  const root = document.createElement("div")
  root.className = "live-chart"
  document.body.prepend(root)
  Object.assign(window, { data, sockets: [], changes: [] })
  window.chart = mount(root, data, (status) => changes.push(status))
}
begin("MODULE", DATA)
</script>"""


class Stage:
    """Fake runs, and a browser page that shows one of them."""

    def __init__(self, theatre, store):
        self.theatre, self.guard, self.store = theatre, theatre.guard, store
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
        """Shows a chart on the theatre's page: as its first one on a new page, or on the one that tests before used."""
        self.module, self.shown = module, data
        page = self.theatre.page
        if page is None or page.is_closed():
            page = self.theatre.open_page()
        else:
            page.evaluate("([module, data]) => begin(module, data)", [module, data])
        page.wait_for_function("window.chart")
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


class Theatre:
    """A server and a page for the stages of one module.

    A test that leaves more behind in the page than `clear` takes away closes it.
    """

    def __init__(self, context):
        self.stage = self.page = None
        self._context = context
        self.guard = Guard(secret="a secret for tests")
        routes = build_routes(lambda: self.stage.store, self.guard, lambda: ({}, None))
        config = uvicorn.Config(
            Starlette(routes=[*routes, Route("/", self._page)]),
            host="127.0.0.1",
            port=0,
            log_level="error",
            ws_ping_interval=None,
        )
        self._server = uvicorn.Server(config)
        self._socket = config.bind_socket()
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()

    def _page(self, _request):
        shown = json.dumps(self.stage.shown).replace("<", "\\u003c")
        return HTMLResponse(PAGE.replace("MODULE", self.stage.module).replace("DATA", shown))

    def open_page(self):
        page = self.page = self._context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.stage.errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{self.port}/")
        return page

    def close(self):
        self._server.should_exit = True
        self._thread.join(60)
        self._socket.close()
        assert not self._thread.is_alive()


@pytest.fixture(scope="module")
def theatre(browser):
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    theatre = Theatre(context)
    yield theatre
    context.close()
    theatre.close()


@pytest.fixture
def stage(theatre):
    stage = theatre.stage = Stage(theatre, FakeStore(make_run(), make_run("run-2", rows=300)))
    yield stage
    if theatre.page and not theatre.page.is_closed():
        theatre.page.mouse.move(0, 0)
        theatre.page.mouse.up()
        theatre.page.keyboard.up("Shift")
        theatre.page.evaluate("clear()")
    assert stage.errors == []
