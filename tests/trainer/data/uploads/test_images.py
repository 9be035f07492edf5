"""Zips of class folders are read, checked and trained on; no file in them is dropped without a word."""

import io
import json
import os
import re
import struct
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.trainer.data.uploads.hostile import encrypted, flipped, mutated, npz, patched, zip64_claiming, zipped
from trainer import __main__ as command_line
from trainer.config.fitting import dataset_spec
from trainer.config.registry import DATASETS
from trainer.data.loading import load_dataset
from trainer.data.uploads import Limits, inspect
from trainer.data.uploads.images.reader import load_images
from trainer.data.uploads.loaded import Recent
from trainer.errors import DataError

DATA = Path(os.environ.get("TRAINDECK_DATA", "../shared/data"))
CIFAR = DATA / "cifar10-mini.zip"


pytestmark = pytest.mark.usefixtures("datasets")


@pytest.fixture
def save(tmp_path):
    def write(content):
        path = tmp_path / "data.zip"
        path.write_bytes(content if isinstance(content, bytes) else zipped(content))
        return path

    return write


def picture(seed=0, size=(12, 10), mode="RGB", form="PNG", **options):
    """Returns an image of (height, width) as the bytes of a file; its content follows from the seed."""
    random = np.random.default_rng(seed)
    channels = {"RGB": 3, "RGBA": 4, "CMYK": 4, "LA": 2, "YCbCr": 3}.get(mode)
    if mode == "I;16":
        image = Image.fromarray(random.integers(0, 65_536, size).astype(np.uint16))
    else:
        image = Image.fromarray(random.integers(0, 256, (*size, channels) if channels else size).astype(np.uint8), mode)
    return encoded(image, form, **options)


