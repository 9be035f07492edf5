"""Progress of slow preparations, such as a download, reported to the listener in this thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, float | None], None]

_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


def report(text: str, fraction: float | None = None) -> None:
    """Reports progress to the listener of this thread, if there is one.

    Args:
        text: the current activity, for people: "Downloading mnist.npz (11 MB)".
        fraction: how much is done, in [0, 1]; None: unknown.
    """
    listener = _listener.get()
    if listener is not None:
        listener(text, fraction)


@contextmanager
def listening(callback: Listener) -> Iterator[None]:
    """Calls `callback(text, fraction)` for every report inside the block, in this thread.

    Outer listeners are called next. An exception from a callback ends the preparation: a way to cancel it.
    """
    outer = _listener.get()

    def both(text: str, fraction: float | None) -> None:
        callback(text, fraction)
        if outer is not None:
            outer(text, fraction)

    token = _listener.set(both)
    try:
        yield
    finally:
        _listener.reset(token)
