"""Reads a run's recipe from its folder, even if it can no longer be trained here."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from pydantic import ValidationError

from trainer.config.recipe import NESTED
from trainer.config.run_config import RunConfig
from trainer.errors import ConfigError
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
