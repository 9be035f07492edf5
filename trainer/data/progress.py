"""Progress of slow preparations, such as a download, told to whoever listens in this thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, float | None], None]

_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


def report(text: str, fraction: float | None = None) -> None:
    """Tells the listener of this thread, if there is one, what is being done.

    Args:
        text: what is being done, ready to be shown: "Downloading mnist.npz (11 MB)".
        fraction: how much of it is done, in [0, 1]; None: not known.
    """
    listener = _listener.get()
    if listener is not None:
        listener(text, fraction)


@contextmanager
def listening(callback: Listener) -> Iterator[None]:
    """Calls `callback(text, fraction)` for every report made inside the block, in this thread.

    Listeners outside the block hear it next. Whatever a callback raises ends the preparation that reported:
    a way to cancel it.
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
