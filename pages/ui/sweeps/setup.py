"""The dialog that sets up a sweep of the settings in the form: which options to vary, how, and how many runs."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.form.where import chosen_where
from pages.ui.keys import widget_key
from pages.ui.text import count, escape_markdown
from trainer import DATASETS, MODELS, RunConfig, RunStore, TrainerError
from trainer.config.options import describe_option
from trainer.sweeps.driver import about_slots
from trainer.sweeps.space import describe_value, suggested
from trainer.sweeps.spec import MOST_RUNS, SweepFields, SweepSpec, list_metrics, main_metric
from trainer.sweeps.sweeps import Sweeps
from trainer.sweeps.variables import Variable, list_variables

_OPEN = widget_key("setup", "dialog", page="sweep")
_FIELDS = {name: describe_option(name, info) for name, info in SweepFields.model_fields.items()}
_SAMPLERS = {"tpe": "TPE: learns from results", "random": "Random", "grid": "Grid: every combination"}
_PRUNERS = {"median": "Median", "hyperband": "Hyperband", "none": "None: train all to the end"}
#: Varied at first: it matters most nearly everywhere.
_FIRST = "optimizer_options.learning_rate"


def sweep_button(store: RunStore, config: RunConfig | None) -> None:
    """Draws the button beneath Start training that opens the dialog, and the open dialog.

    Args:
        store: of the runs.
        config: the form's; None while the form has a problem.
    """
    if st.button(
        "Vary options",
        key=widget_key("setup", "open", page="sweep"),
        icon=":material/instant_mix:",
        type="tertiary",
        width="stretch",
        disabled=config is None,
        help="Sets up a sweep: many runs with some options varied, to find the best. Nothing starts yet.",
    ):
        st.session_state[_OPEN] = True
    if st.session_state.get(_OPEN) and config is not None:
        _dialog(store, config)


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@st.dialog("Vary options", width="large", on_dismiss=_close)
def _dialog(store: RunStore, config: RunConfig) -> None:
    from pages.ui.sweeps.view import load_optuna

    # The metric of the sweep decides what the best epoch is.
    base = RunConfig(config.spec, **(config.model_dump() | {"monitor": None}))
    model, dataset = MODELS[base.model].label, DATASETS[base.dataset].label
    st.markdown(
        f"A sweep trains **{escape_markdown(model)}** on **{escape_markdown(dataset)}** many times with the settings "
        "of the form. Only the options that you choose here change from run to run."
    )
    variables = {variable.path: variable for variable in list_variables(base)}
    space = _draw_space(base, variables)
    fields: dict[str, Any] = {"config": base.model_dump(), "space": space} | _draw_search(base)
    spec, problem = None, ""
    try:
        spec = SweepSpec(**fields)
    except TrainerError as error:
        problem = str(error)
    if problem:
        st.error(escape_markdown(problem), icon=":material/edit:")
    else:
        st.caption(escape_markdown(_summary(spec)))
    # Optuna takes a second or two to load. Meanwhile the dialog is used.
    is_loaded = load_optuna() is not None
    if st.button("Start sweep", key=widget_key("setup", "start", page="sweep"), type="primary", width="stretch",
                 icon=":material/play_arrow:", disabled=bool(problem) or not is_loaded,
                 help=escape_markdown(problem or "Its runs join the queue. You can close this page.")):  # fmt: skip
        _start(store, spec)


def _start(store: RunStore, spec: SweepSpec) -> None:
    try:
        sweep = Sweeps.of(store).create(spec, where=chosen_where())
        sweep.start()
    except (TrainerError, OSError) as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    _close()
    st.switch_page("runs.py", query_params={"sweep": sweep.id})


def _draw_space(base: RunConfig, variables: dict[str, Variable]) -> dict[str, Any]:
    key = widget_key("options", "select", page="sweep")
    # Another model has other options.
    chosen = [path for path in st.session_state.get(key, [_FIRST]) if path in variables]
    st.session_state[key] = chosen
    paths = st.multiselect(
        "Options to vary", list(variables), key=key, placeholder="Choose at least one",
        format_func=lambda path: _label(variables[path]),
        help="Each gets a range or a list of values. Two to five options can be searched well.",
    )  # fmt: skip
    space = {}
    with st.container(gap="xsmall"):
        for path in paths:
            variable = variables[path]
            draw = _draw_range if variable.option.kind in ("int", "float") else _draw_choices
            space[path] = draw(variable, base)
    return space


def _label(variable: Variable) -> str:
    return f"{variable.label} ({variable.owner})" if variable.owner else variable.label


def _draw_range(variable: Variable, base: RunConfig) -> dict[str, Any]:
    low, high, is_log = suggested(variable, base)
    is_whole = variable.option.kind == "int"
    typed = int if is_whole else float
    number = {"step": 1} if is_whole else {"format": "%g"}
    left, middle, right, last = st.columns([1.6, 1, 1, 1], vertical_alignment="bottom")
    left.markdown(escape_markdown(_label(variable)), help=variable.option.help or None)
    with middle:
        low = st.number_input("From", value=typed(low), key=_key(variable, "low"), **number)
    with right:
        high = st.number_input("To", value=typed(high), key=_key(variable, "high"), **number)
    with last:
        is_log = st.checkbox("Log scale", value=is_log, key=_key(variable, "log"),
                             help="Tries every order of magnitude equally often.")  # fmt: skip
    return {"low": low, "high": high, "log": is_log}


def _draw_choices(variable: Variable, base: RunConfig) -> list:
    option = variable.option
    choices = [False, True] if option.kind == "bool" else list(option.choices)
    left, right = st.columns([1.6, 3], vertical_alignment="bottom")
    left.markdown(escape_markdown(_label(variable)), help=option.help or None)
    with right:
        return st.multiselect(
            "Values", choices, default=choices if len(choices) <= 3 else choices[:3], key=_key(variable, "choices"),
            format_func=describe_value,
        )  # fmt: skip


def _key(variable: Variable, verb: str) -> str:
    return widget_key(variable.path.replace(".", "_"), verb, page="sweep")


def _draw_search(base: RunConfig) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    left, middle, right = st.columns(3)
    with left:
        fields["sampler"] = _select("sampler", "Sampler", _SAMPLERS)
    with middle:
        fields["pruner"] = _select("pruner", "Pruner", _PRUNERS)
    with right:
        metrics, key = list_metrics(base), widget_key("metric", "select", page="sweep")
        if st.session_state.get(key) not in metrics:
            st.session_state[key] = main_metric(base)
        fields["metric"] = st.selectbox("Metric", metrics, key=key, help=_FIELDS["metric"].help)
    left, middle, right = st.columns(3)
    with left:
        help = "The number of runs. A grid has as many as it has points."
        fields["runs"] = _number("runs", "Runs", 20, MOST_RUNS, help)
    with middle:
        fields["at_once"] = _number("at_once", "At once", 1, 64, _FIELDS["at_once"].help)
    with right:
        fields["seed"] = _number("seed", "Seed", 0, 2**31 - 1, _FIELDS["seed"].help, least=0)
    return fields


def _select(noun: str, label: str, labels: dict[str, str]) -> str:
    key = widget_key(noun, "select", page="sweep")
    return st.selectbox(label, list(labels), format_func=labels.get, key=key, help=_FIELDS[noun].help)


def _number(noun: str, label: str, value: int, most: int, help: str, least: int = 1) -> int:
    key = widget_key(noun, "set", page="sweep")
    return st.number_input(label, min_value=least, max_value=most, value=value, step=1, key=key, help=help)


def _summary(spec: SweepSpec) -> str:
    words = [count(spec.runs, "run"), f"{count(spec.most_epochs, 'epoch')} each"]
    if spec.pruner != "none":
        words.append("fewer where a run is pruned")
    note = about_slots(spec.at_once, chosen_where())
    return ", ".join(words) + "." + (f" {note}" if note else "")
