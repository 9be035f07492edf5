"""Handwritten digits, 8×8 (Alpaydin & Kaynak 1998), bundled with scikit-learn."""

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.values import Arrays

SPEC = DataSpec(
    task="classification",
    input_shape=(8, 8, 1),
    examples=1797,
    num_classes=10,
    class_names=tuple("0123456789"),
    rescale=1 / 16,
    source="UCI Optical Recognition of Handwritten Digits, bundled with scikit-learn",
    licence="CC BY 4.0",
    url="https://archive.ics.uci.edu/dataset/80",
)


@DATASETS.register(label="Digits", help="1,797 handwritten digits, 8×8 pixels.", spec=SPEC, order=1)
def digits(seed):
    """Returns x: uint8 (1797, 8, 8, 1) in [0, 16]; y: the digit."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return Arrays(bunch.images[..., None].astype("uint8"), bunch.target)
