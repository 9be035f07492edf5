"""Values, calls and comments as Python source. Text of users never ends a string or a comment."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable
from typing import Any

#: The longest line where the code can be wrapped.
WIDTH = 120


class Code(str):
    """A piece of Python source, as opposed to a string value."""

    __slots__ = ()


def literal(value: Any) -> str:
    """Returns a value as Python source on one line: numbers, text, lists, tuples, dictionaries, or `Code` as it is."""
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(key)}: {literal(one)}' for key, one in value.items())}}}"
    if isinstance(value, str):
        return text_literal(value)
    return repr(value)


def text_literal(text: str) -> str:
    """Returns text in double quotes, raw where it has backslashes only, as people write it; else as `repr` does."""
    plain = repr(text)
    is_simple = text.isprintable() and '"' not in text and not text.endswith("\\")
    if is_simple and "\\" in text:
        return f'r"{text}"'
    if plain.startswith("'") and '"' not in text and "\\" not in plain:
        return f'"{plain[1:-1]}"'
    return plain


def call(function: str, *values: Any, **options: Any) -> Code:
    """Returns a call as source, on several lines if it is long."""
    parts = [*map(literal, values), *(f"{name}={literal(value)}" for name, value in options.items())]
    line = f"{function}({', '.join(parts)})"
    if len(line) <= WIDTH - 8 or not parts:
        return Code(line)
    inner = "".join(f"{part},\n" for part in parts)
    return Code(f"{function}(\n{textwrap.indent(inner, '    ')})")


def listing(name: str, values: list) -> str:
    """Returns the assignment of a list as source, wrapped between its values."""
    line = f"{name} = {literal(values)}"
    if len(line) <= WIDTH:
        return line
    return f"{name} = [\n" + "".join(f"    {literal(value)},\n" for value in values) + "]"


def plain(text: str, longest: int = 200) -> str:
    """Returns text of a user on one line, for a comment: without control characters and line separators."""
    shown = "".join("�" if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" else c for c in text)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def comment(text: str) -> str:
    """Returns text as lines of a comment."""
    paragraphs = (textwrap.wrap(paragraph, WIDTH - 14) or [""] for paragraph in text.split("\n"))
    return "\n".join(f"# {line}".rstrip() for lines in paragraphs for line in lines)


def join_blocks(blocks: Iterable[str]) -> str:
    """Returns blocks of code, with two blank lines around functions and classes."""
    joined, is_definition = "", False
    for block in blocks:
        begins = re.match(r"(?:#.*\n)*(?:def|class|@)", block) is not None
        joined += ("\n\n\n" if begins or is_definition else "\n") * bool(joined) + block.strip("\n")
        is_definition = ends_in_definition(block)
    return joined


def ends_in_definition(code: str) -> bool:
    """Returns whether the last statement is a function or a class."""
    starts = [line for line in code.splitlines() if line and not line[0].isspace() and line[0] not in "#)]}"]
    return bool(starts) and starts[-1].startswith(("def ", "class "))


def indent(code: str, levels: int = 1) -> str:
    """Returns lines of code indented by four spaces per level."""
    return textwrap.indent(code, "    " * levels)


def factor(value: float) -> str:
    """Returns a factor as source: 1 / 255 where that is what it is."""
    if 0 < value < 1 and 1 / round(1 / value) == value:
        return f"1 / {round(1 / value)}"
    return literal(value)


def scaled(name: str, value: float | None) -> str:
    """Returns a variable times a factor as source: x / 255 where the factor is 1/255."""
    if value in (None, 1.0):
        return name
    is_division = 0 < value < 1 and 1 / round(1 / value) == value
    return f"{name} / {round(1 / value)}" if is_division else f"{name} * {literal(value)}"
