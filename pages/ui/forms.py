"""Registry entry → widgets → the fields of a RunConfig."""

from __future__ import annotations

import contextlib
from typing import Any

import streamlit as st

from pages.ui.advanced import PLAIN, draw_advanced, draw_plain, nested_options
from pages.ui.brought_options import draw_brought_options, fill_brought_options
from pages.ui.catalogue import HOW_TO_BRING, choice_of, dataset_labels, find_brought, is_file_reader, refuse_server_path
from pages.ui.inspecting import inspect
from pages.ui.text import escape_markdown
from pages.ui.widgets import choose, draw_option, draw_options
from trainer import DATASETS, LOSSES, MODELS, OPTIMIZERS, RunConfig
from trainer.brought.store import DatasetStore
from trainer.config import offered, seen_by, suggested_options, why_not
from trainer.dataset import DataSpec, dataset_spec
from trainer.devices import list_devices
from trainer.errors import TrainerError
from trainer.registry import SCHEDULES, Entry, Registry

#: How many of a model's options stand in the open; the others are advanced.
_MODEL_OPTIONS_SHOWN = 2


def fill_form(config: RunConfig) -> None:
    """Puts a configuration into the form's widgets. Call it before they are drawn, as in a callback."""
    state = st.session_state
    _fill_dataset(config)
    for noun in ("model", "optimizer", "loss", "device", "metrics", "schedule"):
        state[f"train_{noun}_select"] = getattr(config, noun)
    state["train_monitor_select"] = config.best_by
    state["train_weights_select"] = config.class_weight if config.class_weight == "balanced" else None
    for registry, noun in ((MODELS, "model"), (OPTIMIZERS, "optimizer"), (LOSSES, "loss")):
        _fill_options(registry[getattr(config, noun)], getattr(config, f"{noun}_options"))
    # These options are the configuration's: nothing is suggested in their place.
    state["train_suggested"] = _suggestions(MODELS[config.model], OPTIMIZERS[config.optimizer])
    if config.schedule:
        _fill_options(SCHEDULES[config.schedule], config.schedule_options)
    for name, option in PLAIN.items():
        if option.kind in ("int", "float"):
            state[f"train_{name}_set"] = getattr(config, name)
    for name in ("early_stopping", "reload_on_plateau", "augmentation"):
        policy = getattr(config, name)
        state[f"train_{name}_use"] = policy is not None
        if policy:
            for option in nested_options(name):
                state[f"train_{name}_{option.name}_set"] = getattr(policy, option.name)


def draw_form() -> dict[str, Any]:
    """Draws the form and returns the fields of a RunConfig, not yet checked.

    Raises:
        TrainerError: the data set cannot be trained on as it is; what comes after it is not drawn.
    """
    fields = _draw_dataset()
    entry = DATASETS[fields["dataset"]]
    # A spinner costs a thread: only a file may take long.
    with st.spinner("Reading the data", show_time=True) if is_file_reader(entry) else contextlib.nullcontext():
        spec = dataset_spec(entry.name, entry.parse(fields["dataset_options"]))
    st.caption(escape_markdown(spec.summary))

    model = _select(MODELS, "model", "Model", offered(MODELS, spec), "What learns. Simple ones train fast.")
    _say_what_is_missing(MODELS, spec)
    fields["model"] = model.name
    fields["model_options"] = draw_options(model, model.options[:_MODEL_OPTIONS_SHOWN])
    goal = seen_by(model, spec)

    left, right = st.columns(2)
    with left:
        optimizer = _select(
            OPTIMIZERS, "optimizer", "Optimizer", list(OPTIMIZERS), "How the model is corrected after each batch."
        )
    fields["optimizer"] = optimizer.name
    _suggest(model, optimizer)
    with right:
        rate = optimizer.options[0]
        fields["optimizer_options"] = {rate.name: draw_option(rate, f"train_{optimizer.name}_{rate.name}_set")}
    left, right = st.columns(2)
    with left:
        loss = _select(LOSSES, "loss", "Loss", offered(LOSSES, goal), "What training makes small.")
    fields["loss"] = loss.name
    with right:
        labels = {device.name: device.label for device in list_devices()}
        fields["device"] = choose("device", "Device", labels, PLAIN["device"].help)
    fields |= draw_plain("epochs", "batch_size")
    draw_advanced(fields, goal, model, optimizer, loss, _MODEL_OPTIONS_SHOWN)
    return fields


def _draw_dataset() -> dict[str, Any]:
    store = DatasetStore.default()
    choice = choose("dataset", "Dataset", dataset_labels(store), HOW_TO_BRING)
    brought = find_brought(store, choice)
    if brought:
        options = draw_brought_options(brought, inspect(brought))
        return {"dataset": brought.dataset, "dataset_options": options}
    entry = DATASETS[choice]
    return {"dataset": choice, "dataset_options": draw_options(entry, entry.options)}


def _fill_dataset(config: RunConfig) -> None:
    """Puts the data set into its widgets, or leaves a sentence where it cannot be chosen here."""
    choice = choice_of(config.dataset, config.dataset_options)
    try:
        refuse_server_path(config.dataset, config.dataset_options)
        brought = find_brought(DatasetStore.default(), choice)
    except TrainerError as error:
        st.session_state["train_fill_problem"] = str(error)
        return
    st.session_state["train_dataset_select"] = choice
    if brought:
        fill_brought_options(brought, config.dataset_options)
    else:
        _fill_options(DATASETS[choice], config.dataset_options)


def _suggest(model: Entry, optimizer: Entry) -> None:
    """Puts what a model learns well with into the optimizer's widgets, and takes it back when another is chosen.

    What a person has set stays.
    """
    state = st.session_state
    wanted, before = _suggestions(model, optimizer), state.get("train_suggested", {})
    if wanted == before:
        return
    defaults = {f"train_{entry.name}_{option.name}_set": option.default for entry in OPTIMIZERS.values()
                for option in entry.options}  # fmt: skip
    for key, value in before.items():
        if state.get(key) == value:
            state[key] = defaults[key]
    for key, value in wanted.items():
        if state.get(key, defaults[key]) == defaults[key]:
            state[key] = value
    state["train_suggested"] = wanted


def _suggestions(model: Entry, optimizer: Entry) -> dict[str, Any]:
    options = suggested_options(model, optimizer.name)
    return {f"train_{optimizer.name}_{name}_set": value for name, value in options.items()}


def _select(registry: Registry, noun: str, label: str, names: list[str], help: str) -> Entry:
    return registry[choose(noun, label, {name: registry[name].label for name in names}, help)]


def _say_what_is_missing(registry: Registry, spec: DataSpec) -> None:
    reasons: dict[str, list[str]] = {}
    for entry in registry.values():
        if reason := why_not(entry, spec):
            reasons.setdefault(reason, []).append(entry.label)
    for reason, labels in reasons.items():
        verb = "is" if len(labels) == 1 else "are"
        st.caption(f"{', '.join(labels)} {verb} not offered here: {reason}.")


def _fill_options(entry: Entry, options: dict[str, Any]) -> None:
    for option in entry.options:
        st.session_state[f"train_{entry.name}_{option.name}_set"] = options.get(option.name, option.default)
