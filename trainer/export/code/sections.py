"""A program as a list of sections, written as a script or as a notebook."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trainer.export.code.writing import comment, ends_in_definition


@dataclass(frozen=True)
class Section:
    """A part of the program.

    Attributes:
        title: a few words.
        text: sentences that explain its choices.
        code: Python source.
        imports: the import statements that it needs.
    """

    title: str
    text: str
    code: str
    imports: tuple[str, ...] = ()


def as_script(sections: Sequence[Section]) -> str:
    """Returns the sections as one Python file."""
    parts = []
    for section in sections:
        head = f"# {'-' * 4} {section.title} {'-' * max(4, 80 - len(section.title))}"
        parts.append("\n".join([head, *([comment(section.text)] if section.text else []), section.code.strip()]))
    gaps = ["", *("\n\n\n" if ends_in_definition(section.code) else "\n\n" for section in sections)]
    return "".join(gap + part for gap, part in zip(gaps, parts, strict=False)).strip() + "\n"


def as_notebook(sections: Sequence[Section]) -> str:
    """Returns the sections as a Jupyter notebook: a text cell and a code cell for each."""
    import nbformat

    cells = []
    for number, section in enumerate(sections):
        title = f"{'#' if not number else '##'} {escaped(section.title)}"
        texts = [title, *(escaped(line) for line in section.text.split("\n"))]
        cells.append(nbformat.v4.new_markdown_cell("\n\n".join(filter(None, texts)), id=f"text-{number}"))
        if section.code.strip():
            cells.append(nbformat.v4.new_code_cell(section.code.strip(), id=f"code-{number}"))
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def escaped(text: str) -> str:
    """Returns text that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$&])", r"\\\1", text)
