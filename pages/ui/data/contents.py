"""What an uploaded file holds as it was read, and what was skipped in it."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui.numbers import format_number
from trainer.data.uploads import Report

_COLUMNS = {"name": "column", "kind": "kind", "missing": "missing", "unique": "distinct"}


def contents(report: Report) -> None:
    """Draws columns and first rows of a table, or the arrays, or the images per class; and all that was skipped."""
    details = report.details
    skipped = details.get("skipped", {}).get("count", 0)
    tables = {
        f"Columns of the file, counted over all {details.get('rows', 0):,} rows": _columns(details.get("columns", ())),
        "First rows": _rows(details),
        "Arrays": _records(details.get("arrays", ())),
        "Images of each class": _classes(details) if "images" in details else None,
        f"Skipped ({skipped:,})": _records(_skipped(details)) if skipped else None,
    }
    shown = {title: table for title, table in tables.items() if table is not None and len(table)}
    if not shown:
        return
    with st.expander("What the file holds", icon=":material/table_view:", key="data_file_contents"):
        for title, table in shown.items():
            st.caption(title)
            st.dataframe(table, hide_index=True, height="content" if len(table) <= 8 else 320)
        if len(_skipped(details)) < skipped:
            st.caption(f"The first {len(_skipped(details)):,} of {skipped:,} that were skipped are listed.")


def _columns(columns: list[dict[str, Any]]) -> pd.DataFrame:
    rows = []
    for column in columns:
        row = {label: column.get(name) for name, label in _COLUMNS.items()}
        if column.get("minimum") is not None:
            row["values"] = f"{_plain(column['minimum'])} … {_plain(column['maximum'])}"
        else:
            row["values"] = ", ".join(f"{value} ({count:,})" for value, count in column.get("frequent", ())[:3])
        rows.append(row)
    return pd.DataFrame(rows)


def _plain(value: object) -> str:
    return format_number(value) if isinstance(value, (int, float)) else str(value)


def _rows(details: dict[str, Any]) -> pd.DataFrame | None:
    head, columns = details.get("head"), details.get("columns")
    if not head or not columns:
        return None
    # A frame's columns must differ, and every cell is shown as it was read.
    names = [str(column["name"]) for column in columns]
    return pd.DataFrame(head, columns=names) if len(set(names)) == len(names) else None


def _classes(details: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{"class": name, **counts} for name, counts in details.get("classes", {}).items()])


def _skipped(details: dict[str, Any]) -> list:
    skipped = details.get("skipped", {})
    return skipped.get("rows") or skipped.get("files") or []


def _records(records: list) -> pd.DataFrame:
    """Returns records as a table, with whatever is nested in them as text."""
    return pd.DataFrame(
        [
            {name: value if isinstance(value, (str, int, float)) else json.dumps(value) for name, value in row.items()}
            if isinstance(row, dict)
            else {"what": str(row)}
            for row in records
        ]
    )
