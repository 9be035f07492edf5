"""MNIST handwritten digits (LeCun et al. 1998, doi:10.1109/5.726791)."""

import zipfile
import zlib

import numpy as np

from trainer.catalog.datasets.downloaded._keras_download import RemoteFile, damaged, fetch
from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.values import Arrays

FILE = RemoteFile(
    "mnist.npz",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
)

SPEC = DataSpec(
    task="classification",
    input_shape=(28, 28, 1),
    examples=60_000,
    test_examples=10_000,
    num_classes=10,
    class_names=tuple("0123456789"),
    rescale=1 / 255,
    source="LeCun, Cortes & Burges, by way of keras.datasets",
    licence="CC BY-SA 3.0",
    url="https://keras.io/api/datasets/mnist",
)

SHAPES = {"x_train": (60_000, 28, 28), "y_train": (60_000,), "x_test": (10_000, 28, 28), "y_test": (10_000,)}


@DATASETS.register(
    label="MNIST",
    help="70,000 handwritten digits, 28×28 pixels. Downloads 11 MB once.",
    spec=SPEC,
    files=(FILE,),
    order=90,
)
def mnist(seed):
    """Returns x: uint8 (60000, 28, 28, 1) in [0, 255]; y: the digit; and 10,000 test examples.

    Any file of the right layout in Keras's cache is accepted, because MNIST is often repacked. The checksums of the
    zip detect damage.
    """
    path = fetch(FILE)
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: read_array(archive, name, shape) for name, shape in SHAPES.items()}
    except (OSError, ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise damaged(FILE, str(error).strip("'\"") or "it ends too early") from None
    return Arrays(arrays["x_train"][..., None], arrays["y_train"], arrays["x_test"][..., None], arrays["y_test"])


def read_array(archive, name, shape):
    """Returns a uint8 array of an npz archive; ValueError where it has another shape or type."""
    array = archive[name]
    if array.shape != shape or array.dtype != np.uint8:
        raise ValueError(f"{name} must be uint8 {shape}, and is {array.dtype} {array.shape}")
    return array
