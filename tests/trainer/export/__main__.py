"""Opens every download by its own consumer and prints the differences: python -m tests.trainer.export [-k cnn]."""

import sys
from pathlib import Path

import pytest

from tests.references import compare
from tests.trainer.export.downloads import grid

_EXPLANATION = """
The largest difference between a download and its run, relative to the run's value where that is above 1.
0: equal to the last bit. never: the family does not offer it. ?: nothing of the selected tests measured it."""


def main(arguments: list[str]) -> int:
    """Returns pytest's exit code."""
    compare.is_full = True
    folder = Path(__file__).parent
    # Only these record what they compare.
    files = [str(folder / f"test_{name}.py") for name in ("export_families", "code")]
    code = pytest.main([*files, "-q", "--durations=0", "--durations-min=10", *arguments])
    header, *rows = grid()
    if rows:
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        print()
        for row in (header, *rows):
            first, *cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print("  ".join([first, *cells]).rstrip())
        print(_EXPLANATION)
    return int(code)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
