"""What a run's loss is measured in."""

from __future__ import annotations

import math

from trainer import Run
from trainer.config.data_spec import DataSpec

_SIGMA = "σ is the standard deviation of the target over the training split."
_REGRESSION = {
    "mean_squared_error": ("in σ² of the target", f"{_SIGMA} Always guessing the mean gives about 1."),
    "mean_absolute_error": ("in σ of the target", f"{_SIGMA} 0.1 means that predictions are off by 0.1 σ on average."),
    "huber": ("in σ of the target", f"{_SIGMA} Small misses count squared, large ones by their size."),
}
_CROSS_ENTROPY = ("sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy")


def loss_unit(run: Run) -> tuple[str, str]:
    """Returns the unit of a run's loss and what it means; two empty strings where it has none."""
    # Before the first start a file is not read yet.
    spec: DataSpec | None = run.spec or (None if "path" in run.config.dataset_options else run.config.spec)
    if spec is None:
        return "", ""
    if spec.task == "regression":
        return _REGRESSION.get(run.config.loss, ("", ""))
    if spec.task == "classification" and run.config.loss in _CROSS_ENTROPY:
        guessing = f"Guessing among {spec.num_classes} equally frequent classes gives {math.log(spec.num_classes):.4g}."
        return "in nats", f"The mean of −ln of the probability given to the true class. 0 is perfect. {guessing}"
    return "", ""
