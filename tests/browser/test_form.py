"""The Train form in a real browser: what is typed stays, and a start shows what it started."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settle, wait_status, wait_warm

pytestmark = pytest.mark.browser


def open_train(page, server, query: str = "") -> None:
    page.goto(f"{server.url}/{query}")
    settle(page)
    wait_warm(page)
    settle(page)


def field(page, key: str):
    return page.locator(f".st-key-{key} input")


def type_number(page, key: str, text: str) -> None:
    field(page, key).fill(text)
    field(page, key).press("Tab")
    settle(page)


def test_a_number_out_of_range_stays_in_its_field_and_start_waits(page, server):
    open_train(page, server)
    start = page.get_by_role("button", name="Start training")
    for key, text, allowed in (
        ("train_epochs_set", "0", "between 1 and 1,000,000"),
        ("train_batch_size_set", "100000", "between 1 and 1,438"),
        ("train_epochs_set", "", "between 1 and 1,000,000"),
    ):
        before = field(page, key).input_value()
        type_number(page, key, text)
        page.locator(".st-key-train_setup_form").get_by_text(allowed).first.wait_for()
        assert field(page, key).input_value() == text
        expect(start).to_be_disabled()
        type_number(page, key, before)
        expect(start).to_be_enabled()


def test_a_draft_survives_a_page_switch_and_a_reload(page, server):
    open_train(page, server)
    type_number(page, "train_epochs_set", "77")
    type_number(page, "train_adam_learning_rate_set", "0.0012345678901")
    page.get_by_role("link", name="Data").click()
    page.locator(".st-key-data_choose_panel").wait_for()
    settle(page)
    page.get_by_role("link", name="Train").click()
    expect(field(page, "train_epochs_set")).to_have_value("77")
    page.reload()
    settle(page)
    expect(field(page, "train_epochs_set")).to_have_value("77")
    expect(field(page, "train_adam_learning_rate_set")).to_have_value("0.0012345678901")
    # A reload of another page leads back to the same draft.
    page.get_by_role("link", name="Data").click()
    page.locator(".st-key-data_choose_panel").wait_for()
    settle(page)
    page.reload()
    settle(page)
    page.get_by_role("link", name="Train").click()
    expect(field(page, "train_epochs_set")).to_have_value("77")
    assert page.problems == []


def test_a_start_from_below_shows_status_and_pause_and_leaves_advanced_open(page, server):
    open_train(page, server)
    page.set_viewport_size({"width": 1280, "height": 500})
    type_number(page, "train_epochs_set", "20000")
    page.get_by_text("Advanced", exact=True).click()
    l2 = field(page, "train_l2_set")
    l2.wait_for()
    page.get_by_role("button", name="Start training").scroll_into_view_if_needed()
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") > 0
    page.get_by_role("button", name="Start training").click()
    wait_status(page, "running")
    settle(page)
    expect(page.get_by_role("button", name="Pause")).to_be_in_viewport()
    expect(l2).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    wait_status(page, "stopped")
    expect(l2).to_be_visible()
    assert page.problems == []
