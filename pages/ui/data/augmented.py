"""One augmented batch, exactly as the model sees it in its first step."""

from __future__ import annotations

import streamlit as st

from pages.ui.data.loading import Choice
from pages.ui.data.pictures import scaled, strip
from pages.ui.fields.widgets import draw_option
from pages.ui.form.advanced import nested_options, plain_value
from pages.ui.text import escape_markdown
from trainer import Dataset, RunConfig, TrainerError
from trainer.training.build import augmentation_of
from trainer.training.engine.start_up import engine_status

_SHOWN = 10


def augmented_batch(dataset: Dataset, choice: Choice) -> None:
    """Draws the options of augmentation and the first batch before and after it."""
    st.markdown("##### Images changed at random")
    st.caption(
        "The first batch of training as it is, and beneath it as the model sees it. Validation, test and downloaded "
        "models always see images as they are."
    )
    options = nested_options("augmentation")
    values = {}
    for column, option in zip(st.columns(len(options), vertical_alignment="bottom"), options, strict=True):
        key = f"data_augmentation_{option.name}_set"
        st.session_state.setdefault(key, option.default)
        with column:
            values[option.name] = draw_option(option, key)
    if engine_status() != "ready":
        st.caption("The batch is drawn here as soon as the engine is warm.")
        return
    try:
        before, after = first_batch(dataset, choice, values)
    except TrainerError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    for name, images in (("as it is", before), ("as the model sees it", after)):
        left, right = st.columns([1, 9], vertical_alignment="center", gap="small")
        left.caption(name)
        right.image(strip(scaled(images[:_SHOWN], dataset.spec.rescale), _SHOWN), width="stretch")
    st.button(
        "Use this in training",
        icon=":material/tune:",
        key="data_augmentation_use",
        help="Switches it on in the Train page's form, under Advanced.",
        on_click=_use,
        args=(values,),
    )


def first_batch(dataset: Dataset, choice: Choice, values: dict):
    """Returns the images of step 1, raw, and what the augmentation makes of them.

    Returns:
        Two arrays (batch, height, width, channels): as in the data set, and float32.
    """
    size = min(plain_value("batch_size"), len(dataset.train))
    config = RunConfig(
        model="mlp",
        dataset=choice.dataset,
        dataset_options=choice.options,
        augmentation=values,
        batch_size=size,
        seed=choice.seed,
        validation_split=choice.validation_split,
    )
    before, _ = next(dataset.batches(size, choice.seed))
    model = augmentation_of(config, dataset.spec)
    if model is None:
        return before, before
    # The whole batch, since what happens to one image is drawn together with all the others.
    return before, model(before.astype("float32"), training=True).numpy()


def _use(values: dict) -> None:
    st.session_state["train_augmentation_use"] = True
    for name, value in values.items():
        st.session_state[f"train_augmentation_{name}_set"] = value
    st.toast("It is switched on in the Train page's form.", icon=":material/tune:")
