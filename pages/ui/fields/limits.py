"""Checks the value of a number field.

The browser must not enforce limits: it would silently restore the old value, and Start would stay enabled.
"""

from __future__ import annotations

from typing import Any

from trainer.config.options import Option


def find_problem(option: Option, value: Any) -> str | None:
    """Returns the problem of a number as a sentence for its field, or None.

    Args:
        option: the option with its limits.
        value: the widget's value; None if the field is empty.
    """
    if value is None:
        is_wrong = not option.optional
    else:
        is_wrong = (
            (option.minimum is not None and value < option.minimum)
            or (option.maximum is not None and value > option.maximum)
            or (option.above is not None and value <= option.above)
            or (option.below is not None and value >= option.below)
        )
    if not is_wrong:
        return None
    limit = option.allowed.removesuffix(", or null") + (", or empty" if option.optional else "")
    return f"Must be {limit}."


def valid_or_default(option: Option, value: Any) -> Any:
    """Returns a value if it is allowed, else the option's default."""
    if option.kind in ("int", "float"):
        is_number = isinstance(value, (int, float)) or (value is None and option.optional)
        return value if is_number and find_problem(option, value) is None else option.default
    return value
