"""The target, the task and the inputs of a table: as the user chose them, or the likeliest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trainer.config.options import shown
from trainer.data.uploads.quoting import listed, quoted
from trainer.data.uploads.tables.summary import ColumnSummary, guess_task
from trainer.errors import ConfigError, DataError

#: Names of targets, and words that are often in them; the clearest first.
NAMES = (
    "target targets label labels outcome survived churn diagnosis species y class classes output response result "
    "quality saleprice price medv"
).split()
WORDS = (
    "target label outcome class species diagnosis survived churn fraud spam default approved price value fare tip "
    "sales revenue salary wage income charges cost profit demand quality rating score grade mpg strength yield delay "
    "duration cnt count rings"
).split()

#: Words of columns that locate or number a row and are rarely predicted.
_PLACES = set(
    "id ids name lat latitude lon lng long longitude x y z date time year month day index zip code address url".split()
)
_NAME, _WORD, _LAST, _FIRST, _PLACE = 100.0, 50.0, 20.0, 10.0, -30.0


@dataclass(frozen=True)
class Choices:
    """What is predicted from what.

    Attributes:
        targets: the columns to predict; several for several labels.
        task: "classification", "regression" or "multilabel".
        inputs: the columns to learn from, numbers first.
    """

    targets: tuple[ColumnSummary, ...]
    task: str
    inputs: tuple[ColumnSummary, ...]


def choose(summaries: Sequence[ColumnSummary], target: str | list[str], task: str, leave_out: list[str]) -> Choices:
    """Returns what is predicted from what; open choices are guessed.

    Args:
        summaries: of the table's columns.
        target: a column, several for several labels, or "": the guess.
        task: of `Choices`, or "auto": the guess.
        leave_out: columns that are not learned from.

    Raises:
        ConfigError: a column does not exist, or the task does not fit the target.
        DataError: no column is left to learn from.
    """
    known = {summary.name: summary for summary in summaries}
    names = list(dict.fromkeys([target] if isinstance(target, str) else target))
    if names in ([], [""]):
        names = [guess_target(summaries)]
    refuse_unknown_columns("target", names, known)
    refuse_unknown_columns("leave_out", leave_out, known)
    for name in set(names) & set(leave_out):
        raise ConfigError(
            f"leave_out (dataset csv) must not name the target. Received: {shown(name)}. Remove it from leave_out, or "
            "choose another target.",
            "leave_out",
        )
    targets = tuple(known[name] for name in names)
    if task == "auto":
        task = "multilabel" if len(targets) > 1 else guess_task(targets[0])
    refuse_task(task, targets)
    inputs = [one for one in summaries if one.is_feature and one.name not in {*names, *leave_out}]
    if not inputs:
        raise DataError(
            f"There is no column to learn from beside the target {quoted(names[0])}: the others are left out, or hold "
            "dates, free text, identifiers or one value alone. Add a column of numbers or of categories."
        )
    inputs.sort(key=lambda summary: summary.kind != "number")
    return Choices(targets, task, tuple(inputs))


def refuse_unknown_columns(option: str, names: Sequence[str], known: dict[str, ColumnSummary]) -> None:
    """Raises ConfigError for the first name that is no column, and lists the columns."""
    for name in names:
        if name not in known:
            raise ConfigError(
                f"{option} (dataset csv) must be among the columns of the file: {listed(list(known), 20)}. "
                f"Received: {shown(name)}. Choose one of them.",
                option,
            )


def refuse_task(task: str, targets: Sequence[ColumnSummary]) -> None:
    """Raises ConfigError for a task that does not fit the targets."""
    names, first = ", ".join(quoted(target.name) for target in targets), targets[0]
    if task != "multilabel" and len(targets) > 1:
        raise ConfigError(
            f"target (dataset csv) must be one column for the task {task}. Received: {names}. Choose one of them, or "
            "the task multilabel.",
            "target",
        )
    if task == "regression" and not first.is_number:
        raise ConfigError(
            f"task (dataset csv) must not be regression here: the column {names} holds no numbers. "
            "Choose classification, or another target.",
            "task",
        )
    if task == "multilabel" and len(targets) == 1 and first.is_number:
        raise ConfigError(
            f"task (dataset csv) multilabel needs several columns of 0 and 1, or one of text such as red;green. "
            f"Received: the column {names}, which holds numbers. Name more columns, or choose classification.",
            "task",
        )


@dataclass(frozen=True)
class TargetCandidate:
    """A column that may be the target.

    Attributes:
        name: of the column.
        reason: why, for people.
        is_named: whether its name suggests a target.
    """

    name: str
    reason: str
    is_named: bool


def rank_targets(summaries: Sequence[ColumnSummary]) -> list[TargetCandidate]:
    """Returns the columns that may be the target, the likeliest first, without dates, texts and identifiers.

    The name of a target counts most, then a word in the name, then the place: by convention the target is the last
    column, else the first.
    """
    names = {summary.name.lower() for summary in summaries}
    candidates = []
    for place, summary in enumerate(summaries):
        score, why = _judge_name(summary.name, names)
        if not summary.is_feature and score < _NAME:
            continue
        is_named = score > 0
        if place == len(summaries) - 1:
            score, why = score + _LAST, why or "The last column, by convention"
        elif place == 0:
            score, why = score + _FIRST, why or "The first column"
        kind = describe_kind(summary)
        reason = f"{why}. {kind}." if why else f"{kind}."
        candidates.append((score, TargetCandidate(summary.name, reason, is_named)))
    # The last column first among equals.
    return [candidate for _, candidate in sorted(candidates, key=lambda pair: pair[0])[::-1]]


def guess_target(summaries: Sequence[ColumnSummary]) -> str:
    """Returns the name of the column that is likely to be the target; the last column if none is."""
    candidates = rank_targets(summaries)
    return candidates[0].name if candidates else summaries[-1].name


def describe_kind(summary: ColumnSummary) -> str:
    """Returns what would be predicted: "3 classes", or "A number, 0.5 to 12"."""
    if guess_task(summary) == "classification":
        return f"{summary.unique:,} classes"
    if not isinstance(summary.minimum, float) or not isinstance(summary.maximum, float):
        return "A number"
    low, high = (f"{end:,.0f}" if abs(end) >= 1000 else f"{end:.4g}" for end in (summary.minimum, summary.maximum))
    return f"A number, {low} to {high}"


def _judge_name(name: str, others: set[str]) -> tuple[float, str]:
    """Returns how strongly a name suggests a target, negative if it suggests none, and why."""
    lower = name.lower()
    is_coordinate = lower == "y" and {"x", "z"} <= others
    if lower in NAMES and not is_coordinate:
        return _NAME - NAMES.index(lower), "Named like a target"
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)] or [lower]
    found = [word for word in words if word in WORDS]
    if _PLACES & {words[-1], lower}:
        return _PLACE, ""
    if not found:
        return 0.0, ""
    # The last word is what a name is about: house_value is a value, value_date is not.
    is_about = words[-1] in WORDS
    word = words[-1] if is_about else found[0]
    score = _WORD - WORDS.index(word) * 0.5 + (5 if len(words) == 1 else 0) - (0 if is_about else 25)
    return score, f"“{word}” in its name"
