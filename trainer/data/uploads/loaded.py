"""An uploaded file that was read once: its report, its spec and its arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from trainer.config.data_spec import DataSpec
from trainer.data.uploads.array_cache import ArrayCache, folder_for, open_folder, prune
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.recent import Recent, identity
from trainer.data.uploads.report import Report
from trainer.data.values import Arrays
from trainer.storage import sha256_of

#: Increase it when the same file would be read into other arrays than before.
VERSION = 1
# Large arrays are on disk, so their size does not count.
_recent = Recent(lambda loaded: 0)

Reading = tuple[Report, DataSpec | None]


@dataclass(frozen=True)
class Loaded:
    """What was read from a file.

    Attributes:
        report: on the file.
        spec, arrays: None where the report has errors.
    """

    report: Report
    spec: DataSpec | None = None
    arrays: Arrays | None = None

    def ready(self) -> Loaded:
        """Returns itself; raises DataError where the report has errors."""
        self.report.refuse_errors()
        return self


def read_once(path: Path, recipe: dict, limits: Limits, read: Callable[[ArrayCache], Reading]) -> Loaded:
    """Returns what `read` makes of a file, from memory or disk if it was read the same way before.

    Args:
        path: the file.
        recipe: how it is read, as JSON values.
        limits: in force.
        read: adds the arrays "x", "y", "x_test", … to the given cache, and returns the report and, without errors,
            the spec.

    Raises:
        DataError: from `read`, or the arrays cannot be stored.
    """
    recipe = {**recipe, "version": VERSION, "limits": vars(limits)}
    return _recent.get(path, repr(recipe), lambda: _open_or_read(path, recipe, limits, read))


def _open_or_read(path: Path, recipe: dict, limits: Limits, read: Callable[[ArrayCache], Reading]) -> Loaded:
    sha256 = _digest(*identity(path))
    folder = folder_for(path, sha256, recipe)
    try:
        about, arrays = open_folder(folder)
        return Loaded(Report.from_json(about["report"]), DataSpec.from_json(about["spec"]), Arrays(**arrays))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    with ArrayCache(folder) as cache:
        report, spec = read(cache)
        if spec is None or report.errors:
            return Loaded(report)
        spec = dataclasses.replace(spec, sha256=sha256)
        arrays = cache.finish({"report": report.to_json(), "spec": dataclasses.asdict(spec)})
    if any(isinstance(array, np.memmap) for array in arrays.values()):
        prune(limits.cache_bytes, folder)
    return Loaded(report, spec, Arrays(**arrays))


@lru_cache(maxsize=32)
def _digest(path: str, size: int, time: int) -> str:
    """Returns a file's SHA-256; size and time show whether the file changed."""
    return sha256_of(Path(path))
