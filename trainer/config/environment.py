"""Settings from the environment: whole numbers within bounds, a URL, and the address of a cluster."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from trainer.errors import ConfigError

_LARGEST = 2**63 - 1
_BOUNDS = {
    "TRAINDECK_SLOTS": (1, 1024),
    "TRAINDECK_THREADS": (1, 1024),
    "TRAINDECK_LOGICAL_CPUS": (1, 64),
    "TRAINDECK_STREAM_ABOVE": (0, _LARGEST),
}
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


def read_webhook(environment: Mapping[str, str] = os.environ) -> str | None:
    """Returns the URL that is told how runs end, or None if TRAINDECK_WEBHOOK is unset or empty.

    Raises:
        ConfigError: it is not an http or https URL.
    """
    url = environment.get("TRAINDECK_WEBHOOK")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError(
            f"The environment variable TRAINDECK_WEBHOOK must be an http:// or https:// URL. Received: {url[:40]!r}. "
            "Correct it, or remove it to send nothing.",
            "TRAINDECK_WEBHOOK",
        )
    return url


def read_cluster(environment: Mapping[str, str] = os.environ) -> str | None:
    """Returns the address of the Ray cluster, or None if TRAINDECK_RAY is unset or empty.

    "auto": the cluster that this machine belongs to; "local": a cluster of its own on this machine; "ray://host:port":
    another one.

    Raises:
        ConfigError: it is none of these.
    """
    address = environment.get("TRAINDECK_RAY")
    if not address:
        return None
    try:
        parts = urlsplit(address)
        is_valid = address in ("auto", "local") or (parts.scheme == "ray" and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        is_valid = False
    if not is_valid or not address.isascii() or not address.isprintable() or " " in address:
        raise ConfigError(
            f"The environment variable TRAINDECK_RAY must be auto, local or ray://host:port. Received: "
            f"{address[:40]!r}. Correct it, or remove it to train on this machine only.",
            "TRAINDECK_RAY",
        )
    return address


def check_settings(environment: Mapping[str, str] = os.environ) -> None:
    """Reads every setting, so that an invalid one is refused before anything starts.

    Raises:
        ConfigError: for the first invalid one.
    """
    for name in sorted(environment):
        if name in _BOUNDS or name.startswith(_LIMIT_PREFIX):
            read_setting(name, 1, environment)
    read_webhook(environment)
    read_cluster(environment)
