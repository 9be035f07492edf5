"""The Runs page: every run in a table."""

from pages.ui.runs.listing import list_view
from trainer import RunStore

list_view(RunStore.default())
