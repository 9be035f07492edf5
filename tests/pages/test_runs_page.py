"""What the Runs page does, without a browser."""

from __future__ import annotations

import csv
import io
import json
import shutil

import pandas as pd
import pytest

from pages.ui.runs.catalog_labels import CatalogLabels
from pages.ui.runs.comparison.colors import run_colors
from pages.ui.runs.comparison.figures import parallel_figure, scatter_figure
from pages.ui.runs.export import quote_formula, runs_csv
from pages.ui.runs.selection import TABLE
from tests.pages.conftest import button, open_page
from tests.trainer.eager import complete
from trainer import RunConfig, RunStore

HOSTILE = "=1+1 ![x](https://a.example/x.png) <script>alert(1)</script> :red[x] 🦦"


@pytest.fixture(scope="module")
def trained(tmp_path_factory, cured):
    """A folder with three runs that have ended, oldest first: two of iris, one of moons."""
    store = RunStore(tmp_path_factory.mktemp("trained"))
    for name, fields in (
        ("slow-heron", {"dataset": "iris", "model": "linear", "epochs": 1}),
        ("quick-otter", {"dataset": "iris", "model": "linear", "epochs": 2, "seed": 3}),
        ("calm-crane", {"dataset": "moons", "model": "mlp", "epochs": 1}),
    ):
        run = store.create(RunConfig(**fields), name=name)
        complete(run)
    store.get(store.list()[1].id).annotate(tags=["paper"], note="the better one")
    return store.path


@pytest.fixture
def runs(store, trained):
    """A copy of the three runs, oldest first."""
    shutil.copytree(trained, store.path)
    return store.list()[::-1]


def open_runs(**query: str):
    """Opens the Runs page in a new session."""
    page = open_page(**query)
    return page.switch_page("runs.py").run()


def names(page) -> list[str]:
    return list(page.dataframe[0].value["Name"])


def select(page, *rows: int):
    page.session_state[TABLE] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return page.run()


def test_every_run_is_a_row_with_its_facts(runs):
    page = open_runs()
    assert not page.exception
    frame = page.dataframe[0].value
    assert list(frame["Name"]) == ["calm-crane", "quick-otter", "slow-heron"]
    assert set(frame["Status"]) == {"completed"}
    assert list(frame["Data set"]) == ["Moons", "Iris", "Iris"]
    assert all(len(line) > 1 for line in frame["Loss"])
    assert "val_accuracy" in frame["Best"][1]
    assert list(frame["Tags"][1]) == ["paper"]


def test_an_empty_list_says_what_to_do(store):
    page = open_runs()
    assert not page.exception
    assert any("No runs yet" in text.value for text in page.markdown)


def test_the_address_holds_search_filters_and_order(runs):
    assert names(open_runs(runs_search_set="IRIS linear", runs_sort_select="Oldest first")) == [
        "slow-heron",
        "quick-otter",
    ]
    assert names(open_runs(runs_model_select="MLP")) == ["calm-crane"]
    assert names(open_runs(runs_tag_select="paper")) == ["quick-otter"]
    page = open_runs(runs_dataset_select="no such data set", runs_status_select="<b>")
    assert not page.exception
    assert len(names(page)) == 3


def test_no_match_offers_to_show_all(runs):
    page = open_runs(runs_search_set="nothing of this kind")
    assert any("No run matches" in info.value for info in page.info)
    page.button(key="runs_filters_clear").click().run()
    assert not page.exception
    assert len(names(page)) == 3


def test_one_metric_by_name_is_a_number_and_orders_the_runs(runs):
    page = open_runs(runs_metric_select="val_loss", runs_sort_select="Best metric")
    values = list(page.dataframe[0].value["Best"])
    assert values == sorted(values)
    assert all(isinstance(value, float) for value in values)


def test_a_damaged_and_a_foreign_folder_are_one_row_each_that_says_so(store, runs):
    (runs[0].path / "run.json").write_text("{")
    (store.path / "holiday pictures").mkdir()
    (store.path / "holiday pictures" / "beach.txt").write_text("sand")
    page = open_runs()
    assert not page.exception
    frame = page.dataframe[0].value.set_index("Name")
    assert {"calm-crane", "quick-otter", "holiday pictures", runs[0].id} == set(frame.index)
    for row in ("holiday pictures", runs[0].id):
        assert frame.loc[row, "Status"] == "unreadable"
        assert frame.loc[row, "Note"]
    page = select(page, list(page.dataframe[0].value["Name"]).index(runs[0].id))
    assert not page.exception
    assert any("damaged" in warning.value for warning in page.warning)


