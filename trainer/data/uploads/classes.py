"""Checks of classes: too few of them, too few examples in one, or very uneven."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Finding

#: The largest class over the smallest from which on a warning is due.
UNEVEN = 10


def check_classes(counts: Mapping[str, int], where: str, noun: str) -> list[Finding]:
    """Returns what is wrong with the classes of a classification.

    Args:
        counts: examples of each class for training.
        where: what findings are about, such as "array y".
        noun: "example" or "image".
    """
    filled = {name: count for name, count in counts.items() if count}
    if len(filled) < 2:
        only = f" ({quoted(next(iter(filled)))})" if filled else ""
        return [
            Finding(
                "error",
                where,
                f"There must be at least 2 classes. Received: {len(filled)}{only}. Add {noun}s of another class.",
            )
        ]
    findings = []
    empty = [name for name, count in counts.items() if not count]
    if empty:
        findings.append(
            Finding(
                "warning", where, f"No {noun} for training of {listed(empty)}. Add some, or leave it out.", len(empty)
            )
        )
    single = [name for name, count in filled.items() if count == 1]
    if single:
        findings.append(
            Finding(
                "warning",
                where,
                f"Only one {noun} of {listed(single)}: it cannot be in both training and validation. Add {noun}s, or "
                "remove the class.",
                len(single),
            )
        )
    largest, smallest = max(filled, key=filled.get), min(filled, key=filled.get)
    if filled[largest] > UNEVEN * filled[smallest]:
        findings.append(
            Finding(
                "warning",
                where,
                f"The classes are uneven: {filled[largest]:,} {noun}s of {quoted(largest)}, {filled[smallest]:,} of "
                f"{quoted(smallest)}. Set class weights to balanced, and look at each class's accuracy.",
            )
        )
    return findings


def listed(names: list[str], most: int = 5) -> str:
    """Returns names in quotes, with how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(quoted(name) for name in names[:most]) + more
