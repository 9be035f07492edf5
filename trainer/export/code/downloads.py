"""Downloads: the run as a Python program, and the same as a Jupyter notebook."""

from __future__ import annotations

from pathlib import Path

from trainer.config.registry import EXPORTS
from trainer.export.code.program import write_program
from trainer.export.code.refusals import refuse_run
from trainer.export.code.sections import as_notebook, as_script
from trainer.export.code.subject import subject_of


@EXPORTS.register(
    name="train.py",
    label="Python program",
    help="The run as plain TensorFlow and Keras, without this project: `python train.py` repeats it.",
    media_type="text/x-python",
    order=12,
    refuse=refuse_run,
)
def train_py(run, path: Path) -> None:
    """Writes the program as UTF-8 text."""
    path.write_text(as_script(write_program(subject_of(run))), encoding="utf-8")


@EXPORTS.register(
    name="train.ipynb",
    label="Notebook",
    help="The same program as a Jupyter notebook, with a text and a cell for each part.",
    media_type="application/x-ipynb+json",
    order=13,
    refuse=refuse_run,
)
def train_ipynb(run, path: Path) -> None:
    """Writes the notebook, format 4."""
    path.write_text(as_notebook(write_program(subject_of(run))), encoding="utf-8")
