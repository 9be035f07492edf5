"""A program loads, splits and scales the very numbers that the run was trained on."""

import csv
import zipfile

import numpy as np
import pandas as pd
import pytest

from tests.trainer.export.code_cases import HOSTILE, NAME, write_table
from trainer import RunConfig
from trainer.config.registry import DATASETS
from trainer.data.loading import load_dataset
from trainer.data.uploads import DatasetStore
from trainer.errors import ExportError
from trainer.export.code.data.bundled import BUNDLED
from trainer.export.code.program import write_data, write_settings
from trainer.export.code.refusals import why_not_plain
from trainer.export.code.sections import as_script
from trainer.export.code.subject import Subject

BUILT_IN = [name for name in DATASETS if name in BUNDLED and not DATASETS[name].traits.files]
FILES = ("csv", "npz", "images")
SPLITS = ("train", "validation", "test")


def prepare(name: str = "a run", model: str = "linear", **fields):
    """Executes the program up to the model; returns its names, and the run's own data set."""
    config = RunConfig(model=model, **fields)
    dataset = load_dataset(
        config.dataset, config.dataset_options, validation_split=config.validation_split, seed=config.seed
    )
    sections = write_data(Subject(name, config, dataset.spec))
    script = as_script([write_settings(Subject(name, config, dataset.spec), sections), *sections])
    # TensorFlow's switch for exact operations cannot be turned off again.
    script = script.replace("tf.config.experimental.enable_op_determinism()", "")
    names = {}
    exec(compile(script, "train.py", "exec"), names)
    return names, dataset


def check(names: dict, dataset) -> None:
    """Compares every split with the inputs that the run's model computes from raw examples."""
    import keras

    from trainer.catalog.layers import raw_input

    spec = dataset.spec
    scale = keras.Model(*raw_input(spec)) if spec.standardize else np.asarray
    for split in SPLITS:
        part = getattr(dataset, split)
        assert (part is None) == (f"x_{split}" not in names)
        if part is None:
            continue
        found, wanted = names[f"x_{split}"], np.asarray(scale(part.x))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, atol=2e-5)
        np.testing.assert_array_equal(np.asarray(names[f"y_{split}"], part.y.dtype), part.y)
    if spec.target_std != 1.0:
        assert names["target_std"] == pytest.approx(spec.target_std)
        assert names["target_mean"] == pytest.approx(spec.target_mean)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_bundled_or_generated_data_set_is_the_same(name):
    check(*prepare(dataset=name, seed=3))


@pytest.mark.parametrize("name", [name for name in DATASETS if name not in FILES])
def test_a_data_set_has_a_loader_or_is_refused(name):
    reason = why_not_plain(RunConfig(model="linear", dataset=name))
    assert reason == (None if name in BUNDLED else f"the data set {name} is not one that the code knows")


def test_a_split_that_is_too_small_for_every_class_is_not_stratified():
    names, dataset = prepare(dataset="spirals", dataset_options={"size": 20, "classes": 5}, batch_size=4)
    check(names, dataset)


TABLES = {
    "as it comes": {},
    "semicolons": {"separator": ";"},
    "mean and most frequent": {"missing_numbers": "mean", "missing_categories": "most_frequent"},
    "without incomplete rows": {"missing_numbers": "drop", "missing_categories": "drop"},
    "a number": {"target": HOSTILE["money"], "task": "regression"},
    "left out": {"leave_out": [HOSTILE["number"]]},
    "no numbers": {"leave_out": [HOSTILE["number"], HOSTILE["money"]]},
}


@pytest.mark.parametrize("case", TABLES)
def test_a_table_with_hostile_names_is_read_alike(tmp_path, case):
    options = dict(TABLES[case])
    path = write_table(tmp_path / NAME, separator=options.pop("separator", ","))
    options = {"path": str(path), "target": HOSTILE["target"]} | options
    name = 'run"""\n\'\\{}#🦜\u2028import os'
    check(*prepare(name, dataset="csv", dataset_options=options))


def test_records_of_another_width_are_left_out(tmp_path):
    path = write_table(tmp_path / "ragged.csv")
    with open(path, "a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(["1", "2", "3", "4", "5"])
    check(*prepare(dataset="csv", dataset_options={"path": str(path), "target": HOSTILE["target"]}))


def test_a_table_with_decimal_commas_in_another_encoding_is_read_alike(tmp_path):
    rows = [f"{i % 7},{i % 10};{1000 + i}.000,5;{'süß' if i % 3 else 'naß'};{'ja' if i % 2 else ''}" for i in range(90)]
    path = tmp_path / "german.csv"
    path.write_bytes("\r\n".join(["a;b;Geschmack;gut", *rows]).encode("cp1252"))
    check(*prepare(dataset="csv", dataset_options={"path": str(path), "target": "Geschmack"}))


@pytest.mark.parametrize("target", [["first", "second"], "tags"])
def test_several_labels_are_read_alike(tmp_path, target):
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.normal(size=(80, 2)), columns=["x", "z"])
    table["first"], table["second"] = random.integers(0, 2, 80), random.choice(["yes", "no"], 80)
    table["tags"] = random.choice(["red;green", "green", "blue; red"], 80)
    table.to_csv(tmp_path / "labels.csv", index=False)
    options = {"path": str(tmp_path / "labels.csv"), "target": target, "task": "multilabel"}
    check(*prepare(dataset="csv", dataset_options=options, loss="binary_crossentropy"))


