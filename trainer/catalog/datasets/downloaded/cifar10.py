"""CIFAR-10, small color photos (Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images")."""

import pickle
import tarfile

import numpy as np

from trainer.catalog.datasets.downloaded._keras_download import RemoteFile, fetch, verify
from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.progress import report
from trainer.data.values import Arrays

FILE = RemoteFile(
    "cifar-10-batches-py-target_archive",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
)

SPEC = DataSpec(
    task="classification",
    input_shape=(32, 32, 3),
    examples=50_000,
    test_examples=10_000,
    num_classes=10,
    class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    rescale=1 / 255,
    source="Krizhevsky, Nair & Hinton, by way of keras.datasets",
    licence="not stated",
    url="https://www.cs.toronto.edu/~kriz/cifar.html",
)


@DATASETS.register(
    label="CIFAR-10",
    help="60,000 color photos in ten classes, 32×32 pixels. Downloads 171 MB once.",
    spec=SPEC,
    files=(FILE,),
    order=92,
)
def cifar10(seed):
    """Returns x: uint8 (50000, 32, 32, 3) in [0, 255]; y: the class; and 10,000 test examples."""
    fetch(FILE)
    # The archive holds pickles, which can run code: only the published one is opened.
    with tarfile.open(verify(FILE), "r:gz") as archive:
        report("Reading CIFAR-10", None)
        batches = [read_batch(archive, f"data_batch_{number}") for number in range(1, 6)]
        x_test, y_test = read_batch(archive, "test_batch")
    x, y = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    return Arrays(x, y, x_test, y_test)


def read_batch(archive, name):
    """Returns photos, uint8 (n, 32, 32, 3), and labels, int64 (n,), of one file in the archive."""
    batch = pickle.load(archive.extractfile(f"cifar-10-batches-py/{name}"), encoding="bytes")
    x = batch[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(x), np.array(batch[b"labels"])
