"""Ends the server: the runs save at once, and no client can delay the end of the process.

uvicorn waits for every connection before it tells the application that it stops, without a limit.
Here a thread of its own has the runs save as soon as a signal comes, gives the server a few seconds
to end by itself, and then ends the process. Either way the process dies by the signal that came,
before uvicorn can turn Ctrl-C into a KeyboardInterrupt with a traceback.
"""

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator

DEADLINE = 3  # seconds the server may take to end once the runs have saved
SIGNALS = (signal.SIGTERM, signal.SIGINT) + ((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ())

log = logging.getLogger(__name__)


def die_by(number: int) -> None:
    """Ends the process as if the signal were not handled. Call it in the main thread."""
    flush()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def give_up(number: int) -> None:
    """Ends the process from any thread, with the exit code that a shell gives to the signal."""
    log.warning("The server exits without waiting for its clients.")
    flush()
    os._exit(128 + number)


def flush() -> None:
    """Flushes stdout and stderr; the terminal may be closed."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


class Shutdown:
    """Whether the process has been asked to end, and what follows from it.

    Args:
        end: ends the process, given the signal, once the server has ended.
        give_up: the same where the server has not ended in time.
        deadline: seconds the server may take to end once the runs have saved.
    """

    def __init__(
        self,
        end: Callable[[int], None] = die_by,
        give_up: Callable[[int], None] = give_up,
        deadline: float = DEADLINE,
    ) -> None:
        self.has_begun = False
        self._end = end
        self._give_up = give_up
        self._deadline = deadline
        self._number: int | None = None
        self._signals: queue.SimpleQueue[int | None] = queue.SimpleQueue()  # put() is safe in a signal handler

    @contextlib.contextmanager
    def watched(self, save: Callable[[], None]) -> Iterator[None]:
        """Handles SIGTERM, SIGINT and SIGHUP inside the block; after one of them the process ends with the block.

        Args:
            save: has the runs write a checkpoint and waits for them; called in another thread, maybe twice.
        """
        before = {number: signal.getsignal(number) for number in SIGNALS}
        # Python handles signals in the main thread only; without a server's handler the default is right.
        if threading.current_thread() is not threading.main_thread() or not callable(before[signal.SIGTERM]):
            yield
            return

        def note(number, frame):
            if not self.has_begun:
                self.has_begun, self._number = True, number
                # uvicorn does not know SIGHUP: to it, a closed terminal is a request to end like any other.
                known = number if callable(before[number]) else signal.SIGTERM
                before[known](known, frame)
            self._signals.put(number)

        for number, handler in before.items():
            if handler is not signal.SIG_IGN:  # as nohup sets it
                signal.signal(number, note)
        threading.Thread(target=self._wait, args=(save,), name="shutdown", daemon=True).start()
        try:
            yield
        finally:
            if self.has_begun:
                self._end(self._number)
            self._signals.put(None)
            for number, handler in before.items():
                if signal.getsignal(number) is note:
                    signal.signal(number, handler)

    def _wait(self, save: Callable[[], None]) -> None:
        number = self._signals.get()
        if number is None:
            return
        self._save(save)
        with contextlib.suppress(queue.Empty):
            # A second signal ends the process at once; None says that the server has ended by itself.
            if self._signals.get(timeout=self._deadline) is None:
                return
        self._save(save)  # what was started in the meantime
        self._give_up(number)

    def _save(self, save: Callable[[], None]) -> None:
        try:
            save()
        except Exception:
            log.exception("The runs could not be asked to save.")


shutdown = Shutdown()
"""The process's."""
