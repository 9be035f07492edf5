"""What a download holds in its own consumer, compared with the run, for the table of families and kinds."""

from __future__ import annotations

from tests.references import compare
from trainer.config.registry import EXPORTS, MODELS
from trainer.export import why_never

#: (family, kind) that a run of the family can never give.
never: set[tuple[str, str]] = set()


def family_of(run) -> str:
    """Returns the row of the table that a run belongs to: its model, and whether it reads a table of columns."""
    return MODELS[run.config.model].label + (", table" if run.spec.columns else "")


def check(run, kind: str, found, wanted, limit: float = 0.0) -> None:
    """Asserts that what a consumer read from a download is what the run has, and remembers the difference.

    Args:
        run: the run.
        kind: of the download, an entry of `EXPORTS`.
        found, wanted: array-like of one shape.
        limit: the largest difference allowed, relative to the run's value where that is above 1. 0: equal.
    """
    assert kind in EXPORTS
    compare.compare(family_of(run), kind, found, wanted, limit)


def note_refusals(run) -> None:
    """Remembers which kinds a run can never give."""
    never.update((family_of(run), kind) for kind in EXPORTS if why_never(run, kind))


def grid() -> list[list[str]]:
    """Returns the table: a header and one row per family; each cell is the largest difference."""
    families = sorted({family for family, kind in compare.rows if kind in EXPORTS})
    kinds = [kind for kind in EXPORTS if any((family, kind) in compare.rows for family in families)]
    return [["", *kinds], *([family, *(_cell(family, kind) for kind in kinds)] for family in families)]


def _cell(family: str, kind: str) -> str:
    row = compare.rows.get((family, kind))
    if row is None:
        return "never" if (family, kind) in never else "?"
    return ("0" if row.difference == 0 else f"{row.difference:.0e}") + (" !" if row.difference > row.limit else "")
