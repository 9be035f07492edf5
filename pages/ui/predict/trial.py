"""What the ways to try a model share."""

from __future__ import annotations

from dataclasses import dataclass

from trainer import Dataset, Run
from trainer.analysis.predictor import Predictor
from trainer.config.data_spec import DataSpec


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
        """What is predicted, in a word."""
        target = self.run.config.dataset_options.get("target")
        return target if isinstance(target, str) and target else "target"
