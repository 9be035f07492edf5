"""Predictions of new examples equal those of the exported model, and bad input gets a sentence."""

import io
import shutil
import sys
import threading
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.trainer.watching import finish
from trainer import RunConfig, RunStore, predict
from trainer.analysis.predictions.drawings import MNIST_PART, SIDE, centre_ink, decode_drawing, is_empty, take_drawing
from trainer.analysis.predictions.files import take_file
from trainer.analysis.predictions.noise import draw_noise, interpolate
from trainer.analysis.predictions.predict import answer
from trainer.analysis.predictions.ranges import input_ranges
from trainer.analysis.predictor import BATCH_SIZE, predictor
from trainer.analysis.run_data import data_of, splits_of
from trainer.errors import ConfigError, DataError, ExportError
from trainer.export import export


def make_rows(count: int = 120) -> pd.DataFrame:
    """Returns rows whose class follows from a length and a colour, with gaps."""
    random = np.random.default_rng(0)
    length, colour = random.normal(5, 2, count).round(2), random.choice(["red", "blue"], count)
    kind = np.where(length + 2 * (colour == "red") > 6, "pear", "apple")
    frame = pd.DataFrame({"length": length, "weight": random.normal(1, 0.2, count), "colour": colour, "kind": kind})
    frame.loc[::10, "length"] = np.nan
    frame.loc[5::10, "colour"] = None
    return frame


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A completed run of one epoch for each kind of data and model, and the store's folder."""
    folder = tmp_path_factory.mktemp("predictions")
    make_rows().to_csv(folder / "pears.csv", index=False)
    table = {"path": str(folder / "pears.csv"), "target": "kind"}
    small = {"layers": 1, "units": 8}
    recipes = {
        "digits": {"model": "mlp", "dataset": "digits", "model_options": small},
        "table": {"model": "mlp", "dataset": "csv", "dataset_options": table, "model_options": small},
        "iris": {"model": "linear", "dataset": "iris"},
        "line": {"model": "linear", "dataset": "linear", "dataset_options": {"size": 100}},
        "labels": {"model": "linear", "dataset": "multilabel", "dataset_options": {"size": 100}},
        "moons": {"model": "linear", "dataset": "moons", "loss": "binary_crossentropy"},
        "copies": {"model": "autoencoder", "dataset": "digits", "model_options": {"architecture": "dense"}},
        "gan": {"model": "gan", "dataset": "digits", "model_options": {"architecture": "dense", "latent": 5}},
    }
    store = RunStore(folder / "runs")
    made = {name: store.create(RunConfig(epochs=1, batch_size=32, **recipe)) for name, recipe in recipes.items()}
    for run in made.values():
        run.start()
    for name, run in made.items():
        assert finish(run).status == "completed", f"{name}: {run.reason}"
    # Prediction needs the checkpoint alone.
    (folder / "pears.csv").unlink()
    return made


