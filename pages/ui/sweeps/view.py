"""One sweep: how far it is, the best run so far, charts, and every run one click away."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.numbers import format_number
from pages.ui.run.actions import act as act_on_run
from pages.ui.run.longer import EXTENDABLE
from pages.ui.run.status import status_badge
from pages.ui.sweeps.actions import draw_buttons
from pages.ui.sweeps.figures import history_figure, importance_figure, parallel_figure
from pages.ui.sweeps.table import column_settings, trials_frame
from pages.ui.text import count, escape_markdown
from pages.ui.waiting import result_of
from trainer import Run, RunStore, TrainerError
from trainer.analysis.jobs import Job
from trainer.sweeps.driver import about_slots
from trainer.sweeps.space import describe_value
from trainer.sweeps.sweep import Sweep
from trainer.sweeps.sweeps import Sweeps
from trainer.sweeps.trials import Trial, find_best

#: Seconds between two drawings while the sweep runs, and between two looks for changes otherwise.
_SECONDS_LIVE, _SECONDS_IDLE = 2.0, 3.0
_MOST_EPOCHS = 1_000_000
#: Fewer completed runs say little about the options.
_ROUGH = 20
_PLAIN = {"displayModeBar": False}


def sweep_view(store: RunStore, sweep_id: str) -> None:
    """Draws a sweep and keeps it up to date.

    Args:
        store: of the runs.
        sweep_id: as the address names it.
    """
    try:
        sweep = Sweeps.of(store).get(sweep_id)
        status = sweep.status
    except TrainerError as error:
        _back_button()
        st.warning(escape_markdown(str(error)), icon=":material/search_off:")
        return
    with st.container(horizontal=True, vertical_alignment="center", key=widget_key("sweep", "header", page="sweep")):
        _back_button()
        st.subheader(escape_markdown(sweep.name), anchor=False, width="content")
        status_badge(status)
        st.space("stretch")
        draw_buttons(store, sweep, status)
    try:
        _ = sweep.spec
    except (TrainerError, OSError) as error:
        st.error(f"Cannot show this sweep: {escape_markdown(str(error))}", icon=":material/error:")
        return
    if load_optuna() is None:
        return
    is_live = status == "running"
    st.fragment(_draw, run_every=_SECONDS_LIVE if is_live else None)(store, sweep, status)
    if not is_live:
        st.fragment(_watch, run_every=_SECONDS_IDLE)(sweep, status)


def load_optuna() -> bool | None:
    """Returns True once Optuna is loaded, which takes a second or two; None after drawing that it is being loaded."""
    return result_of(("optuna",), _import_optuna, "Loading the charts of sweeps")


def _import_optuna(job: Job) -> bool:
    import optuna

    return bool(optuna.importance.PedAnovaImportanceEvaluator)


def _back_button() -> None:
    st.button("All sweeps", key=widget_key("list", "open", page="sweep"), icon=":material/arrow_back:", on_click=_back)


def _back() -> None:
    st.query_params.pop("sweep", None)
    st.session_state[widget_key("view", "select", page="runs")] = "Sweeps"


def _watch(sweep: Sweep, drawn: str) -> None:
    try:
        has_changed = sweep.status != drawn
    except TrainerError:
        has_changed = True
    if has_changed:
        st.rerun(scope="app")


def _draw(store: RunStore, sweep: Sweep, drawn: str) -> None:
    try:
        status, spec, trials = sweep.status, sweep.spec, sweep.trials()
    except TrainerError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    if status != drawn:
        st.rerun(scope="app")
    if sweep.reason:
        st.info(escape_markdown(sweep.reason), icon=":material/info:")
    _progress(sweep, trials)
    best = find_best(trials, spec.is_maximized)
    # Two options of one name are told apart by whose they are.
    names = Counter(dimension.variable.label for dimension in spec.dimensions)
    labels = {
        d.path: d.variable.label if names[d.variable.label] == 1 else f"{d.variable.label} ({d.variable.owner})"
        for d in spec.dimensions
    }
    _best(store, sweep, best, labels)
    if any(trial.value is not None for trial in trials):
        _charts(sweep, trials, labels)
    if trials:
        _table(store, trials, labels, spec.metric)


def _progress(sweep: Sweep, trials: list[Trial]) -> None:
    spec, outcomes = sweep.spec, Counter(trial.outcome for trial in trials)
    done = len(trials) - outcomes["open"]
    words = [f"{outcomes[word]} {word}" for word in ("completed", "pruned", "failed") if outcomes[word]]
    words += [f"{outcomes['open']} unfinished"] if outcomes["open"] else []
    st.progress(done / spec.runs, f"{done:,} of {count(spec.runs, 'run')}" + "".join(f" · {word}" for word in words))
    samplers, pruners = {"tpe": "TPE", "random": "random", "grid": "grid"}, {"none": "no pruner"}
    facts = [
        f"{'highest' if spec.is_maximized else 'lowest'} {spec.metric}",
        f"{samplers[spec.sampler]} sampler",
        pruners.get(spec.pruner, f"{spec.pruner} pruner"),
        f"{spec.at_once} at once",
        f"seed {spec.seed}",
    ]
    note = about_slots(spec.at_once, sweep.state.where)
    st.caption(escape_markdown(" · ".join(facts) + (f". {note}" if note and sweep.is_live else "")))


def _best(store: RunStore, sweep: Sweep, best: Trial | None, labels: dict[str, str]) -> None:
    if best is None:
        st.markdown("The best run appears here when the first one completes.")
        return
    metric = sweep.spec.metric
    try:
        run: Run | None = store.get(best.run_id)
    except TrainerError:
        run = None
    with st.container(border=True, key=widget_key("best", "show", page="sweep")):
        left, right = st.columns([1, 3.2], vertical_alignment="center")
        left.metric(f"Best {metric}", format_number(best.value))
        with right:
            chosen = [f"{label} **{escape_markdown(describe_value(best.values[path]))}**"
                      for path, label in labels.items()]  # fmt: skip
            st.markdown(" · ".join(chosen))
            with st.container(horizontal=True, vertical_alignment="center"):
                if run is None:
                    st.caption("Its run was deleted.")
                    return
                st.page_link("train.py", label=escape_markdown(run.name), icon=":material/open_in_full:",
                             query_params={"run": run.id})  # fmt: skip
                _longer_button(run)


def _longer_button(run: Run) -> None:
    status, epochs = run.status, min(2 * (run.epochs or 1), _MOST_EPOCHS)
    is_off = status not in EXTENDABLE
    help = f"Continues {run.name} to {epochs:,} epochs, twice as many, and opens it."
    if st.button(
        "Train the best one longer", key=widget_key("best", "extend", page="sweep"), icon=":material/more_time:",
        disabled=is_off, help=escape_markdown(f"This run is {status}." if is_off else help),
    ):  # fmt: skip
        act_on_run(run, "resume", status, epochs=epochs)
        st.switch_page("train.py", query_params={"run": run.id})


def _charts(sweep: Sweep, trials: list[Trial], labels: dict[str, str]) -> None:
    spec = sweep.spec
    # A single option has all the importance.
    left, right = st.columns([1.5, 1], gap="medium") if len(labels) > 1 else (st.container(), None)
    with left:
        st.markdown("##### History")
        st.plotly_chart(history_figure(trials, spec.metric, spec.is_maximized), config=_PLAIN,
                        key=widget_key("history", "plot", page="sweep"),
                        alt=f"{spec.metric} of each run, and the best so far")  # fmt: skip
    if right is not None:
        with right:
            _importance(sweep, trials, labels)
    figure = parallel_figure(trials, labels, spec.metric, spec.is_maximized)
    if figure is not None and len(labels) > 1:
        st.markdown("##### Parallel coordinates")
        st.caption("One line per run across its values; orange is better. Drag along an axis to pick out runs.")
        st.plotly_chart(figure, config=_PLAIN, key=widget_key("parallel", "plot", page="sweep"),
                        alt=f"One line per run across {', '.join(labels.values())} and {spec.metric}")  # fmt: skip


def _importance(sweep: Sweep, trials: list[Trial], labels: dict[str, str]) -> None:
    done = sum(trial.outcome == "completed" for trial in trials)
    st.markdown(
        "##### Importance",
        help="How much each option decides whether a run is among the best (PED-ANOVA). The shares add up to 100 %.",
    )
    key = ("sweep importance", sweep.id, done)
    found = result_of(key, lambda _job: sweep.importances(), "Comparing the runs") if done > 1 else {}
    if found:
        st.plotly_chart(importance_figure(found, labels), config=_PLAIN,
                        key=widget_key("importance", "plot", page="sweep"),
                        alt="Share of the importance of each varied option")  # fmt: skip
        if done < _ROUGH:
            st.caption(f"From {count(done, 'completed run')}: a rough guess.")
    elif found is not None:
        st.caption("Appears when two runs have completed with different results.")


def _table(store: RunStore, trials: list[Trial], labels: dict[str, str], metric: str) -> None:
    st.markdown("##### Runs")
    frame = trials_frame(trials, {state.id: state for state in store.states()}, labels, metric)
    st.dataframe(
        frame, hide_index=True, column_config=column_settings(metric, frame), placeholder="",
        key=widget_key("runs", "show", page="sweep"), height="auto" if len(frame) <= 12 else 460,
        alt=f"{count(len(frame), 'run')} of the sweep with status, {metric} and options",
    )  # fmt: skip
