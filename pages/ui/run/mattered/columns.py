"""What mattered in a table: permutation importance and partial dependence."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.ui.catalogue import target_name
from pages.ui.data.charts import label
from pages.ui.keys import widget_key
from pages.ui.run.checkpoint_choice import Chosen
from pages.ui.run.mattered.charts import MOST_COLUMNS, MOST_OUTPUTS, dependence_figure, importance_figure
from pages.ui.text import count, escape_markdown
from pages.ui.waiting import result_of
from trainer import Run
from trainer.analysis.attribution.dependence import measure_dependence
from trainer.analysis.attribution.permutation import REPEATS, Importance, measure_importance
from trainer.analysis.predictor import predictor

_NO_BAR = {"displayModeBar": False}


def columns_view(run: Run, chosen: Chosen, split: str) -> None:
    """Draws which columns the predictions depend on, and how."""
    left, right = st.columns(2, gap="medium")
    with left:
        importance = _importance(run, chosen, split)
    # Afterwards, so that the most important column is the first to be seen.
    if importance is not None:
        with right:
            st.fragment(_dependence)(run, chosen, split, importance)


def _importance(run: Run, chosen: Chosen, split: str) -> Importance | None:
    st.markdown("##### Permutation importance")
    found = result_of(
        ("importance", str(run.path), chosen.digest, split),
        lambda job: measure_importance(run, predictor(run, chosen.step), split, job),
        "Shuffling the columns",
    )
    if found is None:
        return None
    st.plotly_chart(
        importance_figure(found),
        key=widget_key("mattered_importance", "plot"),
        config=_NO_BAR,
        alt="Fall of the "
        + found.measure
        + " when a column is shuffled: "
        + ", ".join(f"{found.names[place]} {found.mean[place]:.4f}" for place in np.argsort(-found.mean)[:10])
        + ".",
    )
    hidden = f" The {MOST_COLUMNS} highest of {len(found.names)} columns." if len(found.names) > MOST_COLUMNS else ""
    st.caption(
        f"How much the {found.measure} ({found.score:.4f} on {count(found.rows, 'example')}) falls when one column is "
        f"shuffled: the mean and standard deviation of {REPEATS} shuffles.{hidden} Breiman 2001, *Random Forests*, "
        "Machine Learning 45. **It does not show** what a column is worth alone: of two correlated columns each can "
        "stand in for the other, and both then look unimportant."
    )
    return found


def _dependence(run: Run, chosen: Chosen, split: str, importance: Importance) -> None:
    st.markdown("##### Partial dependence")
    names, key = run.spec.input_names, widget_key(f"mattered_column_{run.id}", "select")
    order = np.argsort(-importance.mean, kind="stable").tolist()
    if st.session_state.get(key) not in order:
        st.session_state[key] = order[0]
    place = st.selectbox("Column", order, format_func=names.__getitem__, key=key)
    found = result_of(
        ("dependence", str(run.path), chosen.digest, split, place),
        lambda job: measure_dependence(run, predictor(run, chosen.step), split, place, job),
        "Predicting at each value",
    )
    if found is None:
        return
    title = f"mean predicted {label(target_name(run))}" if run.spec.task == "regression" else "mean probability"
    if len(found.outputs) == 1 and run.spec.task != "regression":
        title += f" of {label(found.outputs[0])}"
    st.plotly_chart(
        dependence_figure(found, title),
        key=widget_key("mattered_dependence", "plot"),
        config=_NO_BAR,
        alt=f"{title} as {found.column} changes, from {found.means.min():.4g} to {found.means.max():.4g}.",
    )
    if len(found.outputs) > MOST_OUTPUTS:
        st.caption(f"The {MOST_OUTPUTS} of {len(found.outputs)} outputs that change most.")
    st.caption(
        f"The mean prediction over {count(found.rows, 'example')} when {escape_markdown(found.column)} has the same "
        "value in all of them. Friedman 2001, *Greedy Function Approximation*, Annals of Statistics 29. **It does not "
        "show** combinations that occur: of correlated columns it averages over examples that cannot exist."
    )
