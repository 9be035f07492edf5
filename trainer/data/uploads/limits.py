"""How large uploaded data may be; checked before anything is parsed."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path

from trainer.config.environment import read_setting
from trainer.errors import DataError


def datasets_folder() -> Path:
    """Returns the folder of uploaded data sets: TRAINDECK_DATASETS, or "datasets"."""
    return Path(os.environ.get("TRAINDECK_DATASETS") or "datasets").resolve()


@dataclass(frozen=True)
class Limits:
    """The limits. The environment can change each of them: TRAINDECK_MAX_BYTES=… and so on.

    Attributes:
        bytes: the size of the uploaded file.
        rows, columns: of a table.
        files: in an archive.
        pixels: of one image, width times height.
        expanded_bytes: what an archive or a compressed array may unpack to.
        ratio: how many times its packed size one member of an archive may unpack to.
        cache_bytes: arrays kept unpacked on disk; beyond it the least recently used are deleted.
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
        return cls(**{one.name: read_setting(f"TRAINDECK_MAX_{one.name.upper()}", one.default) for one in fields(cls)})

    def check(
        self, limit: str, amount: int, subject: str, *, received: str = "", remedy: str = "Use a part of it"
    ) -> None:
        """Refuses an amount above a limit.

        Args:
            limit: the limit's name; its unit is also that of `amount`.
            amount: what was found.
            subject: the beginning of the sentence, up to "at most".
            received: the amount in words; "" writes it with its unit.
            remedy: what to do instead of raising the limit.

        Raises:
            DataError: the amount is above the limit.
        """
        most = getattr(self, limit)
        if amount > most:
            raise DataError(
                f"{subject} at most {_with_unit(most, limit)}. Received: {received or _with_unit(amount, limit)}. "
                f"{remedy}, or raise the limit with TRAINDECK_MAX_{limit.upper()}."
            )


def _with_unit(amount: int, limit: str) -> str:
    if not limit.endswith("bytes"):
        return f"{amount:,} {'numbers' if limit == 'pixels' else limit}"
    return f"{amount / 1e6:,.0f} MB" if amount >= 1e6 else f"{amount:,} bytes"
