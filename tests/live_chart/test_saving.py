"""A panel is saved as PNG and SVG, and copied as a figure that Plotly reads."""

import io
import xml.etree.ElementTree

import numpy as np
import plotly.io
import pytest
from PIL import Image

from tests.live_chart.test_live_chart import append, wait_for

pytestmark = pytest.mark.browser


def open_menu(page, panel="Save loss"):
    page.get_by_label(panel, exact=True).first.click()


def test_a_panel_is_saved_as_a_picture_and_copied_as_a_figure(stage):
    run = stage.store.get("run-1")
    append(run, 1000)
    page = stage.open()
    wait_for(page, 1000)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_menu(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as PNG").click()
    picture = Image.open(io.BytesIO(download.value.path().read_bytes()))
    assert (picture.format, picture.size) == ("PNG", (1800, 1000))
    assert len(np.unique(np.asarray(picture.convert("L")))) > 10
    assert not page.get_by_role("button", name="Save as PNG").is_visible()

    open_menu(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as SVG").click()
    assert download.value.suggested_filename == "loss.svg"
    assert xml.etree.ElementTree.parse(download.value.path()).getroot().tag.endswith("svg")

    open_menu(page)
    page.get_by_role("button", name="Copy as Plotly figure").click()
    page.get_by_text("Copied.").wait_for()
    figure = plotly.io.from_json(page.evaluate("navigator.clipboard.readText()"))
    names = [trace.name for trace in figure.data]
    assert names[:2] == ["each batch", "training, smoothed"]
    assert figure.layout.xaxis.title.text
    raw = figure.data[0]
    measured = run.history.rows(0, 1000)["loss"]
    assert min(raw.y) == pytest.approx(float(np.nanmin(measured)), rel=1e-5)
    assert max(raw.y) == pytest.approx(float(np.nanmax(measured)), rel=1e-5)
    assert raw.x[-1] == 1000


def test_a_comparison_is_copied_with_every_run(stage):
    page = stage.open_compare(stage.store.get("run-1"), stage.store.get("run-2"))
    page.wait_for_function("chart.lines.every((line) => line.feed.total >= 0) && chart.panels[0].curves?.length")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_menu(page, "Save Loss")
    page.get_by_role("button", name="Copy as Plotly figure").click()
    page.get_by_text("Copied.").wait_for()
    figure = plotly.io.from_json(page.evaluate("navigator.clipboard.readText()"))
    assert stage.store.get("run-2").name in {trace.name for trace in figure.data}
