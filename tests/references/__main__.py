"""Runs every comparison and prints the table: python -m tests.references [options of pytest]."""

import sys
from pathlib import Path

import pytest

from tests.references import compare


def main(arguments: list[str]) -> int:
    """Returns pytest's exit code."""
    compare.is_full = True
    code = pytest.main([str(Path(__file__).parent), "-q", "--durations=0", "--durations-min=10", *arguments])
    rows = sorted(compare.rows.values(), key=lambda row: (row.number, row.reference))
    if rows:
        number, reference = (max(len(getattr(row, name)) for row in rows) for name in ("number", "reference"))
        print(f"\n{'number':{number}}  {'reference':{reference}}  {'values':>7}  difference  limit")
        for row in rows:
            difference = f"{row.difference:.1e}" if row.difference else "0"
            mark = "" if row.difference <= row.limit else "  DIFFERS"
            names = f"{row.number:{number}}  {row.reference:{reference}}"
            print(f"{names}  {row.count:>7,}  {difference:>10}  {row.limit:g}{mark}")
    return int(code)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
