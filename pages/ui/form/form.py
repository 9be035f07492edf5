"""The form: registry entries become widgets, and widgets the fields of a RunConfig."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any

import streamlit as st

from pages.ui.catalogue import (
    HOW_TO_UPLOAD,
    choice_of,
    dataset_labels,
    find_uploaded,
    is_file_reader,
    refuse_server_path,
)
from pages.ui.fields.class_weights import fill_class_weight
from pages.ui.fields.widgets import choose, draw_option, draw_options, option_key
from pages.ui.form.advanced import PLAIN, draw_advanced, draw_plain, nested_key, nested_options, plain_key, plain_value
from pages.ui.form.suggested_model import remember_suggested_model, suggest_model
from pages.ui.form.where import device_labels, draw_where
from pages.ui.inspecting import inspect
from pages.ui.keys import widget_key
from pages.ui.text import escape_markdown
from pages.ui.upload_options import draw_upload_options, fill_upload_options
from trainer import DATASETS, LOSSES, MODELS, OPTIMIZERS, RunConfig
from trainer.config.data_spec import DataSpec
from trainer.config.fitting import dataset_spec, offered, seen_by, suggested_options, why_not
from trainer.config.recipe import ALL_DEVICES
from trainer.config.registry import SCHEDULES, Entry, Registry
from trainer.config.split_sizes import count_training
from trainer.data.uploads import DatasetStore
from trainer.runs.state import Where

#: How many of a model's options are drawn outside Advanced.
_MODEL_OPTIONS_SHOWN = 2


def fill_form(config: RunConfig) -> None:
    """Puts a configuration into the widgets of the form. Call it before they are drawn, such as in a callback.

    Raises:
        TrainerError: its data set cannot be chosen here. Nothing is filled then.
    """
    state = st.session_state
    chosen = [(registry[getattr(config, noun)], getattr(config, f"{noun}_options"))
              for registry, noun in ((MODELS, "model"), (OPTIMIZERS, "optimizer"), (LOSSES, "loss"))]  # fmt: skip
    _fill_dataset(config)
    for entry, options in chosen:
        _fill_options(entry, options)
    for noun in ("model", "optimizer", "loss", "device", "metrics", "schedule"):
        state[widget_key(noun, "select")] = getattr(config, noun)
    state[widget_key("monitor", "select")] = config.best_by
    fill_class_weight(config.class_weight)
    # Keep the options of the configuration: suggest nothing in their place.
    state["train_suggested"] = _suggestions(MODELS[config.model], OPTIMIZERS[config.optimizer])
    remember_suggested_model(choice_of(config.dataset, config.dataset_options), config.model)
    if config.schedule:
        _fill_options(SCHEDULES[config.schedule], config.schedule_options)
    for name, option in PLAIN.items():
        if option.kind in ("int", "float") or name == "precision":
            state[plain_key(name)] = getattr(config, name)
    for name in ("early_stopping", "reload_on_plateau", "augmentation"):
        policy = getattr(config, name)
        state[widget_key(name, "use")] = policy is not None
        for option in nested_options(name):
            state[nested_key(name, option)] = getattr(policy, option.name) if policy else option.default


def draw_form() -> dict[str, Any]:
    """Draws the form and returns the fields of a RunConfig, unchecked.

    Raises:
        TrainerError: the data set cannot be used for training. The fields below it are not drawn.
    """
    fields = _draw_dataset()
    entry = DATASETS[fields["dataset"]]
    # A spinner costs a thread, and only a file can take long.
    with st.spinner("Reading the data", show_time=True) if is_file_reader(entry) else contextlib.nullcontext():
        spec = dataset_spec(entry.name, entry.parse(fields["dataset_options"]))
    st.caption(escape_markdown(spec.summary))

    suggest_model(choice_of(entry.name, fields["dataset_options"]), spec)
    model = _select(MODELS, "model", "Model", offered(MODELS, spec), "What is trained. Simple models train fast.")
    _explain_missing(MODELS, spec)
    fields["model"] = model.name
    fields["model_options"] = draw_options(model, model.options[:_MODEL_OPTIONS_SHOWN])
    goal = seen_by(model, spec)

    left, right = st.columns(2)
    with left:
        optimizer = _select(
            OPTIMIZERS,
            "optimizer",
            "Optimizer",
            list(OPTIMIZERS),
            "How each batch updates the weights.",
        )
    fields["optimizer"] = optimizer.name
    _suggest(model, optimizer)
    with right:
        rate = optimizer.options[0]
        fields["optimizer_options"] = {rate.name: draw_option(rate, option_key(optimizer, rate))}
    where = draw_where()
    left, right = st.columns(2)
    with left:
        loss = _select(LOSSES, "loss", "Loss", offered(LOSSES, goal), "The quantity that training minimizes.")
    fields["loss"] = loss.name
    with right:
        fields["device"] = _draw_device(model, where)
    # The data limits the batch size too: at most the number of training examples.
    training = count_training(spec, plain_value("validation_split"))
    batch_size = dataclasses.replace(PLAIN["batch_size"], maximum=max(1, min(PLAIN["batch_size"].maximum, training)))
    fields |= draw_plain("epochs", "batch_size", batch_size=batch_size)
    draw_advanced(fields, goal, model, optimizer, loss, _MODEL_OPTIONS_SHOWN)
    return fields


def _draw_device(model: Entry, where: Where) -> str:
    labels, help = device_labels(where), PLAIN["device"].help
    reason = model.traits.only_one_device
    if ALL_DEVICES in labels and reason:
        help += f" {labels.pop(ALL_DEVICES)} is not offered for {model.label}: {reason}."
    return choose("device", "Device", labels, help)


def _draw_dataset() -> dict[str, Any]:
    store = DatasetStore.default()
    choice = choose("dataset", "Dataset", dataset_labels(store), HOW_TO_UPLOAD)
    uploaded = find_uploaded(store, choice)
    if uploaded:
        options = draw_upload_options(uploaded, inspect(uploaded))
        return {"dataset": uploaded.dataset, "dataset_options": options}
    entry = DATASETS[choice]
    return {"dataset": choice, "dataset_options": draw_options(entry, entry.options)}


def _fill_dataset(config: RunConfig) -> None:
    choice = choice_of(config.dataset, config.dataset_options)
    refuse_server_path(config.dataset, config.dataset_options)
    uploaded = find_uploaded(DatasetStore.default(), choice)
    st.session_state[widget_key("dataset", "select")] = choice
    if uploaded:
        fill_upload_options(uploaded, config.dataset_options)
    else:
        _fill_options(DATASETS[choice], config.dataset_options)


def _suggest(model: Entry, optimizer: Entry) -> None:
    """Puts the options that suit a model into the optimizer's widgets, and resets them when another model is chosen.

    Values set by the user stay.
    """
    state = st.session_state
    wanted, before = _suggestions(model, optimizer), state.get("train_suggested", {})
    if wanted == before:
        return
    defaults = {option_key(entry, option): option.default for entry in OPTIMIZERS.values() for option in entry.options}
    for key, value in before.items():
        if state.get(key) == value:
            state[key] = defaults[key]
    for key, value in wanted.items():
        if state.get(key, defaults[key]) == defaults[key]:
            state[key] = value
    state["train_suggested"] = wanted


def _suggestions(model: Entry, optimizer: Entry) -> dict[str, Any]:
    options = suggested_options(model, optimizer.name)
    return {widget_key(f"{optimizer.name}_{name}", "set"): value for name, value in options.items()}


def _select(registry: Registry, noun: str, label: str, names: list[str], help: str) -> Entry:
    return registry[choose(noun, label, {name: registry[name].label for name in names}, help)]


def _explain_missing(registry: Registry, spec: DataSpec) -> None:
    reasons: dict[str, list[str]] = {}
    for entry in registry.values():
        if reason := why_not(entry, spec):
            reasons.setdefault(reason, []).append(entry.label)
    for reason, labels in reasons.items():
        verb = "is" if len(labels) == 1 else "are"
        st.caption(f"{', '.join(labels)} {verb} not offered here: {reason}.")


def _fill_options(entry: Entry, options: dict[str, Any]) -> None:
    for option in entry.options:
        st.session_state[option_key(entry, option)] = options.get(option.name, option.default)
