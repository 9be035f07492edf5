"""Arrays that users pass from Python: numbers, text labels, one-hot labels, several inputs or outputs, `tf.data`."""

from __future__ import annotations

import numpy as np

from trainer.config.data_spec import DataSpec
from trainer.config.split_sizes import count_validation
from trainer.data.splits import Split, split_indices
from trainer.data.values import Arrays, Rows, as_finite, map_parts, parts_of, stream_above
from trainer.errors import DataError


def own_splits(
    arrays: Arrays, validation_split: float, seed: int
) -> tuple[DataSpec, Split, Split | None, Split | None]:
    """Returns the spec of arrays, and their training, validation and test splits.

    Raises:
        DataError: different numbers of rows, values that are not finite numbers, or unknown labels.
    """
    x, (y, names) = own_inputs(arrays.x), own_targets(arrays.y)
    count = check_rows(x, y)
    spec, labels = guess_spec(x, y, names), label_range(y)
    kept, held_out = np.arange(count), np.array([], int)
    if validation_split and arrays.x_validation is None:
        # Labels may start at any number, so their ranks stand for the classes.
        ranks = np.unique(y, return_inverse=True)[1] if spec.task == "classification" and is_labels(y) else kept
        task = DataSpec("classification" if ranks is not kept else "regression", (), count, num_classes=count)
        kept, held_out = split_indices(ranks, task, count_validation(count, validation_split), seed)

    def pick(x, y, rows) -> Split:
        size = sum(part.nbytes for part in parts_of(x))
        chosen = map_parts(lambda part: Rows(part, rows) if size > stream_above() else part[rows], x)
        return Split(chosen, map_parts(lambda part: part[rows], y), labels, names)

    def apart(x, y) -> Split | None:
        if x is None:
            return None
        x, (y, _) = own_inputs(x), own_targets(y, names)
        return pick(x, y, np.arange(check_rows(x, y)))

    validation = pick(x, y, held_out) if len(held_out) else apart(arrays.x_validation, arrays.y_validation)
    return spec, pick(x, y, kept), validation, apart(arrays.x_test, arrays.y_test)


def as_parts(given):
    """Returns a dictionary or a sequence of arrays unchanged, and anything else as one array."""
    if isinstance(given, dict):
        return {name: np.asarray(part) for name, part in given.items()}
    if isinstance(given, tuple | list) and len(given) and all(hasattr(part, "shape") for part in given):
        return tuple(np.asarray(part) for part in given)
    return np.asarray(given)


def own_inputs(x):
    """Returns inputs as uint8 or float32, one array or several.

    Raises:
        DataError: values that are not numbers, or integers that float32 cannot represent.
    """
    return map_parts(_inputs, as_parts(x))


def _inputs(x: np.ndarray) -> np.ndarray:
    if x.dtype == np.uint8:
        return np.ascontiguousarray(x)
    if x.dtype.kind not in "biuf":
        raise DataError(
            f"Inputs must be numbers. Received: values of type {x.dtype}. Encode them first, for example with "
            "keras.layers.StringLookup, or give a table as a file."
        )
    if x.dtype.kind in "iu" and x.size and max(abs(int(x.min())), abs(int(x.max()))) > 2**24:
        raise DataError(
            f"Whole-number inputs must lie between -16,777,216 and 16,777,216, because float32 cannot tell larger ones "
            f"apart. Received: {int(x.max()) if x.max() > 2**24 else int(x.min())}. Scale or encode them first."
        )
    return np.ascontiguousarray(as_finite(x, "Inputs"))


def own_targets(y, names: tuple[str, ...] = ()) -> tuple:
    """Returns targets for training, and the class names if they were text.

    Whole numbers become int32 and keep their values. Text becomes int32 (n,), in alphabetical order. Other numbers
    become float32; (n,) becomes (n, 1).

    Args:
        y: one array, {name: array} or (array, …).
        names: of the classes, if they are known.

    Raises:
        DataError: targets that are missing, neither numbers nor text, not finite or of an unknown class.
    """
    if y is None:
        raise DataError("y must be given: train needs targets. Received: None. Give x and y, such as (x, y).")
    parts = as_parts(y)
    if not isinstance(parts, np.ndarray):
        return map_parts(lambda part: _targets(part, ())[0], parts), ()
    return _targets(parts, names)


