"""When and where a session's state is written: newest and best, in the background or at once."""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

from trainer.checkpoint import prune, write_checkpoint
from trainer.config import RunConfig
from trainer.history import History


@dataclass(frozen=True)
class Moment:
    """The state at one step.

    Attributes:
        step: updates made.
        epochs: rows in the epochs' table: at an epoch's end, whether it is measured already.
        snapshot: as `Learner.snapshot` gives it.
    """

    step: int
    epochs: int
    snapshot: dict


class Saver:
    """Takes the state in the training thread, between steps, and has it written elsewhere.

    Args:
        folder: the run's `checkpoints` folder.
        config: the recipe.
        steps_per_epoch: optimizer steps in one pass.
        learner: whose state it is.
        history: written to disk before each checkpoint, which must never be ahead of it.
        background: runs the writing, one at a time.
    """

    def __init__(
        self, folder: Path, config: RunConfig, steps_per_epoch: int, learner, history: History, background: Executor
    ):
        self._folder, self._config, self._steps_per_epoch, self._learner = folder, config, steps_per_epoch, learner
        self._history, self._background = history, background
        self._writing: Future | None = None
        #: The best epoch's state, for as long as it is not written.
        self.best: Moment | None = None

    def take(self, step: int) -> Moment:
        """Returns the state as it is now."""
        return Moment(step, len(self._history.epochs), self._learner.snapshot())

    def is_free(self) -> bool:
        """Whether no checkpoint is being written; raises what went wrong with the last one."""
        if self._writing is not None and self._writing.done():
            self.settle()
        return self._writing is None

    def settle(self) -> None:
        """Waits for the checkpoint that is being written, if one is; raises what went wrong with it."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def save(self, step: int, best_step: int | None, wait: bool = False) -> None:
        """Writes the state of now, and the best epoch's if that is still to be written.

        Args:
            step: updates made.
            best_step: whose checkpoint is kept beside the newest ones.
            wait: write it here; else in the background.
        """
        self.settle()
        moments = [*filter(None, (self.best,)), self.take(step)]
        self.best = None
        work = self._write, moments, self._history.flush_all(), best_step
        if not wait:
            with contextlib.suppress(RuntimeError):  # The interpreter is ending and takes no more work.
                self._writing = self._background.submit(*work)
                return
        self._write(*work[1:])

    def save_best(self) -> None:
        """Writes the best epoch's state alone, where what came after it is not worth keeping."""
        if self.best and self.is_free():
            self._write([self.best], self._history.flush_all(), self.best.step)

    def close(self) -> None:
        """Waits for what is being written; what ended the session is already on its way."""
        if self._writing:
            self._writing.exception()

    def _write(self, moments: list[Moment], descriptors: list[int], best_step: int | None) -> None:
        for descriptor in descriptors:
            os.fsync(descriptor)
        # Of two moments at one step the later one counts.
        for moment in {moment.step: moment for moment in moments if moment.step}.values():
            write_checkpoint(self._folder, moment.step, moment.snapshot, self._paths(), self._manifest(moment))
        prune(self._folder, self._config.keep_checkpoints, {best_step} if best_step else set())

    def _paths(self) -> dict[str, list[str]]:
        return {part: [getattr(v, "path", v.name) for v in vs] for part, vs in self._learner.variables().items()}

    def _manifest(self, moment: Moment) -> dict:
        epoch = (moment.step - 1) // self._steps_per_epoch + 1
        return {"epoch": epoch, "epochs": moment.epochs, "config": self._config.model_dump()}
