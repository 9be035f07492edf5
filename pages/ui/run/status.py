"""A run's status as a badge: always a word, never colour alone."""

import streamlit as st

_COLORS = {
    "queued": "gray",
    "running": "blue",
    "completed": "green",
    "paused": "orange",
    "stopped": "gray",
    "failed": "red",
    "interrupted": "orange",
}


def status_badge(status: str) -> None:
    """Draws the status in its colour. No icon: a screen reader would read its name as part of the word."""
    st.badge(status, color=_COLORS[status])
