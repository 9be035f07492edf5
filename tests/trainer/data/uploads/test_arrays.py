"""NPZ and NPY files are matched, checked and trained on; what cannot be is told in a sentence."""

import io
import os
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.data.uploads.hostile import (
    encrypted,
    flipped,
    mutated,
    npy,
    npy_claiming,
    npz,
    patched,
    zip64_claiming,
    zipped,
)
from trainer.config.fitting import dataset_spec
from trainer.data.dataset import Dataset
from trainer.data.loading import load_dataset
from trainer.data.uploads import Limits, inspect
from trainer.data.uploads.arrays.reader import load_arrays
from trainer.data.uploads.loaded import Recent
from trainer.errors import DataError

DATA = Path(os.environ.get("TRAINDECK_DATA", "../shared/data"))
MNIST = DATA / "mnist.npz"


pytestmark = pytest.mark.usefixtures("datasets")


@pytest.fixture
def save(tmp_path):
    def write(content=None, /, **arrays):
        path = tmp_path / "data.npz"
        path.write_bytes(content if content is not None else npz(**arrays))
        return path

    return write


RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 3)).astype(np.float32)
Y = np.arange(40) % 4
#: The first five twice.
ROWS = np.r_[:40, :5]


def prepared(path, **options):
    return load_arrays(path, options).ready()


def messages(report, level):
    return [str(finding) for finding in report.findings if finding.level == level]


@pytest.mark.parametrize(
    ("x", "y"),
    [("x", "y"), ("X", "Y"), ("x_train", "y_train"), ("data", "target"), ("images", "labels"),
     ("train_images", "train_labels"), ("trainX", "trainY"), ("Inputs", "targets"), ("X-Train", "Y-Train"),
     ("training_data", "training_labels")],
)  # fmt: skip
def test_arrays_are_found_by_their_usual_names(save, x, y):
    found = prepared(save(**{y: Y, x: X}))
    np.testing.assert_array_equal(found.arrays.x, X)
    np.testing.assert_array_equal(found.arrays.y, Y)
    assert messages(found.report, "warning") == []
    assert not any("Taken as inputs" in note for note in messages(found.report, "note"))


def test_parts_of_the_file_are_used_as_such(save):
    path = save(x_train=X, y_train=Y, x_val=X[:8] + 1, y_val=Y[:8], x_test=X[:6] + 2, y_test=Y[:6])
    found = prepared(path)
    assert (found.spec.examples, found.spec.validation_examples, found.spec.test_examples) == (40, 8, 6)
    dataset = load_dataset("npz", {"path": str(path)}, validation_split=0.5, seed=0)
    np.testing.assert_allclose(dataset.validation.x, X[:8] + 1)
    assert (len(dataset.train), len(dataset.test)) == (40, 6)


def test_arrays_of_other_names_are_paired_by_length_and_that_is_told(save):
    found = prepared(save(arr_0=X, arr_1=Y, arr_2=X[:9] + 1, arr_3=Y[:9]))
    np.testing.assert_array_equal(found.arrays.x, X)
    np.testing.assert_array_equal(found.arrays.y_test, Y[:9])
    notes = messages(found.report, "note")
    assert sum("Taken as inputs" in note for note in notes) == 2
    assert "rename" in notes[0]


def test_what_is_not_used_is_listed(save):
    report = inspect(save(zipped({"x.npy": npy(X), "y.npy": npy(Y), "z.npy": npy(X), "readme.txt": b"hello"})))
    assert report.is_ready
    assert any("“readme.txt”: Left out" in note for note in messages(report, "note"))
    assert any("Array “z”: Left out" in note for note in messages(report, "note"))
    assert [line["use"] for line in report.details["arrays"]] == ["inputs for train", "targets for train", "left out"]


@pytest.mark.parametrize(
    ("shape", "dtype", "expected"),
    [((40,), "f4", (1,)), ((40, 5), "f8", (5,)), ((40, 8, 8), "u1", (8, 8, 1)), ((40, 9, 9), "f4", (9, 9, 1)),
     ((40, 10, 6), "f4", (10, 6)), ((40, 8, 9, 3), "u1", (8, 9, 3)), ((40, 3, 12, 10), "u1", (12, 10, 3)),
     ((40, 5), ">i4", (5,)), ((40, 5), "f2", (5,)), ((40, 5), "?", (5,))],
)  # fmt: skip
def test_images_rows_and_sequences_are_recognised(save, shape, dtype, expected):
    x = RANDOM.uniform(size=shape)
    x = x > 0.5 if dtype == "?" else (x * 200).astype(dtype)
    found = prepared(save(x=x, y=Y))
    assert found.spec.input_shape == expected == found.arrays.x.shape[1:]
    assert found.arrays.x.dtype == (np.uint8 if dtype in ("u1", "?") else np.float32)
    assert np.sort(found.arrays.x, axis=None).tolist() == np.sort(x.astype(np.float32), axis=None).tolist()
    Dataset.from_arrays(found.arrays, found.spec, validation_split=0.2)


