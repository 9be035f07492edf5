"""Histograms of weights and gradients that a run stored, one frame for each epoch.

A frame is `views/epoch-000012.npz` in the run's folder: `hist/weights/<layer>` (counts, 32 bins) with
`hist/weights/<layer>/edges`, and the same for `hist/gradients/`. The setting `histograms` turns them on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.runs.views.frames import list_frames, read_frame

_BINS = 64


@dataclass(frozen=True)
class Spread:
    """How the values of one layer are spread, epoch by epoch.

    Attributes:
        epochs: int (m,).
        edges: common to all epochs, float (bins + 1,).
        shares: of the values in each bin, float (m, bins).
    """

    epochs: np.ndarray
    edges: np.ndarray
    shares: np.ndarray


def read_spreads(folder: Path) -> dict[str, dict[str, Spread]]:
    """Returns "weights" and "gradients" → layer → spread; empty without frames. Damaged frames are left out.

    Args:
        folder: of the run.
    """
    frames: dict[tuple[str, str], list[tuple[int, np.ndarray, np.ndarray]]] = {}
    for epoch in list_frames(folder):
        arrays = read_frame(folder, epoch) or {}
        for key, counts in arrays.items():
            if key.startswith("hist/") and f"{key}/edges" in arrays:
                _, kind, layer = key.split("/", 2)
                frames.setdefault((kind, layer), []).append((epoch, counts, arrays[f"{key}/edges"]))
    found: dict[str, dict[str, Spread]] = {}
    for (kind, layer), parts in frames.items():
        found.setdefault(kind, {})[layer] = _merge(parts)
    return found


def _merge(parts: list[tuple[int, np.ndarray, np.ndarray]]) -> Spread:
    """Returns histograms with edges of their own on common ones; the values of a bin count as evenly spread in it."""
    low, high = min(edges[0] for *_, edges in parts), max(edges[-1] for *_, edges in parts)
    common = np.linspace(low, high if high > low else low + 1, _BINS + 1)
    shares = []
    for _, counts, edges in parts:
        below = np.concatenate([[0.0], np.cumsum(counts, dtype=np.float64)])
        shares.append(np.diff(np.interp(common, edges, below)) / max(below[-1], 1.0))
    return Spread(np.array([epoch for epoch, *_ in parts]), common, np.array(shares))