def encoded(image, form="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def folders(counts, **options):
    """Returns members with so many images of each class."""
    return {
        f"{name}/{number}.png": picture(zlib.crc32(f"{name}{number}".encode()), **options)
        for name, count in counts.items()
        for number in range(count)
    }


def prepared(path, **options):
    return load_images(path, options).ready()


def messages(report, level):
    return [str(finding) for finding in report.findings if finding.level == level]


def skipped(report):
    assert len(report.details["skipped"]["files"]) == report.details["skipped"]["count"]
    return {line["name"]: line["why"] for line in report.details["skipped"]["files"]}


TWO = folders({"cat": 4, "dog": 3})
RED = Image.new("RGB", (10, 12), "red")


@pytest.mark.skipif(not CIFAR.is_file(), reason="TRAINDECK_DATA has no cifar10-mini.zip")
def test_cifar10_mini_has_the_right_report():
    report = inspect(CIFAR)
    assert report.is_ready
    assert report.summary == "600 images · 32×32 RGB · 10 classes"
    assert list(report.details["classes"].values()) == [{"train": 60}] * 10
    assert report.details["skipped"] == {"count": 0, "files": []}
    assert report.findings == ()
    json.dumps(report.to_json())


@pytest.mark.skipif(not CIFAR.is_file(), reason="TRAINDECK_DATA has no cifar10-mini.zip")
def test_cifar10_mini_trains_from_the_command_line(tmp_path, capsys, monkeypatch):
    recipe = tmp_path / "recipe.json"
    options = {"model_options": {"filters": 4, "blocks": 1}, "dataset_options": {"path": str(CIFAR)}, "epochs": 1}
    recipe.write_text(json.dumps({"model": "cnn", "dataset": "images", **options}))
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    for arguments in (["run", str(recipe)], ["list", "--json"]):
        monkeypatch.setattr("sys.argv", ["trainer", *arguments])
        with pytest.raises(SystemExit) as caught:
            command_line.main()
        assert caught.value.code == 0
    printed = capsys.readouterr().out
    assert json.loads(printed[printed.index("[") :])[0]["step"] == 15


def test_images_are_what_is_in_the_files(save):
    found = prepared(save(TWO))
    assert (found.arrays.x.shape, found.spec.class_names) == ((7, 12, 10, 3), ("cat", "dog"))
    assert found.arrays.y.tolist() == [0] * 4 + [1] * 3
    for place, name in enumerate(sorted(TWO)):
        np.testing.assert_array_equal(found.arrays.x[place], np.asarray(Image.open(io.BytesIO(TWO[name]))))
    assert load_dataset("images", {"path": str(save(TWO))}, validation_split=0.3, seed=0).spec.rescale == 1 / 255


@pytest.mark.parametrize("prefix", ["", "photos/", "a/b/c/", "./"])
def test_folders_that_hold_everything_are_looked_through(save, prefix):
    found = prepared(save({prefix + name: content for name, content in TWO.items()}))
    assert found.spec.class_names == ("cat", "dog")


def test_train_validation_and_test_folders_are_parts(save):
    members = {f"all/{part}/{name}": content for part, seed in (("Train", 0), ("val", 1), ("TEST", 2))
               for name, content in folders({"cat": 3 + seed, "dog": 3}, size=(8 + seed, 8)).items()}  # fmt: skip
    spec = prepared(save(members)).spec
    assert (spec.examples, spec.validation_examples, spec.test_examples) == (6, 7, 8)
    dataset = load_dataset("images", {"path": str(save(members))}, validation_split=0.2, seed=0)
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [6, 7, 8]


def test_a_class_may_be_called_test(save):
    assert prepared(save(folders({"test": 3, "control": 3}))).spec.class_names == ("control", "test")


def test_classes_that_are_numbers_are_in_their_order(save):
    assert prepared(save(folders({"10": 2, "9": 2, "1": 2}))).spec.class_names == ("1", "9", "10")


def test_folders_inside_a_class_count_for_the_class(save):
    report = inspect(save({**TWO, "dog/small/9.png": picture(9), "dog/big/8.png": picture(8)}))
    assert report.details["classes"]["dog"] == {"train": 5}
    assert any("2 images lie in folders inside a class folder" in note for note in messages(report, "note"))


def test_every_file_that_is_not_used_is_counted_and_listed(save):
    others = {
        "__MACOSX/cat/._1.png": b"x", "cat/.DS_Store": b"x", "Thumbs.db": b"x", "readme.txt": b"x", "cat/a.gif": b"x",
        "cat/more.zip": zipped(TWO), "lost.png": picture(5), "cat/cut.png": picture(6)[:100], "cat/text.jpg": b"hello",
        "cat/nothing.png": b"", "bird/notes.txt": b"x",
    }  # fmt: skip
    report = inspect(save({**TWO, **others}))
    assert report.is_ready
    assert report.details["images"] == 7
    assert set(skipped(report)) == set(others)
    assert "class folder" in skipped(report)["lost.png"]
    told = " ".join(messages(report, "warning"))
    for text in ("is an archive inside the archive", "no PNG or JPEG file", "it is damaged", "it is empty", "“bird”"):
        assert text in told
    assert sum(f.count for f in report.findings if "left out, because" in f.message) == len(others)


def test_empty_folders_and_lost_classes_are_told(save):
    members = {**TWO, "bird/": b"", "fish/1.png": b"damaged"}
    report = inspect(save(members))
    assert report.is_ready
    assert list(report.details["classes"]) == ["cat", "dog"]
    told = messages(report, "warning")
    assert any("No images in “bird”" in warning for warning in told)
    assert any("No image of “fish” can be read" in warning for warning in told)


def test_a_class_that_is_only_in_the_test_part_is_left_out(save):
    members = {f"train/{name}": content for name, content in TWO.items()}
    members |= {"test/cat/a.png": picture(50), "test/bird/b.png": picture(51), "extra/c.png": picture(52)}
    report = inspect(save(members))
    assert report.details["classes"]["cat"] == {"train": 4, "test": 1}
    assert set(skipped(report)) == {"test/bird/b.png", "extra/c.png"}
    members["train/cat/0.png"] = members["train/dog/0.png"] = b"damaged"
    assert inspect(save(members)).details["classes"] == {
        "cat": {"train": 3, "test": 1},
        "dog": {"train": 2, "test": 0},
    }
    damaged = {name: b"damaged" if name.startswith("train") else content for name, content in members.items()}
    assert "at least 2 classes. Received: 0" in messages(inspect(save(damaged)), "error")[0]


@pytest.mark.parametrize(
    ("counts", "message"),
    [({"cat": 5, "dog": 1}, "Only one image of “dog”"), ({"cat": 33, "dog": 3}, "33 images of “cat”, 3 of “dog”"),
     ({"Cat": 3, "cat": 3}, "“Cat”, “cat” differ in capitals")],
)  # fmt: skip
def test_uneven_and_alike_classes_are_told(save, counts, message):
    report = inspect(save(folders(counts)))
    assert report.is_ready
    assert any(message in warning for warning in messages(report, "warning"))


def test_the_same_image_twice_is_told(save):
    same = picture(77)
    report = inspect(save({**TWO, "cat/a.png": same, "cat/b.png": same, "dog/c.png": same}))
    told = messages(report, "warning")
    assert any("2 images are copies of others, such as “cat/a.png” and “cat/b.png”" in warning for warning in told)
    assert any("are the same as another of a different class" in w and "“dog/c.png”" in w for w in told)
    members = {**{f"train/{name}": c for name, c in TWO.items()}, "test/cat/z.png": TWO["cat/0.png"]}
    report = inspect(save(members))
    assert any("1 of 1 images for test are also in the training data, such as “test/cat/z.png”" in w
               for w in messages(report, "warning"))  # fmt: skip


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [([(12, 10)] * 3 + [(20, 20)] * 2, (12, 10)), ([(200, 100)] * 3, (64, 32)), ([(1, 1)] * 3, (8, 8)),
     ([(300, 4)] * 3, (64, 8))],
)  # fmt: skip
def test_the_size_is_that_of_most_images_and_at_most_64(save, sizes, expected):
    members = {
        f"{name}/{n}.png": picture(n + 100 * (name == "a"), size) for name in "ab" for n, size in enumerate(sizes)
    }
    assert prepared(save(members)).spec.input_shape == (*expected, 3)