def test_fortran_order_gives_the_same_examples(save):
    x = RANDOM.normal(size=(40, 7, 5)).astype(np.float32)
    found = prepared(save(x=np.asfortranarray(x), y=Y))
    np.testing.assert_array_equal(found.arrays.x, x)


@pytest.mark.parametrize(
    ("values", "rescale", "standardize"),
    [(RANDOM.integers(0, 256, (40, 8, 8)).astype("u1"), 1 / 255, False), ((X[:, :1] > 0), 1.0, False),
     (RANDOM.integers(0, 17, (40, 64)).astype("u1"), 1 / 16, False), (RANDOM.uniform(0, 1, (40, 8, 8)), 1.0, False),
     (RANDOM.uniform(0, 255, (40, 8, 8)), 1 / 255, False), (RANDOM.normal(size=(40, 8, 8)), None, True),
     (X, None, True)],
)  # fmt: skip
def test_scaling_follows_from_the_values(save, values, rescale, standardize):
    spec = prepared(save(x=values, y=Y)).spec
    assert spec.rescale == pytest.approx(rescale)
    assert spec.standardize == standardize


@pytest.mark.parametrize(
    ("y", "task", "classes"),
    [(Y, "classification", ("0", "1", "2", "3")), (Y * 10 - 10, "classification", ("-10", "0", "10", "20")),
     (Y[:, None], "classification", ("0", "1", "2", "3")), (np.eye(4)[Y], "classification", ("0", "1", "2", "3")),
     (np.array(["no", "yes"])[Y % 2], "classification", ("no", "yes")),
     (np.array([b"a", b"b"])[Y % 2], "classification", ("a", "b")),
     (Y % 2 == 1, "classification", ("False", "True")), ((Y % 2).astype("f4"), "classification", ("0", "1")),
     (X[:, 0], "regression", ()), (Y.astype("f4"), "regression", ()), (np.arange(40) * 3, "regression", ()),
     (X > 0, "multilabel", ("label 0", "label 1", "label 2"))],
)  # fmt: skip
def test_the_task_follows_from_the_targets(save, y, task, classes):
    found = prepared(save(x=X, y=y))
    assert (found.spec.task, found.spec.class_names) == (task, classes)
    Dataset.from_arrays(found.arrays, found.spec, validation_split=0.2)


def test_the_task_can_be_chosen(save):
    path = save(x=X, y=Y.astype("f4"))
    assert prepared(path, task="classification").spec.num_classes == 4
    assert prepared(path, task="regression").spec.task == "regression"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [({"x": X[ROWS], "y": Y[ROWS]}, "5 examples are copies of others, such as row 0 and row 40"),
     ({"x": X[ROWS], "y": np.r_[Y, Y[:5] + 1]}, "10 examples are the same as another of a different class"),
     ({"x": X, "y": Y, "x_test": X[8:9], "y_test": Y[8:9]}, "1 of 1 examples for test are also in the training data"),
     ({"x": X, "y": np.r_[np.zeros(39, int), 1]}, "Only one example of “1”"),
     ({"x": X, "y": np.r_[np.zeros(37, int), 1, 1, 1]}, "The classes are uneven: 37 examples of “0”, 3 of “1”"),
     ({"x": X, "y": np.c_[X > 0, np.ones(40, int)]}, "Label 3: the same for all examples")],
)  # fmt: skip
def test_what_looks_wrong_is_told(save, arrays, message):
    report = inspect(save(**arrays))
    assert report.is_ready
    assert any(message in warning for warning in messages(report, "warning")), report.findings


def cut(content, part=0.6):
    return content[: int(len(content) * part)]


GOOD = npz(x=X, y=Y)
BOMB = zipped({"x.npy": npy_claiming((50_000_000,), "|u1", bytes(50_000_000)), "y.npy": npy(Y)})
NAN = X.copy()
NAN[[3, 17], 1] = np.nan
INFINITE, HUGE = X.astype("f8"), X.astype("f8")
INFINITE[5], HUGE[6] = np.inf, 1e300
NAN_Y = X[:, 0].copy()
NAN_Y[11] = np.nan
STRUCTURED = np.zeros(40, [("a", "f4"), ("b", "i4")])

