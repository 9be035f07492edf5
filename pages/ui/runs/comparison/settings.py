"""The settings of several runs beside each other."""

from __future__ import annotations

from typing import Any

import pandas as pd

from pages.ui.catalogue import dataset_label
from trainer import LOSSES, MODELS, OPTIMIZERS, Run

#: Shown as the options of the thing they belong to: "Optimizer: learning rate".
_OPTIONS = "_options"
_REGISTRIES = {"model": MODELS, "optimizer": OPTIMIZERS, "loss": LOSSES}


def settings_frame(runs: dict[str, Run]) -> pd.DataFrame:
    """Returns every setting of every run: one row per run, one column per setting; None where a run
    does not have it, such as the filters of a dense network.

    Args:
        runs: label → run. Its settings are those that hold now, such as epochs that were added.
    """
    rows = {label: _flatten(run) for label, run in runs.items()}
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    values = {name: [row.get(name) for row in rows.values()] for name in names}
    return pd.DataFrame(values, index=pd.Index(list(rows), name="Run"), dtype=object)


def differing(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns the columns of `settings_frame` whose values are not all equal."""
    return frame[[name for name in frame if len({repr(value) for value in frame[name]}) > 1]]


def _flatten(run: Run) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    fields = run.current_config.model_dump()
    # The path of an uploaded file says nothing; its name does.
    fields["dataset_options"] = {name: v for name, v in fields["dataset_options"].items() if name != "path"}
    fields["dataset"] = dataset_label(run)
    fields |= {noun: registry[fields[noun]].label for noun, registry in _REGISTRIES.items() if fields[noun] in registry}
    for name, value in fields.items():
        title = _title(name.removesuffix(_OPTIONS))
        if isinstance(value, dict):
            flat |= {f"{title}: {_title(inner).lower()}": _plain(found) for inner, found in value.items()}
        else:
            flat[title] = _plain(value)
    return flat


def _title(name: str) -> str:
    words = name.replace("_", " ")
    return "Data set" if words == "dataset" else words[:1].upper() + words[1:]


def _plain(value: Any) -> Any:
    """Returns a number, or text for anything else."""
    if value is None:
        return "off"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)