@pytest.mark.parametrize(
    ("options", "shape"),
    [({"height": 16}, (16, 16, 3)), ({"width": 16}, (16, 16, 3)), ({"height": 9, "width": 30}, (9, 30, 3)),
     ({"colour": "grey"}, (12, 10, 1)), ({"height": 16, "resize": "crop"}, (16, 16, 3)),
     ({"height": 16, "resize": "pad", "colour": "rgb"}, (16, 16, 3))],
)  # fmt: skip
def test_size_colour_and_resizing_can_be_chosen(save, options, shape):
    found = prepared(save(TWO), **options)
    DATASETS["images"].parse(options)
    assert found.spec.input_shape == shape == found.arrays.x.shape[1:]
    if options.get("resize") == "pad":
        assert not found.arrays.x[:, :, 0].any()
        assert found.arrays.x[:, :, 8].any()


def test_stretching_is_told_where_it_changes_proportions(save):
    notes = messages(inspect(save({**TWO, "cat/x.png": picture(3, (12, 20))})), "note")
    assert any("2 sizes, mostly 12×10; they are stretched to 12×10" in note for note in notes)
    assert any("1 image is of other proportions" in note for note in notes)


def test_grey_images_stay_grey(save):
    found = prepared(save(folders({"cat": 3, "dog": 3}, mode="L")))
    assert (found.spec.input_shape, found.report.details["colour"]) == ((12, 10, 1), "grey")


@pytest.mark.parametrize(
    ("content", "note"),
    [(picture(1, mode="CMYK", form="JPEG"), None), (picture(1, mode="L"), None), (picture(1, mode="P"), None),
     (picture(1, mode="I;16"), "16 bits"), (picture(1, mode="RGBA"), "transparent"),
     (picture(1, mode="LA"), "transparent"),
     (encoded(Image.new("1", (10, 12), 1)), None), (picture(1, (3, 3)), "less than 8 pixels"),
     (encoded(Image.new("P", (10, 12), 0), transparency=0), "transparent"),
     (encoded(RED, save_all=True, append_images=[Image.new("RGB", (10, 12))]), "animated")],
)  # fmt: skip
def test_every_kind_of_png_and_jpeg_is_taken(save, content, note):
    suffix = "jpg" if content[:2] == b"\xff\xd8" else "png"
    found = prepared(save({**TWO, f"cat/odd.{suffix}": content}))
    assert found.arrays.x.shape == (8, 12, 10, 3)
    told = messages(found.report, "note") + messages(found.report, "warning")
    assert note is None or any(note in text for text in told)


def test_transparent_is_white_and_sixteen_bits_keep_their_brightness(save):
    clear = encoded(Image.new("RGBA", (10, 12), (0, 0, 0, 0)))
    bright = encoded(Image.fromarray(np.full((12, 10), 0x8000, np.uint16)))
    found = prepared(save({**TWO, "ant/0.png": clear, "ant/1.png": bright}))
    assert (found.arrays.x[0].min(), set(found.arrays.x[1].ravel().tolist())) == (255, {128})


