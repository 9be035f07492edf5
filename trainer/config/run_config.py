"""RunConfig: the whole recipe of a run, checked and complete."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from trainer.config.checks import complete, first_refusal
from trainer.config.data_spec import DataSpec
from trainer.config.fitting import dataset_spec, seen_by
from trainer.config.options import refuse_unknown, shown
from trainer.config.recipe import Recipe
from trainer.config.registry import DATASETS, MODELS
from trainer.config.split_sizes import count_training
from trainer.errors import ConfigError


class RunConfig(Recipe):
    """A run's recipe: frozen, checked, complete. Two runs of one config on one machine give the same bits.

    Missing values are filled in, so that a stored recipe does not depend on later defaults.

    Args:
        spec: of the data set, where the caller knows it already; None: it is looked up.
        fields: of `Recipe`.

    Raises:
        ConfigError: a value out of range, an unknown name, or a combination that does not fit;
            the message names argument, value, limit and remedy.
        DataError: the data set is a file that is missing or unreadable, and no spec was given.
    """

    def __init__(self, spec: DataSpec | None = None, /, **fields: Any):
        refuse_unknown(fields, Recipe.model_fields)
        try:
            super().__init__(**fields)
        except ValidationError as failure:
            raise first_refusal(failure) from None
        self.__dict__["dataset_options"] = DATASETS[self.dataset].parse(self.dataset_options)
        if spec is not None:
            self.__dict__["spec"] = spec
        self.__dict__.update(complete(self, self.spec))

    @cached_property
    def spec(self) -> DataSpec:
        """What is known of the data set before it is loaded. Looked up once, then kept."""
        return dataset_spec(self.dataset, self.dataset_options)

    @property
    def goal(self) -> DataSpec:
        """The spec as the model sees it: an autoencoder has another task than the data set."""
        return seen_by(MODELS[self.model], self.spec)

    @property
    def best_by(self) -> str:
        """The column of the epochs' table that decides which epoch is best."""
        own = MODELS[self.model].traits.monitor if self.model in MODELS else None
        return self.monitor or own or ("val_loss" if self.validation_split else "loss")

    def count_steps(self, data: DataSpec) -> int:
        """Returns the optimizer steps in one pass over the training split of such data.

        The spec that a run stored is enough: its data file may be gone.
        """
        return -(-count_training(data, self.validation_split) // self.batch_size)

    def to_json(self) -> str:
        """Returns the config as JSON; `from_json` returns an equal one."""
        return json.dumps(self.model_dump(), indent=2)

    @classmethod
    def from_json(cls, text: str) -> RunConfig:
        """Reads a config from JSON.

        Raises:
            ConfigError: not JSON, not an object, or not a valid config.
        """
        try:
            # NaN and Infinity are not JSON, but json accepts them.
            fields = json.loads(text, parse_constant=lambda name: float(name.replace("Infinity", "inf")))
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"The configuration is not valid JSON: {error}. Correct it there.") from None
        if not isinstance(fields, dict):
            raise ConfigError(
                'The configuration must be a JSON object such as {"model": "mlp", "dataset": "digits"}. '
                f"Received: {shown(fields)}. Put it into such an object."
            )
        return cls(**fields)

    @classmethod
    def from_file(cls, path: str | Path) -> RunConfig:
        """Reads a config from a JSON file.

        Raises:
            ConfigError: no such file, not text, or not a valid config.
        """
        try:
            return cls.from_json(Path(path).read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise ConfigError(f"Cannot read {path}: {error.strerror}. Give the path of a config file.") from None
        except UnicodeDecodeError:
            raise ConfigError(f"{path} is not UTF-8 text. Give the path of a JSON config file.") from None
