"""Which array of an NPZ file is what: inputs or targets, for training, validation or the test."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trainer.data.uploads.arrays.npy import Header, shown_shape
from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Finding
from trainer.errors import DataError

PARTS = {"train": "train(ing)?", "validation": "val(id(ation)?)?|dev", "test": "test(ing)?"}
INPUTS = set("x xs image images img imgs data inputs input features feature samples examples values sequences".split())
TARGETS = set("y ys label labels target targets class classes outputs output lbl lbls answers".split())
REMEDY = "Name them x_train, y_train, x_test and y_test, or x and y: numpy.savez('data.npz', x=x, y=y)."


@dataclass(frozen=True)
class Roles:
    """What the arrays are.

    Attributes:
        parts: "train", and "validation" and "test" where there are such, with the inputs' and the targets' headers.
        findings: what was guessed, and what was left out.
    """

    parts: Mapping[str, tuple[Header, Header]]
    findings: tuple[Finding, ...]


def role_of(name: str) -> tuple[str, str] | None:
    """Returns ("train", "x") for "x_train", "X", "train_images", …; None for a name that says nothing."""
    plain = re.sub("[^a-z0-9]", "", name.lower())
    candidates = [("train", plain)]
    for part, pattern in PARTS.items():
        candidates += [(part, re.sub(f"^({pattern})|({pattern})$", "", plain))]
    for part, word in candidates:
        if word in INPUTS | TARGETS:
            return part, "x" if word in INPUTS else "y"
    return None


def assign_roles(headers: Sequence[Header]) -> Roles:
    """Finds inputs and targets by name, and otherwise by length: two arrays of one length belong together.

    Raises:
        DataError: no inputs with targets can be told; the sentence lists the arrays.
    """
    found: dict[tuple[str, str], Header] = {}
    findings: list[Finding] = []
    rest = []
    for header in headers:
        if not header.shape:
            findings.append(left_out(header, "it is a single value"))
            continue
        role = role_of(header.name)
        if role in found:
            raise DataError(
                f"The arrays {quoted(found[role].name)} and {quoted(header.name)} could both be the "
                f"{'inputs' if role[1] == 'x' else 'targets'} for {role[0]}. Leave one out. {REMEDY}"
            )
        if role:
            found[role] = header
        else:
            rest.append(header)
    if not any(part == "train" for part, _ in found):
        guess_pairs(rest, found, findings)
    complete_pairs(rest, found, findings)
    if ("train", "x") not in found or ("train", "y") not in found:
        raise DataError(missing(headers, found))
    for header in rest:
        findings.append(left_out(header, "its name says neither inputs nor targets"))
    parts = {}
    for part in PARTS:
        x, y = found.get((part, "x")), found.get((part, "y"))
        if x and y:
            parts[part] = (x, y)
        elif x or y:
            findings.append(left_out(x or y, f"there are no {'targets' if x else 'inputs'} with it"))
    return Roles(parts, tuple(findings))


def guess_pairs(rest: list[Header], found: dict, findings: list[Finding]) -> None:
    """Takes arrays of equal length for inputs and targets, the longest pair for training, the next for the test."""
    groups: dict[int, list[Header]] = {}
    for header in rest:
        groups.setdefault(header.shape[0], []).append(header)
    pairs = [group for _, group in sorted(groups.items(), reverse=True) if len(group) == 2]
    if not pairs or len(pairs) > 3 or any(len(group) > 2 for group in groups.values()):
        return
    names = {1: ["train"], 2: ["train", "test"], 3: ["train", "test", "validation"]}[len(pairs)]
    for part, pair in zip(names, pairs, strict=True):
        # The inputs of one example are more numbers than its target; sorted() keeps the order of equals.
        x, y = sorted(pair, key=lambda header: -math.prod(header.shape[1:]))
        found[part, "x"], found[part, "y"] = x, y
        rest.remove(x)
        rest.remove(y)
        findings.append(
            Finding(
                "note",
                x.place,
                f"Taken as inputs for {part}, with {quoted(y.name)} as targets: they have the same length, and the "
                f"inputs are what has more numbers. If that is wrong, rename them. {REMEDY}",
            )
        )


def complete_pairs(rest: list[Header], found: dict, findings: list[Finding]) -> None:
    """Gives inputs without targets, or targets without inputs, the only other array of their length."""
    for part in PARTS:
        for known, wanted in (("x", "y"), ("y", "x")):
            if (part, known) not in found or (part, wanted) in found:
                continue
            fitting = [header for header in rest if header.shape[0] == found[part, known].shape[0]]
            if len(fitting) == 1:
                found[part, wanted] = fitting[0]
                rest.remove(fitting[0])
                what = "inputs" if wanted == "x" else "targets"
                other = quoted(found[part, known].name)
                findings.append(
                    Finding(
                        "note",
                        fitting[0].place,
                        f"Taken as {what} for {part}: it is the only other array as long as {other}. If that is wrong, "
                        f"rename it. {REMEDY}",
                    )
                )


def left_out(header: Header, why: str) -> Finding:
    """Returns the note on an array that is not used."""
    return Finding("note", header.place, f"Left out: {why}. Its shape is {shown_shape(header.shape)}.")


def missing(headers: Sequence[Header], found: Mapping) -> str:
    """Returns the sentence for a file in which inputs or targets cannot be told."""
    listed = ", ".join(f"{quoted(header.name)} {shown_shape(header.shape)}" for header in headers[:8])
    more = f" and {len(headers) - 8:,} more" if len(headers) > 8 else ""
    what = "inputs and targets" if ("train", "x") not in found else "targets"
    what = "inputs" if ("train", "y") in found else what
    return f"There must be {what} for training. Received: {listed or 'no array'}{more}. {REMEDY}"
