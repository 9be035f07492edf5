"""One start or resume of a run, from the newest checkpoint to whatever ends it. No thread of its own.

Pause, stop, crash and restart share this one path: a session writes a checkpoint (or dies after
one) and ends; the next session begins from the newest checkpoint that verifies.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.build import Plan, build
from trainer.checkpoint import drop_after, newest_state, prune, restore, sweep, write_checkpoint
from trainer.config import RunConfig
from trainer.engine import differences, fingerprint, load_engine
from trainer.errors import CheckpointError, DivergenceError
from trainer.history import History
from trainer.progress import listening


@dataclass
class Progress:
    """Where a session is; one writer, the training thread.

    Attributes:
        phase: what is being done, for people: "Building the model".
        step: updates so far.
        steps_per_epoch, total_steps: of the plan; 0 until it is known.
        seconds: of training in all, earlier sessions included.
        session_steps, session_seconds: since this start or resume; compilation and validation left out.
    """

    phase: str = ""
    step: int = 0
    steps_per_epoch: int = 0
    total_steps: int = 0
    seconds: float = 0.0
    session_steps: int = 0
    session_seconds: float = 0.0

    @property
    def steps_per_second(self) -> float | None:
        """Optimizer steps over the time spent training in this session, or None before the first."""
        return self.session_steps / self.session_seconds if self.session_seconds else None


class Session:
    """Trains a run from where it stands until it is complete or `wanted` says otherwise.

    Args:
        folder: of the run.
        config: its recipe.
        history: open for writing; this session is its only writer.
        progress: kept up to date for readers.
        wanted: returns None, or "pause", "stop" or "interrupt".
        note: called with a sentence for the run's log and page.
        begun: called with what is known once training begins: spec, fingerprint.
        background: runs the writing of checkpoints, one at a time.
        at_most: resume from no checkpoint above this step.
        clock: seconds; no number that is trained on depends on it.
    """

    def __init__(
        self,
        folder: Path,
        config: RunConfig,
        history: History,
        progress: Progress,
        *,
        wanted: Callable[[], str | None],
        note: Callable[[str], None],
        begun: Callable[[dict], None],
        background: Executor,
        known_fingerprint: dict | None = None,
        at_most: int | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ):
        self._folder, self._config, self._history, self.progress = folder, config, history, progress
        self._wanted, self._note, self._begun = wanted, note, begun
        self._background, self._known_fingerprint, self._at_most = background, known_fingerprint, at_most
        self._clock = clock
        self._checkpoints = folder / "checkpoints"
        self._writing: Future | None = None
        self._best: tuple[int, dict] | None = None
        self._left_out = 0.0
        self._pending_epoch = False

    def run(self) -> tuple[str, dict]:
        """Trains until something ends it.

        Returns:
            "completed", "pause", "stop" or "interrupt", and the test split's metrics where completed.

        Raises:
            DivergenceError: loss, gradients or weights are not finite; earlier checkpoints stay.
            TrainerError: the run cannot be built or gone on with.
        """
        # As many threads as the run began with, if this process still has the choice: its bits depend on it.
        load_engine(threads=(self._known_fingerprint or {}).get("threads") or None)
        import tensorflow as tf

        from trainer.loop import Evaluator, train

        self._say("Loading the data and building the model")
        with tf.device(self._config.device), listening(self._say):
            plan = build(self._config)
            self._learner = plan.learner
            try:
                self._validate = Evaluator(plan.learner, plan.dataset.validation) if plan.dataset.validation else None
                self._restore(plan)
                self._say("Compiling the training step")
                self._train(plan, train)
                outcome = self._wanted() if self.progress.step < plan.total_steps or self._pending_epoch else None
                self._say("Saving a checkpoint")
                self._checkpoint(wait=True)
                tested = {}
                if outcome is None and plan.dataset.test:
                    self._say("Measuring on the test split")
                    logs = Evaluator(plan.learner, plan.dataset.test)(lambda: self._wanted() is not None)
                    outcome = self._wanted() if logs is None else None
                    tested = {f"test_{name}": value for name, value in (logs or {}).items()}
                return outcome or "completed", tested
            except DivergenceError:
                with contextlib.suppress(DivergenceError):
                    self._write_best()
                raise
            finally:
                if self._writing:
                    self._writing.exception()  # Waits; what ended the session is already on its way.
                self._history.close_all()
                plan.learner.release()

    def _restore(self, plan: Plan) -> None:
        progress, learner = self.progress, plan.learner
        progress.steps_per_epoch, progress.total_steps = plan.steps_per_epoch, plan.total_steps
        sweep(self._checkpoints)
        checkpoint, arrays, notes = newest_state(self._checkpoints, self._at_most, set_aside=True)
        for note in notes:
            self._note(f"{note} It was set aside and the one before is used.")
        step = 0
        if checkpoint:
            restore(learner, arrays)
            step = checkpoint.step
        if self._at_most is not None:
            if step != self._at_most:
                raise CheckpointError(f"There is no usable checkpoint of step {self._at_most}. Resume from the latest.")
            drop_after(self._checkpoints, step)
        # An epoch that ended just at the checkpoint is measured again: the same bits, the same numbers.
        self._pending_epoch = bool(step) and step % plan.steps_per_epoch == 0
        columns = ("step", "epoch", "time", *learner.log_names())
        self._history.cut_to(step, step // plan.steps_per_epoch - self._pending_epoch, columns)
        times = self._history.rows(max(0, step - 1), step).get("time", ())
        progress.step, progress.seconds = step, float(times[-1]) if len(times) else 0.0
        progress.session_steps, progress.session_seconds = 0, 0.0
        print_now = fingerprint(self._config.device, learner.jit_compile)
        changed = differences(self._known_fingerprint, print_now) if step and self._known_fingerprint else []
        if changed:
            self._note(f"Continued, not bit-identical: {', '.join(changed)}.")
        self._begun({"spec": plan.dataset.spec, "fingerprint": print_now, "from_step": step})

    def _train(self, plan: Plan, train: Callable) -> None:
        config, progress, clock = self._config, self.progress, self._clock
        if self._pending_epoch and not self._end_epoch(self._learner.epoch_logs()):
            return
        if self._wanted():
            return
        base, first_step = progress.seconds, progress.step
        began = saved = flushed = clock()
        self._left_out = 0.0
        chunks = train(
            plan.learner,
            plan.dataset,
            epochs=config.epochs,
            batch_size=config.batch_size,
            seed=config.seed,
            step=progress.step,
        )
        for chunk in chunks:
            self._left_out += chunk.compile_seconds
            count = len(chunk.logs["loss"])
            active = clock() - began - self._left_out
            times = base + active - chunk.seconds * np.arange(count - 1, -1, -1) / count
            bad = self._first_bad(chunk)
            kept = slice(0, bad if bad is not None else count)
            steps = np.arange(chunk.step - count + 1, chunk.step + 1)
            rows = {"step": steps, "epoch": np.full(count, chunk.epoch), "time": times, **chunk.logs}
            if steps[kept].size:
                self._history.record({name: values[kept] for name, values in rows.items()})
            if bad is not None:
                progress.step = int(steps[bad]) - 1
                raise DivergenceError(f"The loss stopped being a finite number at step {steps[bad]}.")
            progress.step, progress.seconds = chunk.step, base + active
            progress.session_steps, progress.session_seconds = chunk.step - first_step, active
            if progress.phase:
                self._say("")
            if chunk.ends_epoch and not self._end_epoch(chunk.epoch_logs):
                return
            now = clock()
            if now - flushed >= 1:
                self._history.flush_all()
                flushed = now
            if now - saved >= config.checkpoint_seconds and chunk.step < plan.total_steps and self._is_free():
                self._checkpoint()
                saved = now
            if self._wanted():
                return

    def _first_bad(self, chunk) -> int | None:
        stride = self._learner.grad_norm_stride
        steps = np.arange(chunk.step - len(chunk.logs["loss"]) + 1, chunk.step + 1)
        bad = ~np.isfinite(chunk.logs["loss"])
        if "grad_norm" in chunk.logs:
            bad |= ~np.isfinite(chunk.logs["grad_norm"]) & (steps % stride == 0)
        return int(np.argmax(bad)) if bad.any() else None

    def _end_epoch(self, logs: dict[str, float]) -> bool:
        """Measures on the validation split and adds the epoch's row; False where it was called off."""
        progress = self.progress
        self._pending_epoch = True
        if self._validate:
            began = self._clock()
            measured = self._validate(lambda: self._wanted() is not None)
            self._left_out += self._clock() - began
            if measured is None:
                return False
            logs = logs | {f"val_{name}": value for name, value in measured.items()}
        epoch = progress.step // progress.steps_per_epoch
        row = {"epoch": epoch, "step": progress.step, "time": progress.seconds, **logs}
        self._history.epochs.append({name: np.array([value]) for name, value in row.items()})
        self._pending_epoch = False
        if best_epoch(self._history.epochs) == len(self._history.epochs) - 1:
            self._best = progress.step, self._learner.snapshot()
        self._history.notify()
        return True

    def _is_free(self) -> bool:
        """Whether no checkpoint is being written; raises what went wrong with the last one."""
        if self._writing is not None and self._writing.done():
            self._settle()
        return self._writing is None

    def _settle(self) -> None:
        """Waits for the checkpoint that is being written, if one is; raises what went wrong with it."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def _checkpoint(self, wait: bool = False) -> None:
        """Takes the state now and writes it: here if `wait`, else in the background."""
        self._settle()
        best, self._best = self._best, None
        newest = self.progress.step, self._learner.snapshot()
        # A checkpoint must never be ahead of the history that goes with it.
        work = self._write, best, newest, self._history.flush_all(), best_step(self._history.epochs)
        if not wait:
            with contextlib.suppress(RuntimeError):  # The interpreter is ending and takes no more work.
                self._writing = self._background.submit(*work)
                return
        self._write(*work[1:])

    def _write_best(self) -> None:
        if self._best and self._is_free():
            self._write(None, self._best, self._history.flush_all(), self._best[0])

    def _write(self, best, newest, descriptors: list[int], best_step: int | None) -> None:
        for descriptor in descriptors:
            os.fsync(descriptor)
        for step, snapshot in dict(filter(None, (best, newest))).items():
            if step:
                write_checkpoint(self._checkpoints, step, snapshot, self._paths(), self._manifest(step))
        prune(self._checkpoints, self._config.keep_checkpoints, {best_step} if best_step else set())

    def _paths(self) -> dict[str, list[str]]:
        return {part: [getattr(v, "path", v.name) for v in vs] for part, vs in self._learner.variables().items()}

    def _manifest(self, step: int) -> dict:
        return {
            "epoch": (step - 1) // self.progress.steps_per_epoch + 1,
            "config": self._config.model_dump(),
        }

    def _say(self, phase: str, fraction: float | None = None) -> None:
        self.progress.phase = phase + (f" ({fraction:.0%})" if fraction is not None else "")
        self._history.notify()


def best_epoch(epochs) -> int | None:
    """Returns the row of the lowest val_loss (loss where nothing is validated), the first of equals."""
    rows = epochs.rows(0, len(epochs))
    values = rows.get("val_loss", rows.get("loss"))
    if values is None or not len(values) or not np.isfinite(values).any():
        return None
    return int(np.nanargmin(values))


def best_step(epochs) -> int | None:
    """Returns the step at the end of the best epoch, or None before the first."""
    row = best_epoch(epochs)
    return None if row is None else int(epochs.rows(row, row + 1)["step"][0])