def test_name_tags_and_note_are_edited_in_place_and_shown_as_typed(store, runs):
    page = select(open_runs(), 1)
    page.text_input(key="runs_name_edit").set_value(HOSTILE)
    page.multiselect(key="runs_tags_edit").set_value(["<i>odd</i>", "paper"])
    page.text_area(key="runs_note_edit").set_value("# not a title\n**not bold**")
    page.button(key="runs_panel_save").click().run()
    assert not page.exception
    run = store.get(runs[1].id)
    assert (run.name, run.tags, run.note) == (HOSTILE, ["<i>odd</i>", "paper"], "# not a title\n**not bold**")
    assert names(page)[1] == HOSTILE
    assert not any("![x](" in text.value for text in (*page.markdown, *page.caption))


def test_what_is_not_allowed_is_answered_by_a_sentence_and_stays_in_the_field(store, runs):
    page = select(open_runs(), 1)
    page.text_area(key="runs_note_edit").set_value("x" * 10_001)
    page.button(key="runs_panel_save").click().run()
    assert not page.exception
    assert any(":red[" in text.value and "10,000" in text.value.replace("\\", "") for text in page.markdown)
    assert len(page.text_area(key="runs_note_edit").value) == 10_001
    assert store.get(runs[1].id).note == "the better one"


def test_a_note_of_another_tab_is_not_overwritten_unseen(store, runs):
    page = select(open_runs(), 1)
    store.get(runs[1].id).annotate(note="from the other tab")
    page.text_area(key="runs_note_edit").set_value("mine")
    page.button(key="runs_panel_save").click().run()
    assert store.get(runs[1].id).note == "from the other tab"
    assert any("from the other tab" in text.value for text in page.markdown)
    page.button(key="runs_panel_save").click().run()
    assert store.get(runs[1].id).note == "mine"


def test_several_runs_are_tagged_at_once(store, runs):
    page = select(open_runs(), 0, 1)
    button(page, "Tag").click().run()
    page.multiselect(key="runs_tags_add").set_value(["baseline"])
    page.multiselect(key="runs_tags_remove").set_value(["paper"])
    button(page, "Save tags").click().run()
    assert not page.exception
    assert [store.get(run.id).tags for run in runs] == [[], ["baseline"], ["baseline"]]
    assert not [found for found in page.button if found.label == "Save tags"]


def test_delete_asks_first_and_says_what_is_deleted(store, runs):
    page = select(open_runs(), 0, 2)
    button(page, "Delete").click().run()
    assert len(store.list()) == 3
    assert any("**calm\\-crane**, **slow\\-heron**" in text.value for text in page.markdown)
    button(page, "Delete 2 runs for good").click().run()
    assert not page.exception
    assert [run.name for run in store.list()] == ["quick-otter"]
    assert names(page) == ["quick-otter"]


def test_a_running_run_is_stopped_before_it_is_deleted(store):
    run = store.create(RunConfig(dataset="iris", model="linear", epochs=1_000_000))
    run.start()
    page = select(open_runs(), 0)
    button(page, "Delete").click().run()
    assert any("will be stopped first" in warning.value for warning in page.warning)
    button(page, "Delete 1 run for good").click().run()
    assert not page.exception
    assert store.list() == []


def test_a_run_deleted_elsewhere_leaves_the_list_and_its_dialog(store, runs):
    page = select(open_runs(), 0)
    button(page, "Delete").click().run()
    store.delete(runs[2].id)
    page.run()
    assert not page.exception
    assert names(page) == ["quick-otter", "slow-heron"]
    assert any("deleted in the meantime" in toast.value for toast in page.toast)


def test_the_selection_follows_its_run_when_rows_move(store, runs):
    page = select(open_runs(), 1)
    assert page.text_input(key="runs_name_edit").value == "quick-otter"
    new = store.create(RunConfig(dataset="iris", model="linear", epochs=1))
    page.run()
    assert names(page)[0] == new.name
    assert page.text_input(key="runs_name_edit").value == "quick-otter"


@pytest.mark.parametrize(
    "fields",
    [
        {"class_weight": [1.0, 2.123456789, 0.3]},
        {"class_weight": "balanced", "l2": 1.23456789e-7, "seed": 123_456_789},
        {"schedule": "cosine", "early_stopping": {"patience": 7, "min_delta": 1e-5}},
    ],
    ids=str,
)
def test_clone_puts_every_setting_into_the_form(store, fields):
    config = RunConfig(dataset="iris", model="mlp", epochs=1, **fields)
    run = store.create(config)
    complete(run)
    page = open_page()
    page.number_input(key="train_epochs_set").set_value(77).run()  # a draft, which must not stay
    page = select(page.switch_page("runs.py").run(), 0)
    button(page, "Clone").click().run()
    assert not page.exception
    button(page, "Start training").click().run()
    [again] = [other for other in store.list() if other.id != run.id]
    assert again.wait(60)
    assert again.config.model_copy(update={"monitor": config.monitor}) == config


