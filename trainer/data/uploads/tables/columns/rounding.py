"""What float32 keeps of a column's numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Change, Finding
from trainer.data.uploads.tables.columns.summary import ColumnSummary
from trainer.data.uploads.tables.numbers.formats import TEXT

#: Rounding may move values by this fraction of their standard deviation before a warning is due.
MOST_ROUNDING = 1e-3


def note_rounding(summary: ColumnSummary, values: pa.ChunkedArray) -> list[Finding]:
    """Returns what is lost when numbers are rounded to float32, as training takes them.

    Args:
        summary: of the column.
        values: float64 (rows,), null where missing.
    """
    numbers = values.drop_null().to_numpy()
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = numbers.astype(np.float32)
        lost = np.sqrt(np.mean((narrow - numbers) ** 2)) if np.isfinite(narrow).all() and len(numbers) else 0.0
    is_coarse = lost > MOST_ROUNDING * float(np.std(numbers)) if lost else False
    if not is_coarse and not (lost and summary.is_whole):
        return []
    kept = len(np.unique(narrow))
    if kept == summary.unique:
        return []
    message = (
        f"Training takes 32-bit numbers, which tell {kept:,} of its {summary.unique:,} different values apart: whole "
        "numbers above 16,777,216 are rounded. Subtract a constant, use text if they are codes, or leave the column "
        "out."
        if summary.is_whole
        else f"Training takes 32-bit numbers, which tell {kept:,} of its {summary.unique:,} different values apart. "
        "Subtract a constant, so that the differences remain."
    )
    # Codes keep their text only where the file is text.
    change = Change("Keep as text", {"number_formats": {summary.name: TEXT}})
    level = "warning" if is_coarse or kept < 0.99 * summary.unique else "note"
    changes = (change,) if summary.is_whole else ()
    return [Finding(level, f"column {quoted(summary.name)}", message, summary.unique - kept, changes)]
