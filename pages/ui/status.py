"""A run's status as a badge: always a word, never colour alone."""

import streamlit as st

_LOOKS = {
    "queued": ("gray", ":material/schedule:"),
    "running": ("primary", ":material/play_arrow:"),
    "completed": ("green", ":material/check:"),
    "paused": ("orange", ":material/pause:"),
    "stopped": ("gray", ":material/stop:"),
    "failed": ("red", ":material/error:"),
    "interrupted": ("orange", ":material/power_off:"),
}


def status_badge(status: str) -> None:
    """Draws the status word in its colour."""
    color, icon = _LOOKS[status]
    st.badge(status, color=color, icon=icon)