def picture(size=(8, 8), mode="L", kind="PNG", **options) -> bytes:
    """Returns an image file of noise."""
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 4), np.uint8)
    image = Image.fromarray(pixels, "RGBA").convert("RGB")
    if mode == "I;16":
        image = Image.fromarray(pixels[..., 0].astype(np.uint16) * 256)
    elif mode == "RGBA":
        image = Image.fromarray(pixels, "RGBA")
    else:
        image = image.convert(mode)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def packed(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def load_exported(run, folder):
    """Returns the downloaded model, and for a table its `raw_rows` module."""
    import keras

    path = export(run, "model.keras", folder / "model.keras")
    raw_rows = None
    if run.spec.columns:
        sys.path.insert(0, str(path))
        try:
            import raw_rows
        finally:
            sys.path.remove(str(path))
            sys.modules.pop("raw_rows")
    return keras.models.load_model(path), raw_rows


def test_rows_of_a_file_predict_as_the_downloaded_model_does_although_the_data_is_gone(runs, tmp_path):
    path = tmp_path / "new.csv"
    frame = make_rows(60)
    frame.loc[3, "colour"], frame.loc[4, "length"] = "green", 50.0
    frame.drop(columns="kind").to_csv(path, index=False)
    model, raw_rows = load_exported(runs["table"], tmp_path)
    expected = model.predict(raw_rows.inputs(raw_rows.read(path)), verbose=0)
    found = predict(runs["table"], path)
    np.testing.assert_allclose(found.outputs, expected, atol=1e-6)
    assert found.labels == raw_rows.predict(model, raw_rows.read(path)).tolist()
    np.testing.assert_allclose(predict(runs["table"], frame).outputs, expected, atol=1e-5)
    notes = " ".join(found.notes)
    assert "“length” is missing in 6 rows and is taken as the training rows' median" in notes
    assert "“colour” is missing in 6 rows, which the model knows as a value of its own." in notes
    assert "does not know, such as “green”" in notes
    assert "“length” is 50 in row 5" in notes


def test_an_image_predicts_as_the_downloaded_model_does(runs, tmp_path):
    path = tmp_path / "new.png"
    path.write_bytes(picture())
    model, _ = load_exported(runs["digits"], tmp_path)
    raw = np.asarray(Image.open(path), np.float32)[None, ..., None] * (16 / 255)
    found = predict(runs["digits"], str(path))
    np.testing.assert_allclose(found.outputs, model.predict(raw, verbose=0), atol=1e-6)
    np.testing.assert_allclose(predict(runs["digits"], raw[0]).outputs, found.outputs, atol=1e-6)
    assert found.notes == ()
    [described] = found.to_json()
    assert described["class"] == found.labels[0] == max(described["probabilities"], key=described["probabilities"].get)
    assert described["probability"] == max(described["probabilities"].values())


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (picture((40, 30), "RGB"), "resized from 40×30 to 8×8 pixels and converted to grey"),
        (picture(mode="RGBA"), "converted to grey and given a white background where it was transparent"),
        (picture(mode="P"), "converted to grey"),
        (picture(mode="I;16"), "made 8 bits a pixel"),
        (picture((16, 16), "CMYK", "JPEG"), "resized from 16×16 to 8×8 pixels and converted to grey"),
        (picture(mode="1"), ""),
    ],
    ids=["RGB", "RGBA", "palette", "16 bits", "CMYK", "1 bit"],
)
def test_any_image_is_made_to_fit_and_the_note_says_how(runs, content, note):
    examples = take_file(content, "new", predictor(runs["digits"]))
    assert examples.x.shape == (1, 8, 8, 1)
    assert 0 <= examples.x.min() < examples.x.max() <= 16
    assert examples.notes == ((f"The image was {note}.",) if note else ())


HOSTILE = [
    ("digits", b"", "it has 0 bytes"),
    ("digits", picture()[:60], "cannot be used"),
    ("digits", picture(kind="GIF"), "only PNG and JPEG are read. Save it as PNG"),
    ("digits", picture(kind="BMP"), "is a BMP image"),
    ("digits", b"a,b\n1,2\n", "this model takes images"),
    ("digits", packed(a=np.zeros((2, 8, 8, 1)), b=np.zeros((2, 8, 8, 1))), "in an array x of shape"),
    ("digits", packed(y=np.zeros((2, 3)), z=np.zeros(2)), "in an array x of shape"),
    ("digits", packed(x=np.zeros((2, 9, 9, 1))), "Received: (2, 9, 9, 1). Reshape or resize"),
    ("digits", packed(x=np.full((2, 8, 8, 1), np.nan)), "Row 1 has one that is not, such as NaN"),
    ("digits", packed(x=np.array([{}, []], dtype=object)), "Python objects, which are never opened"),
    ("digits", packed(x=np.array(["a", "b"])), "must hold numbers"),
    ("digits", packed(x=np.zeros((0, 8, 8, 1))), "at least one example"),
    ("digits", packed(x=np.zeros((2, 8, 8, 1)))[:-30], "zip"),
    ("table", b"length,weight\n1,2\n", "lacks the column “colour”"),
    ("table", b"length,weight,colour\n", "has no rows below its header"),
    ("table", b"length,weight,colour,length\n1,2,red,3\n", "the column “length” twice"),
    ("table", b"length,weight,colour\n1e999,2,red\n", "finite number that float32 can hold"),
    ("table", b"\x80\x04\x95pickle", "a Python pickle, which is never opened"),
    ("table", b"PAR1" + bytes(50), "cannot be read as a table"),
    ("table", b'{"a": 1}', "seems to be JSON"),
    ("table", picture(), "this model takes examples of shape (3,)"),
    ("table", packed(x=np.zeros((2, 3))), "this model takes a table's columns"),
    ("iris", b"a,b\n1,2\n", "lacks the columns"),
    ("iris", b"5,3,1,0.2\n5,,1,0.2\n", "this data set has no missing values"),
    ("gan", picture(), "Give an NPZ with noise of shape (n, 5)"),
]


