"""One pass over inputs: their range, what float32 cannot hold, what is constant, and which examples are the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from trainer.data.uploads.report import Finding

#: Examples are compared up to so many; what comes after is not.
COMPARED = 2_000_000


class Scan:
    """Looks at inputs block by block.

    Attributes:
        rows: how many examples there were.
        low, high: the smallest and the largest value of each number of an example; NaN counts for neither.
    """

    def __init__(self, place: str):
        self.place, self.rows = place, 0
        self.low = self.high = None
        self._hashes: list[np.ndarray] = []
        self._wrong: dict[str, list[int]] = {}
        self._wrong_values = 0

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
                rows = np.flatnonzero(mask.any(axis=1))
                self._wrong_values += int(mask.sum())
                if len(rows):
                    self._wrong.setdefault(kind, []).extend((rows + self.rows).tolist())
        return numbers

    @property
    def hashes(self) -> np.ndarray:
        """One int64 per example; equal examples have equal ones."""
        return np.concatenate(self._hashes)[:COMPARED]

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest value of all."""
        return float(np.fmin.reduce(self.low, axis=None)), float(np.fmax.reduce(self.high, axis=None))

    def wrong_values(self) -> list[Finding]:
        """Returns the errors on values that nothing can be computed with."""
        found = []
        for kind, rows in self._wrong.items():
            listed = ", ".join(f"{row:,}" for row in rows[:5]) + (", …" if len(rows) > 5 else "")
            have, noun = ("has", "row") if len(rows) == 1 else ("have", "rows")
            found.append(
                Finding(
                    "error",
                    self.place,
                    f"{len(rows):,} of {self.rows:,} examples {have} a value that is {kind}: {noun} "
                    f"{listed}, counted from 0. Correct or remove these rows.",
                    len(rows),
                )
            )
        return found

    def constants(self) -> list[Finding]:
        """Returns what is the same in all examples."""
        constant, size = int((self.low == self.high).sum()), self.low.size
        if constant == size and self.rows > 1:
            text = "All examples are the same, so there is nothing to learn. Use examples that differ."
            return [Finding("error", self.place, text, self.rows)]
        if constant and size > 1:
            text = f"{constant:,} of {size:,} numbers are the same in all examples, and carry no information."
            return [Finding("note", self.place, text, constant)]
        return []


def compare_examples(
    scans: Mapping[str, Scan],
    labels: np.ndarray | None,
    noun: str = "examples",
    name_of: Callable[[str, int], str] = lambda part, row: f"row {row:,}",
) -> list[Finding]:
    """Returns the warnings on examples that occur more than once, within training and across the parts.

    Args:
        scans: by part; "train" is among them.
        labels: classes of the training examples, int (n,), or None.
        noun: what they are called.
        name_of: (part, row) → how one of them is called.
    """
    findings, train = [], scans["train"]
    hashes = train.hashes
    order = np.argsort(hashes, kind="stable")
    same = hashes[order][1:] == hashes[order][:-1]
    if same.any():
        pair = [name_of("train", row) for row in first_pair(order, same)]
        findings.append(
            Finding(
                "warning",
                train.place,
                f"{int(same.sum()):,} {noun} are copies of others, such as {pair[0]} and {pair[1]}. One copy "
                "may be trained on and the other validated on, which looks better than it is. Remove the copies.",
                int(same.sum()),
            )
        )
    if same.any() and labels is not None:
        known = labels[: len(hashes)][order]
        torn = same & (known[1:] != known[:-1])
        if torn.any():
            starts = np.flatnonzero(np.r_[True, ~same])
            is_torn = np.minimum.reduceat(known, starts) != np.maximum.reduceat(known, starts)
            count = int(np.diff(np.r_[starts, len(known)])[is_torn].sum())
            pair = [name_of("train", row) for row in first_pair(order, torn)]
            findings.append(
                Finding(
                    "warning",
                    train.place,
                    f"{count:,} {noun} are the same as another of a different class, such as {pair[0]} and "
                    f"{pair[1]}. Correct the class of one of them.",
                    count,
                )
            )
    for part, scan in scans.items():
        if part != "train":
            shared = np.flatnonzero(np.isin(scan.hashes, hashes))
            if len(shared):
                findings.append(
                    Finding(
                        "warning",
                        scan.place,
                        f"{len(shared):,} of {scan.rows:,} {noun} for {part} are also in the training data, such as "
                        f"{name_of(part, int(shared[0]))}. What is measured on them looks better than it is. Remove "
                        "them from one of the two.",
                        len(shared),
                    )
                )
    return findings


def first_pair(order: np.ndarray, is_pair: np.ndarray) -> tuple[int, int]:
    """Returns the pair of rows, next to each other in `order`, that begins with the smallest row."""
    places = np.flatnonzero(is_pair)
    place = places[np.argmin(order[places])]
    return int(order[place]), int(order[place + 1])
