"""What was made of a file last is kept, so that checking a recipe and training it read the file once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

from trainer.errors import DataError


class Recent:
    """Keeps the last few results, by file and options.

    Args:
        size: tells how many bytes a result is.
        most: how many are kept.
        most_bytes: how large they may be together.
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
            path: the file; its size and time of change tell whether it is still the same.
            options: what else the result depends on.
            make: makes it.

        Raises:
            DataError: there is no such file.
        """
        key = (*identity(path), options)
        # A file is read once at a time: two tabs that ask for it need not read it twice. Others need not wait for
        # it, but for the rare two of one lock.
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


def identity(path: Path) -> tuple[str, int, int]:
    """Returns what changes when a file does: where it is, its size in bytes, and when it was written (ns).

    Raises:
        DataError: it is not there.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Correct the path.") from None
    return str(path.resolve()), status.st_size, status.st_mtime_ns
