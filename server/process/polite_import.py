"""Imports TensorFlow in the time that the pages leave over.

The import keeps one processor and most of the GIL busy for about two seconds. It begins with the server, and
pauses between two modules while a page waits.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

_NAP = 0.002  # seconds between two looks
#: Seconds of all pauses together, at most: a page may wait for a module that is paused.
LONGEST = 3.0
#: No page imports these, so a page never waits for a module whose import is paused.
_PAUSED = ("tensorflow.", "keras.")


@contextlib.contextmanager
def polite_imports(is_busy: Callable[[], bool]) -> Iterator[None]:
    """Has this thread's imports of TensorFlow and Keras pause inside the block while `is_busy()`."""
    finder = _Finder(_Pauses(is_busy))
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Pauses:
    """Waits while somebody else is busy."""

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        self._is_busy, self._left = is_busy, LONGEST

    def wait(self) -> None:
        """Returns once nobody else is busy, or all pauses together have become too long."""
        while self._left > 0 and self._is_busy():
            began = time.monotonic()
            time.sleep(_NAP)
            self._left -= time.monotonic() - began  # a nap lasts longer where others hold the GIL


class _Finder:
    """Finds modules as Python does, and gives them a loader that pauses."""

    def __init__(self, pauses: _Pauses) -> None:
        self._pauses, self._thread = pauses, threading.get_ident()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Returns the spec of a Python file; None for all else, so that Python asks the next finder."""
        if threading.get_ident() != self._thread or not name.startswith(_PAUSED):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader:
            return None
        spec.loader = _Loader(spec.loader.name, spec.loader.path)
        spec.loader.pauses = self._pauses
        return spec


class _Loader(SourceFileLoader):
    """Waits before it runs a module. Not in the finder: Python calls finders with a lock that all imports take."""

    pauses: _Pauses

    def exec_module(self, module: ModuleType) -> None:
        """Runs the module after a pause, if somebody else is busy."""
        self.pauses.wait()
        super().exec_module(module)
