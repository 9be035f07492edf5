"""The pages on a phone, with a keyboard and with a screen reader: what can be reached, read and heard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settle, wait_warm
from trainer import RunConfig, RunStore

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 400, "height": 800}, "has_touch": True, "is_mobile": True}
#: Streamlit's Markdown would make links, an icon, an address and colours of these.
ODD_NAME = "see https://a.example www.b.example c@d.example :material/home: :red[x]"

FAINT_TEXTS = """() => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  const read = (color) => {
    pen.clearRect(0, 0, 1, 1); pen.fillStyle = color; pen.fillRect(0, 0, 1, 1)
    return [...pen.getImageData(0, 0, 1, 1).data].map((value, i) => (i === 3 ? value / 255 : value))
  }
  const light = (rgb) => rgb.map((value) => value / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
  const over = ([r, g, b, a], under) => [r, g, b].map((value, i) => value * a + under[i] * (1 - a))
  const ground = (node) => {
    const layers = []
    for (let n = node; n; n = n.parentElement) layers.push(read(getComputedStyle(n).backgroundColor))
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255])
  }
  const faint = []
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim(), node = texts.currentNode.parentElement
    if (!text || !node.getClientRects().length || node.closest("style, script, :disabled")) continue
    if (node.closest(".annotation")) continue  // on a heat map, its ground is the cell that is drawn under it
    const style = getComputedStyle(node)
    let opacity = 1
    for (let n = node; n; n = n.parentElement) opacity *= getComputedStyle(n).opacity
    if (!opacity) continue  // shown only under the pointer
    const inSvg = node instanceof SVGElement
    const [r, g, b, a] = read(inSvg ? style.fill : style.color)
    // A slider's value is drawn above its handle, of which it is a part.
    const slider = node.closest("[data-testid=stSliderThumbValue]") && node.closest("[data-testid=stSlider]")
    const under = ground(slider ?? (inSvg ? node.closest("svg").parentElement : node))
    const [dark, bright] = [light(over([r, g, b, a * opacity], under)), light(under)].sort((p, q) => p - q)
    if ((bright + 0.05) / (dark + 0.05) < 4.5) faint.push(text.slice(0, 40))
  }
  return faint
}"""


@pytest.fixture
def trained(server):
    """A run with an odd name."""
    store = RunStore(server.runs)
    run = store.create(RunConfig(dataset="iris", model="linear", epochs=3))
    run.start()
    run.wait()
    run.rename(ODD_NAME)
    return run


def scrolls_sideways(page) -> bool:
    return page.evaluate(
        "[document.documentElement, document.querySelector('[data-testid=stMain]')]"
        ".some(node => node.scrollWidth > node.clientWidth)"
    )


def test_a_phone_reaches_every_page_and_never_scrolls_sideways(browser, server, trained):
    context = browser.new_context(**PHONE)
    page = context.new_page()
    page.goto(f"{server.url}/?run={trained.id}")
    settle(page)
    wait_warm(page)
    page.wait_for_function("window.traindeck && window.traindeck.lastStep > 0")
    assert not scrolls_sideways(page)
    assert page.locator(".lc-plot").first.bounding_box()["width"] > 300
    for name, sign in (
        ("Data", ".st-key-data_dataset_header"),
        ("Runs", "[data-testid=stDataFrame]"),
        ("Train", ".st-key-train_setup_form"),
    ):
        page.get_by_role("link", name=name).tap()
        page.locator(sign).wait_for()
        settle(page)
        assert not scrolls_sideways(page)
    page.get_by_role("button", name="Start training").scroll_into_view_if_needed()
    box = page.get_by_role("button", name="Start training").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 400
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_a_contrast_of_at_least_4_5(browser, server, trained, scheme):
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, color_scheme=scheme)
    page = context.new_page()
    for path, sign in (
        (f"/?run={trained.id}", ".lc-plot"),
        ("/data", ".stPlotlyChart .main-svg"),
        ("/runs", "[data-testid=stDataFrame]"),
        (f"/runs?compare={trained.id}", ".lc-plot"),
    ):
        page.goto(server.url + path)
        settle(page)
        wait_warm(page)
        page.locator(sign).first.wait_for()
        page.wait_for_timeout(1000)
        assert page.evaluate(FAINT_TEXTS) == []
    context.close()


def test_the_tab_key_skips_help_icons_and_shows_where_it_is_on_page_links(page, server):
    page.goto(server.url)
    settle(page)
    wait_warm(page)
    page.locator("button[aria-label^='Help for']").first.wait_for()
    page.wait_for_timeout(500)
    reached, outlines = [], {}
    for _ in range(25):
        page.keyboard.press("Tab")
        label, test_id, outline = page.evaluate(
            "[document.activeElement.ariaLabel, document.activeElement.dataset.testid,"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        reached.append(label or "")
        outlines[test_id] = outline
    assert {"Dataset", "Model", "Optimizer", "Loss"} <= set(reached)
    assert not [label for label in reached if label.startswith("Help for")]
    assert outlines["stTopNavLink"] == "solid"


def test_a_name_is_shown_as_it_is(page, server, trained):
    page.goto(f"{server.url}/?run={trained.id}")
    settle(page)
    for place in (page.locator(".st-key-train_run_header h3"), page.locator(f".st-key-train_{trained.id}_open")):
        expect(place).to_contain_text("see")
        assert place.inner_text().replace("\u2060", "").strip() == ODD_NAME
        assert place.locator("a, [data-testid=stIconMaterial]").count() == 0


def test_charts_say_what_they_show(page, server, trained):
    page.goto(f"{server.url}/?run={trained.id}")
    settle(page)
    page.wait_for_function("/at step \\d+, validation/.test(document.querySelector('.lc-plot [role=img]')?.ariaLabel)")
    page.goto(f"{server.url}/data")
    settle(page)
    expect(page.get_by_label("Examples of each class: from 174 to 183.")).to_be_visible(timeout=60_000)
