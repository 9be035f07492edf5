"""Documents as word counts, each about several topics at once, made by scikit-learn's
`make_multilabel_classification`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.values import Arrays

WORDS = 20


def describe(size: int, labels: int) -> DataSpec:
    """Returns what these options make."""
    return DataSpec(
        task="multilabel",
        input_shape=(WORDS,),
        examples=size,
        num_classes=labels,
        class_names=tuple(f"topic {number}" for number in range(1, labels + 1)),
        feature_names=tuple(f"word {number}" for number in range(1, WORDS + 1)),
        standardize=True,
        source="made from the seed by scikit-learn",
        licence="none needed",
        url="https://scikit-learn.org/stable/modules/generated/sklearn.datasets.make_multilabel_classification.html",
    )


@DATASETS.register(
    label="Topics",
    help="Made-up documents as word counts; each may be about several topics, or none.",
    spec=describe,
    order=10,
)
def multilabel(
    seed,
    *,
    size: Annotated[int, Field(ge=20, le=1_000_000, description="How many documents to make.")] = 1000,
    labels: Annotated[int, Field(ge=2, le=20, description="How many topics there are.")] = 5,
):
    """Returns x: float32 (size, 20), how often each word occurs; y: float32 (size, labels) of 0 and 1."""
    from sklearn.datasets import make_multilabel_classification

    x, y = make_multilabel_classification(size, n_features=WORDS, n_classes=labels, n_labels=2, random_state=seed)
    return Arrays(x.astype("float32"), y.astype("float32"))
