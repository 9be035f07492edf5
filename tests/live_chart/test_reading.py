"""What can be read off the chart: numbers, a y axis that the first batches do not squeeze, spoken sentences."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.live_chart.test_live_chart import append, wait_for
from tests.server.fakes import make_rows

pytestmark = pytest.mark.browser


def format_as_python(value):
    """Four significant digits with thousands separators, by Python's own formatting."""
    rounded = float(f"{value:.4g}")
    decimals = max(0, 3 - int(np.floor(np.log10(abs(rounded)))))
    return f"{rounded:,.{decimals}f}"


def test_numbers_have_four_significant_digits_and_no_exponents(stage):
    page = stage.open()
    values = [*np.random.default_rng(0).normal(size=200) * 10.0 ** np.arange(-3, 7).repeat(20)]
    values = [value for value in values if abs(value) > 1.1e-4] + [37_654.4, 0.97214, 12_350.0, 99_995.0, 1.0, 9.99996]
    shown = page.evaluate(
        "async (values) => { const { number } = await import('/api/assets/numbers.js'); return values.map(number) }",
        values,
    )
    assert shown == [format_as_python(value) for value in values]
    odd = page.evaluate("async () => [0, 1.23456e-7, NaN, null].map((await import('/api/assets/numbers.js')).number)")
    assert odd == ["0", "1.235×10⁻⁷", "–", "–"]


@pytest.mark.parametrize(("scale", "offset"), [(4e4, 0), (1e-3, 0), (1, 0), (3e6, 0), (1e-3, 1000)])
@pytest.mark.parametrize("is_log", [False, True])
def test_tick_labels_are_plain_numbers_beside_their_values(stage, scale, offset, is_log):
    run = stage.store.get("run-1")
    rows = make_rows(0, 200)
    rows["loss"] = (offset + rows["loss"] * scale).astype(np.float32)
    run.history.append(rows)
    page = stage.open()
    wait_for(page, 200)
    page.get_by_label("log y").set_checked(is_log)
    page.wait_for_function("log => chart.panels[0].axes.shown?.y.isLog === log", arg=is_log)
    axis = page.evaluate("chart.panels[0].axes.shown.y")
    assert len(set(axis["labels"])) == len(axis["labels"]) >= 2
    assert not [text for text in axis["labels"] if re.search("e|E|[kMµ]", text)]
    for text, value in zip(axis["labels"], axis["values"], strict=True):
        if "×" not in text and "¹" not in text and "⁻" not in text:
            assert float(text.replace(",", "")) == pytest.approx(value, rel=1e-6)


def test_the_curves_have_nearly_all_of_the_width(stage):
    run = stage.store.get("run-1")
    rows = make_rows(0, 200)
    rows["loss"] *= 1e4
    run.history.append(rows)
    page = stage.open()
    wait_for(page, 200)
    assert page.evaluate("chart.panels[0].inner.w / chart.panels[0].width") > 0.85


def outliers(count, first=100.0, rows=400):
    made = make_rows(0, rows)
    made["loss"][:count] = np.linspace(first, first / 2, count)
    return made


def y_range(page):
    return page.evaluate("chart.panels[0].axes.shown.y.range")


def test_the_first_batches_do_not_squeeze_the_rest_and_a_switch_shows_them(stage):
    run = stage.store.get("run-1")
    rows = outliers(12)
    run.history.append(rows)
    page = stage.open()
    wait_for(page, 400)
    settled = rows["loss"][40:]
    low, high = y_range(page)
    assert low <= settled.min()
    assert settled.max() <= high < 1.3 * settled.max()
    expect(page.get_by_text("▲ up to 100.0 in the first steps")).to_be_visible()
    page.get_by_label("full y range").check()
    page.wait_for_function("chart.panels[0].axes.shown.y.range[1] > 100")
    expect(page.locator(".lc-cut").first).to_be_hidden()
    page.reload()
    wait_for(page, 400)
    assert page.get_by_label("full y range").is_checked()
    assert y_range(page)[1] > 100


def test_a_late_spike_and_an_ordinary_curve_are_shown_whole(stage):
    run = stage.store.get("run-1")
    rows = make_rows(0, 400)
    run.history.append(rows)
    page = stage.open()
    wait_for(page, 400)
    assert y_range(page)[1] > rows["loss"].max()
    append(run, 100)
    late = make_rows(500, 100)
    late["loss"][50] = 99.0
    run.history.append(late)
    wait_for(page, 600)
    assert y_range(page)[1] > 99


def test_a_screen_reader_hears_the_newest_values(stage):
    run = stage.store.get("run-1")
    append(run, 90)
    run.history.epochs.extend({"epoch": np.array([2]), "step": np.array([90]), "val_loss": np.array([0.51236])})
    page = stage.open()
    wait_for(page, 90)
    smooth = page.evaluate("chart.feed.averages.loss.smooth")
    sentence = f"loss per batch: {format_as_python(smooth)} at step 90, validation 0.5124 after epoch 2"
    expect(page.get_by_role("img").first).to_have_attribute("aria-label", sentence)
    spoken = page.locator(".lc-spoken")
    expect(spoken).to_have_attribute("aria-live", "polite")
    expect(spoken).to_contain_text(sentence)
    append(run, 10)
    expect(page.get_by_role("img").first).to_have_attribute("aria-label", re.compile("at step 100"))
    assert "at step 90" in spoken.text_content()  # not spoken again at once


def test_the_unit_of_a_loss_is_beside_its_name(stage):
    unit = ["in σ² of the target", "σ: its standard deviation."]
    page = stage.open(panels=[["loss", "loss", *unit], ["accuracy", "accuracy"]])
    expect(page.get_by_text(f"loss per batch, {unit[0]}")).to_be_visible()
    expect(page.get_by_text(unit[0], exact=True)).to_have_attribute("title", unit[1])
