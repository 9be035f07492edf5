"""The loop: many steps inside one compiled call, every batch recorded.

How many steps a call makes is an argument of the compiled program, not a part of it. The same
program runs any number of steps, so the clock may choose it (few at first, then about
`chunk_seconds`) without any bit depending on the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from trainer.data.dataset import Dataset, take
from trainer.data.splits import Split
from trainer.data.values import map_parts, parts_of
from trainer.training.engine.placement import OneDevice, Placement
from trainer.training.engine.start_up import deterministic, note_compiled
from trainer.training.engine.tracing import traced_alone
from trainer.training.feeding import MOST_STEPS, Superbatch, feed
from trainer.training.learners import Learner

EVAL_BATCH_SIZE = 256


@dataclass(frozen=True)
class Chunk:
    """Consecutive optimizer steps of one epoch.

    Attributes:
        step: updates so far, after this chunk.
        epoch: the epoch it belongs to, from 1.
        logs: name → float32 (steps,), one value per step, of that batch.
        seconds: how long the steps took.
        compile_seconds: time spent compiling for this batch size before the steps; else 0.
        ends_epoch: whether the epoch's last step is the last one here.
        epoch_logs: name → mean over the epoch's batches, where the epoch ends.
    """

    step: int
    epoch: int
    logs: dict[str, np.ndarray]
    seconds: float
    compile_seconds: float
    ends_epoch: bool
    epoch_logs: dict[str, float] = field(default_factory=dict)


def train(
    learner: Learner,
    dataset: Dataset | tuple | tf.data.Dataset,
    *,
    epochs: int,
    batch_size: int,
    seed: int = 0,
    step: int = 0,
    until: int | None = None,
    placement: Placement | None = None,
    chunk_seconds: float = 0.04,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Chunk]:
    """Trains, yielding a chunk of steps at a time; between chunks the caller may inspect, save or stop.

    Args:
        learner: in the state after `step` updates.
        dataset: its training split is used; or (x, y), or anything else that `Dataset.of` takes.
        epochs: passes over the data in total, including those before `step`.
        batch_size: examples per step; an epoch's last batch may be smaller.
        seed: of the order of the examples.
        step: updates made before.
        until: the step to end at, such as one after which a command takes effect; None: the last epoch's end.
        placement: where the data is put and the steps run; None: the device in force.
        chunk_seconds: about how long a chunk should take.
        clock: seconds; decides only how many steps a call makes.

    Yields:
        `Chunk`.

    Raises:
        ConfigError, DataError: learner and data do not fit; before anything is compiled.
    """
    dataset, placement = Dataset.of(dataset), placement or OneDevice()
    learner.accept(dataset.train)
    placement.accept(learner)
    steps_per_epoch = dataset.steps_per_epoch(batch_size)
    learner.expect(batch_size, steps_per_epoch)
    # A learner from the program cache is already compiled.
    program = learner.program = learner.program or TrainProgram(learner)
    program.placement = placement
    batches, steps = feed(dataset, batch_size, seed, step, placement), 1
    end = epochs * steps_per_epoch if until is None else min(until, epochs * steps_per_epoch)
    while step < end:
        if step % steps_per_epoch == 0:
            learner.reset_epoch()
        with deterministic():
            taken = batches.take(step, min(steps, end - step))
            asked = clock()
            program.compile(taken)
            began = clock()
            rows = program(taken, step)
            seconds = clock() - began
        epoch = step // steps_per_epoch + 1
        step += taken.count
        ends_epoch = step % steps_per_epoch == 0
        logs = dict(zip(learner.log_names(), rows.T, strict=True))
        yield Chunk(step, epoch, logs, seconds, began - asked, ends_epoch, learner.epoch_logs() if ends_epoch else {})
        steps = next_chunk(steps, taken.count, seconds, chunk_seconds)


def next_chunk(asked: int, made: int, seconds: float, target: float) -> int:
    """Returns how many steps would take about `target` seconds; at most four times as many as were asked for.

    Args:
        asked: steps asked for in the last call.
        made: steps made there; fewer where the epoch ended.
        seconds: how long they took.
        target: seconds.
    """
    return max(1, min(int(made * target / max(seconds, 1e-6)), 4 * asked, MOST_STEPS))


class TrainProgram:
    """The compiled steps: a superbatch in, one row of logs per step out.

    An epoch's smaller last batch has a program of its own, which is not worth compiling with XLA.
    """

    def __init__(self, learner: Learner):
        self._learner, self.placement = learner, OneDevice()
        full = traced_alone(self._steps, is_compiled=learner.jit_compile)
        self._run_full = tf.function(full, jit_compile=learner.jit_compile, autograph=False)
        self._run_last = tf.function(traced_alone(self._steps), autograph=False)
        self._compiled: set[tuple] = set()

    def compile(self, taken: Superbatch) -> None:
        """Compiles for batches of this shape, if not done yet, without making a step."""
        indices = None if taken.indices is None else tuple(taken.indices.shape)
        key = taken.is_full, *map(form_of, parts_of(taken.x)), indices
        if key not in self._compiled:
            self._call(taken, steps=0, step=0)
            self._compiled.add(key)
            note_compiled()

    def __call__(self, taken: Superbatch, step: int) -> np.ndarray:
        """Makes the superbatch's steps, those after `step` updates, and returns float32 (steps, logs)."""
        # Reading waits for the device: once per chunk.
        return self.placement.read(self._call(taken, steps=taken.count, step=step))[: taken.count]

    def _call(self, taken: Superbatch, steps: int, step: int) -> tf.Tensor:
        run = self._run_full if taken.is_full else self._run_last
        first, steps = tf.constant(taken.first), tf.constant(steps)
        step = tf.constant(step, tf.int64)
        return self.placement.run(run, taken.x, taken.y, taken.indices, first, steps, step)

    def _steps(self, x, y, indices, first, steps, step):
        names = self._learner.log_names()
        room = (parts_of(x)[0] if indices is None else indices).shape[0]

        def one(i, table):
            # Not x[first + i]: XLA would compile again for every value of `first`.
            rows = first + i if indices is None else indices[i]

            def train(x, y, rows, part=None):
                batch = tuple(map_parts(lambda array: tf.gather(array, rows), half) for half in (x, y))
                if part is not None:
                    batch = tuple(map_parts(lambda array: array[part], half) for half in batch)
                return self._learner.train_step(batch, step + tf.cast(i, tf.int64) + 1)

            logs = self.placement.step(self._learner, train, x, y, rows)
            row = tf.stack([tf.reshape(logs[name], []) for name in names])
            return i + 1, tf.tensor_scatter_nd_update(table, [[i]], row[None])

        start = tf.constant(0), tf.zeros([room, len(names)])
        return tf.while_loop(lambda i, table: i < steps, one, start)[1]


