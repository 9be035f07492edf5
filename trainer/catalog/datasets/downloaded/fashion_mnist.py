"""Fashion-MNIST, photos of clothes (Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747)."""

import gzip
import zlib

import numpy as np

from trainer.catalog.datasets.downloaded._keras_download import RemoteFile, damaged, fetch
from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.values import Arrays

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

# Name, bytes of the header, shape. Keras has no hashes; gzip's checksum detects damage.
FILES = (
    ("train-images-idx3-ubyte.gz", 16, (60_000, 28, 28, 1)),
    ("train-labels-idx1-ubyte.gz", 8, (60_000,)),
    ("t10k-images-idx3-ubyte.gz", 16, (10_000, 28, 28, 1)),
    ("t10k-labels-idx1-ubyte.gz", 8, (10_000,)),
)
HINT = f" It is one of four files: {', '.join(name for name, _, _ in FILES)}."
REMOTE = {name: RemoteFile(name, ORIGIN + name, folder="datasets/fashion-mnist", hint=HINT) for name, _, _ in FILES}

SPEC = DataSpec(
    task="classification",
    input_shape=(28, 28, 1),
    examples=60_000,
    test_examples=10_000,
    num_classes=10,
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    rescale=1 / 255,
    source="Zalando Research, by way of keras.datasets",
    licence="MIT",
    url="https://github.com/zalandoresearch/fashion-mnist",
)


@DATASETS.register(
    label="Fashion-MNIST",
    help="70,000 small photos of clothes, 28×28 pixels. Downloads 31 MB once.",
    spec=SPEC,
    files=tuple(REMOTE.values()),
    order=91,
)
def fashion_mnist(seed):
    """Returns x: uint8 (60000, 28, 28, 1) in [0, 255]; y: the kind of clothes; and 10,000 test examples."""
    return Arrays(*(read_idx(name, header, shape) for name, header, shape in FILES))


def read_idx(name, header, shape):
    """Returns one gzipped IDX file as a uint8 array, downloaded if necessary."""
    file = REMOTE[name]
    wanted = header + int(np.prod(shape))
    try:
        with gzip.open(fetch(file)) as stream:
            content = stream.read(wanted + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(file, str(error) or "it ends too early") from None
    if len(content) != wanted:
        raise damaged(file, f"it must hold {wanted:,} bytes, and holds {'more' if len(content) > wanted else 'fewer'}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
