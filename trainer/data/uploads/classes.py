"""Checks of classes: too few of them, too few examples in one, or very uneven."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trainer.data.uploads.quoting import listed, quoted
from trainer.data.uploads.report import Finding, error, warning

#: Warn when the largest class has more than this many times the examples of the smallest.
UNEVEN = 10


def check_classes(counts: Mapping[str, int], where: str, noun: str) -> Iterator[Finding]:
    """Yields what is wrong with the classes of a classification.

    Args:
        counts: training examples per class.
        where: the place of the findings, such as "array y".
        noun: "example", "image" or "row".
    """
    filled = {name: count for name, count in counts.items() if count}
    if len(filled) < 2:
        only = f" ({quoted(next(iter(filled)))})" if filled else ""
        yield error(
            where, f"There must be at least 2 classes. Received: {len(filled)}{only}. Add {noun}s of another class."
        )
        return
    if empty := [name for name, count in counts.items() if not count]:
        yield warning(where, f"No {noun} for training of {listed(empty)}. Add some, or leave it out.", len(empty))
    if single := [name for name, count in filled.items() if count == 1]:
        message = f"Only one {noun} of {listed(single)}: it cannot be in both training and validation. "
        yield warning(where, f"{message}Add {noun}s, or remove the class.", len(single))
    largest, smallest = max(filled, key=filled.get), min(filled, key=filled.get)
    if filled[largest] > UNEVEN * filled[smallest]:
        yield warning(
            where,
            f"The classes are uneven: {filled[largest]:,} {noun}s of {quoted(largest)}, {filled[smallest]:,} of "
            f"{quoted(smallest)}. Set class weights to balanced, and look at each class's accuracy.",
        )
