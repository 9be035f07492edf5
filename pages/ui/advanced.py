"""The Advanced section: what a beginner need not see."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui.charts import schedule_figure
from pages.ui.widgets import choose, draw_option, draw_options, draw_two_in_a_row
from trainer import METRICS, RunConfig
from trainer.augmentation import Augmentation
from trainer.config import offered
from trainer.dataset import DataSpec, count_training
from trainer.engine import engine_status
from trainer.plateau import EarlyStopping, ReloadOnPlateau
from trainer.registry import SCHEDULES, Entry, Option, describe_option
from trainer.schedules import Plan, plot_points

PLAIN = {name: describe_option(name, info) for name, info in RunConfig.model_fields.items()}
_NESTED = {"early_stopping": EarlyStopping, "reload_on_plateau": ReloadOnPlateau, "augmentation": Augmentation}


def draw_plain(*names: str) -> dict[str, Any]:
    """Draws fields of RunConfig itself and returns their values by name."""
    return draw_two_in_a_row([PLAIN[name] for name in names], lambda option: f"train_{option.name}_set")


def nested_options(name: str) -> list[Option]:
    """Returns the numbers and switches of early stopping, of going back to the best epoch, or of augmentation."""
    return [describe_option(field, info) for field, info in _NESTED[name].model_fields.items() if field != "monitor"]


def draw_advanced(
    fields: dict[str, Any], goal: DataSpec, model: Entry, optimizer: Entry, loss: Entry, shown: int
) -> None:
    """Draws the section and adds to `fields`.

    Args:
        fields: of the RunConfig so far.
        goal: the data as the model takes it.
        model, optimizer, loss: what was chosen.
        shown: how many of the model's options stand in the open already.
    """
    with st.expander("Advanced", icon=":material/tune:"):
        parts = st.tabs(["Model", "Steps", "Epochs", "Saving"])
        with parts[0]:
            fields["model_options"] |= draw_options(model, model.options[shown:], model.label)
            fields["loss_options"] = draw_options(loss, loss.options, loss.label)
            st.caption("Weights")
            fields |= draw_plain("l1", "l2", "ema_momentum")
            if goal.is_image and goal.rescale is not None and goal.task == "classification":
                fields["augmentation"] = _nested("augmentation", "Change images at random")
            if goal.task == "classification":
                labels = {None: "all alike", "balanced": "balanced"}
                fields["class_weight"] = choose("weights", "class weights", labels, PLAIN["class_weight"].help)
        with parts[1]:
            fields["optimizer_options"] |= draw_options(optimizer, optimizer.options[1:], optimizer.label)
            _schedule(fields, goal)
            st.caption("Gradients")
            fields |= draw_plain("clip_norm", "clip_value", "gradient_accumulation_steps")
            if fields["device"].startswith("GPU"):
                fields["precision"] = draw_option(PLAIN["precision"], "train_precision_set")
        with parts[2]:
            _metrics(fields, goal)
            fields |= draw_plain("validation_split", "seed")
            names = (
                [*(f"val_{name}" for name in fields["metrics"])] if fields["validation_split"] else fields["metrics"]
            )
            first = model.traits.get("monitor") or ("val_loss" if fields["validation_split"] else "loss")
            labels = {name: "the newest" if name == "epoch" else name for name in (first, *names)}
            fields["monitor"] = choose("monitor", "best epoch by", labels, PLAIN["monitor"].help)
            # What has no measure of how good it is cannot be watched by one.
            if "monitor" not in model.traits:
                for name, label in (("early_stopping", "Stop early"), ("reload_on_plateau", "Go back when stuck")):
                    fields[name] = _nested(name, label)
        with parts[3]:
            fields |= draw_plain("checkpoint_seconds", "checkpoint_epochs", "keep_checkpoints", "profile_steps")


def _metrics(fields: dict[str, Any], goal: DataSpec) -> None:
    names, key = offered(METRICS, goal), "train_metrics_select"
    if key not in st.session_state or not set(st.session_state[key]) <= set(names):
        st.session_state[key] = [name for name in names if METRICS[name].traits.get("is_default")]
    if not names:
        fields["metrics"] = []
        return
    fields["metrics"] = st.multiselect(
        "Metrics",
        names,
        format_func=lambda name: METRICS[name].label,
        key=key,
        help="Measured beside the loss.",
        persist_state="session",
    )


def _schedule(fields: dict[str, Any], goal: DataSpec) -> None:
    labels = {None: "Constant"} | {name: entry.label for name, entry in SCHEDULES.items()}
    name = choose("schedule", "learning-rate schedule", labels, PLAIN["schedule"].help)
    fields["schedule"] = name
    if name is None:
        return
    entry = SCHEDULES[name]
    fields["schedule_options"] = draw_options(entry, entry.options)
    st.caption(entry.help)
    if engine_status() != "ready":
        st.caption("It is drawn here as soon as the engine is warm.")
        return
    training = count_training(goal, st.session_state.get("train_validation_split_set", 0.2))
    steps = -(-training // fields["batch_size"])
    plan = Plan(fields["optimizer_options"]["learning_rate"], steps, steps * fields["epochs"])
    figure = schedule_figure(*plot_points(entry.build(plan, **fields["schedule_options"]), plan))
    st.plotly_chart(figure, key="train_schedule_plot", config={"displayModeBar": False})


def _nested(name: str, label: str) -> dict[str, Any] | None:
    if not st.checkbox(label, key=f"train_{name}_use", help=PLAIN[name].help, persist_state="session"):
        return None
    return draw_two_in_a_row(nested_options(name), lambda option: f"train_{name}_{option.name}_set")
