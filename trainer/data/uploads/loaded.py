"""An uploaded file that is read once: its report, its spec and its arrays, kept for the next caller."""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from trainer.config.data_spec import DataSpec
from trainer.data.uploads.array_cache import ArrayCache, folder_for, open_folder, prune
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.report import Report
from trainer.data.values import Arrays
from trainer.errors import DataError
from trainer.storage import sha256_of

#: Increase it when the same file would be read into other arrays than before.
VERSION = 1

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


class Recent:
    """Keeps the last few results by file and options, so that checking a recipe and training it read the file once.

    Args:
        size: returns how many bytes a result takes.
        most: number of results that are kept.
        most_bytes: their largest total size.
        is_last_kept: whether the last one is kept however large it is.
    """

    def __init__(
        self, size: Callable[[Any], int], *, most: int = 2, most_bytes: int = 2**28, is_last_kept: bool = False
    ):
        self._size, self._most, self._most_bytes, self._least = size, most, most_bytes, int(is_last_kept)
        self._lock, self._reading = threading.Lock(), [threading.RLock() for _ in range(16)]
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, path: Path, options: Hashable, make: Callable[[], Any]) -> Any:
        """Returns what `make` made of the file as it is now, at most once for the same options.

        Args:
            path: the file; its size and time of change show whether it is still the same.
            options: what else the result depends on.
            make: makes it.

        Raises:
            DataError: there is no such file.
        """
        key = (*identity(path), options)
        # Two tabs that ask for the same file read it once. Other files rarely share its lock.
        with self._reading[hash(key) % len(self._reading)]:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            found = make()
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > self._most or (
                    len(self._kept) > self._least and sum(map(self._size, self._kept.values())) > self._most_bytes
                ):
                    self._kept.popitem(last=False)
        return found


# Large arrays are on disk, so their size does not count.
_recent = Recent(lambda loaded: 0)


def identity(path: Path) -> tuple[str, int, int]:
    """Returns what changes when a file does: its path, its size in bytes, and its time of change in ns.

    Raises:
        DataError: there is no such file.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Correct the path.") from None
    return str(path.resolve()), status.st_size, status.st_mtime_ns


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

    def open_or_read() -> Loaded:
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

    return _recent.get(path, repr(recipe), open_or_read)


@lru_cache(maxsize=32)
def _digest(path: str, size: int, time: int) -> str:
    """Returns a file's SHA-256; size and time show whether the file changed."""
    return sha256_of(Path(path))
