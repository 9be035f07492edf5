"""A CSV or Parquet file as a data set: what is predicted from what, and what becomes of missing values."""

import dataclasses

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest

from trainer import RunConfig
from trainer.config.data_spec import Column
from trainer.config.fitting import dataset_spec, offered
from trainer.config.registry import DATASETS, MODELS
from trainer.data.loading import load_dataset
from trainer.data.uploads import inspect
from trainer.data.uploads.tables import reader as tables
from trainer.errors import ConfigError, DataError

#: 24 rows: a number and a category with gaps, free text, one gap in the target.
ROWS = [
    {
        "id": 1000 + row,
        "size": "" if row == 3 else f"{row}.5",
        "colour": ["red", "blue", "", "red"][row % 4],
        "remark": f"the remark on row {row}",
        "tags": ["a;b", "b", "c", "a; c"][row % 4],
        "hot": row % 2,
        "wet": ["yes", "No"][row % 3 == 0],
        "price": f"{2 * row}",
        "kind": "" if row == 5 else ["pear", "apple"][row % 3 == 0],
    }
    for row in range(24)
]


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "fruit.csv", ROWS)


def write(path, rows):
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def load(path, **options):
    return load_dataset("csv", {"path": str(path), **options}, validation_split=0, seed=0)


def spec_of(path, **options):
    return dataset_spec("csv", DATASETS["csv"].parse({"path": str(path), **options}))


def test_the_options_are_what_forms_and_the_command_line_draw():
    kinds = {option.name: option.kind for option in DATASETS["csv"].options}
    assert kinds == {
        "path": "text",
        "target": "text",
        "task": "choice",
        "leave_out": "list",
        "number_formats": "object",
        "missing_numbers": "choice",
        "missing_categories": "choice",
    }
    assert DATASETS["csv"].parse({})["leave_out"] == []
    with pytest.raises(ConfigError, match=r"leave_out \(dataset csv\) must be a list of names\. Received: 'id'"):
        DATASETS["csv"].parse({"leave_out": "id"})
    with pytest.raises(ConfigError, match=r"target \(dataset csv\) must be .* Received: 3"):
        DATASETS["csv"].parse({"target": 3})


def test_classes_are_sorted_and_rows_without_target_left_out(path):
    dataset = load(path, target="kind", leave_out=["price"])
    spec = dataset.spec
    assert (spec.task, spec.class_names, spec.examples) == ("classification", ("apple", "pear"), 23)
    assert spec.feature_names == ("size", "hot", "colour", "tags", "wet")
    assert dataset.train.y.tolist() == [int(row["kind"] == "pear") for row in ROWS if row["kind"]]
    assert len(spec.sha256) == 64
    assert spec.source == "fruit.csv"


def test_raw_values_reach_training_as_they_are(path):
    dataset = load(path, target="price", leave_out=["tags", "wet", "hot", "kind"])
    assert dataset.spec.task == "regression"
    assert [dataclasses.replace(column, fill=0) for column in dataset.spec.columns] == [
        Column("size", "number", missing=1),
        Column("colour", "category", ("red", "", "blue"), fill_with="missing", missing=6),
    ]
    assert dataset.spec.columns[1].fill == 2
    expected = [
        [np.nan if row["size"] == "" else float(row["size"]), {"red": 1, "": 2, "blue": 3}[row["colour"]]]
        for row in ROWS
    ]
    np.testing.assert_array_equal(dataset.train.x, np.array(expected, np.float32))
    np.testing.assert_array_equal(dataset.train.y[:, 0], [float(row["price"]) for row in ROWS])


def test_every_way_with_missing_values(path):
    options = {"target": "price", "leave_out": ["tags", "wet", "hot", "kind"]}
    sizes = [float(row["size"]) for row in ROWS if row["size"]]
    median, mean = (load(path, missing_numbers=way, **options) for way in ("median", "mean"))
    assert median.spec.columns[0].fill == np.median(sizes)
    assert mean.spec.columns[0].fill == pytest.approx(np.mean(sizes))
    assert len(median.train) == len(mean.train) == 24
    dropped = load(path, missing_numbers="drop", **options)
    assert len(dropped.train) == 23
    assert not np.isnan(dropped.train.x).any()
    frequent = load(path, missing_categories="most_frequent", **options).train.x[:, 1]
    assert frequent.tolist() == [1 if row["colour"] in ("red", "") else 2 for row in ROWS]
    dropped = load(path, missing_categories="drop", **options)
    assert len(dropped.train) == 18
    assert dropped.spec.columns[1].vocabulary == ("red", "blue")


def test_a_category_of_many_values_keeps_the_most_frequent_ones(tmp_path):
    values = [f"v{value:03}" for value in range(100) for _ in range(3 if value < 50 else 2)]
    path = write(tmp_path / "many.csv", [{"code": value, "y": row % 7 + 0.5} for row, value in enumerate(values)])
    dataset = load(path, target="y")
    assert dataset.spec.columns[0].vocabulary == tuple(f"v{value:03}" for value in range(64))
    codes = dict(zip(values, dataset.train.x[:, 0].tolist(), strict=True))
    assert (codes["v000"], codes["v063"], codes["v064"], codes["v099"]) == (1, 64, 0, 0)
    notes = [finding for finding in inspect(path).findings if finding.where == "column “code”"]
    assert "The 64 most frequent ones are told apart" in notes[0].message


