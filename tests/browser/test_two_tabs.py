"""Two tabs on one run: what is typed stays, and what one tab does reaches the other."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import set_number, settle, wait_points, wait_status, wait_warm

pytestmark = pytest.mark.browser


def start(page, server, epochs: int) -> None:
    page.goto(server.url)
    settle(page)
    wait_warm(page)
    set_number(page, "train_epochs_set", epochs)
    page.get_by_role("button", name="Start training").click()
    wait_points(page, 0)
    settle(page)


def choose_more(page, item: str) -> None:
    page.locator(".st-key-train_run_more").get_by_role("button").click()
    page.get_by_role("menuitem", name=item).or_(page.get_by_role("option", name=item)).first.click()


def test_a_dialog_keeps_what_is_typed_and_the_other_tab_follows(page, server):
    start(page, server, epochs=100_000)
    other = page.context.new_page()
    other.goto(page.url)
    settle(other)
    title = other.locator(".st-key-train_run_header")

    choose_more(page, "Rename")
    field = page.get_by_role("dialog").get_by_role("textbox", name="Name")
    field.fill("half typed")
    # The run ends: the page runs again under the open dialog.
    other.get_by_role("button", name="Pause").click()
    wait_status(other, "paused")
    page.locator(".st-key-train_run_header").get_by_text("paused", exact=True).wait_for(state="attached")
    settle(page)
    expect(field).to_have_value("half typed")
    field.press("Enter")
    page.get_by_role("dialog").wait_for(state="hidden")
    began = time.monotonic()
    title.get_by_text("half typed").wait_for()
    # A look each 0.75 s; the rest is what a busy machine takes to draw.
    assert time.monotonic() - began < 5

    other.get_by_role("button", name="Stop").click()
    wait_status(page, "stopped", seconds=5)

    choose_more(page, "Delete")
    page.get_by_role("button", name="Delete for good").click()
    other.get_by_text("half typed was deleted").wait_for(timeout=5_000)
    assert page.problems == []
