"""One start or resume of a run: state and commands in, events out. No files, no threads.

Pause, stop, crash and restart share this one path: a session tells its complete state and ends;
the next one starts from the newest state that was stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trainer.config.arithmetic import ARITHMETIC, changed_arithmetic
from trainer.config.data_spec import DataSpec
from trainer.config.fitting import seen_by
from trainer.config.registry import MODELS
from trainer.config.run_config import RunConfig
from trainer.data.progress import listening
from trainer.errors import CheckpointError, DivergenceError
from trainer.training.build import Plan, build, rebuild
from trainer.training.engine.placement import Placement, describe_alone, placement_of
from trainer.training.engine.start_up import deterministic, differences, fingerprint, load_engine
from trainer.training.learner_state import restore, state_arrays
from trainer.training.program_cache import keep_program, reuse_program
from trainer.training.sessions.commands import Commands, Scheduled, SetLearningRate, with_settings
from trainer.training.sessions.epoch_scores import EpochScores
from trainer.training.sessions.events import (
    Commanded,
    Ended,
    EpochEnd,
    Event,
    Frame,
    Note,
    Phase,
    Rows,
    Snapshot,
    Started,
)


@dataclass(frozen=True)
class SessionState:
    """Where a session starts. The default is a run's first start.

    Attributes:
        step: updates made.
        arrays: the complete state after them, as `state_arrays` gives it.
        epochs: the finished epochs as columns, one value per epoch: epoch, step, loss, val_loss, …
        seconds: of training so far.
        settings: what was set in this run, with the steps; later ones are replayed.
        fingerprint: what the bits depended on so far.
        arithmetic: the one that the run began with; see `trainer.config.arithmetic`.
        spec: the data as it was measured when the run began.
        recall: step → the stored state of an earlier step; raises CheckpointError.
    """

    step: int = 0
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    epochs: Mapping[str, np.ndarray] = field(default_factory=dict)
    seconds: float = 0.0
    settings: tuple[Scheduled, ...] = ()
    fingerprint: Mapping[str, Any] = field(default_factory=dict)
    arithmetic: int = ARITHMETIC
    spec: DataSpec | None = None
    recall: Callable[[int], Mapping[str, np.ndarray]] | None = None


class PreparationEnded(Exception):
    """The session was asked to end while its data was still being loaded."""


def session(
    config: RunConfig,
    state: SessionState | None,
    commands: Commands,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Event]:
    """Trains from a state until the run is complete or a command ends it.

    Args:
        config: the recipe, as the run was created.
        state: where to start; None: from the beginning.
        commands: taken between steps.
        clock: seconds; no number that is trained on depends on it.

    Yields:
        `Event`. `Ended` is the last one. A `Commanded` must be stored before the next event is asked for.

    Raises:
        DivergenceError: loss, gradients or weights are not finite.
        TrainerError: the run cannot be built or continued.
    """
    state = state or SessionState()
    # The bits depend on the number of threads, so the run keeps its own if this process can still choose.
    load_engine(threads=state.fingerprint.get("threads") or None)
    placement = placement_of(config.device)
    with placement.scope():
        yield from Session(config, state, commands, placement, clock).events()


class Session:
    """The body of `session`; see there."""

    def __init__(
        self,
        config: RunConfig,
        state: SessionState,
        commands: Commands,
        placement: Placement,
        clock: Callable[[], float],
    ):
        self._state, self._commands = state, commands
        self._placement, self._clock = placement, clock
        self._config = with_settings(config, state.settings, state.step)
        self._replayed = [scheduled for scheduled in state.settings if scheduled.step > state.step]
        self._step, self._seconds = state.step, state.seconds
        self._scores = EpochScores(config.best_by, state.epochs)
        self._best_snapshot: Snapshot | None = None
        self._excluded_seconds = 0.0
        self._ended_early = ""
        self._weights_step: int | None = None

    def events(self) -> Iterator[Event]:
        """Yields what happens, from loading the data to the end."""
        yield Phase("Loading the data and building the model")
        try:
            with listening(self._refuse_to_wait):
                self._use(reuse_program(build(self._config, self._state.spec, self._state.arithmetic), self._config))
        except PreparationEnded:
            # No step was made, so there is nothing to save.
            yield Ended(self._commands.ending.event)
            return
        from trainer.training.views.frames import FrameMaker

        goal = seen_by(MODELS[self._config.model], self._plan.dataset.spec)
        self._frames = FrameMaker(goal, self._plan.dataset, has_histograms=self._config.histograms)
        try:
            yield from self._start()
            yield Phase("Compiling the training step")
            yield from self._train()
            is_complete = bool(self._ended_early) or (self._step >= self._total and not self._is_epoch_pending)
            ending = None if is_complete else self._commands.ending
            if is_complete:
                yield from self._restore_best_at_end()
            yield Phase("Saving a checkpoint")
            yield self._snapshot("final")
            measured = None
            if is_complete:
                measured = yield from self._measure_final()
                # Measuring can be interrupted; the next session then measures again.
                ending = self._commands.ending if measured is None else None
            outcome = ending.event if ending else "completed"
            reason = getattr(ending, "reason", "") if ending else self._ended_early
            yield Ended(outcome, reason, self._weights_step, measured or {})
        finally:
            keep_program(self._plan.learner)

    # Preparation

    def _refuse_to_wait(self, _text: str, _fraction: float | None) -> None:
        if self._commands.ending:
            raise PreparationEnded

    def _use(self, plan: Plan) -> None:
        from trainer.training.loop import Evaluator

        self._plan, self._learner = plan, plan.learner
        variables = plan.learner.variables()
        self._paths = {part: [getattr(v, "path", v.name) for v in vs] for part, vs in variables.items()}
        self._steps_per_epoch = plan.steps_per_epoch
        self._validate = Evaluator(plan.learner, plan.dataset.validation) if plan.dataset.validation else None

    @property
    def _total(self) -> int:
        return self._steps_per_epoch * self._config.epochs

    def _start(self) -> Iterator[Event]:
        state, learner = self._state, self._learner
        if state.step:
            restore(learner, state.arrays, self._placement)
            if any(isinstance(scheduled.command, SetLearningRate) for scheduled in state.settings):
                learner.set_learning_rate(self._config.optimizer_options["learning_rate"])
        # An epoch may have ended at the stored step without having been measured.
        epoch, steps_into = divmod(state.step, self._steps_per_epoch)
        self._is_epoch_pending = state.step > 0 and steps_into == 0 and self._scores.finished < epoch
        now = fingerprint(self._placement.name, learner.jit_compile) | {"arithmetic": state.arithmetic}
        changed = differences(dict(state.fingerprint), now) if state.step and state.fingerprint else []
        changed += changed_arithmetic(self._config, state.fingerprint) if state.step else []
        yield Started(
            step=state.step,
            finished_epochs=self._scores.finished,
            steps_per_epoch=self._steps_per_epoch,
            epochs=self._config.epochs,
            columns=("step", "epoch", "time", *learner.log_names()),
            spec=self._plan.dataset.spec,
            fingerprint=now,
            grad_norm_stride=learner.grad_norm_stride,
        )
        alone = describe_alone(self._config.device, self._placement)
        for sentence in (*self._plan.dataset.notes, *([alone] if alone else [])):
            yield Note(sentence)
        if changed:
            yield Note(f"Continued, not bit-identical: {', '.join(changed)}.")

    # Training

    def _train(self) -> Iterator[Event]:
        from trainer.training.loop import train

        if self._is_epoch_pending:
            yield from self._end_epoch(self._learner.epoch_logs())
        base, first_step = self._seconds, self._step
        began = saved = self._clock()
        self._excluded_seconds = 0.0
        while not (self._is_epoch_pending or self._ended_early):
            yield from self._take_settings()
            if self._step >= self._total or self._commands.ending:
                return
            chunks = train(
                self._learner,
                self._plan.dataset,
                epochs=self._config.epochs,
                batch_size=self._config.batch_size,
                seed=self._config.seed,
                step=self._step,
                until=self._replayed[0].step if self._replayed else None,
                placement=self._placement,
            )
            for chunk in chunks:
                self._excluded_seconds += chunk.compile_seconds
                active = self._clock() - began - self._excluded_seconds
                yield from self._record(chunk, base, active, first_step)
                if chunk.ends_epoch:
                    yield from self._end_epoch(chunk.epoch_logs)
                    if self._is_epoch_pending or self._ended_early:
                        return
                    every = self._config.checkpoint_epochs
                    if every and chunk.epoch % every == 0:
                        yield self._snapshot("epoch")
                if self._clock() - saved >= self._config.checkpoint_seconds and self._step < self._total:
                    yield self._snapshot("due")
                    saved = self._clock()
                if not self._commands.is_empty:
                    break

    def _record(self, chunk, base: float, active: float, first_step: int) -> Iterator[Event]:
        """Yields the chunk's rows up to the first that is not finite, which ends the session."""
        count = len(chunk.logs["loss"])
        steps = np.arange(chunk.step - count + 1, chunk.step + 1)
        times = base + active - chunk.seconds * np.arange(count - 1, -1, -1) / count
        columns = {"step": steps, "epoch": np.full(count, chunk.epoch), "time": times, **chunk.logs}
        bad = self._first_bad(chunk)
        good = count if bad is None else bad
        if good:
            self._step, self._seconds = int(steps[good - 1]), float(times[good - 1])
            rate = (self._step - first_step) / active
            yield Rows(self._step, {name: values[:good] for name, values in columns.items()}, self._seconds, rate)
        if bad is not None:
            raise DivergenceError(f"The loss stopped being a finite number at step {steps[bad]}.")

    def _first_bad(self, chunk) -> int | None:
        stride = self._learner.grad_norm_stride
        steps = np.arange(chunk.step - len(chunk.logs["loss"]) + 1, chunk.step + 1)
        bad = ~np.isfinite(chunk.logs["loss"])
        if "grad_norm" in chunk.logs:
            bad |= ~np.isfinite(chunk.logs["grad_norm"]) & (steps % stride == 0)
        return int(np.argmax(bad)) if bad.any() else None

    def _take_settings(self) -> Iterator[Event]:
        """Applies settings: replayed ones at their step, new ones now."""
        due = [scheduled.command for scheduled in self._replayed if scheduled.step <= self._step]
        self._replayed = self._replayed[len(due) :]
        before, began = self._config, self._clock()
        for number, command in enumerate((*due, *self._commands.take_settings())):
            self._config = with_settings(self._config, [Scheduled(self._step, command)], self._step)
            yield Commanded(self._step, command, self._config.epochs, is_replayed=number < len(due))
        if self._config != before and not self._adjust(before):
            # A schedule is part of the compiled step, so the step is built again around the same state.
            yield Phase("Compiling the training step")
            arrays = state_arrays(self._learner.snapshot())
            keep_program(self._learner)
            self._use(reuse_program(rebuild(self._plan, self._config), self._config))
            restore(self._learner, arrays, self._placement)
        self._excluded_seconds += self._clock() - began

    def _adjust(self, before: RunConfig) -> bool:
        """Changes the learner in place where no schedule is compiled in; returns whether that is sufficient."""
        if self._config.schedule is not None:
            return False
        rate = self._config.optimizer_options["learning_rate"]
        return rate == before.optimizer_options["learning_rate"] or self._learner.set_learning_rate(rate)

    # Epochs

    def _end_epoch(self, logs: Mapping[str, float]) -> Iterator[Event]:
        """Measures the epoch and decides what follows; leaves it pending where measuring is interrupted."""
        self._is_epoch_pending = True
        began = self._clock()
        if self._validate:
            measured = self._validate(lambda: self._commands.ending is not None)
            if measured is None:
                return
            logs = {**logs, **{f"val_{name}": value for name, value in measured.items()}}
        epoch = self._step // self._steps_per_epoch
        row = {"epoch": epoch, "step": self._step, "time": self._seconds, **logs}
        reload, stop = self._config.reload_on_plateau, self._config.early_stopping
        is_best = self._scores.add(row)
        stuck = self._scores.count_stuck(reload)
        if reload:
            row["reloaded"] = float(stuck > 0)
        self._is_epoch_pending = False
        yield EpochEnd(row)
        if is_best:
            self._best_snapshot = self._snapshot("best")
            yield self._best_snapshot
        is_stopping = self._scores.count_stuck(stop) > 0
        yield from self._look(epoch, is_last=is_stopping or self._step >= self._total)
        if stuck:
            what = "Training continued"
            if reload.restore_best:
                self._restore_best()
                what = f"Training went back to epoch {self._scores.best['epoch']}"
            self._learner.scale_learning_rate(reload.factor**stuck)
            yield Note(f"Epoch {epoch}: {self._no_improvement(reload)}. {what} with a lower learning rate.")
        if is_stopping:
            self._ended_early = f"Stopped early at epoch {epoch}: {self._no_improvement(stop)}."
        self._excluded_seconds += self._clock() - began

    def _look(self, epoch: int, *, is_last: bool) -> Iterator[Event]:
        """Yields what the model sees now, if there is anything to show and a frame is due."""
        began, frames = self._clock(), self._frames
        if not (frames.is_due(began) or (is_last and frames.has_frames)):
            return
        is_first = not frames.fixed
        try:
            with deterministic(), self._learner.averaged():
                arrays = frames.make(self._learner)
        except Exception as error:  # A picture must never end a run.
            frames.give_up()
            yield Note(f"What the model sees cannot be shown: {type(error).__name__}: {error}")
            return
        if arrays is not None:
            yield Frame(epoch, arrays, frames.fixed if is_first else None)
            # By now the frame is stored, which takes time too.
            frames.rest(began, self._clock())

    def _no_improvement(self, policy) -> str:
        return f"{self._config.best_by} had not improved for {policy.patience} epochs"

    def _restore_best(self) -> None:
        """Restores the best epoch's state."""
        restore(self._learner, self._state_of(int(self._scores.best["step"])), self._placement)

    def _state_of(self, step: int) -> Mapping[str, np.ndarray]:
        if self._best_snapshot and self._best_snapshot.step == step:
            return state_arrays(self._best_snapshot.state)
        if self._state.recall is None:
            raise CheckpointError(f"The checkpoint of the best epoch (step {step}) is gone. Start a new run.")
        return self._state.recall(step)

    # The end

    def _snapshot(self, purpose: str) -> Snapshot:
        return Snapshot(self._step, self._scores.finished, self._learner.snapshot(), self._paths, purpose)

    def _restore_best_at_end(self) -> Iterator[Event]:
        """Restores the best epoch's weights if early stopping asks for it, whatever ended the run."""
        stop, best = self._config.early_stopping, self._scores.best
        if stop is None or not stop.restore_best or not best or int(best["step"]) == self._step:
            return
        self._weights_step = int(best["step"])
        self._restore_best()
        restored = f"The weights are those of epoch {best['epoch']}."
        self._ended_early = f"{self._ended_early} {restored}" if self._ended_early else ""
        if not self._ended_early:
            yield Note(f"Completed. {restored}")

    def _measure_final(self) -> Iterator[Event]:
        """Measures the newest and the best weights on the test split; returns step → metrics.

        Without a test split, what each reaches over the whole validation split is in the table of epochs, and
        only the values per class are measured here. Returns None where it was interrupted.
        """
        from trainer.training.loop import Evaluator

        plan, learner = self._plan, self._learner
        is_tested = plan.dataset.test is not None
        if not is_tested and not (self._validate and learner.measures_classes):
            return {}
        yield Phase(f"Measuring on the {'test' if is_tested else 'validation'} split")
        measure = Evaluator(learner, plan.dataset.test) if is_tested else self._validate
        newest, best = self._weights_step or self._step, self._scores.best
        found = {}
        for step in dict.fromkeys([newest, int(best["step"]) if best else newest]):
            if step != newest:
                try:
                    restore(learner, self._state_of(step), self._placement)
                except CheckpointError as error:
                    yield Note(f"{error} Only the newest weights were measured.")
                    break
            logs = measure(lambda: self._commands.ending is not None)
            if logs is None:
                return None
            by_class = learner.eval_logs_by_class()
            values = {f"test_{k}": v for k, v in (logs | by_class).items()} if is_tested else {}
            found[step] = values or {f"val_{k}": v for k, v in by_class.items()}
        return found
