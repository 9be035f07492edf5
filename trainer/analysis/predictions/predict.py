"""Predicts: from a run and new examples to the model's answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from trainer.analysis.predictions.arrays import take_array
from trainer.analysis.predictions.examples import Examples
from trainer.analysis.predictions.files import read_examples
from trainer.analysis.predictions.result import Predictions
from trainer.analysis.predictions.tables import take_rows
from trainer.analysis.predictor import Predictor, predictor
from trainer.errors import DataError


def predict(run, input, source: str | int = "best") -> Predictions:
    """Returns what a run's model answers for new examples, exactly as its exported model.keras does.

    The run's data is not needed: it may be gone.

    Args:
        run: a `Run` with at least one checkpoint.
        input: raw examples (n, *input_shape), or a single one; for a table a DataFrame or {column: values} of text
            as in its file, or of numbers; or the path of a CSV, Parquet, NPZ, NPY, PNG or JPEG file.
        source: "best", "latest" or the step of a checkpoint.

    Raises:
        DataError: the input does not fit the model; the message says what to do.
        ExportError: there is no checkpoint yet, or it is damaged.
        ConfigError: there is no such checkpoint.
    """
    model = predictor(run, source)
    return answer(model, take_input(input, model))


def take_input(input, model: Predictor) -> Examples:
    """Returns examples from an array, a table or a path; see `predict`."""
    if isinstance(input, str | Path):
        return read_examples(Path(input), model)
    if isinstance(input, Mapping) or hasattr(input, "columns"):
        if model.spec.task == "generation" or len(model.data.input_shape) != 1:
            raise DataError(
                f"input must be an array of shape (n, {', '.join(map(str, model.input_shape))}). Received: a table."
            )
        return take_rows(input, model.data, "input")
    if model.data.columns and model.spec.task != "generation":
        raise DataError(
            "input must be a DataFrame or a dictionary with the columns that the model was trained on, because it "
            f"encodes them itself. Received: {type(input).__name__}."
        )
    return take_array(input, model.input_shape, "input")


def answer(
    model: Predictor,
    examples: Examples,
    wait: Callable[[], None] = lambda: None,
    tell: Callable[[float], None] = lambda _: None,
) -> Predictions:
    """Returns the model's answers.

    Args:
        model: of a checkpoint.
        examples: as it takes them.
        wait, tell: see `Predictor.predict`.
    """
    x = np.asarray(examples.x, np.float32)
    outputs = model.predict(x, wait, tell)
    errors = None
    if model.spec.task == "reconstruction":
        difference = (outputs - model.scaled(x)).reshape(len(x), -1)
        errors = (difference**2).mean(axis=1)
    return Predictions(model.spec, outputs, model.step, examples.notes, errors)
