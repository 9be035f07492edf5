"""The sections that split the data, and scale it by the training split."""

from __future__ import annotations

import numpy as np

from trainer.config.registry import DATASETS
from trainer.config.split_sizes import count_validation
from trainer.export.code.data.encoding import write_encoding
from trainer.export.code.sections import Section
from trainer.export.code.subject import Subject
from trainer.export.code.writing import literal, scaled


def write_split(subject: Subject) -> Section | None:
    """Returns the section that holds out the validation split; None where the data has its own, or there is none."""
    name, spec = "rows" if subject.is_table else "x", subject.spec
    pick = ".iloc" if subject.is_table else ""
    if not subject.is_validated:
        return Section("Split", "Every example is trained on.", f"{name}_train, y_train = {name}, y")
    if spec.validation_examples:
        return Section("Split", "The data has a validation split of its own.", "x_train, y_train = x, y")
    held_out = "round(len(y) * VALIDATION_SPLIT)"
    if round(spec.examples * subject.config.validation_split) < 1:
        held_out = f"max(1, {held_out})"
    stratify = ", stratify=y" if is_stratified(subject) else ""
    text = "Some examples are held out to measure the model on data that it was not trained on."
    text += " Every class has the same share in both splits." if stratify else ""
    code = f"""\
held_out = {held_out}
places = train_test_split(np.arange(len(y)), test_size=held_out, random_state=SEED{stratify})
train, validation = map(np.sort, places)
{name}_train, y_train = {name}{pick}[train], y[train]
{name}_validation, y_validation = {name}{pick}[validation], y[validation]"""
    return Section("Split", text, code, ("from sklearn.model_selection import train_test_split",))


def is_stratified(subject: Subject) -> bool:
    """Returns whether the run's split has every class in both parts, as `split_indices` decides."""
    spec, config = subject.spec, subject.config
    if spec.task != "classification":
        return False
    entry = DATASETS[config.dataset]
    if entry.traits.files:
        return True  # Downloaded data sets have thousands of examples of each class.
    counts = np.bincount(entry.build(config.seed, **config.dataset_options).y, minlength=spec.num_classes)
    held_out = count_validation(spec.examples, config.validation_split)
    smallest = min(held_out, spec.examples - held_out)
    return bool(counts[counts > 0].min() >= 2 and smallest >= np.count_nonzero(counts))


def splits_of(subject: Subject) -> list[str]:
    """Returns the endings of the splits' names: train, and validation and test where they exist."""
    return [
        "train",
        *(["validation"] if subject.is_validated else []),
        *(["test"] if subject.spec.test_examples else []),
    ]


def write_scaling(subject: Subject) -> Section | None:
    """Returns the section that scales inputs and targets with the training split's statistics, or None."""
    spec, parts = subject.spec, splits_of(subject)
    codes, texts = [], []
    if subject.is_table:
        codes.append(write_encoding(subject, parts))
        texts.append(
            "Missing numbers are filled, numbers are standardized, and each category becomes one number per value. "
            "What that needs is learned from the training split alone, so nothing leaks from the held-out rows."
        )
    elif spec.standardize:
        codes.append(standardizing(subject, parts))
        texts.append(
            "Every feature gets mean 0 and standard deviation 1 by the training split, so that one learning rate suits "
            "all weights."
        )
    if subject.scales_target:
        codes.append(
            "target_mean, target_std = (float(f(y_train.astype(np.float64))) for f in (np.mean, np.std))\n"
            "target_std = target_std or 1.0"
        )
        texts.append(
            "The model predicts in the target's own units; the loss is measured in its standard deviations, so that a "
            "learning rate means the same whatever the unit."
        )
    if subject.goal.task == "reconstruction":
        names = ", ".join(f"y_{part}" for part in parts)
        values = ", ".join(scaled(f"x_{part}", spec.rescale) for part in parts)
        codes.append(f"{names} = {values}")
        texts.append("The model learns to reproduce its own scaled input, so that is the target.")
    return Section("Scaling", "\n".join(texts), "\n".join(codes)) if codes else None


def standardizing(subject: Subject, parts: list[str]) -> str:
    """Returns code that standardizes arrays."""
    axes = tuple(range(len(subject.spec.input_shape)))
    axis = literal(axes[0] if len(axes) == 1 else axes)
    names = ", ".join(f"x_{part}" for part in parts)
    results = ", ".join(f"standardize(x_{part})" for part in parts)
    return f"""\
mean = x_train.mean(axis={axis}, dtype="float64")
variance = np.maximum(((x_train - mean) ** 2).mean(axis={axis}), 1e-12)


def standardize(x):
    return ((x - mean) / np.sqrt(variance + 1e-7)).astype("float32")


{names} = {results}"""
