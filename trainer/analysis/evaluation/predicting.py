"""Making predictions of a split: in batches, once for each checkpoint, then from the disk."""

from __future__ import annotations

import dataclasses

import numpy as np

from trainer.analysis.evaluation.cache import cache_file, read_predictions, write_predictions
from trainer.analysis.evaluation.predictions import Predictions
from trainer.analysis.jobs import Job
from trainer.analysis.predictor import BATCH_SIZE, Predictor, predictor
from trainer.analysis.run_data import load_split, split_sizes
from trainer.config.registry import MODELS
from trainer.errors import ExportError, StorageError


def why_nothing(run) -> str | None:
    """Returns why a run cannot be evaluated, now or ever, as a sentence; None if it can be."""
    if MODELS[run.config.model].traits.task == "generation":
        return (
            "A GAN generates new images. No target says what a right one would be, so there is nothing to evaluate: "
            "look at the samples."
        )
    if run.spec is None:
        return "This run has not started yet. Start it: it can be evaluated from its first checkpoint on."
    if not run.checkpoints:
        return "There is no checkpoint yet. Pause the run, or wait for its first checkpoint."
    return None


def predict_split(run, digest: str, split: str, job: Job) -> Predictions:
    """Returns the predictions of a checkpoint, from the disk if they were made before.

    Args:
        run: a `Run`.
        digest: of the checkpoint's state.
        split: a key of `split_sizes`.
        job: told how much is done; gives way between batches.

    Raises:
        DataError: the data set is gone or has no such split.
        ExportError: the checkpoint was deleted, or is damaged.
    """
    path = cache_file(run.path, digest, split)
    if (kept := read_predictions(path)) is not None:
        return kept
    step = next((checkpoint.step for checkpoint in run.checkpoints if checkpoint.digest == digest), None)
    if step is None:
        raise ExportError("This checkpoint was deleted in the meantime. Evaluate the newest one.")
    data = load_split(run, split)
    model = predictor(run, step)
    if model.spec.task == "reconstruction":
        y, output = np.zeros((0,), np.float32), copy_errors(model, data.x, job)
    else:
        y, output = np.asarray(data.y), model.predict(data.x, job.give_way, job.tell)
        output = output.reshape(len(output), -1)
    made = Predictions(model.spec.task, split, step, digest, y, output)
    try:
        write_predictions(path, made)
    except FileNotFoundError:
        raise ExportError("This run was deleted in the meantime. Open another run.") from None
    except StorageError as error:
        made = dataclasses.replace(made, note=f"These numbers are not kept on the disk. {error}")
    return made


def copy_errors(model: Predictor, x: np.ndarray, job: Job) -> np.ndarray:
    """Returns the mean squared error of each example's copy, float32 (n, 1), in scaled units.

    Args:
        model: of an autoencoder.
        x: raw (n, *input_shape).
        job: told how much is done; gives way between batches.
    """
    parts = []
    for first in range(0, len(x), BATCH_SIZE):
        if first:
            job.give_way()
        raw = np.asarray(x[first : first + BATCH_SIZE])
        difference = model.predict(raw) - model.scaled(raw)
        parts.append(np.mean(np.square(difference), axis=tuple(range(1, difference.ndim))))
        job.tell(min(first + BATCH_SIZE, len(x)) / len(x))
    return np.concatenate(parts).reshape(-1, 1)


def default_split(run) -> str | None:
    """Returns the split to evaluate first: test, else validation, else training; None before the run has started."""
    return next(iter(split_sizes(run)), None)