@pytest.mark.parametrize(("name", "content", "words"), HOSTILE, ids=range(len(HOSTILE)))
def test_bad_files_get_a_sentence(runs, name, content, words):
    with pytest.raises(DataError) as refused:
        take_file(content, "bad file", predictor(runs[name]))
    assert words in str(refused.value)


def test_a_model_file_is_never_opened(runs, tmp_path):
    path = export(runs["digits"], "model.keras", tmp_path / "model.keras")
    shutil.copy(path, tmp_path / "harmless.npz")
    for name in ("model.keras", "harmless.npz"):
        with pytest.raises(DataError, match="can run code when they are opened"):
            predict(runs["digits"], tmp_path / name)


def test_a_huge_image_is_refused_before_it_is_decoded(runs, monkeypatch):
    monkeypatch.setenv("TRAINDECK_MAX_PIXELS", "1000")
    with pytest.raises(DataError, match=r"40×30 pixels, and the limit is 1,000\. Make it smaller"):
        take_file(picture((40, 30)), "huge.png", predictor(runs["digits"]))


def test_an_archive_that_unpacks_to_far_more_is_refused(runs):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(100 << 20))
    with pytest.raises(DataError, match="must unpack to at most 200 times its size"):
        take_file(file.getvalue(), "bomb.npz", predictor(runs["digits"]))


def test_other_data_is_answered_in_its_own_terms(runs, tmp_path):
    flat = predict(runs["digits"], np.zeros((2, 64)))
    assert len(flat) == 2
    assert "Each row of 64 numbers" in flat.notes[0]
    (tmp_path / "flowers.csv").write_text("5.1,3.5,1.4,0.2\n6.3,3.3,6.0,2.5\n")
    flowers = predict(runs["iris"], tmp_path / "flowers.csv")
    same = predict(runs["iris"], [[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6, 2.5]])
    np.testing.assert_allclose(flowers.outputs, same.outputs)
    assert "taken in their order" in flowers.notes[0]
    line = predict(runs["line"], [[0.5]])
    assert line.values.shape == (1,)
    assert next(line.lines()) == f"{line.to_json()[0]['value']:.7g}"
    labels = predict(runs["labels"], np.zeros((3, *runs["labels"].spec.input_shape)))
    assert labels.probabilities.shape == (3, len(labels.classes))
    assert all(isinstance(found, tuple) for found in labels.labels)
    binary = predict(runs["moons"], [[0.0, 0.0]])
    np.testing.assert_allclose(binary.probabilities.sum(axis=1), 1)
    assert binary.outputs.shape == (1, 1)


