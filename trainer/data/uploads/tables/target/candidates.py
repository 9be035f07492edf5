"""Which columns of a table are likely to be what somebody wants to predict, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trainer.data.uploads.tables.columns.summary import ColumnSummary, guess_task

#: Names of targets, and words in names that are often the target; the plainest first.
NAMES = (
    "target targets label labels outcome survived churn diagnosis species y class classes output response result "
    "quality saleprice price medv"
).split()
WORDS = (
    "target label outcome class species diagnosis survived churn fraud spam default approved price value fare tip "
    "sales revenue salary wage income charges cost profit demand quality rating score grade mpg strength yield delay "
    "duration cnt count rings"
).split()

#: Words of columns that place or number a row and are seldom predicted.
_PLACES = set(
    "id ids name lat latitude lon lng long longitude x y z date time year month day index zip code address url".split()
)
_NAME, _WORD, _LAST, _FIRST, _PLACE = 100.0, 50.0, 20.0, 10.0, -30.0


@dataclass(frozen=True)
class TargetCandidate:
    """A column that may be the target.

    Attributes:
        name: of the column.
        score: how likely it is, in no unit.
        reason: why, for people.
        is_named: whether its name says that it is a target.
    """

    name: str
    score: float
    reason: str
    is_named: bool = False


def rank_targets(summaries: Sequence[ColumnSummary]) -> list[TargetCandidate]:
    """Returns the columns that may be the target, the likeliest first; dates, texts and identifiers are none.

    A name that says so counts most, then a word in it, then the place: by convention the target is the last column,
    else the first.
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
        candidates.append(TargetCandidate(summary.name, score, f"{why}. {kind}." if why else f"{kind}.", is_named))
    # Of equals, the last column first.
    candidates.reverse()
    return sorted(candidates, key=lambda candidate: -candidate.score)


def guess_target(summaries: Sequence[ColumnSummary]) -> str:
    """Returns the name of the column that is likely to be the target; the last one if none is."""
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
    """Returns how much a name speaks for a target, below 0 against it, and why."""
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
