"""A grid of small pictures with words below them, as HTML; its looks are in layout.css."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

#: Pixels of a picture on the page.
SIDE = 64
_LINE = "#0072B2"


@dataclass(frozen=True)
class Thumbnail:
    """One picture.

    Attributes:
        source: its address, such as a data URI made here.
        alt: what it shows, in words; any text.
        text: the line below it; any text, or "" for none.
        is_wrong: whether the model is wrong here.
        note: a second line, such as the true class; any text.
    """

    source: str
    alt: str
    text: str = ""
    is_wrong: bool = False
    note: str = ""


def grid_html(thumbnails: Iterable[Thumbnail], *, columns: int | None = None, is_wide: bool = False) -> str:
    """Returns the grid; all text is escaped.

    Args:
        thumbnails: row by row.
        columns: pictures in a row; None: as many as fit.
        is_wide: whether the pictures are twice as wide as high.
    """
    style = f' style="grid-template-columns:repeat({columns},minmax(0,{SIDE}px))"' if columns else ""
    kind = "sees-grid sees-wide" if is_wide else "sees-grid"
    return f'<div class="{kind}"{style}>{"".join(map(_cell, thumbnails))}</div>'


def _cell(shown: Thumbnail) -> str:
    kind = "sees-cell sees-wrong" if shown.is_wrong else "sees-cell"
    mark = "✕ " if shown.is_wrong else ""
    words = f'<div class="sees-text">{mark}{html.escape(shown.text)}</div>' if shown.text else ""
    words += f'<div class="sees-note">{html.escape(shown.note) or "&nbsp;"}</div>' if shown.text else ""
    alt = html.escape(shown.alt)
    return f'<div class="{kind}" title="{alt}"><img src="{shown.source}" alt="{alt}">{words}</div>'


def picture_source(pixels: np.ndarray) -> str:
    """Returns an image, uint8 (height, width, 1 or 3), as a data URI."""
    return _encoded(pixels.tobytes(), pixels.shape)


@lru_cache(maxsize=256)
def _encoded(pixels: bytes, shape: tuple[int, ...]) -> str:
    array, file = np.frombuffer(pixels, np.uint8).reshape(shape), io.BytesIO()
    Image.fromarray(array[..., 0] if shape[-1] == 1 else array).save(file, format="PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def sequence_source(values: np.ndarray, low: float, high: float) -> str:
    """Returns the lines of a sequence as a data URI.

    Args:
        values: float (steps, lines).
        low, high: the values at the lower and the upper edge.
    """
    steps = np.linspace(2, 126, len(values))
    heights = 60 - 56 * (np.clip(np.nan_to_num(values), low, high) - low) / ((high - low) or 1.0)
    lines = "".join(
        f'<polyline fill="none" stroke="{_LINE}" stroke-width="1.6" stroke-opacity="{1 - 0.3 * number}" points="'
        + " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(steps, column, strict=True))
        + '"/>'
        for number, column in enumerate(heights.T)
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 128 64">{lines}</svg>'
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
