"""Jobs: work on trained models, done by one background thread that gives way to training."""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from trainer.errors import TrainerError
from trainer.runs.worker import count_training, in_background

#: While a run trains, a job works at most this part of the time.
SHARE = 0.1
#: Finished jobs that are kept for whoever asks for the same again.
_MOST_KEPT = 32


class JobCancelled(Exception):
    """Nobody wants the result any more."""


@dataclass
class Job:
    """One piece of work.

    Attributes:
        key: what it is; the same key is the same work.
        result: once it is done.
        error: a sentence, if it failed.
        fraction: how much is done, in [0, 1].
        seconds: it took, once it has ended.
    """

    key: tuple
    work: Callable[[Job], Any] = field(repr=False)
    result: Any = None
    error: str = ""
    fraction: float = 0.0
    seconds: float = 0.0
    is_done: bool = False
    is_cancelled: bool = False
    _worked_since: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)

    def tell(self, fraction: float) -> None:
        """Notes how much is done."""
        self.fraction = fraction

    def give_way(self) -> None:
        """Sleeps between two batches while a run trains, so that training keeps its speed.

        Raises:
            JobCancelled: nobody wants the result.
        """
        if self.is_cancelled:
            raise JobCancelled
        worked = time.monotonic() - self._worked_since
        if count_training():
            time.sleep(min(worked * (1 / SHARE - 1), 1.0))
        self._worked_since = time.monotonic()

    def cancel(self) -> None:
        """Ends the work at its next batch."""
        self.is_cancelled = True

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the job has ended; returns whether it has."""
        return self._ended.wait(timeout)

    def run(self) -> None:
        """Does the work, in this thread. Never raises."""
        began = self._worked_since = time.monotonic()
        try:
            if not self.is_cancelled:
                self.result = self.work(self)
        except JobCancelled:
            self.is_cancelled = True
        except (TrainerError, OSError) as error:
            self.error = str(error)
        except Exception as error:  # A page shows this sentence; nothing else would know of it.
            traceback.print_exc()
            self.error = f"This could not be computed: {type(error).__name__}: {error}"
        self.seconds, self.is_done = time.monotonic() - began, not self.is_cancelled
        self._ended.set()


_jobs: OrderedDict[tuple, Job] = OrderedDict()
_waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
_lock = threading.Lock()
_thread: threading.Thread | None = None


def ask(key: tuple, work: Callable[[Job], Any]) -> Job:
    """Returns the job of this key; starts it if nobody has asked for it before.

    Args:
        key: names the work and everything that its result depends on.
        work: function (job) → result; calls `job.give_way()` between batches and may call `job.tell(fraction)`.
            A TrainerError becomes the job's `error`.
    """
    global _thread
    with _lock:
        job = _jobs.get(key)
        if job is None or job.is_cancelled:
            job = _jobs[key] = Job(key, work)
            _waiting.put(job)
        _jobs.move_to_end(key)
        for old in list(_jobs):
            if len(_jobs) <= _MOST_KEPT:
                break
            if _jobs[old].is_done:
                del _jobs[old]
        if _thread is None or not _thread.is_alive():
            _thread = in_background(_work, "analysis")
    return job


def forget(key: tuple) -> None:
    """Cancels the job of this key and drops its result, so that the next `ask` starts again."""
    with _lock:
        if job := _jobs.pop(key, None):
            job.cancel()


def _work() -> None:
    # No lower priority of the system: a thread that holds Python's lock and gets no processor stops all others.
    while True:
        _waiting.get().run()
