"""The report on a brought file: what was found, where, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.ui.data.contents import contents
from pages.ui.text import escape_markdown
from trainer.brought.report import Finding, Report

_SHOWN = 5
_LEVELS = (
    ("error", "error", ":material/error:", "red"),
    ("warning", "warning", ":material/warning:", "orange"),
    ("note", "note", ":material/info:", "gray"),
)


def findings(report: Report) -> None:
    """Draws the report: its verdict, then errors, warnings and notes, each with its place."""
    by_level = {level: [f for f in report.findings if f.level == level] for level, *_ in _LEVELS}
    with st.container(border=True, key="data_report", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown("##### Report")
            _verdict(report)
            for level, noun, _, color in _LEVELS:
                if count := len(by_level[level]):
                    st.badge(f"{count} {noun}{'s' if count > 1 else ''}", color=color)
        st.caption(escape_markdown(report.summary))
        for level, _, icon, color in _LEVELS:
            _list(by_level[level], icon, color, level)
        contents(report)


def _verdict(report: Report) -> None:
    if report.is_ready:
        st.badge("ready to train on", color="green", icon=":material/check:")
    else:
        st.badge("has to be mended first", color="red", icon=":material/build:")


def _list(found: Sequence[Finding], icon: str, color: str, level: str) -> None:
    for finding in found[:_SHOWN]:
        place = finding.where[:1].upper() + finding.where[1:]
        place = f"**{escape_markdown(place)}**: " if place else ""
        st.markdown(f":{color}[{icon}] {place}{escape_markdown(finding.message)}")
    if len(found) > _SHOWN:
        with st.expander(f"{len(found) - _SHOWN} more {level}s", key=f"data_{level}_more"):
            st.dataframe(
                pd.DataFrame(
                    [{"where": f.where, "what": f.message, "count": f.count} for f in found[_SHOWN:]],
                ),
                hide_index=True,
                column_config={"what": st.column_config.TextColumn(width="large")},
            )
