"""What the Data page shows, and how its data sets reach the Train form, without a browser."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import trainer.runs.store
from pages.ui.catalogue import refuse_server_path
from trainer import DATASETS, RunConfig, RunStore
from trainer.data.uploads import DatasetStore
from trainer.errors import ConfigError

INDEX = str(Path(__file__).parents[2] / "pages" / "index.py")
#: Two classes that a line tells apart, with a category and missing values.
RANDOM = np.random.default_rng(1)
ROWS = [
    f"{size + 3 * kind + 1:.3f},{'red' if color else 'blue'},{'' if index % 10 == 5 else index % 7},{'ab'[kind]}"
    for index, (size, color, kind) in enumerate(zip(RANDOM.normal(size=120), RANDOM.integers(0, 2, 120),
                                                    np.arange(120) % 2, strict=True))
]  # fmt: skip
CSV = "\n".join(["size,color,legs,kind", *ROWS, ""]).encode()
MARKUP = "<b>x</b> ![y](http://example.org/z) $1$ `a`"


@pytest.fixture
def runs(tmp_path, monkeypatch, cured):
    """The store of runs that the pages use, in a folder of its own; its runs are ended."""
    runs = RunStore(tmp_path / "runs")
    monkeypatch.setattr(trainer.runs.store, "_default", runs)
    yield runs
    assert runs.close(timeout=60)


@pytest.fixture
def store(runs, tmp_path, monkeypatch):
    """The store of uploaded data that the pages use."""
    monkeypatch.setenv("TRAINDECK_DATASETS", str(tmp_path / "datasets"))
    return DatasetStore.default()


def open_data(choice: str | None = None) -> AppTest:
    page = AppTest.from_file(INDEX, default_timeout=60)
    page.run().switch_page("data.py").run()
    if choice:
        page.selectbox(key="data_dataset_select").set_value(choice).run()
    return page


def open_train(choice: str | None = None) -> AppTest:
    page = AppTest.from_file(INDEX, default_timeout=60).run()
    if choice:
        page.selectbox(key="train_dataset_select").set_value(choice).run()
    return page


def button(page: AppTest, label: str):
    return next(found for found in page.button if found.label == label)


def texts(page: AppTest) -> list[str]:
    kinds = (page.markdown, page.caption, page.error, page.warning, page.subheader)
    return [element.value for kind in kinds for element in kind]


def figures(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def key(uploaded, name: str) -> str:
    return f"train_{uploaded.id}_{name}_set"


@pytest.mark.parametrize("name", ["digits", "wine", "diabetes", "moons", "linear", "sequences", "multilabel"])
def test_a_data_set_is_shown_with_its_split(store, name):
    page = open_data(name)
    assert not page.exception
    assert not page.error
    spec = (
        RunConfig(dataset=name, model="mlp").spec if name != "sequences" else DATASETS[name].traits.spec(1000, 32, 0.1)
    )
    shown = figures(page)
    assert shown["Examples"] == f"{spec.examples:,}"
    assert int(shown["Training"].replace(",", "")) + int(shown["Validation"]) == spec.examples
    assert any("licence" in text for text in texts(page))


def test_the_address_names_the_data_set(store):
    page = AppTest.from_file(INDEX, default_timeout=60)
    page.run().switch_page("data.py")
    page.query_params["set"] = "wine"
    page.run()
    assert page.selectbox(key="data_dataset_select").value == "wine"
    page.selectbox(key="data_dataset_select").set_value("moons").run()
    assert page.query_params["set"] in ("moons", ["moons"])
    assert figures(page)["Examples"] == "1,000"


def test_the_split_is_the_one_of_the_train_form(store):
    page = open_train()
    page.number_input(key="train_validation_split_set").set_value(0.5).run()
    page.switch_page("data.py").run()
    assert figures(page)["Validation"] == "898"


def test_the_batch_is_augmented_as_the_first_step_of_training_does(store):
    from pages.ui.data.augmented import first_batch
    from pages.ui.data.loading import Choice
    from trainer.data.loading import load_dataset
    from trainer.training.build import build

    config = RunConfig(dataset="digits", model="mlp", augmentation={"rotate": 10.0, "shift": 0.1, "noise": 0.1}, seed=3)
    plan = build(config)
    x, _ = next(plan.dataset.batches(config.batch_size, config.seed))
    expected = plan.learner.augmentation(x.astype("float32"), training=True).numpy()
    dataset = load_dataset("digits", {}, validation_split=0.2, seed=3)
    choice = Choice("Digits", "digits", {}, 0.2, 3)
    before, after = first_batch(dataset, choice, config.augmentation.model_dump())
    np.testing.assert_array_equal(before, x)
    np.testing.assert_array_equal(after, expected)
    assert not np.array_equal(before, after)


def test_an_option_out_of_range_is_a_sentence(store):
    page = open_data("linear")
    page.number_input(key="train_linear_size_set").set_value(0).run()
    assert not page.exception
    assert any("size" in error.value and "must be" in error.value for error in page.error)
    assert button(page, "Train on this").disabled


def test_nothing_is_downloaded_unasked(store, tmp_path, monkeypatch):
    import urllib.request

    asked = []

    def refuse(url, **keywords):
        asked.append(url)
        raise OSError("no network here")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    page = open_data("cifar10")
    assert asked == []
    assert any("is not on this machine yet" in text for text in texts(page))
    button(page, "Download").click().run()
    assert len(asked) == 1
    assert not page.exception
    assert any("Connect to the internet" in error.value for error in page.error)


def test_an_uploaded_table_is_reported_shown_and_trained_on(store, runs):
    uploaded = store.add(io.BytesIO(CSV), "animals.csv")
    page = open_data(uploaded.reference)
    assert not page.exception
    assert not page.error
    assert figures(page)["Examples"] == "120"
    assert page.selectbox(key=key(uploaded, "target")).value == "kind"
    assert any(text.endswith("Report") for text in texts(page))
    button(page, "Train on this").click().run()
    # The page has gone there by itself; the tester has to be told for its next runs.
    assert "train_dataset_select" in page.session_state
    page.switch_page("train.py").run()
    assert page.selectbox(key="train_dataset_select").value == uploaded.reference
    assert not page.error
    page.number_input(key="train_epochs_set").set_value(30).run()
    button(page, "Start training").click().run()
    [run] = runs.list()
    assert run.config.dataset == "csv"
    assert run.config.dataset_options["path"] == uploaded.reference
    assert run.config.dataset_options["target"] == "kind"
    assert run.wait(60)
    assert run.metrics["last"]["val_accuracy"] > 0.8
    page.run()
    assert any("animals" in text for text in texts(page))


def test_the_report_follows_the_options(store):
    uploaded = store.add(io.BytesIO(CSV), "animals.csv")
    page = open_data(uploaded.reference)
    assert "Classes" in figures(page)
    page.selectbox(key=key(uploaded, "target")).set_value("size").run()
    assert not page.exception
    assert figures(page)["To predict"] == "a number"
    page.multiselect(key=key(uploaded, "leave_out")).set_value(["legs"]).run()
    assert not page.exception
    assert figures(page)["Each one: features"] == "2"


def test_options_that_do_not_fit_the_file_are_a_sentence_beside_the_widgets(store):
    uploaded = store.add(io.BytesIO(CSV), "animals.csv")
    page = open_data(uploaded.reference)
    page.selectbox(key=key(uploaded, "task")).set_value("multilabel").run()
    page.multiselect(key=key(uploaded, "targets")).set_value(["size"]).run()
    assert not page.exception
    assert len(page.error) == 1
    assert button(page, "Train on this").disabled
    page.selectbox(key=key(uploaded, "task")).set_value("auto").run()
    assert not page.error
    assert not button(page, "Train on this").disabled


def test_skipped_rows_are_counted_and_listed(store):
    uploaded = store.add(io.BytesIO(CSV + b"1,2\n3,4,5,6,7\n"), "ragged.csv")
    page = open_data(uploaded.reference)
    assert "Skipped (2)" in texts(page)
    assert [frame.value["line"].tolist() for frame in page.dataframe if "line" in frame.value] == [[122, 123]]
    assert figures(page)["Examples"] == "120"


def test_a_file_that_cannot_be_trained_on_says_why_on_both_pages(store):
    uploaded = store.add(io.BytesIO(b"a,b\n"), "header only.csv")
    page = open_data(uploaded.reference)
    assert not page.exception
    assert button(page, "Train on this").disabled
    assert any("must be fixed before training" in text for text in texts(page))
    page = open_train(uploaded.reference)
    assert not page.exception
    assert len(page.error) == 1
    assert button(page, "Start training").disabled
    button(page, "Look at it on the Data page").click().run()
    page.switch_page("data.py").run()
    assert page.selectbox(key="data_dataset_select").value == uploaded.reference


def test_the_form_offers_no_path_on_the_server_and_takes_none(store, runs, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_bytes(CSV)
    page = open_train()
    offered = page.selectbox(key="train_dataset_select").options
    assert not {DATASETS[name].label for name in ("csv", "npz", "images")} & set(offered)
    assert not any("path" in (field.label or "").lower() for field in page.text_input)
    run = runs.create(RunConfig(dataset="csv", dataset_options={"path": str(secret)}, model="mlp"))
    page = AppTest.from_file(INDEX, default_timeout=60)
    page.query_params["run"] = run.id
    page.run()
    page.get("menu_button")[0].set_value("Use these settings").run()
    assert not page.exception
    assert any("file on the server's own disk" in warning.value for warning in page.warning)
    assert page.selectbox(key="train_dataset_select").value == "digits"


@pytest.mark.parametrize("forged", ["csv", "/etc/passwd", "upload:../../etc", "upload:0123456789abcdef"])
def test_what_a_browser_sends_in_place_of_a_choice_is_not_believed(store, forged):
    for name in ("train", "data"):
        page = AppTest.from_file(INDEX, default_timeout=60)
        page.session_state[f"{name}_dataset_select"] = forged
        page.run()
        if name == "data":
            page.switch_page("data.py").run()
        assert not page.exception
        assert page.selectbox(key=f"{name}_dataset_select").value == "digits"
    with pytest.raises(ConfigError, match="does not open"):
        refuse_server_path("csv", {"path": forged.removeprefix("upload:")})


def test_the_settings_of_a_run_on_uploaded_data_fill_the_form(store, runs):
    uploaded = store.add(io.BytesIO(CSV), "animals.csv")
    options = {"path": uploaded.reference, "target": "size", "leave_out": ["legs"], "missing_numbers": "mean"}
    run = runs.create(RunConfig(dataset="csv", dataset_options=options, model="linear"))
    page = AppTest.from_file(INDEX, default_timeout=60)
    page.query_params["run"] = run.id
    page.run()
    page.get("menu_button")[0].set_value("Use these settings").run()
    assert not page.exception
    assert page.selectbox(key="train_dataset_select").value == uploaded.reference
    assert page.selectbox(key=key(uploaded, "target")).value == "size"
    assert page.multiselect(key=key(uploaded, "leave_out")).value == ["legs"]
    assert page.selectbox(key=key(uploaded, "missing_numbers")).value == "mean"
    assert page.selectbox(key="train_model_select").value == "linear"


def test_past_runs_say_that_their_data_set_is_gone(store, runs):
    uploaded = store.add(io.BytesIO(CSV), "animals.csv")
    run = runs.create(RunConfig(dataset="csv", dataset_options={"path": uploaded.reference}, model="linear", epochs=1))
    run.start()
    assert run.wait(60)
    store.delete(uploaded.id, runs.list())
    page = AppTest.from_file(INDEX, default_timeout=60)
    page.query_params["run"] = run.id
    page.run()
    assert not page.exception
    assert any("was deleted" in text and uploaded.sha256 in text for text in texts(page))
    assert any("a data set that is gone" in text for text in texts(page))
    page.get("menu_button")[0].set_value("Use these settings").run()
    assert any("Upload the same file again" in warning.value for warning in page.warning)


def test_deleting_asks_first_and_says_which_runs_will_miss_it(store, runs):
    uploaded = store.add(io.BytesIO(CSV), "animals.csv")
    run = runs.create(RunConfig(dataset="csv", dataset_options={"path": uploaded.reference}, model="linear", epochs=1))
    page = open_data(uploaded.reference)
    page.get("menu_button")[0].set_value("Delete").run()
    assert any("is queued and needs it" in text for text in texts(page))
    run.start()
    assert run.wait(60)
    page = open_data(uploaded.reference)
    page.get("menu_button")[0].set_value("Delete").run()
    assert any("will be gone for good" in text and "1 run was trained on it" in text for text in texts(page))
    assert button(page, "Delete for good")
    assert store.list() == [uploaded]


def test_names_that_look_like_markup_are_shown_as_they_are(store):
    content = CSV.replace(b"size", f'"{MARKUP}"'.encode(), 1).replace(b",a\n", f",{MARKUP}\n".encode())
    uploaded = store.add(io.BytesIO(content), f"{MARKUP[:7]}.csv")
    page = open_data(uploaded.reference)
    assert not page.exception
    assert not any("<b>" in text or "![y](" in text or "`a`" in text for text in texts(page))
    charts = list(page.get("plotly_chart"))
    page.selectbox(key=key(uploaded, "target")).set_value(MARKUP).run()
    assert figures(page)["To predict"] == "a number"
    charts += page.get("plotly_chart")
    assert len(charts) == 4
    for chart in charts:
        assert "<b>" not in chart.proto.spec


def test_two_files_of_one_name_can_be_told_apart(store):
    first = store.add(io.BytesIO(CSV), "animals.csv")
    second = store.add(io.BytesIO(CSV + ROWS[0].encode() + b"\n"), "animals.csv")
    for uploaded, rows in ((first, "120"), (second, "121")):
        assert figures(open_data(uploaded.reference))["Examples"] == rows
