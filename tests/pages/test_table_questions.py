"""What the Data page asks about a table, and that one click answers it there and in the Train form."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from pages.ui.data.rows import OTHER, summarize, training_frame
from pages.ui.data.target_question import ASKED_KEY
from tests.pages.test_data_page import button, figures, key, open_data, open_train, texts
from trainer.data.loading import load_dataset
from trainer.data.uploads import DatasetStore

ROWS = 200
AMBIGUOUS = "amount;target\n" + "".join(
    f"{row % 90 + 10},{row * 7 % 900 + 100};{'ab'[row % 2]}\n" for row in range(ROWS)
)


@pytest.fixture
def uploads(store, tmp_path, monkeypatch):
    """The store of uploaded data sets that the pages use."""
    monkeypatch.setenv("TRAINDECK_DATASETS", str(tmp_path / "datasets"))
    return DatasetStore.default()


def add(uploads, text: str):
    return uploads.add(io.BytesIO(text.encode()), "table.csv")


def format_of(uploaded, column: str) -> str:
    return f"train_{uploaded.id}_format_of_{column}_set"


def test_a_format_that_the_values_do_not_tell_is_asked_on_the_data_page(uploads):
    uploaded = add(uploads, AMBIGUOUS)
    page = open_data(uploaded.reference)
    assert not page.exception
    assert button(page, "Train on this").disabled
    assert page.selectbox(key=format_of(uploaded, "amount")).value == "automatic"
    button(page, "Read “10,100” as 10100").click().run()
    assert not page.exception
    assert not button(page, "Train on this").disabled
    assert page.selectbox(key=format_of(uploaded, "amount")).value == "1,234.5"
    # The Train form has the same widget with the same answer.
    page.session_state["train_dataset_select"] = uploaded.reference
    page.switch_page("train.py").run()
    assert not page.error, page.error[0].value
    assert page.selectbox(key=format_of(uploaded, "amount")).value == "1,234.5"
    assert not button(page, "Start training").disabled


def test_the_train_form_asks_too_and_puts_the_answer_into_the_run(uploads, store):
    uploaded = add(uploads, AMBIGUOUS)
    page = open_train(uploaded.reference)
    assert not page.exception
    assert any("values do not tell" in error.value for error in page.error)
    assert button(page, "Start training").disabled
    page.selectbox(key=format_of(uploaded, "amount")).set_value("1234,5").run()
    assert not page.error, page.error[0].value
    page.number_input(key="train_epochs_set").set_value(1).run()
    button(page, "Start training").click().run()
    [run] = store.list()
    assert run.config.dataset_options["number_formats"] == {"amount": "1234,5"}
    assert run.wait(60)


def test_a_decision_can_be_changed_with_one_click(uploads):
    rows = "".join(f'{row % 40:03},"{row % 900 + 1},{row % 10}50",{row % 10 + 1}\n' for row in range(ROWS))
    uploaded = add(uploads, "code,amount,rating\n" + rows)
    page = open_data(uploaded.reference)
    assert not page.exception
    assert figures(page)["Classes"] == "10"
    button(page, "Predict a number").click().run()
    assert page.selectbox(key=key(uploaded, "task")).value == "regression"
    assert figures(page)["To predict"] == "a number"
    button(page, "Keep as text").click().run()
    assert not page.exception
    [amount] = [change for change in page.button if change.label.endswith("as 1\\.050")]
    amount.click().run()
    formats = {name: page.selectbox(key=format_of(uploaded, name)).value for name in ("code", "amount")}
    assert sorted(formats.values()) == ["1234,5", "text"]


def test_what_to_predict_is_asked_after_an_upload(uploads):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"total_bill": random.normal(size=ROWS), "tip": random.normal(size=ROWS),
                          "size": random.choice([1.5, 2.5], ROWS)})  # fmt: skip
    uploaded = add(uploads, frame.to_csv(index=False))
    page = open_data(uploaded.reference)
    assert page.selectbox(key=key(uploaded, "target")).label == "What do you want to predict?"
    assert page.selectbox(key=key(uploaded, "target")).value == "tip"
    assert not any(text.endswith("What do you want to predict?") for text in texts(page))
    page.session_state[ASKED_KEY] = uploaded.id
    page.run()
    assert any(text.endswith("What do you want to predict?") for text in texts(page))
    assert any("“tip” in its name" in text for text in texts(page))
    button(page, "total\\_bill").click().run()
    assert not page.exception
    assert page.selectbox(key=key(uploaded, "target")).value == "total_bill"
    assert not any(text.endswith("What do you want to predict?") for text in texts(page))


def test_missing_and_distinct_counts_say_over_which_rows_and_agree_with_pandas(uploads):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({
        "size": np.where(random.random(400) < 0.1, np.nan, random.integers(0, 50, 400)),
        "city": random.choice([f"c{n}" for n in range(90)], 400),
        "colour": random.choice(["red", "blue", None], 400),
        "kind": random.choice(["a", "b"], 400),
    })  # fmt: skip
    uploaded = add(uploads, frame.to_csv(index=False))
    page = open_data(uploaded.reference)
    assert any(
        "Counted over the 320 training rows" in text and "report counts all rows" in text for text in texts(page)
    )
    assert "Columns of the file, counted over all 400 rows" in texts(page)
    [listed] = [
        table.value for table in page.dataframe if "values" in table.value and "distribution" not in table.value
    ]
    counted = listed.set_index("column")[["missing", "distinct"]]
    assert counted["missing"].to_dict() == frame.isna().sum().to_dict()
    assert counted["distinct"].to_dict() == frame.nunique().to_dict()
    # Without a split the model's rows are the file's; a rare value is one of the others, not missing.
    dataset = load_dataset("csv", {"path": str(uploaded.path), "target": "kind"}, validation_split=0, seed=0)
    shown = summarize(training_frame(dataset, "kind", 400)).set_index("column")
    assert shown["missing"].to_dict() == frame.isna().sum().to_dict()
    assert shown.loc["size", "distinct"] == frame["size"].nunique()
    assert shown.loc["colour", "distinct"] == 2
    assert shown.loc["city", "distinct"] == 65
    assert (training_frame(dataset, "kind", 400)["city"] == OTHER).sum() == frame["city"].value_counts()[64:].sum()
