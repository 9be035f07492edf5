"""The whole program of a run, section by section."""

from __future__ import annotations

from trainer.config.recipe import ALL_DEVICES
from trainer.config.registry import DATASETS, MODELS
from trainer.export.code.adversarial import write_adversarial
from trainer.export.code.data.bundled import load_bundled
from trainer.export.code.data.files import file_name, is_file, load_arrays
from trainer.export.code.data.images import load_images
from trainer.export.code.data.split import splits_of, write_scaling, write_split
from trainer.export.code.data.tables import load_table
from trainer.export.code.loop import write_loop
from trainer.export.code.measures import write_measures
from trainer.export.code.model import write_model
from trainer.export.code.optimizer import write_optimizer
from trainer.export.code.sections import Section
from trainer.export.code.step import write_step
from trainer.export.code.subject import Subject
from trainer.export.code.writing import literal, plain
from trainer.training.build import dtype_policy
from trainer.training.engine.start_up import load_engine
from trainer.training.sessions.commands import SetEpochs

_LOADERS = {"csv": load_table, "npz": load_arrays, "images": load_images}
_PLOT = """\
try:
    import matplotlib.pyplot as plt
except ImportError:
    print("Install matplotlib to see the curve: pip install matplotlib")
else:
    plt.plot(range(1, len(losses) + 1), losses, alpha=0.4, label="loss of each batch")
"""


def write_program(subject: Subject) -> list[Section]:
    """Returns the sections of a run's program, in order.

    Raises:
        ExportError: something in the run cannot be written as plain code; the message says what.
    """
    sections = write_data(subject)
    load_engine()
    # Layers are written with what differs from the run's own number format.
    with dtype_policy(subject.config.precision):
        sections += write_training(subject)
    return [write_settings(subject, sections), *sections]


def write_training(subject: Subject) -> list[Section]:
    """Returns the sections from the model to the result."""
    learner = subject.build()
    if MODELS[subject.config.model].traits.learner == "gan":
        return write_adversarial(subject, learner)
    return [
        write_model(subject, learner),
        write_measures(subject),
        write_optimizer(subject),
        write_step(subject, learner),
        write_loop(subject),
        write_result(subject),
        write_plot(subject),
    ]


def write_data(subject: Subject) -> list[Section]:
    """Returns the sections that load, split and scale the data."""
    if is_file(subject):
        file_name(subject)  # Refuses a file that is gone or has changed, before it is read.
    load = _LOADERS.get(subject.config.dataset, load_bundled)
    return [load(subject), *filter(None, [write_split(subject), write_scaling(subject)])]


def write_settings(subject: Subject, sections: list[Section]) -> Section:
    """Returns the first section: what this is, the imports, and the numbers that a reader may want to change."""
    config = subject.config
    label = f"{MODELS[config.model].label} on {DATASETS[config.dataset].label}"
    text = (
        f"The run “{plain(subject.name)}” in plain TensorFlow and Keras: {label}. It repeats the run: the same initial "
        "weights, split, order of examples and losses, up to rounding."
    )
    if config.device == ALL_DEVICES:
        text += (
            " The run shared each batch among all devices of its machine. This program computes whole batches on one "
            "device: the mathematics is the same, except that batch norm sees the whole batch, and dropout drops other "
            "values."
        )
    found = {"import keras", "import numpy as np", "import tensorflow as tf"}
    found |= {line for section in sections for line in section.imports if line}
    standard = sorted(line for line in found if line.split()[1] in ("contextlib", "csv", "io", "zipfile"))
    others = sorted(found - {*standard}, key=lambda line: (line.startswith("from"), line.lower()))
    imports = "\n\n".join("\n".join(group) for group in (standard, others) if group)
    lines = [f"SEED = {config.seed}", f"EPOCHS = {subject.epochs}", f"BATCH_SIZE = {config.batch_size}"]
    if subject.epochs != config.epochs:
        last = [setting.step for setting in subject.settings if isinstance(setting.command, SetEpochs)][-1]
        lines[1] += f"  # Set after step {last}; the run began with {config.epochs}."
    if config.validation_split and not subject.spec.validation_examples:
        lines.append(f"VALIDATION_SPLIT = {literal(config.validation_split)}")
    if is_file(subject):
        lines.insert(0, f"DATA_FILE = {literal(file_name(subject))}")
    exact = ["# Random numbers follow from the seed, and operations give the same bits each time."]
    exact += ["keras.utils.set_random_seed(SEED)", "tf.config.experimental.enable_op_determinism()"]
    if config.precision != "float32":
        exact.append(f"keras.config.set_dtype_policy({literal(config.precision)})")
    return Section(f"{label}", text, "\n\n".join([imports, "\n".join(lines), "\n".join(exact)]))


def write_result(subject: Subject) -> Section:
    """Returns the section that measures the finished model."""
    parts = [part for part in splits_of(subject) if part != "train"] or ["train"]
    names = {"train": "Training", "validation": "Validation", "test": "Test"}
    lines = [f"print({literal(f'{names[part]} split:')}, evaluate(x_{part}, y_{part}))" for part in parts]
    return Section("Result", "What the trained model reaches.", "\n".join(lines))


def write_plot(subject: Subject) -> Section:
    """Returns the section that draws the curve where matplotlib is installed."""
    lines = _PLOT
    if subject.is_validated:
        lines += """\
    ends = [row["epoch"] * -(-len(x_train) // BATCH_SIZE) for row in history]
    plt.plot(ends, [row["val_loss"] for row in history], marker="o", label="validation loss")
"""
    lines += """\
    plt.xlabel("step")
    plt.legend()
    plt.savefig("loss.png")
"""
    return Section("Curve", "The loss of every batch.", lines)
