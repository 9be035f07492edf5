"""Tells requests that take long that the server has been asked to stop.

uvicorn closes sockets by itself then, but waits for a request until it is
answered: an upload over a slow line would keep the runs from their checkpoint.
"""

import contextlib
import signal
import threading
from collections.abc import Iterator


class Leaving:
    """Whether the process has been asked to stop."""

    def __init__(self) -> None:
        self.has_begun = False

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Takes note of SIGTERM and SIGINT inside the block, before whoever handled them so far."""
        if threading.current_thread() is not threading.main_thread():
            yield  # Python handles signals in the main thread alone
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

        def note(number, frame):
            self.has_begun = True
            if callable(before[number]):
                before[number](number, frame)

        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, note)
        try:
            yield
        finally:
            for number, handler in before.items():
                if signal.getsignal(number) is note:
                    signal.signal(number, handler)


leaving = Leaving()
"""The process's."""
