"""Takes screenshots of every page, of a run's tabs and of a comparison: two themes, three widths.

They go to screenshots/, which git ignores, and the README's to docs/screenshot.png.

    python -m tests.browser.screenshots --grid FOLDER [--only gan]

trains a small run of each kind of task instead, and takes every panel that looks inside it: two themes, two widths.
"""

from __future__ import annotations

import argparse
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
GRID_WIDTHS = (1440, 800)
TABS = ("Evaluation", "Model", "What mattered")


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


def take_grid(folder: Path, only: str) -> None:
    """Takes every panel of a run of each kind, or of those whose name contains `only`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        server = Server(Path(temporary) / "runs", Path(temporary) / "server.log").start()
        try:
            ids = make_grid_runs(RunStore(server.runs), Path(temporary), only)
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
            for scheme in ("light", "dark"):
                for width in GRID_WIDTHS:
                    page = browser.new_context(
                        viewport={"width": width, "height": 1000}, color_scheme=scheme
                    ).new_page()
                    for kind, run_id in ids.items():
                        page.goto(f"{server.url}/?run={run_id}")
                        settle(page)
                        wait_warm(page)
                        page.wait_for_timeout(1500)
                        name = f"{kind}-{scheme}-{width}"
                        panel = page.locator(".st-key-train_sees_panel")
                        if panel.count():
                            panel.screenshot(path=folder / f"sees-{name}.png")
                        look_inside(page, folder, name)
                        look_at_predict(page, server, folder, name, run_id)
                    page.context.close()
        finally:
            server.terminate()
    print(folder)


def make_grid_runs(store: RunStore, folder: Path, only: str) -> dict[str, str]:
    """Trains the runs of the grid, which need no network; returns kind → run id."""
    table, line = folder / "penguins.csv", folder / "mpg.csv"
    write_tables(table, line)
    kinds = {
        "cnn": {"model": "cnn", "dataset": "digits", "model_options": {"filters": 8}, "histograms": True},
        "spirals": {"model": "mlp", "dataset": "spirals", "epochs": 30},
        "table": {"model": "mlp", "dataset": "csv", "dataset_options": {"path": str(table), "target": "species"}},
        "regression": {
            "model": "mlp", "dataset": "csv", "epochs": 20, "dataset_options": {"path": str(line), "target": "mpg"},
        },
        "labels": {"model": "mlp", "dataset": "multilabel"},
        "autoencoder": {"model": "autoencoder", "dataset": "digits"},
        "gan": {"model": "gan", "dataset": "digits", "model_options": {"architecture": "dense"}},
    }  # fmt: skip
    made = {kind: store.create(RunConfig(**{"epochs": 4} | kinds[kind]), kind) for kind in kinds if only in kind}
    for run in made.values():
        run.start()
        run.wait()
        assert run.status == "completed", run.reason
    return {kind: run.id for kind, run in made.items()}


def write_tables(table: Path, line: Path) -> None:
    """Writes a table of three species with missing values, and one of cars with a number to predict."""
    random = np.random.default_rng(0)
    rows = ["species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex"]
    for place in range(340):
        kind = place % 3
        numbers = random.normal((39 + 5 * kind, 18 - kind, 190 + 13 * kind, 3700 + 600 * kind), (2.5, 1, 6, 350))
        cells = [f"{value:.1f}" if random.uniform() > 0.03 else "" for value in numbers]
        island = random.choice(["Biscoe", "Dream", "Torgersen"])
        sex = random.choice(["female", "male", ""], p=(0.48, 0.48, 0.04))
        rows.append(",".join([("Adelie", "Chinstrap", "Gentoo")[kind], island, *cells, sex]))
    table.write_text("\n".join(rows), encoding="utf-8")
    rows = ["mpg,cylinders,displacement,horsepower,weight,model_year,origin"]
    for _ in range(390):
        cylinders, year = random.choice([4, 6, 8]), random.integers(70, 83)
        weight = 1100 + 420 * cylinders + random.normal(0, 250)
        mpg = 46 - 0.0085 * weight + 0.6 * (year - 76) + random.normal(0, 2)
        displacement, power = cylinders * 42 + random.normal(0, 15), cylinders * 20 + random.normal(0, 10)
        cells = (f"{mpg:.1f}", cylinders, f"{displacement:.0f}", f"{power:.0f}", f"{weight:.0f}", year)
        rows.append(",".join([*map(str, cells), random.choice(["usa", "japan", "europe"])]))
    line.write_text("\n".join(rows), encoding="utf-8")


def look_inside(page, folder: Path, name: str) -> None:
    """Takes pictures of the tabs that look inside the trained model."""
    tabs = page.locator(".st-key-train_details_select")
    for tab in TABS:
        tabs.get_by_role("tab", name=tab, exact=True).click()
        settle(page)
        page.wait_for_timeout(3000)
        settle(page)
        take_whole(page, folder / f"{tab.lower().replace(' ', '-')}-{name}.png")


def look_at_predict(page, server: Server, folder: Path, name: str, run_id: str = "") -> None:
    """Takes a picture of the Predict page with a run, by default the newest."""
    page.goto(f"{server.url}/predict?run={run_id or RunStore(server.runs).states()[0].id}")
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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--grid", type=Path, metavar="FOLDER", help="take the panels of a run of each kind instead")
    parser.add_argument("--only", default="", help="the kinds of the grid whose name contains this")
    options = parser.parse_args()
    take_grid(options.grid, options.only) if options.grid else main()
