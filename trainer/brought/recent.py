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
        most: how many are kept.
    """

    def __init__(self, most: int = 2):
        self._most, self._lock = most, threading.RLock()
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
        try:
            found = path.stat()
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}. Correct the path.") from None
        key = (str(path.resolve()), found.st_size, found.st_mtime_ns, options)
        # One at a time: two tabs that ask for the same file need not read it twice.
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return self._kept[key]