def _targets(y: np.ndarray, names: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    if y.dtype == object and all(isinstance(value, bool | int | float | np.number) for value in y.flat):
        y = y.astype(np.float64)
    if y.dtype.kind in "OUS":
        return _text_labels(y, names)
    if y.dtype.kind in "biu":
        if y.size and not -(2**31) <= int(y.min()) <= int(y.max()) < 2**31:
            raise DataError(f"Labels must fit into 32 bits. Received: {int(y.max())}. Number the classes from 0.")
        y = y.astype(np.int32)
        return (y.reshape(-1) if y.size == len(y) else y), ()
    if y.dtype.kind != "f":
        raise DataError(f"Targets must be numbers or text. Received: values of type {y.dtype}. Convert y.")
    return as_finite(y.reshape(-1, 1) if y.ndim == 1 else y, "Targets"), ()


def _text_labels(y: np.ndarray, names: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    if y.size != len(y) or not all(isinstance(value, str | bytes) for value in y.flat):
        raise DataError("Text labels must be one text per example. Received: other values too. Correct y.")
    text = np.array([value.decode() if isinstance(value, bytes) else str(value) for value in y.flat])
    names = names or tuple(np.unique(text).tolist())
    numbers = {name: number for number, name in enumerate(names)}
    unknown = sorted(set(text.tolist()) - set(numbers))
    if unknown:
        raise DataError(f"Labels must be among the training labels. Received: {unknown[0]!r}. Correct the label.")
    return np.array([numbers[value] for value in text.tolist()], np.int32), names


def check_rows(x, y) -> int:
    """Returns the number of examples; raises DataError if the arrays disagree or are empty."""
    counts = [len(part) if part.ndim else 0 for part in [*parts_of(x), *parts_of(y)]]
    if len(set(counts)) != 1:
        raise DataError(
            f"x and y must have one row per example. Received: {' and '.join(map(str, counts))} rows. "
            "Give both the same rows."
        )
    if not counts[0]:
        raise DataError("x must have at least one example. Received: none. Give more rows.")
    return counts[0]


def is_labels(y) -> bool:
    """Returns whether targets are one whole number per example."""
    return isinstance(y, np.ndarray) and y.dtype == np.int32 and y.ndim == 1


def label_range(y) -> tuple[int, int] | None:
    """Returns the lowest and the highest label, or None if the targets are not one array of whole numbers."""
    if not isinstance(y, np.ndarray) or not np.array_equal(y, np.floor(y)):
        return None
    if y.dtype != np.int32 and y.size != len(y):
        return None
    return int(y.min()), int(y.max())


def guess_spec(x, y, names: tuple[str, ...] = ()) -> DataSpec:
    """Returns an inferred spec: whole-number targets are classes, others a regression.

    Args:
        x, y: as in `Split`.
        names: of the classes, if the labels were text.
    """
    shape = () if isinstance(x, dict | tuple) else x.shape[1:]
    count = len(parts_of(x)[0])
    if isinstance(y, np.ndarray) and np.issubdtype(y.dtype, np.integer):
        return DataSpec("classification", shape, count, num_classes=max(1, int(y.max()) + 1), class_names=names)
    return DataSpec("regression", shape, count)


def read_batches(data) -> tuple:
    """Returns x and y of a `tf.data.Dataset` of batches, as arrays.

    Raises:
        DataError: it is endless, too large, or gives something other than batches of (x, y).
    """
    specs = data.element_spec
    if not isinstance(specs, tuple) or len(specs) != 2:
        raise DataError(
            "A tf.data.Dataset must give pairs (x, y). Received: "
            f"{f'{len(specs)} parts' if isinstance(specs, tuple) else 'no pairs'}. Map it to pairs; use class_weight "
            "instead of sample weights."
        )
    if any(spec.shape.rank == 0 for part in specs for spec in parts_of(part)):
        raise DataError("A tf.data.Dataset must give batches, as for Keras fit. Call .batch(32) on it.")
    if int(data.cardinality()) == -1:
        raise DataError("A tf.data.Dataset must end. Received: an endless one. Remove .repeat(); epochs repeats it.")
    batches, size = [], 0
    for batch in data.as_numpy_iterator():
        batches.append(batch)
        size += sum(part.nbytes for half in batch for part in parts_of(half))
        if size > stream_above():
            raise DataError(
                f"A tf.data.Dataset must fit into {stream_above():,} bytes of memory. Received: more. Give arrays, "
                "such as numpy.memmap, which are read from disk; or raise TRAINDECK_STREAM_ABOVE."
            )
    if not batches:
        raise DataError("x must have at least one example. Received: none. Give more rows.")
    return tuple(
        map_parts(lambda *parts: np.concatenate(parts), batches[0][half], *(batch[half] for batch in batches[1:]))
        for half in (0, 1)
    )