def test_export_quotes_what_a_spreadsheet_would_compute(store, runs):
    runs[0].rename("=HYPERLINK(1)")
    runs[0].annotate(note="-2+3")
    rows = list(csv.DictReader(io.StringIO(runs_csv(store.states(), CatalogLabels(store)))))
    assert [row["name"] for row in rows] == ["calm-crane", "quick-otter", "'=HYPERLINK(1)"]
    assert rows[2]["note"] == "'-2+3"
    assert float(rows[1]["best_val_accuracy"]) == runs[1].metrics["best"]["val_accuracy"]
    assert [quote_formula(cell) for cell in ("+1", "@a", "a", -1.5, None)] == ["'+1", "'@a", "a", -1.5, None]


def compare(*ids: str):
    return open_runs(compare=",".join(ids))


def tables(page) -> list:
    return [found.value for found in page.dataframe]


def test_a_comparison_shows_metrics_and_only_the_settings_that_differ(runs):
    page = compare(runs[0].id, runs[1].id)
    assert not page.exception
    results, settings = tables(page)
    assert list(results["Run"]) == ["slow-heron", "quick-otter"]
    assert sum(str(cell).endswith("best") for cell in results["val_loss"]) == 1
    assert list(settings["Setting"]) == ["Epochs", "Seed"]
    assert list(settings["quick-otter"]) == ["2", "3"]


def test_an_unknown_and_a_damaged_run_are_a_sentence_each_and_the_others_are_compared(store, runs):
    (runs[2].path / "config.json").write_text("{")
    shutil.rmtree(runs[2].path / "checkpoints")
    page = compare("../../etc/passwd", runs[0].id, "<b>x</b>", runs[1].id, runs[2].id)
    assert not page.exception
    assert len(page.warning) == 3
    assert not any("<b>" in warning.value for warning in page.warning)
    assert list(tables(page)[0]["Run"]) == ["slow-heron", "quick-otter"]


def test_a_run_that_is_deleted_while_it_is_compared_is_a_sentence(store, runs):
    page = compare(runs[0].id, runs[1].id, runs[2].id)
    store.delete(runs[1].id)
    page.run()
    assert not page.exception
    assert list(tables(page)[0]["Run"]) == ["slow-heron", "calm-crane"]
    assert len(page.warning) == 1


def test_nothing_to_compare_says_what_to_do(store):
    page = compare("gone")
    assert not page.exception
    assert any("Select two or more runs" in text.value for text in page.markdown)
    button(page, "All runs").click().run()
    assert any("No runs yet" in text.value for text in page.markdown)


def test_twenty_runs_are_compared_each_in_its_own_colour(store, runs):
    made = [f"20260101-000000-{place:06}" for place in range(21)]
    config = json.loads((runs[0].path / "config.json").read_text())
    for place, id in enumerate(made):
        shutil.copytree(runs[0].path, store.path / id)
        changed = config | {"optimizer_options": config["optimizer_options"] | {"learning_rate": 0.1 / (1 + place)}}
        (store.path / id / "config.json").write_text(json.dumps(changed))
    page = compare(*made)
    assert not page.exception
    assert any("At most 20 runs" in warning.value for warning in page.warning)
    results, settings = tables(page)
    assert results["Run"].nunique() == 20
    assert list(settings["Setting"]) == ["Optimizer: learning rate"]
    assert len(set(run_colors(made[:20]).values())) == 20


def test_a_run_that_has_not_begun_can_be_compared(store, runs):
    waiting = store.create(RunConfig(dataset="digits", model="cnn"))
    page = compare(runs[0].id, waiting.id)
    assert not page.exception
    assert list(tables(page)[0]["Step"])[1] == "0"
    assert not compare(waiting.id).exception


def test_figures_take_text_numbers_and_gaps():
    frame = pd.DataFrame(
        {"Model": ["MLP", "CNN", None], "rate": [0.1, 0.001, None], "val_loss": [0.3, None, 0.2]},
        index=["a", "<b>b</b>", "c"],
        dtype=object,
    )
    colors = ["#000", "#111", "#222"]
    scatter = scatter_figure(frame, "rate", "val_loss", colors)
    assert list(scatter.data[0].x) == [0.1]
    assert scatter.layout.xaxis.type == "log"
    by_name = scatter_figure(frame, "Model", "val_loss", colors)
    assert list(by_name.data[0].x) == ["MLP", "–"]
    lines = parallel_figure(frame, ["Model", "rate", "val_loss"], colors).data[0]
    assert [list(axis.ticktext) for axis in lines.dimensions[:1]] == [["MLP", "CNN", "–"]]
    assert [len(axis["values"]) for axis in lines.dimensions] == [3, 3, 3]