BAD = {
    "empty file": (b"", "is empty: it has 0 bytes"),
    "text": (b"x,y\n1,2\n" * 99, "not a readable zip"),
    "zeros": (bytes(5000), "not a readable zip"),
    "cut off": (cut(GOOD), "cut off"),
    "empty archive": (zipped({}), "inputs and targets for training. Received: no array.*savez"),
    "no arrays": (zipped({"a.txt": b"hello"}), "Received: no array"),
    "x alone": (npz(x=X), "must be targets for training. Received: “x”.*savez"),
    "y alone": (npz(y=Y), "must be inputs"),
    "test alone": (npz(x_test=X, y_test=Y), "for training"),
    "three of a length": (npz(a=X, b=X, c=Y), "inputs and targets.*“a”.*“b”.*“c”"),
    "two inputs": (npz(x=X, images=X, y=Y), "“x” and “images” could both be the inputs"),
    "lone npy": (npy(X), "one array, and training needs inputs and targets.*savez"),
    "lone npy cut": (cut(npy(X)), "claims the shape"),
    "npy of objects": (npy(np.array([{}, 1], object)), "one array"),
    "lengths differ": (npz(x=X, y=Y[:39]), "40 and 39 rows"),
    "no rows": (npz(x=X[:0], y=Y[:0]), "at least one example"),
    "no features": (npz(x=X[:, :0], y=Y), r"at least one example.*\(40, 0\)"),
    "objects for x": (npz(x=np.array([{}] * 40, object), y=Y), "Python objects, which are never opened"),
    "objects for y": (npz(x=X, y=np.array(["a"] * 40, object)), r"never opened.*astype\(str\)"),
    "structured": (npz(x=STRUCTURED, y=Y), "structured"),
    "complex": (npz(x=X * 1j, y=Y), "complex numbers.*real and imaginary"),
    "dates": (npz(x=np.zeros((40, 2), "M8[D]"), y=Y), "dates"),
    "text for x": (npz(x=np.array(["a"] * 40), y=Y), "must be numbers. Received: text"),
    "volumes": (npz(x=np.zeros((40, 2, 2, 2, 2)), y=Y), "Reshape it"),
    "NaN": (npz(x=NAN, y=Y), "2 of 40 examples.*NaN.*rows 3, 17"),
    "infinite": (npz(x=INFINITE, y=Y), "infinite: row 5"),
    "absurd": (npz(x=HUGE, y=Y), "larger than float32 can hold: row 6"),
    "constant x": (npz(x=np.ones((40, 3)), y=Y), "All examples are the same"),
    "constant images": (npz(x=np.ones((40, 8, 8), "u1"), y=Y), "All examples are the same"),
    "NaN in y": (npz(x=X, y=NAN_Y), "finite numbers. Received: nan in row 11"),
    "constant number": (npz(x=X, y=np.full(40, 2.5)), "nothing to predict"),
    "one class": (npz(x=X, y=np.zeros(40, int)), "at least 2 classes. Received: 1"),
    "every text another": (npz(x=X, y=np.arange(40).astype(str)), "40 different texts in 40 rows"),
    "unknown label": (npz(x=X, y=Y, x_test=X[:2] + 1, y_test=np.array([1, 9])), "label “9” in row 1 is none of the 4"),
    "several numbers": (npz(x=X, y=X[:, :2]), "must be 0 and 1, one column"),
    "text that is none": (npz(x=X, y=npy_claiming((40,), "<U1", b"\xff\xff\xff\x7f" * 40)), "characters that do"),
    "masks for y": (npz(x=X, y=np.zeros((40, 4, 4))), "Reshape it"),
    "test of another shape": (npz(x=X, y=Y, x_test=X[:, :2], y_test=Y), "same shape and type"),
    "test of another type": (npz(x=X.astype("u1"), y=Y, x_test=X, y_test=Y), "same shape and type"),
    "lying header": (npz(x=npy_claiming((10**12, 784)), y=Y), r"claims the shape \(1,000,000,000,000, 784\)"),
    "absurd header": (npz(x=npy_claiming((10**30, 10**30)), y=Y), "claims the shape"),
    "negative header": (npz(x=npy_claiming((-40, 3)), y=Y), "claims the shape"),
    "endless text type": (npz(x=X, y=npy_claiming((40,), "<U400000000")), "claims the shape"),
    "nothing a row": (npz(x=npy_claiming((10**15,), "<U0"), y=Y), "."),
    "no header": (npz(x=b"\x93NUMPY\x01\x00", y=Y), "header that cannot be read"),
    "code for a header": (npz(x=npy_claiming("__import__('os')"), y=Y), "header that cannot be read"),
    "header too long": (npz(x=b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{", y=Y), "header that cannot be read"),
    "deep header": (npz(x=npy_claiming((), "(" * 9000), y=Y), "header that cannot be read"),
    "later version": (npz(x=npy_claiming((40, 3), version=(9, 9)), y=Y), "header that cannot be read"),
    "no npy inside": (npz(x=b"hello", y=Y), "header that cannot be read"),
    "flipped bit": (flipped(GOOD, "x.npy"), "“x.npy” in the archive is damaged"),
    "outside": (zipped({"../../x.npy": npy(X), "y.npy": npy(Y)}), "leads to a place outside"),
    "absolute": (zipped({"/etc/x.npy": npy(X), "y.npy": npy(Y)}), "leads to a place outside"),
    "drive": (zipped({"C:\\x.npy": npy(X), "y.npy": npy(Y)}), "leads to a place outside"),
    "encrypted": (encrypted(GOOD, "x.npy"), "encrypted.*without a password"),
    "packed oddly": (patched(GOOD, "x.npy", 10, "<H", 14), "packed by method 14"),
    "expands too far": (BOMB, "unpack to at most 200 times its size.*50,000,"),
    "zip64 lie": (zip64_claiming("x.npy", 2**60), "unpack"),
    "packed size lie": (patched(GOOD, "x.npy", 20, "<I", 2**31), "said to take"),
    "unpacked size lie": (patched(GOOD, "x.npy", 24, "<I", 2**20), "claims the shape|damaged"),
    "directory elsewhere": (GOOD[:-10] + b"\xff\xff\xff\x7f" + GOOD[-6:], "zip"),
    "directory too long": (GOOD[:-10] + b"\xff\xff" + GOOD[-8:], "zip"),
}  # fmt: skip


def twice():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return zipped([("x.npy", npy(X)), ("x.npy", npy(X + 1)), ("y.npy", npy(Y))])


BAD["a name twice"] = (twice(), "occurs twice")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_answered_by_a_sentence(name, save, tmp_path, refusal):
    content, pattern = BAD[name]
    path = save(content)
    began = time.monotonic()
    with pytest.raises(DataError, match=f"(?s){pattern}") as caught:
        dataset_spec("npz", {"path": str(path), "task": "auto"})
    assert time.monotonic() - began < 5
    assert str(caught.value).rstrip().endswith(".")
    line = refusal("npz", path)
    assert line == f"trainer: {' '.join(str(caught.value).split())}\n"
    assert sorted(file.name for file in tmp_path.rglob("*") if file.is_file()) == ["data.json", "data.npz"]


@pytest.mark.parametrize("kind", ["packed", "stored"])
def test_whatever_the_bytes_there_are_arrays_or_a_sentence(save, kind):
    whole = GOOD if kind == "packed" else zipped({"x.npy": npy(X), "y.npy": npy(Y)}, zipfile.ZIP_STORED)
    sentences = []
    for seed in range(150):
        path = save(mutated(whole, seed))
        try:
            found = load_arrays(path).ready()
            Dataset.from_arrays(found.arrays, found.spec)
        except DataError as error:
            sentences.append(str(error))
    assert len(sentences) > 50
    assert all(sentence.endswith(".") for sentence in sentences)


@pytest.mark.parametrize(
    ("options", "limits", "pattern"),
    [({}, {"bytes": 100}, "TRAINDECK_MAX_BYTES"), ({}, {"rows": 39}, "TRAINDECK_MAX_ROWS"),
     ({}, {"pixels": 2}, "TRAINDECK_MAX_PIXELS"), ({}, {"expanded_bytes": 500}, "TRAINDECK_MAX_EXPANDED_BYTES"),
     ({}, {"files": 1}, "TRAINDECK_MAX_FILES"), ({"task": "multilabel"}, {}, "one column of 0 and 1"),
     ({"task": "classification"}, {}, "whole numbers. Received: 0.5 in row 0")],
)  # fmt: skip
def test_limits_and_tasks_that_do_not_fit_are_refused(save, options, limits, pattern):
    path = save(x=X, y=Y + 0.5)
    with pytest.raises(DataError, match=pattern):
        load_arrays(path, options, limits=Limits(**limits)).ready()


@pytest.mark.parametrize(
    "name", ["expands too far", "lying header", "endless text type", "zip64 lie", "header too long"]
)
def test_a_file_that_claims_much_takes_little_memory(name, save):
    path = save(BAD[name][0])
    tracemalloc.start()
    try:
        with pytest.raises(DataError):
            load_arrays(path).ready()
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_a_missing_file_is_told():
    with pytest.raises(DataError, match="is not there"):
        dataset_spec("npz", {"path": "nothing.npz", "task": "auto"})


def test_large_arrays_lie_on_disk_and_are_read_in_blocks(save, datasets, monkeypatch):
    monkeypatch.setattr("trainer.data.uploads.array_cache.SMALL", 1 << 20)
    monkeypatch.setattr("trainer.data.uploads.arrays.file.BLOCK", 1 << 18)
    x = RANDOM.integers(0, 256, (3000, 50, 50), np.uint8)
    path = save(x=x, y=np.arange(3000) % 10)
    reported = []
    tracemalloc.start()
    try:
        found = load_arrays(path, progress=lambda done, text: reported.append((done, text)))
        assert tracemalloc.get_traced_memory()[1] < 3e6
    finally:
        tracemalloc.stop()
    assert isinstance(found.arrays.x, np.memmap)
    np.testing.assert_array_equal(found.arrays.x[..., 0], x)
    assert reported[-1] == (1.0, "Reading x: 8 of 8 MB")
    # The next process finds it there.
    monkeypatch.setattr("trainer.data.uploads.loaded._recent", Recent(lambda found: 0))
    monkeypatch.setattr("trainer.data.uploads.arrays.reader.read_arrays", None)
    again = load_arrays(path)
    assert (again.spec, again.report) == (found.spec, found.report)
    np.testing.assert_array_equal(again.arrays.x[5], found.arrays.x[5])
    assert [file.name for file in datasets.rglob("*.npy")].count("x.npy") == 1


def test_what_lies_on_disk_has_a_limit(save, datasets, monkeypatch):
    monkeypatch.setattr("trainer.data.uploads.array_cache.SMALL", 0)
    for seed in range(3):
        path = save(x=np.random.default_rng(seed).normal(size=(40, 1000)).astype("f4"), y=Y)
        load_arrays(path, limits=Limits(cache_bytes=400_000))
    assert len(list(datasets.rglob("about.json"))) == 2
    assert not list(datasets.rglob(".part-*"))


def test_arrays_of_an_uploaded_file_lie_beside_it_and_go_with_it(tmp_path, datasets, monkeypatch):
    from trainer.data.uploads import DatasetStore

    monkeypatch.setattr("trainer.data.uploads.array_cache.SMALL", 0)
    uploaded = DatasetStore.default().add(io.BytesIO(npz(x=X, y=Y)), "mine.npz")
    assert (
        load_dataset("npz", {"path": uploaded.reference}, validation_split=0.2, seed=0).spec.sha256 == uploaded.sha256
    )
    assert (uploaded.path.parent / "cache").is_dir()
    DatasetStore.default().delete(uploaded.id)
    assert not list(datasets.rglob("*.npy"))


@pytest.mark.skipif(not MNIST.is_file(), reason="TRAINDECK_DATA has no mnist.npz")
def test_mnist_as_keras_packs_it():
    report = inspect(MNIST)
    assert (report.summary, report.is_ready) == ("70,000 images · 28×28 · 10 classes", True)
    assert report.details["classes"]["5"] == {"train": 5421, "test": 892}
    spec = dataset_spec("npz", {"path": str(MNIST), "task": "auto"})
    assert (spec.examples, spec.test_examples, spec.input_shape, spec.rescale) == (60_000, 10_000, (28, 28, 1), 1 / 255)


@pytest.mark.skipif(not MNIST.is_file(), reason="TRAINDECK_DATA has no mnist.npz")
def test_a_run_measures_the_test_split_of_the_file(tmp_path):
    from trainer import RunConfig, RunStore

    config = RunConfig(
        model="linear", dataset="npz", dataset_options={"path": str(MNIST)}, epochs=1, batch_size=1024
    )  # fmt: skip
    store = RunStore(tmp_path / "runs")
    run = store.create(config)
    run.start()
    assert run.wait(120)
    assert run.status == "completed", run.reason
    assert run.describe()["metrics"]["last"]["test_accuracy"] > 0.6
    assert store.close(60)