def test_several_columns_or_one_of_text_are_several_labels(path):
    dataset = load(path, target=["hot", "wet"])
    assert (dataset.spec.task, dataset.spec.class_names) == ("multilabel", ("hot", "wet"))
    assert dataset.train.y.tolist() == [[row["hot"], float(row["wet"] == "yes")] for row in ROWS]
    dataset = load(path, target="tags", task="multilabel")
    assert dataset.spec.class_names == ("a", "b", "c")
    assert dataset.train.y[:4].tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1]]


def test_whole_numbers_can_be_classes_sorted_by_size(tmp_path):
    rows = [{"x": row * 1.5, "y": [10, 9, 2][row % 3]} for row in range(60)]
    dataset = load(write(tmp_path / "n.csv", rows), target="y")
    assert dataset.spec.class_names == ("2", "9", "10")
    assert dataset.train.y[:3].tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("options", "sentence", "argument"),
    [
        ({"target": "color"}, r"target .*columns of the file: “id”, “size”, .* Received: 'color'", "target"),
        ({"target": ["hot", "cold"]}, r"Received: 'cold'", "target"),
        ({"target": "kind", "leave_out": ["colr"]}, r"leave_out .* Received: 'colr'. Choose one", "leave_out"),
        ({"target": "kind", "leave_out": ["kind"]}, r"leave_out .* must not name the target", "leave_out"),
        ({"target": "kind", "task": "regression"}, r"“kind” holds no numbers. Choose classification", "task"),
        ({"target": "hot", "task": "multilabel"}, r"“hot”, which holds numbers. Name more columns", "task"),
        ({"target": ["hot", "wet"], "task": "classification"}, r"one column for the task", "target"),
        ({"target": ["hot", "colour"]}, r"Each label of a multilabel task must be 0 or 1. Received: “red”", None),
        ({"target": "remark"}, r"“remark”: The target looks like free text", None),
        (
            {"target": "kind", "leave_out": ["size", "colour", "tags", "hot", "wet", "price"]},
            "no column to learn",
            None,
        ),
    ],
)
def test_what_does_not_fit_the_file_is_said_in_a_sentence(path, options, sentence, argument):
    with pytest.raises((ConfigError, DataError), match=sentence) as caught:
        RunConfig(model="mlp", dataset="csv", dataset_options={"path": str(path), **options}, batch_size=8)
    assert getattr(caught.value, "argument", None) == argument


def test_infinite_numbers_are_refused_with_their_line(tmp_path):
    path = write(tmp_path / "inf.csv", [{"x": "1e999" if row == 4 else row, "y": row % 2} for row in range(30)])
    with pytest.raises(DataError, match=r"“x”.*line 6"):
        spec_of(path, target="y")


def test_a_file_that_is_not_there_is_named():
    for path in ("", "nowhere.csv", "upload:0123456789abcdef"):
        with pytest.raises(DataError, match=r"path is empty|nowhere\.csv.* not there|upload:0123.*not there"):
            spec_of(path)


def test_the_file_is_parsed_once_until_it_changes(path, monkeypatch):
    from trainer.data.uploads.tables import inspecting

    parsed = []
    monkeypatch.setattr(
        inspecting, "read_table", lambda path, *rest: parsed.append(path) or tables.read_table(path, *rest)
    )
    config = RunConfig(model="mlp", dataset="csv", dataset_options={"path": str(path), "target": "kind"}, batch_size=8)
    load(path, target="kind")
    load(path, target="price")
    assert len(parsed) == 1
    write(path, ROWS[:-1])
    assert dataset_spec("csv", config.dataset_options).examples == 22
    assert len(parsed) == 2
    assert config.spec.examples == 23, "a recipe keeps what it was checked against"


def test_parquet_is_read_alike(path, tmp_path):
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(path), tmp_path / "fruit.parquet")
    ours, theirs = load(tmp_path / "fruit.parquet", target="price"), load(path, target="price")
    np.testing.assert_array_equal(ours.train.x, theirs.train.x)
    assert ours.spec.columns == theirs.spec.columns


def test_models_of_images_and_sequences_are_not_offered(path):
    assert offered(MODELS, spec_of(path, target="kind")) == [
        name for name in offered(MODELS, dataset_spec("iris", {})) if name != "autoencoder"
    ]


def test_few_results_are_kept_and_large_ones_are_let_go(tmp_path):
    from trainer.data.uploads.loaded import Recent

    files = [tmp_path / name for name in "abc"]
    for file in files:
        file.write_text("")
    made = []

    def get(recent, file, size):
        return recent.get(file, "", lambda: made.append(file.name) or size)

    few = Recent(int, most=2, most_bytes=100)
    for file in (*files, files[1], files[0], files[0]):
        get(few, file, 10)
    assert made == ["a", "b", "c", "a"]
    made.clear()
    for recent, again in (
        (Recent(int, most_bytes=100), ["a", "a"]),
        (Recent(int, most_bytes=100, is_last_kept=True), ["a"]),
    ):
        assert [get(recent, files[0], 101) for _ in range(2)] == [101, 101]
        assert made == again
        made.clear()
