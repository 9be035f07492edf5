"""Reads numbers from a query string and checks their bounds."""

from collections.abc import Mapping
from typing import Any

from server.guard import Refused


def read_number(query: Mapping[str, str], name: str, default: Any, kind: type, low: Any, high: Any) -> Any:
    """Reads a number.

    Args:
        query: the request's query.
        name: the number's name in it.
        default: returned if the query does not have it.
        kind: int or float.
        low: the smallest value allowed.
        high: the largest value allowed; 2**53 for any that JSON can hold.

    Returns:
        The number, or `default`.

    Raises:
        Refused: 400, with the name, what is allowed and what was received.
    """
    text = query.get(name)
    if text is None:
        return default
    what = "a whole number" if kind is int else "a number"
    limit = f"{low}" if high == 2**53 else f"{low} and {high}"
    allowed = f"{what} {'of at least' if high == 2**53 else 'between'} {limit}"
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or len(text) > 32 or not low <= value <= high:
        raise Refused(400, f"{name} must be {allowed}. Received: {text[:40]!r}.")
    return value
