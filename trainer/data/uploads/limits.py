"""How large uploaded data may be; checked before anything is parsed."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path

from trainer.config.environment import read_setting


def datasets_folder() -> Path:
    """Returns the folder of uploaded data sets: TRAINDECK_DATASETS, or "datasets"."""
    return Path(os.environ.get("TRAINDECK_DATASETS") or "datasets").resolve()


@dataclass(frozen=True)
class Limits:
    """The limits, each of which the environment can change: TRAINDECK_MAX_BYTES=… and so on.

    Attributes:
        bytes: of the file as it comes.
        rows, columns: of a table.
        files: in an archive.
        pixels: of one image, width times height.
        expanded_bytes: that an archive or a compressed array may unpack to.
        ratio: that one member of an archive may expand by.
        cache_bytes: of arrays kept unpacked on disk; beyond it the least recently used are removed.
    """

    bytes: int = 2 * 2**30
    rows: int = 20_000_000
    columns: int = 2_000
    files: int = 200_000
    pixels: int = 16_000_000
    expanded_bytes: int = 8 * 2**30
    ratio: int = 200
    cache_bytes: int = 16 * 2**30

    @classmethod
    def from_environment(cls) -> Limits:
        """Returns the limits in force.

        Raises:
            ConfigError: a variable is not a whole number of at least 1.
        """
        names = {field.name: f"TRAINDECK_MAX_{field.name.upper()}" for field in fields(cls)}
        return cls(**{field.name: read_setting(names[field.name], field.default) for field in fields(cls)})
