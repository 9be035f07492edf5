"""The Runs page as a person uses it: find, tag, compare, delete, queue, extend, and be told of an end."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import set_number, settle, wait_status, wait_warm
from trainer import RunConfig, RunStore
from trainer.export import export

pytestmark = pytest.mark.browser


#: The table is drawn on a canvas: what it holds is read from its accessible copy.
ROW = "[data-testid=stDataFrame] table tbody tr"


@pytest.fixture
def trained(server):
    """Three short runs, oldest first."""
    store = RunStore(server.runs)
    runs = []
    for name, rate in (("slow-heron", 0.001), ("quick-otter", 0.05), ("calm-crane", 0.01)):
        config = RunConfig(dataset="iris", model="linear", epochs=3, optimizer_options={"learning_rate": rate})
        run = store.create(config, name=name)
        run.start()
        assert run.wait(60)
        runs.append(run)
    return runs


def open_page(page, server, path: str = "/runs") -> None:
    page.goto(server.url + path)
    settle(page)
    wait_warm(page)


def wait_names(page, *names: str) -> None:
    """Waits until the table holds these runs, in this order."""
    page.wait_for_function(
        """([selector, names]) => {
          const shown = [...document.querySelectorAll(selector)].map((row) => row.innerText)
          return shown.length === names.length && names.every((name, place) => shown[place].includes(name))
        }""",
        arg=[ROW, list(names)],
    )


def select_row(page, place: int) -> None:
    """Ticks a row of the table."""
    box = page.locator("[data-testid=stDataFrame]").first.bounding_box()
    row = page.locator(ROW).nth(place)
    assert row.count() == 1
    height = 33
    page.mouse.click(box["x"] + 16, box["y"] + height * (place + 1.5))
    settle(page)


def start(page) -> str:
    """Presses Start and returns the id of the new run."""
    shown = "new URLSearchParams(location.search).get('run')"
    before = page.evaluate(shown)
    page.get_by_role("button", name="Start training").click()
    page.wait_for_function(f"before => {shown} && {shown} !== before", arg=before)
    settle(page)
    return page.evaluate(shown)


def test_two_runs_are_compared_by_address(page, server, trained):
    ids = ",".join(run.id for run in trained[:2])
    open_page(page, server, f"/runs?compare={ids},no-such-run")
    page.get_by_text("Comparison of 2 runs").wait_for()
    page.get_by_text("There is no run").wait_for()
    page.locator(".lc-plot").first.wait_for()
    for text in ("Settings that differ", "Metrics", "Parallel coordinates"):
        page.get_by_role("heading", name=text, exact=True).wait_for()
    page.locator(".stPlotlyChart .main-svg").first.wait_for()
    RunStore(server.runs).delete(trained[1].id)
    page.get_by_text("Comparison of 1 run").wait_for()
    page.get_by_role("button", name="All runs").click()
    wait_names(page, "calm-crane", "slow-heron")
    assert "compare" not in page.url
    assert page.problems == []


def test_find_open_rename_tag_and_delete(page, server, trained):
    open_page(page, server)
    wait_names(page, "calm-crane", "quick-otter", "slow-heron")
    page.get_by_role("textbox", name="Search").fill("otter")
    wait_names(page, "quick-otter")
    page.wait_for_function("location.search.includes('otter')")
    page.reload()
    settle(page)
    wait_names(page, "quick-otter")

    select_row(page, 0)
    page.get_by_role("textbox", name="Name").fill("swift-otter")
    page.get_by_role("textbox", name="Name").press("Enter")
    wait_names(page, "swift-otter")
    page.get_by_role("button", name="Tag", exact=True).click()
    field = page.get_by_role("dialog").get_by_role("combobox", name="Add")
    field.fill("paper")
    field.press("Enter")
    field.press("Tab")  # closes the list of tags
    page.get_by_role("button", name="Save tags").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    settle(page)
    assert RunStore(server.runs).get(trained[1].id).tags == ["paper"]

    page.locator(".st-key-runs_run_open").get_by_role("button").click()
    page.locator(".st-key-train_run_header").get_by_text("swift-otter").wait_for()
    assert f"run={trained[1].id}" in page.url

    open_page(page, server)
    wait_names(page, "calm-crane", "swift-otter", "slow-heron")
    select_row(page, 1)
    page.get_by_role("button", name="Clone").click()
    expect(page.locator(".st-key-train_epochs_set input")).to_have_value("3")
    expect(page.get_by_role("combobox", name="Model")).to_have_value("Linear")

    open_page(page, server)
    wait_names(page, "calm-crane", "swift-otter", "slow-heron")
    select_row(page, 2)
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete 1 run for good").click()
    wait_names(page, "calm-crane", "swift-otter")
    assert page.problems == []


def test_three_runs_queue_are_reordered_one_is_cancelled_and_the_others_start(page, server):
    open_page(page, server, "/")
    set_number(page, "train_epochs_set", 100_000)
    first = start(page)
    wait_status(page, "running")
    set_number(page, "train_epochs_set", 2)
    second = start(page)
    wait_status(page, "queued")
    set_number(page, "train_epochs_set", 3)
    third = start(page)
    set_number(page, "train_epochs_set", 4)
    fourth = start(page)
    panel = page.locator(".st-key-train_queue_panel")
    panel.get_by_text("is training on CPU:0").wait_for()
    store = RunStore(server.runs)
    assert [run.id for run in store.queue()] == [second, third, fourth]

    panel.locator(f".st-key-train_{fourth}_up").get_by_role("button").click()
    settle(page)
    panel.locator(f".st-key-train_{second}_down").get_by_role("button").click()
    page.wait_for_timeout(1500)
    assert [run.id for run in store.queue()] == [fourth, second, third]
    panel.locator(f".st-key-train_{second}_cancel").get_by_role("button").click()
    panel.locator(f".st-key-train_{second}_show").wait_for(state="detached")
    assert store.get(second).status == "stopped"

    panel.locator(f".st-key-train_{first}_show").get_by_role("button").click()
    wait_status(page, "running")
    page.locator(".st-key-train_run_stop").get_by_role("button").click()
    wait_status(page, "stopped")
    for _ in range(300):
        if [store.get(id).status for id in (third, fourth)] == ["completed", "completed"]:
            break
        page.wait_for_timeout(100)
    assert [store.get(id).status for id in (third, fourth)] == ["completed", "completed"]
    assert store.get(fourth).ended <= store.get(third).ended
    panel.wait_for(state="detached")
    assert page.problems == []


def test_a_finished_run_is_trained_longer(page, server, trained):
    run = trained[0]
    open_page(page, server, f"/?run={run.id}")
    wait_status(page, "completed")
    page.locator(".st-key-train_run_extend").get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("bit-identical").wait_for()
    dialog.get_by_role("spinbutton", name="Additional epochs").fill("4")
    dialog.get_by_role("button", name="Train longer").click()
    page.get_by_text("of 7").first.wait_for()
    wait_status(page, "completed")
    again = RunStore(server.runs).get(run.id)
    assert (again.status, again.epoch, again.epochs) == ("completed", 7, 7)
    assert page.problems == []


def test_permission_for_notifications_is_asked_on_a_click_only_and_the_title_tells_the_progress(page, server):
    page.add_init_script("""
      window.asked = 0; window.told = []
      window.Notification = class { constructor(title, options) { window.told.push([title, options.body]) } }
      Notification.permission = "default"
      Notification.requestPermission = async () => { window.asked += 1; return (Notification.permission = "granted") }
    """)
    open_page(page, server, "/")
    set_number(page, "train_epochs_set", 100_000)
    run = start(page)
    wait_status(page, "running")
    name = RunStore(server.runs).get(run).name
    page.wait_for_function("name => document.title.includes('% · ' + name + ' · Traindeck')", arg=name)
    assert page.evaluate("window.asked") == 0
    bell = page.get_by_role("button", name="Tell me when a run ends")
    bell.click()
    page.get_by_role("button", name="You are told when a run ends").wait_for()
    assert page.evaluate("window.asked") == 1
    page.locator(".st-key-train_run_stop").get_by_role("button").click()
    wait_status(page, "stopped")
    page.wait_for_function("name => window.told.length === 1 && window.told[0][0] === name + ': stopped'", arg=name)
    page.wait_for_function("document.title === 'Traindeck'")
    assert page.problems == []


def test_a_capsule_is_imported_and_resumed(page, server, tmp_path):
    there = RunStore(tmp_path / "there")
    recipe = RunConfig(dataset="digits", model="mlp", model_options={"units": 16}, epochs=40)
    whole, cut = there.create(recipe), there.create(recipe, name="far-heron")
    whole.start()
    assert whole.wait(60)
    cut.start()
    while cut.step < 60 and cut.is_live:
        page.wait_for_timeout(5)
    cut.pause()
    assert cut.wait(60)
    capsule = export(cut, "capsule.zip", tmp_path / "capsule.zip")
    open_page(page, server)
    page.get_by_role("button", name="Import").click()
    page.locator(".st-key-runs_capsule_upload input[type=file]").set_input_files(capsule)
    page.get_by_text("was imported").wait_for()
    page.get_by_role("link", name="Open it").click()
    page.locator(".st-key-train_run_header").get_by_text("far-heron").wait_for()
    if cut.status == "paused":
        page.locator(".st-key-train_run_resume").get_by_role("button").click()
    wait_status(page, "completed")
    run = RunStore(server.runs).get(cut.id)
    assert run.checkpoints[0].digest == whole.checkpoints[0].digest
    assert page.problems == []
