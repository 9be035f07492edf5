"""Names from untrusted files, safe to show in a sentence."""

from __future__ import annotations

import unicodedata

LONGEST = 60


def quoted(name: object) -> str:
    """Returns a name in quotes, without control characters and cut short: “cat/3.png”."""
    return f"“{plain_name(name)}”"


def plain_name(name: object, longest: int = LONGEST) -> str:
    """Returns a name on one line, with � for control characters, and its middle left out where it is long."""
    text = "".join("�" if unicodedata.category(c).startswith("C") else c for c in str(name)[:4096])
    return text if len(text) <= longest else f"{text[: longest // 2]}…{text[-(longest // 2 - 1) :]}"
