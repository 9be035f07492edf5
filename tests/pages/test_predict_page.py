"""The Predict page: empty states, what is offered for which model, answers, and bad input."""

import base64
import io
import json
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import trainer.runs.store
from pages.ui.predict.charts import MOST_BARS, percent, probability_figure
from pages.ui.predict.trying import ways_for
from pages.ui.predict.ways.file import predictions_csv, predictions_frame
from pages.ui.predict.ways.sequence import read_numbers
from tests.pages.conftest import INDEX
from tests.trainer.recipes import ENDLESS, line
from tests.trainer.watching import finish, wait_until
from trainer import RunConfig, RunStore, predict
from trainer.analysis import jobs, run_data
from trainer.analysis.predictions.drawings import SIDE
from trainer.analysis.predictor import predictor
from trainer.errors import DataError

PAGE = "predict.py"
RECIPES = {
    "digits": {"model": "mlp", "dataset": "digits", "model_options": {"layers": 1, "units": 8}},
    "pears": {"model": "linear", "dataset": "csv"},
    "moons": {"model": "linear", "dataset": "moons"},
    "gan": {"model": "gan", "dataset": "digits", "model_options": {"architecture": "dense", "latent": 4}},
    "copies": {"model": "autoencoder", "dataset": "digits", "model_options": {"architecture": "dense"}},
    "waves": {
        "model": "mlp",
        "dataset": "sequences",
        "model_options": {"layers": 1, "units": 8},
        "dataset_options": {"size": 80, "steps": 8},
    },
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A store with a completed run for each kind of data and model."""
    folder = tmp_path_factory.mktemp("predict_page")
    random = np.random.default_rng(0)
    size = random.normal(5, 2, 100).round(2)
    frame = pd.DataFrame({"size": size, "colour": random.choice(["red", "blue"], 100)})
    frame.assign(kind=np.where(size > 5, "pear", "apple")).to_csv(folder / "pears.csv", index=False)
    store = RunStore(folder / "runs")
    options = {"pears": {"dataset_options": {"path": str(folder / "pears.csv"), "target": "kind"}}}
    for name, recipe in RECIPES.items():
        run = store.create(RunConfig(epochs=1, batch_size=32, **recipe | options.get(name, {})), name)
        run.start()
        assert finish(run).status == "completed", run.reason
    return store


@pytest.fixture
def runs(trained, monkeypatch, cured):
    """The runs by name, in the page's store."""
    monkeypatch.setattr(trainer.runs.store, "_default", trained)
    return {run.name: run for run in trained.list()}


def open_predict(run_id: str | None = None) -> AppTest:
    """Opens the page in a new session, and goes on until everything is loaded."""
    page = AppTest.from_file(INDEX, default_timeout=60)
    page.run()
    page.switch_page(PAGE)
    if run_id:
        page.query_params["run"] = run_id
    return settled(page.run())


def settled(page: AppTest) -> AppTest:
    """Waits for the jobs that the page waits for, as its fragment would."""
    for _ in range(5):
        waited = [job for job in list(jobs._jobs.values()) if not job.wait(0)]
        if not waited:
            return page.run()
        assert all(job.wait(60) for job in waited)
        page.run()
    return page


def try_with(page: AppTest, label: str) -> AppTest:
    page.session_state["predict_way_select"] = label
    return settled(page.run())


def texts(page: AppTest) -> str:
    kinds = ("title", "markdown", "caption", "info", "error", "warning")
    found = [element.value for kind in kinds for element in page.get(kind)]
    return "\n".join(map(str, found)).replace("\\", "")


def test_without_a_run_it_says_what_to_do_and_links_to_train(store):
    page = open_predict()
    assert not page.exception
    assert "Nothing to try yet" in texts(page)
    assert "Train a model first" in texts(page)
    assert page.get("page_link")[-1].proto.label == "Train a model"


def test_a_run_without_a_checkpoint_is_not_offered_and_the_address_says_why(runs, trained):
    new = trained.create(runs["digits"].config, "young-otter")
    page = open_predict(new.id)
    trained.delete(new.id, stop=True)
    assert "young-otter** has no checkpoint yet" in texts(page)
    assert not any("young-otter" in option for option in page.selectbox(key="predict_run_select").options)
    assert "There is no run" in texts(open_predict(new.id))


def test_an_example_of_the_data_is_shown_with_its_true_class(runs):
    page = open_predict(runs["digits"].id)
    assert not page.exception
    assert page.query_params["run"] in (runs["digits"].id, [runs["digits"].id])
    assert "completed" in page.selectbox(key="predict_run_select").format_func(runs["digits"].id)
    assert "Predicted class" in texts(page)
    assert "correct" in texts(page) or "true class" in texts(page)
    page.number_input(key="predict_example_set").set_value(5).run()
    page.button(key="predict_example_draw").click().run()
    assert not page.exception


def test_the_ways_fit_the_model(runs):
    offered = {name: [way.label for way in ways_for(predictor(run))] for name, run in runs.items()}
    assert offered == {
        "digits": ["Test example", "Draw", "Image file", "File"],
        "pears": ["Type a row", "Test example", "File"],
        "moons": ["Sliders", "Test example", "File"],
        "gan": ["Noise"],
        "copies": ["Test example", "Draw", "Image file", "File"],
        "waves": ["Test example", "Values", "File"],
    }


@pytest.mark.parametrize("name", RECIPES)
def test_every_way_of_every_model_is_drawn_without_an_exception(runs, name):
    page = open_predict(runs[name].id)
    for way in ways_for(predictor(runs[name])):
        try_with(page, way.label)
        assert not page.exception, way.label
        assert not page.error, way.label


def test_a_typed_row_gets_the_models_answer(runs):
    run = runs["pears"]
    page = open_predict(run.id)
    size, colour = f"predict_{run.id}_0_type", f"predict_{run.id}_1_type"
    for value in (9.5, 0.5):
        page.number_input(key=size).set_value(value).run()
        [label] = predict(run, {"size": [value], "colour": [run.spec.columns[1].vocabulary[0]]}).labels
        assert [title.value for title in page.title] == [label]
    page.number_input(key=size).set_value(None).run()
    assert "“size” is missing in 1 row" in texts(page)
    page.selectbox(key=colour).set_value(3).run()
    assert "does not know, such as “another value”" in texts(page)
    page.number_input(key=size).set_value(1e6).run()
    assert "the model never saw such a value" in texts(page)


def test_sequences_are_pasted_and_bad_ones_get_a_sentence(runs):
    page = open_predict(runs["waves"].id)
    try_with(page, "Values")
    field = page.text_area(key=f"predict_{runs['waves'].id}_paste")
    assert len(field.value.split()) == 8
    field.set_value("1 2 3").run()
    assert "There must be 8 numbers. Received: 3." in texts(page)
    with pytest.raises(DataError, match="Number 2 must be a number"):
        read_numbers("1, two", 2)
    np.testing.assert_array_equal(read_numbers("1;2\n3,4", 4), [1, 2, 3, 4])


def test_a_run_whose_data_is_gone_still_predicts(runs, monkeypatch):
    path, key = Path(runs["pears"].config.dataset_options["path"]), ("predict data", str(runs["pears"].path))
    jobs.forget(key)
    monkeypatch.setattr(run_data, "_kept", OrderedDict())
    path.rename(path.with_suffix(".away"))
    try:
        page = open_predict(runs["pears"].id)
        assert not page.exception
        assert "Predicted class" in texts(page)
        try_with(page, "Test example")
        assert "own examples are not there" in texts(page)
        assert "other ways to try the model still work" in texts(page)
    finally:
        path.with_suffix(".away").rename(path)
        jobs.forget(key)


def test_a_file_of_rows_becomes_a_table_and_a_csv_without_formulas(runs):
    table = pd.DataFrame({"size": ["1", "9"], "colour": ["red", "=2+3"], "@note": ["x", "-1+2"]})
    found = predict(runs["pears"], table)
    frame = predictions_frame(found, "kind", table)
    assert list(frame.columns[:3]) == ["row", "predicted kind", "probability"]
    content = predictions_csv(frame).decode()
    assert "'=2+3" in content
    assert "'-1+2" in content
    assert "'@note" in content
    again = pd.read_csv(io.StringIO(content))
    assert again["predicted kind"].tolist() == found.labels
    np.testing.assert_allclose(again["probability"], found.probabilities.max(axis=1), rtol=1e-6)


def test_bars_are_the_likeliest_classes_with_their_probability_at_the_end():
    row = np.linspace(0, 1, 14) / np.linspace(0, 1, 14).sum()
    names = [f"<b>{place}</b>" for place in range(14)]
    figure = probability_figure(names, row, [names[13]], names[12])
    [bars] = figure.data
    assert len(bars.x) == MOST_BARS
    assert bars.x[-1] == row[13]
    assert bars.text[-1] == percent(row[13])
    assert bars.text[-2].endswith("(true)")
    assert "<b>" not in json.dumps(figure.to_plotly_json(), default=str)
    assert [percent(value) for value in (0, 1e-5, 0.5, 0.99999, 1)] == [
        "0.0 %", "< 0.1 %", "50.0 %", "> 99.9 %", "100.0 %"
    ]  # fmt: skip


def test_a_completed_run_offers_to_try_it(runs):
    page = AppTest.from_file(INDEX, default_timeout=60)
    page.query_params["run"] = runs["digits"].id
    page.run()
    labels = [link.proto.label for link in page.get("page_link")]
    assert "Try it" in labels


def test_a_hostile_drawing_is_a_sentence(runs, monkeypatch):
    from pages.ui.predict.ways import drawing

    ink = np.zeros((SIDE, SIDE), np.uint8)
    ink[30:110, 60:80] = 255
    page = open_predict(runs["digits"].id)
    for sent, words in (
        ("", "Draw something"),
        ({"x": 1}, "must be 140×140 bytes"),
        ("A" * 50, "must be 140×140 bytes"),
        (base64.b64encode(ink.tobytes()).decode(), "What the model receives: 8×8 pixels."),
    ):
        monkeypatch.setattr(drawing, "sketch", lambda brush, key, sent=sent: sent)
        try_with(page, "Draw")
        assert not page.exception
        assert words in texts(page)


def image_file(size=(20, 30)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, "PNG")
    return file.getvalue()


def test_an_uploaded_image_is_answered_and_the_note_says_what_was_changed(runs):
    page = open_predict(runs["digits"].id)
    try_with(page, "Image file")
    field = page.file_uploader(key="predict_image_upload")
    field.set_value(("seven.png", image_file(), "image/png")).run()
    assert not page.exception
    assert "resized from 20×30 to 8×8 pixels and converted to grey" in texts(page)
    assert len(page.title) == 1
    page.checkbox(key="predict_image_invert").check().run()
    assert "inverted" in texts(page)
    page.file_uploader(key="predict_image_upload").set_value(("broken.png", image_file()[:50], "image/png")).run()
    assert "Save it again as PNG or JPEG" in texts(page)


def test_an_uploaded_file_is_predicted_as_a_job_and_a_model_file_is_refused(runs):
    page = open_predict(runs["pears"].id)
    try_with(page, "File")
    rows = b"size,colour\n9.5,red\n0.5,green\n"
    page.file_uploader(key="predict_file_upload").set_value(("new.csv", rows, "text/csv")).run()
    settled(page)
    assert "2 predictions" in texts(page)
    assert "does not know, such as “green”" in texts(page)
    expected = predict(runs["pears"], {"size": ["9.5", "0.5"], "colour": ["red", "green"]})
    assert page.dataframe[0].value["predicted kind"].tolist() == expected.labels
    hostile = b"PK\x03\x04 model.weights.h5"
    page.file_uploader(key="predict_file_upload").set_value(("model.npz", hostile, "")).run()
    settled(page)
    assert "can run code when they are opened" in texts(page)
    assert not page.exception


def test_a_run_that_trains_is_tried_at_its_newest_checkpoint_and_goes_on(store):
    run = store.create(line(epochs=ENDLESS, checkpoint_seconds=1), "busy-otter")
    run.start()
    assert "busy-otter** is " in texts(open_predict())
    wait_until(run, lambda: bool(run.checkpoints))
    page = open_predict(run.id)
    # While its newest checkpoint is being loaded, the page says so and draws itself again.
    wait_until(run, lambda: "Predicted target" in texts(page) or texts(page.run()) is None)
    assert not page.exception
    assert page.selectbox(key="predict_checkpoint_select").value == "latest"
    assert run.status == "running"
    run.stop()
    finish(run)
