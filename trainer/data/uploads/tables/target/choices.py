"""The target, the task and the inputs of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trainer.config.options import shown
from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.tables.columns.summary import ColumnSummary, guess_task
from trainer.data.uploads.tables.target.candidates import guess_target
from trainer.errors import ConfigError, DataError


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
    """Returns what is predicted from what; what was left open is guessed.

    Args:
        summaries: of the table's columns.
        target: a column, several for several labels, or "": the guess.
        task: of `Choices`, or "auto": the guess.
        leave_out: columns that are not learned from.

    Raises:
        ConfigError: a column that is not there, or a task that does not fit the target.
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
    aside = {*names, *leave_out}
    inputs = [summary for summary in summaries if summary.is_feature and summary.name not in aside]
    if not inputs:
        raise DataError(
            f"There is no column to learn from beside the target {quoted(names[0])}: the others are left out, or hold "
            "dates, free text, identifiers or one value alone. Add a column of numbers or of categories."
        )
    inputs.sort(key=lambda summary: summary.kind != "number")
    return Choices(targets, task, tuple(inputs))


def refuse_unknown_columns(option: str, names: Sequence[str], known: dict[str, ColumnSummary]) -> None:
    """Raises ConfigError for the first name that is no column, and names the columns there are."""
    for name in names:
        if name not in known:
            listed = ", ".join(map(quoted, list(known)[:20]))
            more = f" and {len(known) - 20:,} more" if len(known) > 20 else ""
            raise ConfigError(
                f"{option} (dataset csv) must be among the columns of the file: {listed}{more}. "
                f"Received: {shown(name)}. Choose one of them.",
                option,
            )


def refuse_task(task: str, targets: Sequence[ColumnSummary]) -> None:
    """Raises ConfigError for a task that does not fit what is to be predicted."""
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