def test_an_autoencoder_gives_copies_and_their_errors(runs):
    x = splits_of(data_of(runs["copies"]))["validation"].x[:4]
    found = predict(runs["copies"], x)
    expected = ((found.outputs - x.astype(np.float32) / 16) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(found.errors, expected, rtol=1e-5)
    assert found.to_json()[1]["error"] == pytest.approx(expected[1])


def test_a_gan_makes_images_from_noise_and_on_the_way_between_two(runs):
    noise = draw_noise(3, 2, 5)
    assert predict(runs["gan"], noise).outputs.shape == (2, 8, 8, 1)
    way = interpolate(*noise, np.linspace(0, 1, 5))
    np.testing.assert_allclose(way[[0, -1]], noise, atol=1e-6)
    np.testing.assert_array_equal(noise, draw_noise(3, 2, 5))
    assert np.linalg.norm(way[2]) > np.linalg.norm(noise.mean(axis=0))


def test_a_drawing_is_cropped_scaled_and_centred_like_the_data(runs):
    ink = np.zeros((SIDE, SIDE), np.uint8)
    ink[10:50, 100:120] = 255
    drawn = take_drawing(ink, runs["digits"].spec, "digits").x
    assert (drawn.shape, drawn.max()) == ((1, 8, 8, 1), 16)
    assert drawn[0, :, 2:6, 0].min() > 15
    assert drawn.sum() == pytest.approx(8 * 4 * 16)
    centred = centre_ink(ink, (28, 28), MNIST_PART)
    rows, columns = np.nonzero(centred)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (4, 23, 9, 18)
    with pytest.raises(DataError, match="The drawing is empty"):
        take_drawing(np.zeros_like(ink), runs["digits"].spec)
    for hostile in (None, 5, "", "A" * 26136, "é" * 26136, "A" * 26135 + "="):
        with pytest.raises(DataError, match="must be 140×140 bytes"):
            decode_drawing(hostile)
    assert is_empty(decode_drawing("A" * 26134 + "=="))


def test_many_rows_are_predicted_in_batches_with_progress(runs):
    frame = pd.concat([make_rows()] * 10, ignore_index=True)
    from trainer.analysis.predictions.tables import take_rows

    waits, parts = [], []
    model = predictor(runs["table"])
    found = answer(model, take_rows(frame, model.data), lambda: waits.append(1), parts.append)
    assert len(found) == 1200
    assert len(waits) == -(-1200 // BATCH_SIZE) - 1
    assert parts == sorted(parts)
    assert parts[-1] == 1


def test_long_work_lets_others_predict_between_two_batches(runs):
    model, done = predictor(runs["digits"]), []

    def wait():
        other = threading.Thread(target=lambda: done.append(model.predict(np.zeros((1, 8, 8, 1), np.float32))))
        other.start()
        other.join(30)

    model.predict(np.zeros((BATCH_SIZE + 1, 8, 8, 1), np.float32), wait)
    assert len(done) == 1


def test_the_runs_own_data_gives_true_targets_and_ranges(runs):
    dataset = data_of(runs["iris"])
    assert data_of(runs["iris"]) is dataset
    ranges = input_ranges(dataset)
    assert len(ranges) == 4
    assert all(one.low <= one.middle <= one.high for one in ranges)
    with pytest.raises(DataError):
        data_of(runs["table"])


def test_without_a_checkpoint_or_with_a_deleted_one_it_says_what_to_do(runs):
    new = RunStore(runs["line"].path.parent).create(runs["line"].config)
    with pytest.raises(ExportError, match="no checkpoint yet"):
        predict(new, [[1.0]])
    with pytest.raises(ConfigError, match="latest, best or the step"):
        predict(runs["line"], [[1.0]], 12345)


def test_the_command_prints_lines_or_json(runs, cli, tmp_path):
    import json

    folder, path = runs["table"].path.parent, tmp_path / "new.csv"
    make_rows(3).to_csv(path, index=False)
    code, out, err = cli("predict", runs["table"].id, path, "--runs-dir", folder)
    expected = predict(runs["table"], path)
    assert (code, out.splitlines()) == (0, list(expected.lines()))
    assert err.startswith("note: “length” is missing in 1 row ")
    code, out, _ = cli("predict", runs["table"].id, path, "--runs-dir", folder, "--json", "--from", "latest")
    assert (code, [found["class"] for found in json.loads(out)]) == (0, expected.labels)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    for arguments, words in (
        ((runs["table"].id, tmp_path / "other.csv"), "lacks the columns"),
        ((runs["table"].id, tmp_path / "nowhere.csv"), "There is no file"),
        ((runs["table"].id, tmp_path), "is a folder"),
        ((runs["table"].id, path, "--from", "12345"), "latest, best or the step"),
        (("nobody", path), "There is no run"),
    ):
        code, out, err = cli("predict", *arguments, "--runs-dir", folder)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert words in err
