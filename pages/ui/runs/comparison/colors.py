"""One colour per run, the same in every chart and table of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

#: Okabe & Ito first, which colour-blind eyes tell apart; then others that differ from them and from each other.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#7B4FA3", "#8C6D31", "#E4572E", "#2E8B9A",
    "#A3B100", "#B03060", "#5B7DB1", "#C49A6C", "#3FA34D", "#F08CA0", "#6A6ACD", "#9C5B3C", "#7F8C8D", "#00A6D6",
)  # fmt: skip


def run_colors(ids: Sequence[str]) -> dict[str, str]:
    """Returns a colour for each run, by its place.

    Args:
        ids: of the runs, at most 20.
    """
    return {id: PALETTE[place % len(PALETTE)] for place, id in enumerate(ids)}
