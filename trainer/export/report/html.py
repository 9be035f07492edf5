"""The report's HTML. Every text from a user is escaped here."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from trainer.errors import ExportError

_STYLE = """
:root { color-scheme: light; --ink: #1B1F23; --faint: #5C636A; --line: #D9DAD4; --accent: #0F766E; }
body { font: 15px/1.55 system-ui, sans-serif; color: var(--ink); background: #FBFBF9; margin: 0 auto;
  padding: 32px 24px; max-width: 960px; }
h1 { font-size: 26px; margin: 0 0 4px } h2 { font-size: 18px; margin: 32px 0 8px } p { margin: 6px 0 }
.faint { color: var(--faint) } .status { color: var(--accent); font-weight: 600 }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; margin: 8px 0 }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: anywhere }
th { font-weight: 600; white-space: nowrap }
pre { background: #F2F2EE; padding: 12px; overflow-x: auto; white-space: pre-wrap; font-size: 12.5px }
.figure { margin: 8px 0 } figure { margin: 0; break-inside: avoid }
@media print { body { max-width: none; padding: 0; background: white } h2 { break-after: avoid }
  pre { white-space: pre-wrap } .modebar { display: none } }
"""
_DRAW = """
for (const place of document.querySelectorAll("[data-figure]")) {
  const figure = JSON.parse(document.getElementById(place.dataset.figure).textContent)
  Plotly.newPlot(place, figure.data, figure.layout, { responsive: true, displaylogo: false })
}
window.addEventListener("beforeprint", () => {
  for (const place of document.querySelectorAll("[data-figure]")) Plotly.Plots.resize(place)
})
"""


def page(title: str, sections: Sequence[str]) -> str:
    """Returns the whole document, with the script that draws its figures."""
    script = _plotly().read_text(encoding="utf-8").replace("</script", "<\\/script")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # The file may be opened from anywhere; nothing is loaded from anywhere.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; "
        "style-src 'unsafe-inline'; img-src data: blob:\">"
        f"<style>{_STYLE}</style></head><body>{''.join(sections)}"
        f"<script>{script}</script><script>{_DRAW}</script></body></html>"
    )


def section(title: str, *parts: str) -> str:
    """Returns a part of the report under its title."""
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def paragraph(text: str, kind: str = "") -> str:
    """Returns a paragraph of plain text."""
    return f'<p class="{kind}">{escape(text)}</p>'


def table(rows: Sequence[Sequence[object]], header: Sequence[str] = ()) -> str:
    """Returns a table; the first cell of each row is its title."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(
        f"<tr><th>{escape(str(first))}</th>{''.join(f'<td>{escape(str(cell))}</td>' for cell in rest)}</tr>"
        for first, *rest in rows
    )
    return f"<table>{f'<tr>{head}</tr>' if head else ''}{body}</table>"


def code(text: str) -> str:
    """Returns text as it is."""
    return f"<pre>{escape(text)}</pre>"


def figure(name: str, described: Mapping, caption: str) -> str:
    """Returns the place of a figure and its numbers.

    Args:
        name: unique in the report; letters, digits and hyphens.
        described: Plotly's data and layout.
        caption: what it shows, also for screen readers.
    """
    numbers = json.dumps(described, allow_nan=False).replace("<", "\\u003c")
    return (
        f'<figure role="img" aria-label="{escape(caption, quote=True)}"><div class="figure" data-figure="{name}"></div>'
        f'<figcaption class="faint">{escape(caption)}</figcaption></figure>'
        f'<script type="application/json" id="{name}">{numbers}</script>'
    )


def _plotly() -> Path:
    """Returns the script that draws the figures. The package is not imported: the engine knows no screen."""
    found = importlib.util.find_spec("plotly")
    path = Path(found.submodule_search_locations[0], "package_data", "plotly.min.js") if found else None
    if path is None or not path.is_file():
        raise ExportError("report.html needs Plotly's script. Install the package plotly, then try again.")
    return path
