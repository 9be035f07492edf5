"""A profile of a few steps for TensorBoard: the time of each operation, by thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from trainer.training.sessions.events import Event, Note, Rows


class StepProfile:
    """Records the first steps after compilation with TensorFlow's profiler. No bit of the run depends on it.

    It begins and ends between calls of the loop, so it holds at least as many whole steps as were asked for.

    Args:
        folder: where the profile is written; if it exists, from before a pause, nothing is recorded.
        steps: how many; 0: none.
        note: called with a sentence if profiling fails.
    """

    def __init__(self, folder: Path, steps: int, note: Callable[[str], None]):
        self._folder, self._note = folder, note
        self._left = 0 if folder.exists() else steps
        self._is_on = False

    def after(self, steps: int) -> None:
        """Starts, continues or ends the recording after a call of the loop that made `steps` steps."""
        if self._is_on:
            self._left -= steps
            if self._left <= 0:
                self.close()
        elif self._left > 0:
            self._begin()

    def close(self) -> None:
        """Ends the recording and writes it."""
        if not self._is_on:
            return
        import tensorflow as tf

        self._is_on, self._left = False, 0
        try:
            tf.profiler.experimental.stop()
        except (tf.errors.OpError, OSError) as error:
            self._give_up(error)

    def _begin(self) -> None:
        import tensorflow as tf

        try:
            tf.profiler.experimental.start(str(self._folder))
            self._is_on = True
        except (tf.errors.OpError, OSError) as error:
            # A process can record only one profile at a time.
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._left = 0
        reason = str(error).strip().split("\n")[0][:200].rstrip(".")
        self._note(f"The steps could not be profiled: {reason}. Training continued without a profile.")


def profiled(events: Iterator[Event], folder: Path, steps: int) -> Iterator[Event]:
    """Passes events on while the first steps are recorded.

    Args:
        events: of a session in this process.
        folder, steps: see `StepProfile`.
    """
    notes: list[str] = []
    profile = StepProfile(folder, steps, notes.append)
    try:
        for event in events:
            yield event
            if isinstance(event, Rows):
                profile.after(len(event.columns["step"]))
            while notes:
                yield Note(notes.pop())
    finally:
        profile.close()
