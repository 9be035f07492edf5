"""Examples: what a model is asked about, and what was changed to make it fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Examples:
    """Examples as a model takes them.

    Attributes:
        x: float32 (n, *input_shape), raw: scaling is part of the model.
        notes: sentences about values and pixels that were changed, are missing, or are unknown to the model.
        table: the rows as they came, or None where they came as no table.
    """

    x: np.ndarray
    notes: tuple[str, ...] = ()
    table: pd.DataFrame | None = None

    def __len__(self) -> int:
        return len(self.x)
