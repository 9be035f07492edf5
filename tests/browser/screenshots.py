"""Takes screenshots of every page, of a run's tabs and of a comparison: two themes, three widths.

They go to screenshots/, which git ignores, and the README's to docs/screenshot.png.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from tests.browser.conftest import ROOT, Server, set_number, settle, wait_points, wait_status, wait_warm
from tests.browser.install import CHROMIUM_ARGUMENTS, find_chromium
from trainer import RunConfig, RunStore
from trainer.data.uploads import DatasetStore

WIDTHS = (1440, 800, 400)


def main() -> None:
    """Takes all screenshots."""
    folder = ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        runs = Path(temporary) / "runs"
        make_earlier_runs(RunStore(runs))
        server = Server(runs, Path(temporary) / "server.log").start()
        try:
            add_table(DatasetStore(server.datasets))
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
            for scheme in ("light", "dark"):
                for width in WIDTHS:
                    take(browser, server, folder, scheme, width)
        finally:
            server.terminate()
    shutil.copy(folder / "during-light-1440.png", ROOT / "docs" / "screenshot.png")
    print(f"{folder} and docs/screenshot.png")


def make_earlier_runs(store: RunStore) -> None:
    """Trains some runs, so that lists are not empty and there is something to compare."""
    for dataset, model, rate in (("iris", "linear", 0.01), *(("moons", "mlp", rate) for rate in (0.001, 0.003, 0.01))):
        config = RunConfig(dataset=dataset, model=model, epochs=20, optimizer_options={"learning_rate": rate})
        run = store.create(config)
        run.start()
        run.wait()
        run.annotate(tags=["learning rate"] if dataset == "moons" else [], note="A first look." * (rate == 0.003))


def add_table(store: DatasetStore) -> None:
    """Uploads a small table with missing values, an identifier and a category, which the report names."""
    random = np.random.default_rng(0)
    lines = ["id,length,width,colour,kind"]
    for row in range(300):
        kind = row % 3
        length = f"{random.normal(3 + kind, 0.5):.2f}" if row % 29 else ""
        width = f"{random.normal(2 - kind / 2, 0.4):.2f}"
        lines.append(f"s-{row:04d},{length},{width},{random.choice(['red', 'blue', 'green'])},{'ABC'[kind]}")
    store.add(io.BytesIO("\n".join(lines).encode()), "shells.csv")


def look_inside(page, folder: Path, name: str) -> None:
    """Takes pictures of the tabs that look inside the trained model."""
    tabs = page.locator(".st-key-train_details_select")
    for tab in ("Evaluation", "Model", "What mattered"):
        tabs.get_by_role("tab", name=tab, exact=True).click()
        settle(page)
        page.wait_for_timeout(3000)
        settle(page)
        take_whole(page, folder / f"{tab.lower().replace(' ', '-')}-{name}.png")


def look_at_predict(page, server: Server, folder: Path, name: str) -> None:
    """Takes a picture of the Predict page with the newest run."""
    page.goto(f"{server.url}/predict?run={RunStore(server.runs).states()[0].id}")
    settle(page)
    page.wait_for_timeout(3000)
    take_whole(page, folder / f"predict-{name}.png")


def look_at_runs(page, server: Server, folder: Path, name: str) -> None:
    """Takes pictures of the Runs page and of a comparison."""
    ids = [state.id for state in RunStore(server.runs).states() if state.dataset == "moons"]
    for path, picture in (("/runs", "runs"), (f"/runs?compare={','.join(ids)}", "compare")):
        page.goto(server.url + path)
        settle(page)
        page.wait_for_timeout(2500)
        take_whole(page, folder / f"{picture}-{name}.png")


def look_at_data(page, server: Server, folder: Path, name: str) -> None:
    """Takes pictures of the Data page: images, and a table that was uploaded."""
    page.goto(f"{server.url}/data")
    settle(page)
    for choice, picture in (("Digits", "data-images"), ("shells.csv", "data-table")):
        page.locator(".st-key-data_dataset_select input").click()
        page.get_by_role("option", name=choice, exact=True).click()
        page.locator(".st-key-data_dataset_header").get_by_text(choice, exact=True).wait_for()
        settle(page)
        page.wait_for_timeout(1500)
        take_whole(page, folder / f"{picture}-{name}.png")


def take_whole(page, path: Path) -> None:
    """Takes a picture of a whole page, not only of what its window shows."""
    width = page.viewport_size["width"]
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": min(height + 20, 3000)})
    page.wait_for_timeout(500)
    page.screenshot(path=path)
    page.set_viewport_size({"width": width, "height": 1000})


def take(browser, server: Server, folder: Path, scheme: str, width: int) -> None:
    """Takes the screenshots of one theme at one width."""
    context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    page = context.new_page()
    page.goto(server.url)
    settle(page)
    wait_warm(page)
    page.wait_for_timeout(1000)
    page.screenshot(path=folder / f"before-{scheme}-{width}.png")
    page.get_by_role("button", name="Digits in ten seconds").click()
    settle(page)
    model = page.locator(".st-key-train_model_select input")
    model.click()
    page.get_by_role("option", name="CNN").click()
    settle(page)
    # Long enough to be still running when its screenshot is taken.
    set_number(page, "train_epochs_set", 100)
    page.get_by_role("button", name="Start training").click()
    page.mouse.move(0, 0)  # or a tooltip would hide a part
    wait_points(page, 1200)
    page.wait_for_timeout(500)
    page.screenshot(path=folder / f"during-{scheme}-{width}.png")
    wait_status(page, "completed", seconds=300)
    page.wait_for_timeout(1000)
    page.screenshot(path=folder / f"after-{scheme}-{width}.png")
    look_inside(page, folder, f"{scheme}-{width}")
    look_at_predict(page, server, folder, f"{scheme}-{width}")
    look_at_runs(page, server, folder, f"{scheme}-{width}")
    look_at_data(page, server, folder, f"{scheme}-{width}")
    context.close()


if __name__ == "__main__":
    main()
