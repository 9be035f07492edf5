"""What the ways to try a model share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from pages.ui.catalogue import find_uploaded
from trainer import Dataset, Run, TrainerError
from trainer.analysis.predictor import Predictor
from trainer.config.data_spec import DataSpec
from trainer.data.uploads import DatasetStore

#: What a target without a name is called.
UNNAMED = "target"


@dataclass(frozen=True)
class Trial:
    """A model that is being tried.

    Attributes:
        run: whose model it is.
        model: at the chosen checkpoint.
        dataset: the run's data, or None if it is not needed or gone.
        problem: why the data is not there; "" if it is, or is not needed.
    """

    run: Run
    model: Predictor
    dataset: Dataset | None = None
    problem: str = ""

    @property
    def spec(self) -> DataSpec:
        """Of the data, as the model sees it."""
        return self.model.spec

    @property
    def target(self) -> str:
        """What is predicted, in a word: the column's name, which may have been a guess."""
        options = self.run.config.dataset_options
        return _name(options.get("target")) or _guessed_target(str(options.get("path", ""))) or UNNAMED


def _name(target: object) -> str:
    return target if isinstance(target, str) else ""


@lru_cache(maxsize=64)
def _guessed_target(path: str) -> str:
    """Returns the column that was taken for the target of an uploaded table; "" of anything else."""
    try:
        uploaded = find_uploaded(DatasetStore.default(), path)
        return _name(uploaded.inspect().options.get("target")) if uploaded else ""
    except (TrainerError, OSError):
        return ""
