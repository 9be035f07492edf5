"""A run's recipe as it is stored: read even if it can no longer be trained here, and compared with what was trained."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from trainer.config.recipe import NESTED
from trainer.config.run_config import RunConfig
from trainer.errors import CheckpointError, ConfigError
from trainer.runs.checkpoint import list_checkpoints


def read_config(folder: Path) -> RunConfig:
    """Reads a run's recipe; where config.json is damaged, takes the copy in the newest checkpoint.

    A recipe of a data file was checked when the run was created and is not checked again: that reads the file,
    which is slow in a list of runs, and the file may be gone.

    Raises:
        ConfigError: there is no readable copy.
    """
    fields = read_config_file(folder / "config.json")
    for checkpoint in [] if fields else list_checkpoints(folder / "checkpoints"):
        fields = fields or checkpoint.manifest.get("config")
    if not isinstance(fields, dict):
        raise ConfigError(
            f"config.json of the run {folder.name} cannot be read. Restore it from a copy, or delete the run."
        )
    if "path" not in fields.get("dataset_options", {}):
        with contextlib.suppress(ConfigError, TypeError):
            return RunConfig(**fields)
    return unchecked_config(fields, folder)


def read_config_file(path: Path) -> dict | None:
    """Returns the fields of a config file, or None if it is not a recipe."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) and {"model", "dataset"} <= fields.keys() else None


def unchecked_config(fields: dict, folder: Path) -> RunConfig:
    """Returns a stored recipe without checking it against the catalogue.

    Raises:
        ConfigError: a field has the wrong type.
    """
    known = {name: value for name, value in fields.items() if name in RunConfig.model_fields}
    for name, kind in NESTED.items():
        with contextlib.suppress(ValidationError, TypeError):
            known[name] = known.get(name) and kind(**known[name])
    texts = [known.get(name) for name in ("model", "dataset", "optimizer", "loss")]
    numbers = [known.get(name, 1) for name in ("epochs", "batch_size")]
    options = [known.get(name, {}) for name in ("model_options", "dataset_options", "optimizer_options")]
    if not (
        all(isinstance(text, str) for text in texts if text is not None)
        and all(isinstance(number, int) for number in numbers)
        and all(isinstance(option, dict) for option in options)
    ):
        raise ConfigError(
            f"config.json of the run {folder.name} is damaged. Restore it from a copy, or delete the run."
        )
    return RunConfig.model_construct(**known)


def refuse_other_recipe(config: RunConfig, stored: Mapping) -> None:
    """Refuses a config.json that was edited after training began, because the bits would differ.

    Raises:
        CheckpointError: a field differs from the recipe that the checkpoint was written with.
    """
    now = config.model_dump(mode="json")
    for field, value in stored.items():
        if field in now and as_stored(now[field], value) != value:
            raise CheckpointError(
                f"config.json was changed after training began: {field} is {now[field]!r} and was {value!r} when the "
                "checkpoint was written. Restore the old value, or start a new run with the new value."
            )


def as_stored(value, like):
    """Returns a value as the version that wrote `like` would store it: lists, and only the fields it knows."""
    if isinstance(value, dict) and isinstance(like, dict):
        return {key: as_stored(value[key], like[key]) for key in value if key in like}
    return list(value) if isinstance(value, tuple) else value
