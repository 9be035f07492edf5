"""A brought file, read once: its report, what training must know of it, and its arrays."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from trainer.config.data_spec import DataSpec
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.recent import Recent, identity
from trainer.data.uploads.report import Report
from trainer.data.uploads.shelf import Shelf, folder_for, open_folder, prune
from trainer.data.values import Arrays

#: Raised when the same file would be read into other arrays than before.
VERSION = 1
# Large arrays lie on disk, so that their size does not count here.
_kept = Recent(lambda found: 0)

Reading = tuple[Report, DataSpec | None]


@dataclass(frozen=True)
class Prepared:
    """What came of reading a file.

    Attributes:
        report: what was found.
        spec: None where the report has errors.
        arrays: None where the report has errors.
    """

    report: Report
    spec: DataSpec | None = None
    arrays: Arrays | None = None

    def ready(self) -> Prepared:
        """Returns itself; raises DataError with the first error where there is one."""
        self.report.refuse_errors()
        return self


def prepare(path: Path, recipe: dict, limits: Limits, read: Callable[[Shelf], Reading]) -> Prepared:
    """Returns what `read` makes of a file; from memory or disk if it was read the same way before.

    Args:
        path: the file.
        recipe: how it is read; JSON values.
        limits: in force.
        read: puts the arrays "x", "y", "x_test", … onto the shelf it is given, and returns the report, and the spec
            where there is no error.

    Raises:
        DataError: what `read` raises, or the arrays cannot be kept.
    """
    recipe = {**recipe, "version": VERSION, "limits": vars(limits)}
    return _kept.get(path, repr(recipe), lambda: read_or_open(path, recipe, limits, read))


def read_or_open(path: Path, recipe: dict, limits: Limits, read: Callable[[Shelf], Reading]) -> Prepared:
    """Returns what was kept on disk, or reads the file."""
    sha256 = digest(*identity(path))
    folder = folder_for(path, sha256, recipe)
    try:
        about, arrays = open_folder(folder)
        return Prepared(Report.from_json(about["report"]), DataSpec.from_json(about["spec"]), Arrays(**arrays))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    with Shelf(folder) as shelf:
        report, spec = read(shelf)
        if spec is None or report.errors:
            return Prepared(report)
        spec = dataclasses.replace(spec, sha256=sha256)
        arrays = shelf.finish({"report": report.to_json(), "spec": dataclasses.asdict(spec)})
    if any(isinstance(array, np.memmap) for array in arrays.values()):
        prune(limits.cache_bytes, folder)
    return Prepared(report, spec, Arrays(**arrays))


@lru_cache(maxsize=32)
def digest(path: str, size: int, time: int) -> str:
    """Returns a file's SHA-256 in hex; the size and time say whether it is still the same file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
