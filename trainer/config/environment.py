"""Settings from the environment: whole numbers within bounds."""

from __future__ import annotations

import os
from collections.abc import Mapping

from trainer.errors import ConfigError

_LARGEST = 2**63 - 1
_BOUNDS = {"TRAINDECK_THREADS": (1, 1024), "TRAINDECK_STREAM_ABOVE": (0, _LARGEST)}
_LIMIT_PREFIX = "TRAINDECK_MAX_"


def read_setting(name: str, default: int, environment: Mapping[str, str] = os.environ) -> int:
    """Returns a setting.

    Args:
        name: of the variable, such as "TRAINDECK_THREADS".
        default: used if the variable is unset or empty.
        environment: where to look.

    Raises:
        ConfigError: it is not a whole number, or out of bounds.
    """
    text = environment.get(name)
    if not text:
        return default
    low, high = _BOUNDS.get(name, (1, _LARGEST))
    try:
        value = int(text)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        allowed = f"between {low} and {high:,}" if high < _LARGEST else f"of at least {low}"
        raise ConfigError(
            f"The environment variable {name} must be a whole number {allowed}. Received: {text[:40]!r}. "
            "Correct it, or remove it to use the default.",
            name,
        )
    return value


def check_settings(environment: Mapping[str, str] = os.environ) -> None:
    """Reads every setting, so that an invalid one is refused before anything starts.

    Raises:
        ConfigError: for the first invalid one.
    """
    for name in sorted(environment):
        if name in _BOUNDS or name.startswith(_LIMIT_PREFIX):
            read_setting(name, 1, environment)