def test_a_parquet_table_is_read_alike(tmp_path):
    random = np.random.default_rng(0)
    table = pd.DataFrame({"x": random.normal(size=60), "count": random.integers(0, 9, 60)})
    table["flag"] = random.choice([True, False], 60)
    table["colour"] = random.choice(["red", "blue", "", None], 60)
    table["kind"] = random.integers(1, 4, 60)
    table.loc[3, "x"] = np.nan
    table.to_parquet(tmp_path / "table.parquet")
    options = {"path": str(tmp_path / "table.parquet"), "target": "kind", "task": "classification"}
    check(*prepare(dataset="csv", dataset_options=options))


ARRAYS = {
    "labels from 5, three parts": {
        "x_train": np.arange(120.0).reshape(40, 3),
        "y_train": 5 + np.arange(40) % 4,
        "x_val": np.ones((8, 3)),
        "y_val": 5 + np.arange(8) % 4,
        "x_test": np.zeros((4, 3)),
        "y_test": 5 + np.arange(4),
    },
    "one column per class": {"x": np.arange(80.0).reshape(40, 2), "y": np.eye(4)[np.arange(40) % 4]},
    "several labels": {"x": np.arange(80.0).reshape(40, 2), "y": np.arange(80).reshape(40, 2) % 3 % 2},
    "numbers": {"x": np.arange(80.0).reshape(40, 2), "y": np.arange(40)[:, None] * 0.5},
    "channels first": {"x": np.arange(40 * 192, dtype=np.uint8).reshape(40, 3, 8, 8), "y": np.arange(40) % 2},
    "bytes as text": {"x": np.arange(40.0), "y": np.array([b"cat", b"dog"])[np.arange(40) % 2]},
    "sequences": {"x": np.random.default_rng(0).normal(size=(40, 6, 2)), "y": np.arange(40) % 2},
}


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays_are_read_alike(tmp_path, case):
    np.savez(tmp_path / "data.npz", **ARRAYS[case])
    check(*prepare(dataset="npz", dataset_options={"path": str(tmp_path / "data.npz")}, batch_size=8))


@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
def test_images_are_decoded_alike(tmp_path, resize):
    import io

    from PIL import Image

    random = np.random.default_rng(0)
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        for part, count in (("train", 12), ("test", 4)):
            for place in range(count):
                mode, ending = (("RGB", "jpg"), ("RGBA", "png"), ("L", "png"))[place % 3]
                shape = (10 + place % 2, 12) + {"RGB": (3,), "RGBA": (4,), "L": ()}[mode]
                image, file = Image.fromarray(random.integers(0, 255, shape, np.uint8), mode), io.BytesIO()
                image.save(file, "JPEG" if ending == "jpg" else "PNG")
                archive.writestr(f"all/{part}/{place % 2}'\"/{place}.{ending}", file.getvalue())
        archive.writestr("all/train/0'\"/damaged.png", b"no image")
        archive.writestr("__MACOSX/all/train/0'\"/._1.png", b"")
    options = {"path": str(tmp_path / "images.zip"), "resize": resize, "height": 9, "width": 9}
    check(*prepare(dataset="images", dataset_options=options, batch_size=4))


def test_an_uploaded_file_is_read_by_its_own_name(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINDECK_DATASETS", str(tmp_path / "datasets"))
    monkeypatch.chdir(tmp_path)
    path = write_table(tmp_path / NAME)
    uploaded = DatasetStore.default().add(path, path.name)
    options = {"path": uploaded.reference, "target": HOSTILE["target"]}
    names, dataset = prepare(dataset="csv", dataset_options=options)
    check(names, dataset)
    assert names["DATA_FILE"] == NAME


@pytest.mark.parametrize(("change", "reason"), [("remove", "cannot be read"), ("append", "has changed")])
def test_a_file_that_is_gone_or_changed_is_refused(tmp_path, change, reason):
    path = write_table(tmp_path / "data.csv")
    config = RunConfig(model="linear", dataset="csv", dataset_options={"path": str(path), "target": HOSTILE["target"]})
    spec = load_dataset("csv", config.dataset_options, validation_split=0.2, seed=0).spec
    if change == "remove":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes() + b"1,2,3,4\r\n")
    with pytest.raises(ExportError, match=reason):
        write_data(Subject("a run", config, spec))
