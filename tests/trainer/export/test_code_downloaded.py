"""The code that loads a data set through Keras is executed offline, on tiny files of the published formats."""

import gzip
import io
import pickle
import tarfile

import numpy as np
import pytest

from trainer import RunConfig
from trainer.config.registry import DATASETS
from trainer.export.code.data.bundled import load_bundled
from trainer.export.code.subject import Subject

RANDOM = np.random.default_rng(0)


def write_mnist(folder):
    """Writes the npz of 20 and 4 images; returns images and labels of both parts, uint8 (n, 28, 28) and (n,)."""
    x, y = RANDOM.integers(0, 256, (24, 28, 28), np.uint8), np.arange(24, dtype=np.uint8) % 10
    np.savez(folder / "mnist.npz", x_train=x[:20], y_train=y[:20], x_test=x[20:], y_test=y[20:])
    return (x[:20], y[:20]), (x[20:], y[20:])


def write_fashion_mnist(folder):
    """Writes the four gzipped IDX files: a header of 16 or 8 bytes, then the values."""
    parts = write_mnist(folder)
    (folder / "fashion-mnist").mkdir()
    for name, arrays in zip(("train", "t10k"), parts, strict=True):
        for kind, header, values in zip(("images-idx3", "labels-idx1"), (16, 8), arrays, strict=True):
            content = gzip.compress(bytes(header) + values.tobytes())
            (folder / "fashion-mnist" / f"{name}-{kind}-ubyte.gz").write_bytes(content)
    return parts


def write_cifar10(folder):
    """Writes the archive of pickles, each with one photo. Keras copies it to the 10,000 places of its batch."""
    x, y = RANDOM.integers(0, 256, (6, 3072), np.uint8), [3, 1, 4, 0, 9, 2]
    with tarfile.open(folder / "cifar-10-batches-py-target_archive", "w:gz") as archive:
        for place, name in enumerate([*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]):
            content = pickle.dumps({b"data": x[place : place + 1], b"labels": y[place : place + 1]}, protocol=3)
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    photos = x.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    labels = np.array(y, np.uint8)
    return (photos[:5].repeat(10_000, axis=0), labels[:5].repeat(10_000)), (photos[5:], labels[5:])


WRITERS = {"mnist": write_mnist, "fashion_mnist": write_fashion_mnist, "cifar10": write_cifar10}


def test_every_downloaded_data_set_is_here():
    assert set(WRITERS) == {name for name in DATASETS if DATASETS[name].traits.files}


@pytest.mark.parametrize("name", WRITERS)
def test_the_code_loads_a_downloaded_data_set_from_the_cache_of_keras(tmp_path, monkeypatch, name):
    import keras
    from keras.src.utils import file_utils

    def refuse(*arguments):
        raise AssertionError("The file is in the cache.")

    # Keras reads KERAS_HOME at its import, and knows the hashes of the published files.
    monkeypatch.setattr(file_utils.config, "keras_home", lambda: str(tmp_path))
    monkeypatch.setattr(file_utils, "validate_file", lambda *arguments, **options: True)
    monkeypatch.setattr(file_utils, "urlretrieve", refuse)
    (tmp_path / "datasets").mkdir()
    parts = WRITERS[name](tmp_path / "datasets")
    spec = DATASETS[name].traits.spec
    section = load_bundled(Subject("a run", RunConfig(model="linear", dataset=name), spec))
    names = {"keras": keras, "np": np}
    exec("\n".join([*section.imports, section.code]), names)
    for (wanted_x, wanted_y), suffix in zip(parts, ("", "_test"), strict=True):
        x, y = names[f"x{suffix}"], names[f"y{suffix}"]
        assert (x.dtype, y.dtype) == (np.float32, np.int64)
        assert x.shape[1:] == spec.input_shape
        np.testing.assert_array_equal(x.reshape(wanted_x.shape), wanted_x)
        np.testing.assert_array_equal(y, wanted_y)
