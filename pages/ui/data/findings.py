"""The report on an uploaded file: what was found, where, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.ui.data.contents import contents
from pages.ui.text import escape_markdown
from pages.ui.upload_options import apply_change
from trainer.data.uploads import Finding, Report, UploadedDataset

_SHOWN, _CHANGES_SHOWN = 5, 12
_LEVELS = (
    ("error", "error", ":material/error:", "red"),
    ("warning", "warning", ":material/warning:", "orange"),
    ("note", "note", ":material/info:", "gray"),
)


def findings(uploaded: UploadedDataset, report: Report) -> None:
    """Draws the report: its verdict, then errors, warnings and notes, each with its place and what can be changed."""
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
            _list(uploaded, by_level[level], icon, color, level)
        contents(report)


def _verdict(report: Report) -> None:
    if report.is_ready:
        st.badge("ready to train on", color="green", icon=":material/check:")
    else:
        st.badge("must be fixed before training", color="red", icon=":material/build:")


def _list(uploaded: UploadedDataset, found: Sequence[Finding], icon: str, color: str, level: str) -> None:
    # What can be changed with a click is not hidden among the others.
    found = sorted(found, key=lambda finding: not finding.changes)
    shown = max(_SHOWN, min(_CHANGES_SHOWN, sum(bool(finding.changes) for finding in found)))
    for number, finding in enumerate(found[:shown]):
        place = finding.where[:1].upper() + finding.where[1:]
        place = f"**{escape_markdown(place)}**: " if place else ""
        st.markdown(f":{color}[{icon}] {place}{escape_markdown(finding.message)}")
        if finding.changes:
            with st.container(horizontal=True, gap="small"):
                for place, change in enumerate(finding.changes):
                    st.button(
                        escape_markdown(change.label),
                        key=f"data_{level}_{number}_change_{place}",
                        on_click=apply_change,
                        args=(uploaded, change),
                    )
    if len(found) > shown:
        more = len(found) - shown
        with st.expander(f"{more} more {level}{'s' if more > 1 else ''}", key=f"data_{level}_more"):
            st.dataframe(
                pd.DataFrame(
                    [{"where": f.where, "what": f.message, "count": f.count} for f in found[shown:]],
                ),
                hide_index=True,
                column_config={"what": st.column_config.TextColumn(width="large")},
            )
