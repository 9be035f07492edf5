"""One start or resume of a run, from the newest checkpoint to whatever ends it. No thread of its own.

Pause, stop, crash and restart share this one path: a session writes a checkpoint (or dies after
one) and ends; the next session begins from the newest checkpoint that verifies.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.build import Plan, build
from trainer.checkpoint import drop_after, list_checkpoints, newest_state, read_state, restore, state_arrays, sweep
from trainer.config import RunConfig, best_epoch, best_step
from trainer.dataset import DataSpec
from trainer.engine import differences, fingerprint, load_engine
from trainer.errors import CheckpointError, DivergenceError
from trainer.history import History
from trainer.plateau import is_improved, triggers
from trainer.profiling import StepProfile
from trainer.progress import listening
from trainer.recycling import give_back, recycle
from trainer.samples import SampleFolder
from trainer.saver import Saver


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


class PreparationEnded(Exception):
    """Somebody wants the session to end while its data is still being fetched or read."""


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
        known_fingerprint: what the bits of the run depended on when it began.
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
        known_spec: DataSpec | None = None,
        at_most: int | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ):
        self._folder, self._config, self._history, self.progress = folder, config, history, progress
        self._wanted, self._note, self._begun = wanted, note, begun
        self._background, self._known_fingerprint, self._at_most = background, known_fingerprint, at_most
        self._known_spec = known_spec
        self._clock = clock
        self._checkpoints = folder / "checkpoints"
        self._learner = None
        self._left_out = 0.0
        self._pending_epoch = False
        #: The best value so far of what makes an epoch the best one.
        self._best: float | None = None
        #: Why the run is complete before its last epoch, if it is.
        self.ended_early = ""

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
        with tf.device(self._config.device), listening(self._hear):
            try:
                plan = recycle(build(self._config, self._known_spec), self._config)
            except PreparationEnded:
                # Nothing was trained, so there is nothing to save: the next session begins as this one did.
                return self._wanted(), {}
            self._learner = plan.learner
            self._saver = Saver(
                self._checkpoints, self._config, plan.steps_per_epoch, plan.learner, self._history, self._background
            )
            self._samples = SampleFolder(self._folder / "samples", self._clock)
            self._profile = StepProfile(self._folder / "profile", self._config.profile_steps, self._note)
            try:
                self._validate = Evaluator(plan.learner, plan.dataset.validation) if plan.dataset.validation else None
                self._restore(plan)
                self._say("Compiling the training step")
                self._train(plan, train)
                is_complete = self.ended_early or (self.progress.step >= plan.total_steps and not self._pending_epoch)
                outcome = None if is_complete else self._wanted()
                self._say("Saving a checkpoint")
                self._saver.save(self.progress.step, best_step(self._config, self._history.epochs), wait=True)
                tested = self._measure_final(plan, Evaluator) if outcome is None else {}
                return (outcome or "completed", tested) if tested is not None else (self._wanted(), {})
            except DivergenceError:
                with contextlib.suppress(DivergenceError):
                    self._saver.save_best()
                raise
            finally:
                self._profile.close()
                self._saver.close()
                self._history.close_all()
                give_back(plan.learner)

    def _restore(self, plan: Plan) -> None:
        progress, learner = self.progress, plan.learner
        progress.steps_per_epoch, progress.total_steps = plan.steps_per_epoch, plan.total_steps
        sweep(self._checkpoints)
        checkpoint, arrays, notes = newest_state(self._checkpoints, self._at_most, set_aside=True)
        for note in notes:
            self._note(f"{note} It was set aside and the one before is used.")
        step = epochs = 0
        if checkpoint:
            restore(learner, arrays)
            step = checkpoint.step
            epochs = min(checkpoint.manifest["epochs"], step // plan.steps_per_epoch)
        if self._at_most is not None:
            if step != self._at_most:
                raise CheckpointError(f"There is no usable checkpoint of step {self._at_most}. Resume from the latest.")
            drop_after(self._checkpoints, step)
        # An epoch may have ended just at the checkpoint and not be measured yet.
        self._pending_epoch = bool(step) and step % plan.steps_per_epoch == 0 and epochs < step // plan.steps_per_epoch
        self._history.cut_to(step, epochs, ("step", "epoch", "time", *learner.log_names()))
        best = best_epoch(self._config, self._history.epochs)
        self._best = None if best is None else float(self._history.epochs.rows(best, best + 1)[self._config.best_by][0])
        times = self._history.rows(max(0, step - 1), step).get("time", ())
        progress.step, progress.seconds = step, float(times[-1]) if len(times) else 0.0
        progress.session_steps, progress.session_seconds = 0, 0.0
        print_now = fingerprint(self._config.device, learner.jit_compile)
        changed = differences(self._known_fingerprint, print_now) if step and self._known_fingerprint else []
        if changed:
            self._note(f"Continued, not bit-identical: {', '.join(changed)}.")
        stride = learner.grad_norm_stride
        for sentence in plan.dataset.notes:
            self._note(sentence)
        known = {"spec": plan.dataset.spec, "fingerprint": print_now, "grad_norm_stride": stride, "from_step": step}
        self._begun(known)

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
            asked = clock()
            self._profile.after(count)
            self._left_out += clock() - asked
            if chunk.ends_epoch and not self._end_epoch(chunk.epoch_logs):
                return
            if chunk.ends_epoch and config.checkpoint_epochs and chunk.epoch % config.checkpoint_epochs == 0:
                self._saver.save(chunk.step, best_step(config, self._history.epochs))
            now = clock()
            if now - flushed >= 1:
                self._history.flush_all()
                flushed = now
            is_due = now - saved >= config.checkpoint_seconds and chunk.step < plan.total_steps
            if is_due and self._saver.is_free():
                self._saver.save(chunk.step, best_step(config, self._history.epochs))
                saved = now
            if self._wanted():
                return

    def _measure_final(self, plan: Plan, evaluator: type) -> dict[str, float] | None:
        """Measures the final state on the test split; None where that was interrupted.

        Where there is no test split, what it reaches over all of the validation split stands in the
        epochs' table, and each class alone is measured here.
        """
        is_tested = plan.dataset.test is not None
        if not is_tested and not (self._validate and self._learner.measures_classes):
            return {}
        self._say(f"Measuring on the {'test' if is_tested else 'validation'} split")
        measure = evaluator(plan.learner, plan.dataset.test) if is_tested else self._validate
        logs = measure(lambda: self._wanted() is not None)
        if logs is None:
            return None
        by_class = self._learner.eval_logs_by_class()
        if not is_tested:
            return {f"val_{name}": value for name, value in by_class.items()}
        return {f"test_{name}": value for name, value in (logs | by_class).items()}

    def _first_bad(self, chunk) -> int | None:
        stride = self._learner.grad_norm_stride
        steps = np.arange(chunk.step - len(chunk.logs["loss"]) + 1, chunk.step + 1)
        bad = ~np.isfinite(chunk.logs["loss"])
        if "grad_norm" in chunk.logs:
            bad |= ~np.isfinite(chunk.logs["grad_norm"]) & (steps % stride == 0)
        return int(np.argmax(bad)) if bad.any() else None

    def _end_epoch(self, logs: dict[str, float]) -> bool:
        """Measures the epoch, adds its row and decides what follows; False where training ends here."""
        progress, epochs = self.progress, self._history.epochs
        self._pending_epoch = True
        began = self._clock()
        if self._validate:
            measured = self._validate(lambda: self._wanted() is not None)
            if measured is None:
                return False
            logs = logs | {f"val_{name}": value for name, value in measured.items()}
        epoch = progress.step // progress.steps_per_epoch
        row = {"epoch": epoch, "step": progress.step, "time": progress.seconds, **logs}
        reload, stop = self._config.reload_on_plateau, self._config.early_stopping
        stuck = self._count_stuck(reload, row)
        if reload:
            row["reloaded"] = float(stuck > 0)
        epochs.append({name: np.array([value]) for name, value in row.items()})
        self._pending_epoch = False
        if is_improved(row.get(self._config.best_by, math.nan), self._best, self._config.best_by):
            self._best = row[self._config.best_by]
            self._saver.best = self._saver.take(progress.step)
        self._samples.add(epoch, self._learner, is_last=progress.step == progress.total_steps)
        if stuck:
            what = f"Training went back to epoch {self._restore_best()}" if reload.restore_best else "Training went on"
            self._learner.scale_learning_rate(reload.factor**stuck)
            self._note(f"Epoch {epoch}: {self._no_better(reload)}. {what} with a lower learning rate.")
        if self._count_stuck(stop):
            restored = f" The weights are those of epoch {self._restore_best()}." if stop.restore_best else ""
            self.ended_early = f"Stopped early at epoch {epoch}: {self._no_better(stop)}.{restored}"
        self._left_out += self._clock() - began
        self._history.notify()
        return not self.ended_early

    def _count_stuck(self, policy, row: dict[str, float] | None = None) -> int:
        """How often a policy's patience has run out, if it did so just now; else 0.

        Args:
            policy: early stopping or going back, or None.
            row: the epoch's, where it is not in the table yet.
        """
        if policy is None:
            return 0
        monitor, epochs = self._config.best_by, self._history.epochs
        values = [*epochs.rows(0, len(epochs)).get(monitor, ()), *([np.float32(row[monitor])] if row else [])]
        found = triggers(values, monitor, policy.patience, policy.min_delta)
        return len(found) if found and found[-1] == len(values) - 1 else 0

    def _no_better(self, policy) -> str:
        return f"{self._config.best_by} had not improved for {policy.patience} epochs"

    def _restore_best(self) -> int:
        """Puts the best epoch's state in place and returns that epoch."""
        self._saver.settle()
        wanted = best_step(self._config, self._history.epochs)
        if self._saver.best and self._saver.best.step == wanted:
            restore(self._learner, state_arrays(self._saver.best.snapshot))
        else:
            kept = {checkpoint.step: checkpoint for checkpoint in list_checkpoints(self._checkpoints)}
            if wanted not in kept:
                raise CheckpointError(f"The checkpoint of the best epoch (step {wanted}) is gone. Start a new run.")
            restore(self._learner, read_state(kept[wanted]))
        return wanted // self.progress.steps_per_epoch

    def _hear(self, phase: str, fraction: float | None) -> None:
        """Passes on how a preparation comes along, such as a download, and ends it where something is wanted."""
        if self._learner is None and self._wanted():
            raise PreparationEnded
        self._say(phase, fraction)

    def _say(self, phase: str, fraction: float | None = None) -> None:
        self.progress.phase = phase + (f" ({fraction:.0%})" if fraction is not None else "")
        self._history.notify()