def form_of(part) -> object:
    """Returns what a program is compiled for: shape and dtype of a tensor, or of a value with a copy per device."""
    # Asked before every chunk: a tensor's own answer is the quickest.
    return (tuple(part.shape), part.dtype) if isinstance(part, tf.Tensor) else tf.type_spec_from_value(part)


class Evaluator:
    """Measures a learner on a split, compiled once and used every epoch.

    Args:
        learner: the learner.
        split: what it is measured on.
    """

    def __init__(self, learner: Learner, split: Split):
        self._learner, self._split = learner, split
        learner.accept(split)
        # A streamed split stays on disk; any other is copied to the device and sliced there.
        put = (lambda part: part) if split.is_streamed else tf.constant
        self._x, self._y = map_parts(put, split.x), map_parts(put, split.y)
        # A learner from the program cache is already compiled.
        self._run = learner.eval_program = learner.eval_program or compile_evaluation(learner)

    def __call__(self, should_stop: Callable[[], bool] = lambda: False) -> dict[str, float] | None:
        """Returns the split's loss and metrics, or None if `should_stop` became true in the meantime."""
        with deterministic(), self._learner.averaged():
            return self._measure(should_stop)

    def _measure(self, should_stop: Callable[[], bool]) -> dict[str, float] | None:
        self._learner.reset_eval()
        for first in range(0, len(self._split), EVAL_BATCH_SIZE):
            if should_stop():
                return None
            last = min(first + EVAL_BATCH_SIZE, len(self._split))
            if self._split.is_streamed:
                x, y = (map_parts(tf.constant, take(half, slice(first, last))) for half in (self._x, self._y))
                first, last = 0, last - first
            else:
                x, y = self._x, self._y
            self._run(x, y, tf.constant(first), tf.constant(last))
        return self._learner.eval_logs()


def compile_evaluation(learner: Learner) -> Callable:
    """Returns a compiled function that adds the examples `first` to `last` of a split (x, y) to the evaluation.

    x and y are arguments, because a compiled function keeps what it captures alive.
    """

    def add(x, y, first, last):
        learner.eval_step((take(x, slice(first, last)), take(y, slice(first, last))))

    return tf.function(traced_alone(add), autograph=False)
