"""The first screen shows the data and the model that the form describes."""

import pytest

from pages.ui.train.diagram import diagram_html
from pages.ui.train.preview import few
from tests.pages.conftest import open_page
from trainer import DATASETS
from trainer.analysis import jobs
from trainer.analysis.architecture import Layer
from trainer.data.loading import load_dataset


def settled(page, seconds: float = 30):
    """Draws the page again once its background work is done."""
    for job in list(jobs._jobs.values()):
        assert job.wait(seconds)
    return page.run()


def texts(page) -> str:
    return " ".join([*(text.value for text in page.caption), *(block.proto.body for block in page.get("html"))])


def test_the_data_and_the_model_follow_the_form(store):
    page = settled(open_page())
    assert not page.exception
    assert "26,122 parameters to train" in texts(page)
    assert {str(digit) for digit in range(10)} <= {text.value for text in page.caption}
    page.selectbox(key="train_dataset_select").set_value("spirals").run()
    page = settled(page)
    assert len(page.get("plotly_chart")) == 1
    page.number_input(key="train_mlp_units_set").set_value(8).run()
    page = settled(page)
    assert "Dense 8" in texts(page)
    assert not page.exception


@pytest.mark.parametrize("name", ["iris", "sequences", "diabetes", "multilabel", "linear", "plane"])
def test_every_kind_of_data_is_shown(store, name):
    page = open_page()
    page.selectbox(key="train_dataset_select").set_value(name).run()
    page = settled(page)
    assert not page.exception
    assert len(page.dataframe) + len(page.get("plotly_chart")) == 1


def test_data_that_is_not_here_yet_says_where_it_comes_from(store, monkeypatch, tmp_path):
    for file in DATASETS["mnist"].traits.files:
        monkeypatch.setattr(type(file), "path", tmp_path / "nothing", raising=False)
    page = open_page()
    page.selectbox(key="train_dataset_select").set_value("mnist").run()
    assert "MNIST is not on this machine yet" in texts(settled(page))


def test_only_what_is_drawn_stays_in_memory():
    whole = load_dataset("digits", {}, validation_split=0.2, seed=0)
    kept = few(whole)
    assert len(kept.train) == 30
    assert sorted(set(kept.train.y)) == list(range(10))


def test_a_diagram_escapes_names_and_cuts_long_models():
    layers = [Layer("<b>", "variable", (3,), 3, 3, 12), *(Layer(f"d{n}", "Dense", (n,), n, n, n) for n in range(1, 40))]
    drawn = diagram_html([*layers, Layer("end", "Activation", (10,), 0, 0, 0, "softmax")])
    assert "<b>" not in drawn
    assert "&lt;b&gt;" in drawn
    assert "27 more" in drawn
    assert "39 · softmax" in drawn
