"""The comparison of several runs: curves, settings that differ, metrics, and how the two are related."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.live_chart import compare_chart
from pages.ui.run.measures import curves
from pages.ui.runs.actions import MOST_COMPARED
from pages.ui.runs.comparison.colors import run_colors
from pages.ui.runs.comparison.related import draw_related
from pages.ui.runs.comparison.tables import draw_results, draw_settings
from pages.ui.text import count, escape_markdown
from pages.ui.watching import PageState, watch
from trainer import Run, RunStore, TrainerError

_SECONDS_LIVE = 2.0


def compare_view(store: RunStore, wanted: str) -> None:
    """Draws the comparison.

    Args:
        store: of the runs.
        wanted: their ids as the address names them, between commas.
    """
    ids = list(dict.fromkeys(id.strip() for id in wanted.split(",") if id.strip()))
    runs, problems = find_runs(store, ids[:MOST_COMPARED])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("All runs", key=widget_key("list", "open", page="runs"), icon=":material/arrow_back:", on_click=_back)
        st.subheader(f"Comparison of {count(len(runs), 'run')}", anchor=False, width="content")
    if len(ids) > MOST_COMPARED:
        problems.append(f"At most {MOST_COMPARED} runs can be compared. The first {MOST_COMPARED} are.")
    for problem in problems:
        st.warning(escape_markdown(problem), icon=":material/search_off:")
    if not runs:
        st.markdown("There is nothing to compare. Select two or more runs in the list, then press **Compare**.")
        return
    if len(runs) == 1:
        st.info("Select a second run in the list to compare this one with it.", icon=":material/info:")
    state = PageState.read(store, runs)
    colors = run_colors([run.id for run in runs])
    compare_chart(runs, metrics=_metrics(runs), colors=colors, labels=labels_of(runs))
    is_live = any(run.is_live for run in runs)
    st.fragment(_tables, run_every=_SECONDS_LIVE if is_live else None)(store, runs, colors)
    watch(state)


def find_runs(store: RunStore, ids: list[str]) -> tuple[list[Run], list[str]]:
    """Returns the runs that can be compared, and a sentence about each of the others."""
    runs, problems = [], []
    for id in ids:
        try:
            run = store.get(id)
            # A damaged configuration is found here and not while the page is drawn.
            _ = run.current_config, curves(run)
        except (TrainerError, OSError) as error:
            problems.append(str(error))
        else:
            runs.append(run)
    return runs, problems


def labels_of(runs: list[Run]) -> dict[str, str]:
    """Returns id → name, with a number where several runs have the same name."""
    labels, seen = {}, {}
    for run in runs:
        seen[run.name] = seen.get(run.name, 0) + 1
        labels[run.id] = run.name if seen[run.name] == 1 else f"{run.name} ({seen[run.name]})"
    return labels


def _metrics(runs: list[Run]) -> list[tuple[str, str]]:
    """Returns (column, label) of the curves that any of the runs has; losses first."""
    found = {column: label for run in runs for column, label, *_ in curves(run)}
    return sorted(found.items(), key=lambda item: "loss" not in item[0])


def _tables(store: RunStore, runs: list[Run], colors: dict[str, str]) -> None:
    # A run that was deleted meanwhile is left out until the page is drawn again.
    kept, _ = find_runs(store, [run.id for run in runs])
    labels = labels_of(kept)
    draw_results(kept, labels, colors)
    draw_settings(kept, labels)
    draw_related(kept, labels, colors)


def _back() -> None:
    st.query_params.pop("compare", None)
