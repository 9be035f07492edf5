"""Registry entry → widgets → the fields of a RunConfig."""

from __future__ import annotations

from typing import Any

import streamlit as st

from trainer import DATASETS, LOSSES, METRICS, MODELS, OPTIMIZERS, RunConfig
from trainer.config import offered, seen_by, why_not
from trainer.devices import list_devices
from trainer.registry import Entry, Option, Registry, describe_option

_PLAIN = {name: describe_option(name, info) for name, info in RunConfig.model_fields.items()}
#: How many of a model's options stand in the open; the others are advanced.
_MODEL_OPTIONS_SHOWN = 2


def fill_form(config: RunConfig) -> None:
    """Puts a configuration into the form's widgets. Call it before they are drawn, as in a callback."""
    state = st.session_state
    for noun in ("dataset", "model", "optimizer", "loss", "device", "metrics"):
        state[f"train_{noun}_select"] = getattr(config, noun)
    for entry in (DATASETS[config.dataset], MODELS[config.model]):
        _fill_options(entry, config.dataset_options if entry.kind == "dataset" else config.model_options)
    _fill_options(OPTIMIZERS[config.optimizer], config.optimizer_options)
    _fill_options(LOSSES[config.loss], config.loss_options)
    for name, option in _PLAIN.items():
        if option.kind in ("int", "float"):
            value = getattr(config, name)
            state[f"train_{name}_set"] = float(value) if option.kind == "float" and value is not None else value


def draw_form() -> dict[str, Any]:
    """Draws the form and returns the fields of a RunConfig, not yet checked."""
    fields: dict[str, Any] = {}
    dataset = _select(DATASETS, "dataset", "Dataset", list(DATASETS), "What the model learns from.")
    fields["dataset"] = dataset.name
    fields["dataset_options"] = _draw_options(dataset, dataset.options)
    try:
        spec = dataset.spec(**fields["dataset_options"]) if callable(dataset.spec) else dataset.spec
    except TypeError:
        return fields
    st.caption(spec.summary)

    model = _select(MODELS, "model", "Model", offered(MODELS, spec), "What learns. Simple ones train fast.")
    _say_what_is_missing(MODELS, spec)
    fields["model"] = model.name
    fields["model_options"] = _draw_options(model, model.options[:_MODEL_OPTIONS_SHOWN])

    left, right = st.columns(2)
    with left:
        optimizer = _select(
            OPTIMIZERS, "optimizer", "Optimizer", list(OPTIMIZERS), "How the model is corrected after each batch."
        )
    fields["optimizer"] = optimizer.name
    with right:
        rate = optimizer.options[0]
        fields["optimizer_options"] = {rate.name: _draw_option(rate, f"train_{optimizer.name}_{rate.name}_set")}
    goal = seen_by(model, spec)
    left, right = st.columns(2)
    with left:
        loss = _select(LOSSES, "loss", "Loss", offered(LOSSES, goal), "What training makes small.")
    fields["loss"] = loss.name
    with right:
        labels = {device.name: device.label for device in list_devices()}
        fields["device"] = _choose("device", "Device", labels, _PLAIN["device"].help)
    _draw_plain(fields, "epochs", "batch_size")

    with st.expander("Advanced", icon=":material/tune:"):
        fields["model_options"] |= _draw_options(model, model.options[_MODEL_OPTIONS_SHOWN:], model.label)
        fields["optimizer_options"] |= _draw_options(optimizer, optimizer.options[1:], optimizer.label)
        fields["loss_options"] = _draw_options(loss, loss.options, loss.label)
        st.caption("Training")
        names = offered(METRICS, goal)
        key = "train_metrics_select"
        if key not in st.session_state or not set(st.session_state[key]) <= set(names):
            st.session_state[key] = [name for name in names if METRICS[name].traits.get("is_default")]
        fields["metrics"] = st.multiselect(
            "Metrics",
            names,
            format_func=lambda name: METRICS[name].label,
            key=key,
            help="Measured beside the loss.",
            persist_state="session",
        )
        _draw_plain(fields, "validation_split", "clip_norm", "seed", "checkpoint_seconds", "keep_checkpoints")
    return fields


def _select(registry: Registry, noun: str, label: str, names: list[str], help: str) -> Entry:
    labels = {name: registry[name].label for name in names}
    return registry[_choose(noun, label, labels, help)]


def _choose(noun: str, label: str, labels: dict[str, str], help: str) -> str:
    key = f"train_{noun}_select"
    if st.session_state.get(key) not in labels:
        st.session_state[key] = next(iter(labels))
    return st.selectbox(label, list(labels), format_func=labels.get, key=key, help=help, persist_state="session")


def _say_what_is_missing(registry: Registry, spec) -> None:
    reasons = {entry.label: why_not(entry, spec) for entry in registry.values()}
    for label, reason in reasons.items():
        if reason:
            st.caption(f"{label} is not offered here: {reason}.")


def _draw_options(entry: Entry, options: tuple[Option, ...], title: str = "") -> dict[str, Any]:
    values = {}
    if title and options:
        st.caption(title)
    for first in range(0, len(options), 2):
        for column, option in zip(st.columns(2, vertical_alignment="bottom"), options[first : first + 2], strict=False):
            with column:
                values[option.name] = _draw_option(option, f"train_{entry.name}_{option.name}_set")
    return values


def _draw_plain(fields: dict[str, Any], *names: str) -> None:
    for first in range(0, len(names), 2):
        for column, name in zip(st.columns(2, vertical_alignment="bottom"), names[first : first + 2], strict=False):
            with column:
                fields[name] = _draw_option(_PLAIN[name], f"train_{name}_set")


def _draw_option(option: Option, key: str) -> Any:
    """Draws one option as the widget that suits it and returns its value."""
    if key not in st.session_state:
        st.session_state[key] = option.default
    common = {"key": key, "help": option.help, "persist_state": "session"}
    if option.kind == "bool":
        return st.checkbox(option.label, **common)
    if option.kind == "choice":
        return st.selectbox(option.label, option.choices, **common)
    if option.kind == "int":
        low, high = (None if bound is None else int(bound) for bound in (option.minimum, option.maximum))
        return st.number_input(option.label, min_value=low, max_value=high, step=1, **common)
    if option.kind == "float":
        if st.session_state[key] is not None:
            st.session_state[key] = float(st.session_state[key])
        low = option.above if option.above is not None else option.minimum
        return st.number_input(
            option.label,
            min_value=None if low is None else float(low),
            max_value=None if option.maximum is None else float(option.maximum),
            step=_step(option),
            format="%g",
            # None allows an empty field, which is how an option that may be left out is switched off.
            value=None if option.optional else "min",
            placeholder="off" if option.optional else None,
            **common,
        )
    return st.text_input(option.label, **common)


def _step(option: Option) -> float:
    """Returns what the plus and minus buttons change: a tenth of the range, or half the default."""
    if option.maximum is not None and option.maximum <= 1:
        return 0.05
    return float(option.default) / 2 if option.default else 1.0


def _fill_options(entry: Entry, options: dict[str, Any]) -> None:
    for option in entry.options:
        st.session_state[f"train_{entry.name}_{option.name}_set"] = options.get(option.name, option.default)