def test_images_are_turned_as_their_camera_says(save):
    exif = Image.Exif()
    exif[0x0112] = 6
    wide = Image.fromarray(np.repeat(np.arange(16, dtype=np.uint8)[None, :] * 16, 8, axis=0))
    turned = {f"{name}/{n}.jpg": encoded(wide, "JPEG", exif=exif, quality=95 - n) for name in "ab" for n in range(2)}
    found = prepared(save(turned))
    assert found.spec.input_shape == (16, 8, 1)
    assert np.all(np.diff(found.arrays.x[0, :, 4, 0].astype(int)) > 0)
    assert any("4 images are turned upright" in note for note in messages(found.report, "note"))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_damaged_camera_note_loses_no_image(save):
    content = encoded(RED, "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xffrubbish")
    assert prepared(save({**TWO, "cat/x.jpg": content})).spec.examples == 8


def bare_png(width, height):
    """Returns a PNG that is all header: it claims a size and has hardly any data."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "why"),
    [(bare_png(40_000, 40_000), "exceeds limit"), (bare_png(9000, 9000), "9,000×9,000 pixels"),
     (bare_png(0, 0), "."), (bare_png(64, 64), "."), (picture(1, form="JPEG")[:200], "."), (picture(1)[:60], "."),
     (b"\x89PNG\r\n\x1a\n" + bytes(100), "."), (picture(1).replace(b"IDAT", b"IDAX"), "."),
     (b"\xff\xd8\xff\xe0" * 99, "."), (b"\xff\xd8" + b"\xff\xda" * 999, "999 scans"),
     (encoded(Image.new("RGB", (9, 9)), "GIF"), "no PNG or JPEG inside"), (npz(x=np.ones(3)), "no PNG or JPEG inside")],
)  # fmt: skip
def test_an_image_that_cannot_be_used_is_skipped_with_its_reason(save, content, why):
    path = save({**TWO, "cat/bad.png": content})
    began = time.monotonic()
    tracemalloc.start()
    try:
        report = inspect(path)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
    assert time.monotonic() - began < 5
    assert report.is_ready
    assert list(skipped(report)) == ["cat/bad.png"]
    assert re.search(why, skipped(report)["cat/bad.png"])


def test_a_flipped_bit_is_found(save):
    archive = zipped(TWO, zipfile.ZIP_STORED)
    report = inspect(save(flipped(archive, "cat/1.png")))
    assert "CRC" in skipped(report)["cat/1.png"]


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_whatever_the_bytes_an_image_is_decoded_or_listed(save, form):
    for seed in range(100):
        report = inspect(save({**TWO, "cat/odd.png": mutated(picture(1, form=form), seed)}))
        assert report.details["images"] + report.details["skipped"]["count"] == 8


def test_whatever_the_bytes_there_are_images_or_a_sentence(save):
    sentences = []
    for seed in range(150):
        try:
            load_images(save(mutated(GOOD, seed))).ready()
        except DataError as error:
            sentences.append(str(error))
    assert len(sentences) > 50
    assert all(sentence.endswith(".") for sentence in sentences)


def crowd(count):
    return zipped({f"cat/{number}.png": b"" for number in range(count)}, zipfile.ZIP_STORED)


GOOD = zipped(TWO)
BOMB = zipped({**TWO, "cat/bomb.png": bytes(60_000_000)})
BAD = {
    "empty file": (b"", "The file is empty"),
    "text": (b"hello" * 999, "not a readable zip"),
    "a PNG": (picture(), "not a readable zip"),
    "cut off": (GOOD[: len(GOOD) // 2], "cut off"),
    "end cut off": (GOOD[:-5], "cut off"),
    "empty archive": (zipped({}), "a folder for each class.*an empty archive"),
    "no images": (zipped({"cat/a.txt": b"x"}), "a folder for each class.*“cat/a.txt”"),
    "no folders": (zipped({f"{n}.png": picture(n) for n in range(4)}), "in no class folder"),
    "only hidden": (zipped({"cat/.a.png": picture()}), "hidden"),
    "nested archive": (zipped({"cat.zip": GOOD}), "archive inside the archive"),
    "empty folders": (zipped({"cat/": b"", "dog/": b""}), "an empty archive"),
    "one class": (zipped(folders({"cat": 4})), "at least 2 classes. Received: 1"),
    "one class in train": (zipped({"train/a/1.png": picture(), "test/b/1.png": picture(1)}), "at least 2 classes"),
    "all damaged": (zipped({"cat/1.png": b"x", "dog/1.png": b"y"}), "None of the 2 images can be read"),
    "all tiny files": (zipped({"cat/1.png": b"", "dog/1.png": b""}), "None of the 2 images can be read"),
    "outside": (zipped({**TWO, "../../cat/x.png": picture()}), "leads to a place outside"),
    "outside backwards": (zipped({**TWO, "cat\\..\\..\\x.png": picture()}), "leads to a place outside"),
    "absolute": (zipped({**TWO, "/etc/x.png": picture()}), "leads to a place outside"),
    "drive": (zipped({**TWO, "C:\\x\\y.png": picture()}), "leads to a place outside"),
    "control characters": (zipped(folders({"cat": 2, "d\x1b[31mog": 2})), "without control characters"),
    "turned writing": (zipped(folders({"cat": 2, "d\u202eog": 2})), "without control characters"),
    "long name": (zipped(folders({"cat": 2, "d" * 300: 2})), "300 characters"),
    "a folder an image": (zipped({f"{n}/1.png": b"" for n in range(10_001)}), "at most 10,000 class folders"),
    "encrypted": (encrypted(GOOD, "cat/0.png"), "encrypted"),
    "packed oddly": (patched(GOOD, "cat/0.png", 10, "<H", 99), "packed by method 99"),
    "bomb": (BOMB, "unpack to at most 200 times its size"),
    "zip64 lie": (zip64_claiming("cat/0.png", 2**62), "unpack"),
    "packed size lie": (patched(GOOD, "cat/0.png", 20, "<I", 2**31), "said to take"),
    "bzip2": (zipped(TWO, zipfile.ZIP_BZIP2), "packed by method 12"),
    "lzma": (zipped(TWO, zipfile.ZIP_LZMA), "packed by method 14"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_archive_is_answered_by_a_sentence(name, save, tmp_path, refusal):
    content, pattern = BAD[name]
    path = save(content)
    began = time.monotonic()
    with pytest.raises(DataError, match=f"(?s){pattern}") as caught:
        dataset_spec("images", DATASETS["images"].parse({"path": str(path)}))
    assert time.monotonic() - began < 5
    assert str(caught.value).endswith(".")
    assert "\x1b" not in str(caught.value)
    assert refusal("images", path) == f"trainer: {' '.join(str(caught.value).split())}\n"
    assert sorted(file.name for file in tmp_path.rglob("*") if file.is_file()) == ["data.json", "data.zip"]


@pytest.mark.parametrize("name", ["bomb", "zip64 lie"])
def test_an_archive_that_claims_much_takes_little_memory(name, save):
    path = save(BAD[name][0])
    tracemalloc.start()
    try:
        with pytest.raises(DataError):
            load_images(path).ready()
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("limits", "pattern"),
    [({"bytes": 100}, "TRAINDECK_MAX_BYTES"), ({"files": 6}, "TRAINDECK_MAX_FILES"),
     ({"expanded_bytes": 2000}, "TRAINDECK_MAX_EXPANDED_BYTES"), ({"pixels": 100}, "None of the 7 images.*pixels")],
)  # fmt: skip
def test_limits_hold(save, limits, pattern):
    with pytest.raises(DataError, match=pattern):
        load_images(save(TWO), limits=Limits(**limits)).ready()


def test_many_files_are_counted_before_they_are_listed(save):
    path = save(crowd(30_000))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"at most 1,000 files\. Received: about"):
            load_images(path, limits=Limits(files=1000))
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


def test_decoded_images_lie_on_disk_and_are_found_again(save, datasets, monkeypatch):
    monkeypatch.setattr("trainer.data.uploads.array_cache.SMALL", 0)
    path, reported = save(TWO), []
    found = load_images(path, progress=lambda done, text: reported.append(text))
    assert isinstance(found.arrays.x, np.memmap)
    assert reported == ["Looking at sizes and colours", "Reading images: 0 of 7"]
    monkeypatch.setattr("trainer.data.uploads.loaded._recent", Recent(lambda found: 0))
    monkeypatch.setattr("trainer.data.uploads.images.reader.Decoding", None)
    again = load_images(path)
    assert (again.spec, again.report.to_json()) == (found.spec, found.report.to_json())
    np.testing.assert_array_equal(again.arrays.x, found.arrays.x)
    assert not list(datasets.rglob(".part-*"))


def test_what_is_broken_off_leaves_nothing_behind(save, datasets, monkeypatch):
    monkeypatch.setattr("trainer.data.uploads.array_cache.SMALL", 0)
    monkeypatch.setattr("trainer.data.uploads.images.reader._TOGETHER", 1)

    def cancel(done, text):
        if done:
            raise KeyboardInterrupt

    members = folders({"cat": 40, "dog": 40})
    with pytest.raises(KeyboardInterrupt):
        load_images(save(members), progress=cancel)
    assert not [file for file in datasets.rglob("*") if file.is_file()]
