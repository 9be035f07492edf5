"""The Advanced section of the form: what a beginner does not need."""

from __future__ import annotations

import dataclasses
from typing import Any

import streamlit as st

from pages.ui.fields.class_weights import draw_class_weight
from pages.ui.fields.limits import find_problem, valid_or_default
from pages.ui.fields.widgets import choose, draw_option, draw_options, draw_two_in_a_row
from pages.ui.form.schedule_chart import schedule_figure
from pages.ui.keys import widget_key
from pages.ui.numbers import format_number
from trainer import METRICS, RunConfig
from trainer.catalog.schedules.plan import Plan, plot_points
from trainer.config.augmentation import FIRST
from trainer.config.data_spec import DataSpec
from trainer.config.fitting import offered
from trainer.config.options import Option, describe_option
from trainer.config.recipe import NESTED
from trainer.config.registry import SCHEDULES, Entry
from trainer.config.split_sizes import count_training
from trainer.errors import ConfigError
from trainer.training.engine.devices import devices_of
from trainer.training.engine.start_up import engine_status

PLAIN = {name: describe_option(name, info) for name, info in RunConfig.model_fields.items()}


def draw_plain(*names: str, **limits: Option) -> dict[str, Any]:
    """Draws fields of RunConfig itself and returns their values by name.

    Args:
        names: names of the fields.
        limits: options that replace those of RunConfig, because the data sets another limit.
    """
    return draw_two_in_a_row([limits.get(name, PLAIN[name]) for name in names], lambda option: plain_key(option.name))


def plain_key(name: str) -> str:
    """Returns the key of the widget for a field of RunConfig."""
    return widget_key(name, "set")


def plain_value(name: str) -> Any:
    """Returns the form's value of a field of RunConfig, or its default if the value is not allowed."""
    return valid_or_default(PLAIN[name], st.session_state.get(plain_key(name), PLAIN[name].default))


def nested_options(name: str) -> list[Option]:
    """Returns the options of early stopping, of reloading on a plateau, or of augmentation.

    The defaults of augmentation change nothing, so the form starts with values that do.
    """
    first = FIRST if name == "augmentation" else {}
    options = [describe_option(field, info) for field, info in NESTED[name].model_fields.items() if field != "monitor"]
    return [dataclasses.replace(option, default=first.get(option.name, option.default)) for option in options]


def nested_key(name: str, option: Option) -> str:
    """Returns the key of the widget for an option of early stopping, reloading or augmentation."""
    return widget_key(f"{name}_{option.name}", "set")


def draw_advanced(
    fields: dict[str, Any], goal: DataSpec, model: Entry, optimizer: Entry, loss: Entry, shown: int
) -> None:
    """Draws the section and adds its values to `fields`.

    Args:
        fields: fields of the RunConfig so far.
        goal: spec of the data, with the task of the model.
        model, optimizer, loss: the chosen entries.
        shown: number of the model's options drawn outside this section.
    """
    with st.expander("Advanced", icon=":material/tune:"):
        parts = st.tabs(["Model", "Steps", "Epochs", "Saving"])
        with parts[0]:
            fields["model_options"] |= draw_options(model, model.options[shown:], model.label)
            fields["loss_options"] = draw_options(loss, loss.options, loss.label)
            st.caption("Weights")
            fields |= draw_plain("l1", "l2", "ema_momentum")
            if goal.is_image and goal.rescale is not None and goal.task == "classification":
                fields["augmentation"] = _nested("augmentation", "Augmentation")
            if goal.task == "classification":
                fields["class_weight"] = draw_class_weight(goal, PLAIN["class_weight"].help)
        with parts[1]:
            fields["optimizer_options"] |= draw_options(optimizer, optimizer.options[1:], optimizer.label)
            _schedule(fields, goal, optimizer)
            st.caption("Gradients")
            fields |= draw_plain("clip_norm", "clip_value", "gradient_accumulation_steps")
            if devices_of(fields["device"])[0].startswith("GPU"):
                fields["precision"] = draw_option(PLAIN["precision"], plain_key("precision"))
        with parts[2]:
            _metrics(fields, goal)
            fields |= draw_plain("validation_split", "seed")
            # If a model has its own monitor, its losses do not measure quality.
            names = [*([] if model.traits.monitor else ["loss"]), *fields["metrics"]]
            if fields["validation_split"]:
                names = [*(f"val_{name}" for name in names), *names]
            first = [model.traits.monitor] if model.traits.monitor else []
            labels = {name: "The newest" if name == "epoch" else name for name in (*first, *names)}
            fields["monitor"] = choose("monitor", "Best epoch by", labels, PLAIN["monitor"].help)
            # These monitor a measure of quality, which such a model lacks.
            if not model.traits.monitor:
                for name, label in (("early_stopping", "Early stopping"), ("reload_on_plateau", "Reload on plateau")):
                    fields[name] = _nested(name, label)
        with parts[3]:
            fields |= draw_plain(
                "checkpoint_seconds", "checkpoint_epochs", "keep_checkpoints", "profile_steps", "histograms"
            )


def _metrics(fields: dict[str, Any], goal: DataSpec) -> None:
    names, key = offered(METRICS, goal), "train_metrics_select"
    if key not in st.session_state or not set(st.session_state[key]) <= set(names):
        st.session_state[key] = [name for name in names if METRICS[name].traits.is_default]
    if not names:
        fields["metrics"] = []
        return
    fields["metrics"] = st.multiselect(
        "Metrics",
        names,
        format_func=lambda name: METRICS[name].label,
        key=key,
        help="Measures of quality besides the loss, at every step and epoch.",
        persist_state="session",
    )


def _schedule(fields: dict[str, Any], goal: DataSpec, optimizer: Entry) -> None:
    labels = {None: "Constant"} | {name: entry.label for name, entry in SCHEDULES.items()}
    name = choose("schedule", "Learning-rate schedule", labels, PLAIN["schedule"].help)
    fields["schedule"] = name
    if name is None:
        return
    entry = SCHEDULES[name]
    fields["schedule_options"] = draw_options(entry, entry.options)
    st.caption(entry.help)
    if engine_status() != "ready":
        st.caption("Its chart appears here when the engine is warm.")
        return
    if any(find_problem(PLAIN[name], fields[name]) for name in ("batch_size", "epochs")):
        return
    try:
        options, rates = entry.parse(fields["schedule_options"]), optimizer.parse(fields["optimizer_options"])
    except ConfigError:
        return  # The field already says what is allowed.
    steps = -(-count_training(goal, plain_value("validation_split")) // fields["batch_size"])
    plan = Plan(rates["learning_rate"], steps, steps * fields["epochs"])
    at, planned = plot_points(entry.build(plan, **options), plan)
    alt = f"Learning rate from {format_number(planned[0])} at the start to {format_number(planned[-1])} at the end."
    st.plotly_chart(
        schedule_figure(at, planned), key=widget_key("schedule", "plot"), config={"displayModeBar": False}, alt=alt
    )


def _nested(name: str, label: str) -> dict[str, Any] | None:
    if not st.checkbox(label, key=widget_key(name, "use"), help=PLAIN[name].help, persist_state="session"):
        return None
    values = draw_two_in_a_row(nested_options(name), lambda option: nested_key(name, option))
    if name == "augmentation" and not any(values.values()):
        st.caption(":orange[Augmentation changes nothing: set at least one of these above 0.]")
    return values
