"""Worker: the thread that trains a run.

It waits for the run's turn, then carries a session's events to the writer of the run's folder.
This is the only file of the engine that starts threads.
"""

from __future__ import annotations

import contextlib
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trainer.config.run_config import RunConfig
from trainer.data.progress import listening
from trainer.errors import DivergenceError, SessionLost
from trainer.runs.checkpoint import list_checkpoints
from trainer.runs.endings.failures import advise_on_divergence, explain_failure
from trainer.runs.event_log import read_settings
from trainer.runs.history import History
from trainer.runs.profiling import profiled
from trainer.runs.queue.order import Entry
from trainer.runs.queue.place import Place
from trainer.runs.queue.slots import count_local_slots
from trainer.runs.state import RunState
from trainer.runs.writer import Writer
from trainer.training.sessions.commands import Command, Commands, Ending, with_settings
from trainer.training.sessions.events import Event, Phase
from trainer.training.sessions.session import SessionState

#: Where a session runs: yields the events of (recipe, state, commands). `session` runs it in the calling thread.
Backend = Callable[[RunConfig, SessionState, Commands], Iterator[Event]]


class Worker:
    """Trains a run in a background thread until its session ends.

    Args:
        folder: of the run; the caller has locked it for this process.
        config: the recipe.
        history: as it is on disk now.
        state: as it is on disk now.
        backend: runs the session.
        entry: what it was asked to do, as it is in the queue.
        on_end: called in the thread when the session is over; it must call `writer.finish`.
        count_slots: see `Place`.
    """

    def __init__(
        self,
        folder: Path,
        config: RunConfig,
        history: History,
        state: RunState,
        backend: Backend,
        *,
        entry: Entry,
        on_end: Callable[[Writer], None],
        count_slots: Callable[[], int] = count_local_slots,
    ):
        self.commands = Commands(*entry.settings)
        self.place = Place(folder, entry, count_slots)
        self._background = ThreadPoolExecutor(1, thread_name_prefix=f"checkpoints-{folder.name}")
        self.writer = Writer(folder, config, history, state, self._background, entry.command)
        self._folder, self._config, self._backend = folder, config, backend
        self._at_most, self._on_end, self._is_here = entry.at_most, on_end, entry.where == "local"
        self._thread = threading.Thread(target=self._work, name=f"run-{folder.name}", daemon=True)

    def start(self) -> None:
        """Takes a slot or a place in the queue, and starts the thread.

        Raises:
            StorageError: the folder of the queue cannot be written.
        """
        self.place.enter()
        try:
            self._thread.start()
        except BaseException:
            self.place.leave()
            raise

    def give(self, command: Command) -> bool:
        """Gives a command to the run; returns False if it has already been asked to end."""
        is_given = self.commands.give(command)
        if is_given and self.place.is_waiting:
            if not isinstance(command, Ending):
                self.place.add_setting(command)
            self.place.wake()
        return is_given

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the thread has ended; returns whether it has.

        Args:
            timeout: seconds, or None for no limit.
        """
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        writer = self.writer
        try:
            with self._background, contextlib.closing(writer):
                ending = self.place.wait(self.commands, writer.tell_phase)
                if ending is None:
                    self._apply_events(writer)
                else:
                    writer.end_waiting(ending)
        except BaseException as error:  # Whatever goes wrong, the run must not stay "running".
            writer.fail(explain_failure(error, self._folder), traceback.format_exc())
        self._on_end(writer)

    def _apply_events(self, writer: Writer) -> None:
        config = self._config
        events = self._backend(config, writer.open(self._at_most), self.commands)
        with contextlib.closing(events), listening(lambda text, part: writer.apply(Phase(text, part))):
            try:
                # The profiler sees this process only.
                steps = config.profile_steps if self._is_here else 0
                for event in profiled(events, self._folder / "profile", steps):
                    writer.apply(event)
            except SessionLost as error:
                writer.save_best()
                writer.lose(str(error), list_checkpoints(self._folder / "checkpoints"))
            except DivergenceError as error:
                writer.save_best()
                config = with_settings(config, read_settings(self._folder), writer.state.step)
                advice = advise_on_divergence(config, list_checkpoints(self._folder / "checkpoints"))
                writer.fail(f"{error} {advice}", traceback.format_exc(), has_diverged=True)


def count_training() -> int:
    """Returns how many runs this process trains or prepares now."""
    return sum(thread.name.startswith("run-") for thread in threading.enumerate())


def in_background(work: Callable[[], object], name: str) -> threading.Thread:
    """Does some work in a thread that does not keep the process alive; returns the thread."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread
