"""One pass over inputs: range, values that float32 cannot hold, constant values, and equal examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from trainer.data.uploads.report import Finding, error, note, warning

#: Number of examples that are compared with each other; later ones are not.
COMPARED = 2_000_000


class Scan:
    """Looks at inputs block by block.

    Args:
        place: where findings are, such as "array x".

    Attributes:
        rows: number of examples so far.
        low, high: the smallest and the largest value of each number of an example; NaN counts for neither.
    """

    def __init__(self, place: str):
        self.place, self.rows = place, 0
        self.low = self.high = None
        self._hashes: list[np.ndarray] = []
        self._wrong: dict[str, list[int]] = {}

    def look(self, block: np.ndarray) -> np.ndarray:
        """Scans rows of any number type and returns them as uint8 or float32, C-contiguous."""
        if block.dtype.kind == "b":
            block = block.view(np.uint8)
        if block.dtype != np.uint8:
            block = self._as_float(block)
        low, high = np.fmin.reduce(block), np.fmax.reduce(block)
        self.low = low if self.low is None else np.fmin(self.low, low)
        self.high = high if self.high is None else np.fmax(self.high, high)
        block = np.ascontiguousarray(block)
        if self.rows < COMPARED:
            each = block.reshape(len(block), -1)
            rows = each.view(f"V{each.shape[1] * each.itemsize}").ravel().tolist()
            self._hashes.append(np.fromiter(map(hash, rows), np.int64, len(rows)))
        self.rows += len(block)
        return block

    def _as_float(self, block: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", invalid="ignore"):
            numbers = block.astype(np.float32)
        if not np.isfinite(numbers).all():
            flat, raw = numbers.reshape(len(numbers), -1), block.reshape(len(block), -1)
            kinds = {
                "not a number (NaN)": np.isnan(flat),
                "infinite": np.isinf(raw),
                "larger than float32 can hold": np.isinf(flat) & np.isfinite(raw),
            }
            for kind, mask in kinds.items():
                rows = np.flatnonzero(mask.any(axis=1)) + self.rows
                self._wrong.setdefault(kind, []).extend(rows.tolist())
        return numbers

    @property
    def hashes(self) -> np.ndarray:
        """One int64 per example; equal examples have equal hashes."""
        return np.concatenate(self._hashes)[:COMPARED]

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest value of all."""
        return float(np.fmin.reduce(self.low, axis=None)), float(np.fmax.reduce(self.high, axis=None))

    def wrong_values(self) -> Iterator[Finding]:
        """Yields the errors on values that nothing can be computed with."""
        for kind, rows in self._wrong.items():
            if rows:
                places = ", ".join(f"{row:,}" for row in rows[:5]) + (", …" if len(rows) > 5 else "")
                have, noun = ("has", "row") if len(rows) == 1 else ("have", "rows")
                message = f"{len(rows):,} of {self.rows:,} examples {have} a value that is {kind}: {noun} {places}, "
                yield error(self.place, f"{message}counted from 0. Correct or remove these rows.", len(rows))

    def constants(self) -> Iterator[Finding]:
        """Yields what is the same in all examples."""
        constant, size = int((self.low == self.high).sum()), self.low.size
        if constant == size and self.rows > 1:
            message = "All examples are the same, so there is nothing to learn. Use examples that differ."
            yield error(self.place, message, self.rows)
        elif constant and size > 1:
            message = f"{constant:,} of {size:,} numbers are the same in all examples, and carry no information."
            yield note(self.place, message, constant)


def compare_examples(
    scans: Mapping[str, Scan],
    labels: np.ndarray | None,
    noun: str = "examples",
    name_of: Callable[[str, int], str] = lambda part, row: f"row {row:,}",
) -> Iterator[Finding]:
    """Yields the warnings on examples that occur more than once, within training and across the parts.

    Args:
        scans: by part; "train" is among them.
        labels: classes of the training examples, int (n,), or None.
        noun: what the examples are called.
        name_of: (part, row) → the name of one example.
    """
    place, hashes = scans["train"].place, scans["train"].hashes
    order = np.argsort(hashes, kind="stable")
    same = hashes[order][1:] == hashes[order][:-1]

    def first_pair(is_pair: np.ndarray) -> str:
        """Names the neighbours in `order` that begin with the smallest row."""
        places = np.flatnonzero(is_pair)
        first = places[np.argmin(order[places])]
        return " and ".join(name_of("train", int(row)) for row in order[first : first + 2])

    if count := int(same.sum()):
        yield warning(
            place,
            f"{count:,} {noun} are copies of others, such as {first_pair(same)}. One copy may be trained on and the "
            "other validated on, which looks better than it is. Remove the copies.",
            count,
        )
    if labels is not None:
        known = labels[: len(hashes)][order]
        differ = same & (known[1:] != known[:-1])
        if differ.any():
            starts = np.flatnonzero(np.r_[True, ~same])
            is_mixed = np.minimum.reduceat(known, starts) != np.maximum.reduceat(known, starts)
            count = int(np.diff(np.r_[starts, len(known)])[is_mixed].sum())
            message = f"{count:,} {noun} are the same as another of a different class, such as {first_pair(differ)}. "
            yield warning(place, f"{message}Correct the class of one of them.", count)
    for part, scan in scans.items():
        shared = np.flatnonzero(np.isin(scan.hashes, hashes)) if part != "train" else ()
        if len(shared):
            yield warning(
                scan.place,
                f"{len(shared):,} of {scan.rows:,} {noun} for {part} are also in the training data, such as "
                f"{name_of(part, int(shared[0]))}. What is measured on them looks better than it is. Remove "
                "them from one of the two.",
                len(shared),
            )
