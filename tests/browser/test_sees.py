"""What a person sees of the model: the surface moves while spirals train, and the slider goes back afterwards."""

from __future__ import annotations

import contextlib

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import set_number, settle, wait_status, wait_warm
from trainer import RunConfig, RunStore

pytestmark = pytest.mark.browser

#: The surface that is drawn now, as text; empty before there is one.
DRAWN = """() => {
  const plot = document.querySelector('.st-key-train_frame_plot .js-plotly-plot')
  return plot && plot.data && plot.data[0] ? JSON.stringify(plot.data[0].z) : ''
}"""


def wait_for_another(page: Page, before: str) -> str:
    """Waits until another surface is drawn, and returns it."""
    page.wait_for_function(f"before => {{ const now = ({DRAWN})(); return now && now !== before }}", arg=before)
    return page.evaluate(DRAWN)


def test_the_surface_moves_while_spirals_train_and_the_slider_goes_back(page, server):
    waiting = RunStore(server.runs).create(RunConfig(model="mlp", dataset="spirals"))
    page.goto(f"{server.url}/?run={waiting.id}")
    settle(page)
    panel = page.locator(".st-key-train_sees_panel")
    expect(panel).to_contain_text("The first picture comes when the first epoch ends.")
    height = panel.bounding_box()["height"]

    page.goto(server.url)
    settle(page)
    wait_warm(page)
    page.get_by_role("button", name="Two spirals").click()
    # The preset's own number comes first; it would take the place of what is typed.
    expect(page.locator(".st-key-train_epochs_set input").last).to_have_value("150")
    set_number(page, "train_epochs_set", 100_000)
    page.get_by_role("button", name="Start training").click()
    first = wait_for_another(page, "")
    second = wait_for_another(page, first)
    wait_status(page, "running")
    assert panel.bounding_box()["height"] == height, "the panel keeps its height"

    page.get_by_role("button", name="Stop", exact=True).click()
    wait_status(page, "stopped")
    # The panel is drawn again when the run ends, and a slider that is replaced takes no key.
    for _ in range(10):
        panel.get_by_role("slider").press("Home")
        with contextlib.suppress(AssertionError):
            expect(panel).to_contain_text("Epoch 1 of 100,000", timeout=3_000)
            break
    expect(panel).to_contain_text("Epoch 1 of 100,000", timeout=3_000)
    assert wait_for_another(page, second)
    assert page.problems == []
