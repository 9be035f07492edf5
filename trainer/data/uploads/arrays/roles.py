"""The role of each array of an NPZ file: inputs or targets, for training, validation or the test."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from trainer.data.uploads.arrays.file import Header, shown_shape
from trainer.data.uploads.quoting import listed, quoted
from trainer.data.uploads.report import Finding, note
from trainer.errors import DataError

PARTS = {"train": "train(ing)?", "validation": "val(id(ation)?)?|dev", "test": "test(ing)?"}
INPUTS = set("x xs image images img imgs data inputs input features feature samples examples values sequences".split())
TARGETS = set("y ys label labels target targets class classes outputs output lbl lbls answers".split())
REMEDY = "Name them x_train, y_train, x_test and y_test, or x and y: numpy.savez('data.npz', x=x, y=y)."
_WHAT = {"x": "inputs", "y": "targets"}


@dataclass(frozen=True)
class Roles:
    """The roles of the arrays.

    Attributes:
        parts: "train", and "validation" and "test" if they exist, with the headers of the inputs and the targets.
        findings: what was guessed, and what was left out.
    """

    parts: dict[str, tuple[Header, Header]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def leave_out(self, header: Header, why: str) -> None:
        """Notes that an array is not used."""
        self.findings.append(note(header.place, f"Left out: {why}. Its shape is {shown_shape(header.shape)}."))


def role_of(name: str) -> tuple[str, str] | None:
    """Returns ("train", "x") for "x_train", "X", "train_images", …; None for a name that suggests no role."""
    plain = re.sub("[^a-z0-9]", "", name.lower())
    shortened = [(part, re.sub(f"^({pattern})|({pattern})$", "", plain)) for part, pattern in PARTS.items()]
    for part, word in [("train", plain), *shortened]:
        if word in INPUTS | TARGETS:
            return part, "x" if word in INPUTS else "y"
    return None


def assign_roles(headers: Sequence[Header]) -> Roles:
    """Finds inputs and targets by name, and otherwise by length: two arrays of one length belong together.

    Raises:
        DataError: no inputs with targets are found; the message lists the arrays.
    """
    roles, found, rest = Roles(), dict[tuple[str, str], Header](), []
    for header in headers:
        role = role_of(header.name)
        if not header.shape:
            roles.leave_out(header, "it is a single value")
        elif role in found:
            raise DataError(
                f"The arrays {quoted(found[role].name)} and {quoted(header.name)} could both be the "
                f"{_WHAT[role[1]]} for {role[0]}. Leave one out. {REMEDY}"
            )
        elif role:
            found[role] = header
        else:
            rest.append(header)
    if not any(part == "train" for part, _ in found):
        guess_pairs(rest, found, roles.findings)
    complete_pairs(rest, found, roles.findings)
    wanted = " and ".join(what for role, what in _WHAT.items() if ("train", role) not in found)
    if wanted:
        shown = listed(headers, 8, lambda header: f"{quoted(header.name)} {shown_shape(header.shape)}")
        raise DataError(f"There must be {wanted} for training. Received: {shown or 'no array'}. {REMEDY}")
    for header in rest:
        roles.leave_out(header, "its name says neither inputs nor targets")
    for part in PARTS:
        x, y = found.get((part, "x")), found.get((part, "y"))
        if x and y:
            roles.parts[part] = (x, y)
        elif x or y:
            roles.leave_out(x or y, f"there are no {'targets' if x else 'inputs'} with it")
    return roles


def guess_pairs(rest: list[Header], found: dict, findings: list[Finding]) -> None:
    """Takes arrays of equal length for inputs and targets, the longest pair for training, the next for the test."""
    groups: dict[int, list[Header]] = {}
    for header in rest:
        groups.setdefault(header.shape[0], []).append(header)
    pairs = [group for _, group in sorted(groups.items(), reverse=True) if len(group) == 2]
    if not pairs or len(pairs) > 3 or any(len(group) > 2 for group in groups.values()):
        return
    for part, pair in zip(("train", "test", "validation"), pairs, strict=False):
        # The inputs of one example are more numbers than its target; sorted() keeps the order of equals.
        x, y = found[part, "x"], found[part, "y"] = sorted(pair, key=lambda header: -math.prod(header.shape[1:]))
        rest[:] = [header for header in rest if header not in pair]
        message = f"Taken as inputs for {part}, with {quoted(y.name)} as targets: they have the same length, and the "
        message += f"inputs are what has more numbers. If that is wrong, rename them. {REMEDY}"
        findings.append(note(x.place, message))


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
                message = f"Taken as {_WHAT[wanted]} for {part}: it is the only other array as long as "
                message += f"{quoted(found[part, known].name)}. If that is wrong, rename it. {REMEDY}"
                findings.append(note(fitting[0].place, message))
