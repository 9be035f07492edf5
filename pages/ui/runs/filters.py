"""Search, filters and order of the list. The view lives in the address, so that it can be sent to others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.runs.catalog_labels import CatalogLabels
from pages.ui.runs.metric_choice import MAIN, main_metric, metric_names, read_metric
from trainer.runs.state import STATUSES, RunState
from trainer.training.plateau import is_higher_better

UNREADABLE = "unreadable"
SORTS = ("Newest first", "Oldest first", "Name", "Best metric", "Longest first", "Most steps")
_KEYS = {
    "search": widget_key("search", "set", page="runs"),
    **{
        noun: widget_key(noun, "select", page="runs")
        for noun in ("status", "dataset", "model", "tag", "sort", "metric")
    },
}


@dataclass(frozen=True)
class View:
    """What the list shows.

    Attributes:
        search: words that a run must contain.
        statuses, datasets, models, tags: allowed values; empty: any. A run needs one of the tags.
        sort: one of `SORTS`.
        metric: name of a metric, or `MAIN`.
    """

    search: str = ""
    statuses: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    sort: str = SORTS[0]
    metric: str = MAIN

    def select(self, states: list[RunState], labels: CatalogLabels) -> list[RunState]:
        """Returns the runs to show, in order."""
        words = self.search.casefold().split()
        found = [state for state in states if self._has(state, words, labels)]
        return sorted(found, key=self._order())

    def _has(self, state: RunState, words: list[str], labels: CatalogLabels) -> bool:
        dataset, model = labels.dataset(state), labels.model(state)
        if (
            (self.statuses and status_word(state) not in self.statuses)
            or (self.datasets and dataset not in self.datasets)
            or (self.models and model not in self.models)
            or (self.tags and not set(self.tags) & set(state.tags))
        ):
            return False
        if not words:
            return True
        text = " ".join((state.name, state.id, state.note, dataset, model, *state.tags)).casefold()
        return all(word in text for word in words)

    def _order(self) -> Callable[[RunState], tuple]:
        orders = {
            "Oldest first": lambda state: (state.created,),
            "Name": lambda state: (state.name.casefold(), -state.created),
            "Best metric": self._by_best,
            "Longest first": lambda state: (-state.seconds,),
            "Most steps": lambda state: (-state.step,),
        }
        return orders.get(self.sort, lambda state: (-state.created,))

    def _by_best(self, state: RunState) -> tuple:
        # Values of different metrics cannot be compared: each metric has its group.
        name = main_metric(state) if self.metric == MAIN else self.metric
        value = read_metric(state, "best", name)
        if value is None:
            return (1, "", math.inf)
        return (0, name, -value if is_higher_better(name) else value)


def status_word(state: RunState) -> str:
    """Returns a run's status, or "unreadable" for a damaged folder, whose status is lost."""
    return UNREADABLE if state.is_damaged else state.status


def draw_filters(states: list[RunState], labels: CatalogLabels) -> View:
    """Draws search, filters and order above the list.

    Args:
        states: of all runs.
        labels: for data sets and models.
    """
    statuses = [word for word in (*STATUSES, UNREADABLE) if any(status_word(state) == word for state in states)]
    with st.container(horizontal=True, gap="small", key=widget_key("view", "choose", page="runs")):
        search = st.text_input(
            "Search",
            key=_KEYS["search"],
            bind="query-params",
            icon=":material/search:",
            placeholder="name, tag, note",
            help="Shows the runs whose name, tags, note, data set or model contain all words.",
            live=True,
            max_chars=200,
            width=230,
        )
        chosen = {
            noun: _choose_some(noun, label, options)
            for noun, label, options in (
                ("status", "Status", statuses),
                ("dataset", "Data set", sorted({labels.dataset(state) for state in states}, key=str.casefold)),
                ("model", "Model", sorted({labels.model(state) for state in states}, key=str.casefold)),
                ("tag", "Tag", sorted({tag for state in states for tag in state.tags}, key=str.casefold)),
            )
        }
        sort = _choose_one("sort", "Sort by", list(SORTS), "Click the head of a column to sort by it as well.")
        metric = _choose_one(
            "metric", "Metric", [MAIN, *metric_names(states)],
            "The metric of the columns Best and Last. Main metric: each run's first metric on its validation split.",
        )  # fmt: skip
    return View(search or "", *map(tuple, chosen.values()), sort, metric)


def clear_filters() -> None:
    """Shows every run again; for a callback."""
    st.session_state[_KEYS["search"]] = ""
    for noun in ("status", "dataset", "model", "tag"):
        st.session_state[_KEYS[noun]] = []


def _choose_some(noun: str, label: str, options: list[str]) -> list[str]:
    key = _KEYS[noun]
    # A tag or a data set may be gone with its last run.
    if any(value not in options for value in st.session_state.get(key) or ()):
        st.session_state[key] = [value for value in st.session_state[key] if value in options]
    return st.multiselect(label, options, key=key, bind="query-params", placeholder="any", width=150)


def _choose_one(noun: str, label: str, options: list[str], help: str) -> str:
    key = _KEYS[noun]
    if key in st.session_state and st.session_state[key] not in options:
        st.session_state[key] = options[0]
    chosen = st.selectbox(label, options, key=key, bind="query-params", help=help, width=150)
    return chosen if chosen in options else options[0]
