"""How batches reach the compiled steps: from the device's memory, or streamed from disk.

Both give the same batches in the same order. The size of the data alone decides which one is used.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from trainer.data.dataset import Dataset
from trainer.data.values import map_parts, parts_of
from trainer.training.engine.placement import OneDevice, Placement

#: The most steps that one call can make, and the most examples beside the first batch.
MOST_STEPS = 2048
MOST_EXAMPLES = 1 << 18
#: The most bytes of inputs per call when the data is streamed.
STREAMED_BYTES = 1 << 24


@dataclass(frozen=True)
class Superbatch:
    """Batches for consecutive steps, as the compiled program takes them.

    Attributes:
        x, y: the whole split on the device; or (room, batch, …), the batches themselves. Dictionaries or tuples
            of them where the model has several inputs or outputs.
        indices: int32 (room, batch), indices of the batches' examples in the split; None if x and y are the batches.
        first: the batch that the next step takes.
        count: how many steps there are from there on; the rest of `room` is padding.
        is_full: whether the batches have the full size; an epoch's smaller last batch is a superbatch of its own.
    """

    x: tf.Tensor
    y: tf.Tensor
    indices: tf.Tensor | None
    first: int
    count: int
    is_full: bool


def feed(
    dataset: Dataset, batch_size: int, seed: int, step: int, placement: Placement | None = None
) -> ResidentFeed | StreamedFeed:
    """Returns the source of the batches that follow after `step` updates."""
    if dataset.train.is_streamed:
        return StreamedFeed(dataset, batch_size, seed, step)
    return ResidentFeed(dataset, batch_size, seed, placement or OneDevice())


def room_for(batch_size: int) -> int:
    """Returns how many steps of this batch size one call can make: its record has this many rows."""
    return max(1, min(MOST_STEPS, MOST_EXAMPLES // batch_size))


def take_batches(order: np.ndarray, batch_size: int, position: int, most: int) -> np.ndarray:
    """Returns the next batches of an epoch as indices, int32 (steps, batch).

    The epoch's last batch is returned alone if it is smaller than the others.
    """
    full = len(order) // batch_size
    if position >= full:
        return order[None, full * batch_size :]
    steps = min(most, full - position)
    return order[position * batch_size : (position + steps) * batch_size].reshape(steps, batch_size)


class ResidentFeed:
    """The whole split is in the device's memory; the compiled program gathers each batch there."""

    def __init__(self, dataset: Dataset, batch_size: int, seed: int, placement: Placement):
        self._dataset, self._batch_size, self._seed = dataset, batch_size, seed
        self._x, self._y = map_parts(placement.put, dataset.train.x), map_parts(placement.put, dataset.train.y)
        self._epoch, self._order = 0, None

    def take(self, step: int, most: int) -> Superbatch:
        """Returns at most `most` batches, those after `step` updates."""
        epoch, position = divmod(step, self._dataset.steps_per_epoch(self._batch_size))
        if epoch + 1 != self._epoch:
            self._epoch, self._order = epoch + 1, self._dataset.order(self._seed, epoch + 1)
        room = room_for(self._batch_size)
        batches = take_batches(self._order, self._batch_size, position, min(most, room))
        is_full = batches.shape[1] == self._batch_size
        padded = np.zeros((room if is_full else 1, batches.shape[1]), np.int32)
        padded[: len(batches)] = batches
        return Superbatch(self._x, self._y, tf.constant(padded), 0, len(batches), is_full)


class StreamedFeed:
    """The split is on disk; a thread of TensorFlow reads batches ahead of training."""

    def __init__(self, dataset: Dataset, batch_size: int, seed: int, step: int):
        self._dataset, self._batch_size, self._seed = dataset, batch_size, seed
        split = dataset.train
        example = sum(int(np.prod(part.shape[1:])) * part.dtype.itemsize for part in parts_of(split.x))
        self._room = max(1, min(room_for(batch_size), STREAMED_BYTES // (batch_size * example)))
        whole = [
            map_parts(lambda part: tf.TensorSpec((None, None, *part.shape[1:]), part.dtype), half)
            for half in (split.x, split.y)
        ]
        ahead = tf.data.Dataset.from_generator(
            lambda: self._read(step), output_signature=(*whole, tf.TensorSpec((), tf.int64))
        )
        self._ahead = iter(ahead.prefetch(2))
        self._current, self._begins, self._ends = None, step, step

    def take(self, step: int, most: int) -> Superbatch:
        """Returns at most `most` batches, those after `step` updates; each call continues from the last one."""
        if step >= self._ends:
            self._current = next(self._ahead)
            self._begins, self._ends = step, step + int(self._current[2])
        x, y, _ = self._current
        is_full = parts_of(x)[0].shape[1] == self._batch_size
        return Superbatch(x, y, None, step - self._begins, min(most, self._ends - step), is_full)

    def _read(self, step: int) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
        split, per_epoch = self._dataset.train, self._dataset.steps_per_epoch(self._batch_size)
        while True:
            epoch, position = divmod(step, per_epoch)
            order = self._dataset.order(self._seed, epoch + 1)
            while position < per_epoch:
                batches = take_batches(order, self._batch_size, position, self._room)
                steps = len(batches)
                if batches.shape[1] == self._batch_size:
                    # One shape for all calls, because XLA compiles for one shape.
                    batches = np.pad(batches, ((0, self._room - steps), (0, 0)))
                rows = batches.reshape(-1)
                read = functools.partial(_read_batches, rows=rows, shape=batches.shape)
                yield map_parts(read, split.x), map_parts(read, split.y), steps
                position += steps
                step += steps


def _read_batches(part: np.ndarray, rows: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Returns the batches of one array: (steps, batch, …)."""
    return part[rows].reshape(*shape, *part.shape[1:])
