"""Names from untrusted files, safe to show in a sentence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from trainer.config.names import LONGEST_NAME

LONGEST = 60


def quoted(name: object) -> str:
    """Returns a name in quotes, without control characters and cut short: “cat/3.png”."""
    return f"“{plain_name(name)}”"


def plain_name(name: object, longest: int = LONGEST) -> str:
    """Returns a name on one line, with � for control characters, and without its middle where it is long."""
    text = "".join("�" if is_control(c) else c for c in str(name)[:4096])
    return text if len(text) <= longest else f"{text[: longest // 2]}…{text[-(longest // 2 - 1) :]}"


def listed(items: Sequence[Any], most: int = 5, show: Callable[[Any], str] = quoted) -> str:
    """Returns the first `most` items, each as `show` writes it, and how many more there are."""
    more = f" and {len(items) - most:,} more" if len(items) > most else ""
    return ", ".join(map(show, items[:most])) + more


def display_name(name: str) -> str:
    """Returns a file's name for display: without folders and control characters, at most 80 characters."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(c for c in last if not is_control(c)).strip()
    if len(shown) > LONGEST_NAME:
        stem, dot, suffix = shown.rpartition(".")
        tail = f"…{dot}{suffix}" if stem and len(suffix) <= 8 else "…"
        shown = shown[: LONGEST_NAME - len(tail)] + tail
    return shown or "data"


def is_control(character: str) -> bool:
    """Whether a character has no shape of its own, such as a line end or a change of direction."""
    return unicodedata.category(character).startswith("C")
