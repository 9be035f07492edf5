"""Pictures of the Train page: before, during and after a run, light and dark, wide and narrow.

They go to screenshots/, which git ignores; the README's one goes to docs/screenshot.png.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM_ARGUMENTS, ROOT, Server, settle, wait_points, wait_status, wait_warm
from tests.browser.install import find_chromium
from trainer import RunConfig, RunStore

WIDTHS = (1440, 800)


def main() -> None:
    """Takes all pictures."""
    folder = ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        runs = Path(temporary) / "runs"
        make_earlier_runs(RunStore(runs))
        server = Server(runs, Path(temporary) / "server.log").start()
        try:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
            for scheme in ("light", "dark"):
                for width in WIDTHS:
                    take(browser, server, folder, scheme, width)
        finally:
            server.terminate()
    shutil.copy(folder / "during-light-1440.png", ROOT / "docs" / "screenshot.png")
    print(f"{folder} and docs/screenshot.png")


def make_earlier_runs(store: RunStore) -> None:
    """Makes two finished runs, so that the list of recent ones is not empty."""
    for dataset, model in (("iris", "linear"), ("moons", "mlp")):
        run = store.create(RunConfig(dataset=dataset, model=model, epochs=20))
        run.start()
        run.wait()


def take(browser, server: Server, folder: Path, scheme: str, width: int) -> None:
    """Takes the pictures of one colour scheme at one width."""
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
    page.get_by_role("button", name="Start training").click()
    wait_points(page, 600)
    page.wait_for_timeout(1000)
    page.screenshot(path=folder / f"during-{scheme}-{width}.png")
    wait_status(page, "completed", seconds=120)
    page.wait_for_timeout(1000)
    page.screenshot(path=folder / f"after-{scheme}-{width}.png")
    context.close()


if __name__ == "__main__":
    main()
