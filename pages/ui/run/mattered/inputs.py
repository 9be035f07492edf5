"""What mattered in images and sequences: integrated gradients of some examples."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.ui.catalogue import target_name
from pages.ui.data.pictures import scaled, strip
from pages.ui.keys import widget_key
from pages.ui.numbers import format_number
from pages.ui.run.checkpoint_choice import Chosen
from pages.ui.run.evaluation.examples import examples_of
from pages.ui.run.mattered.charts import attribution_pixels, sequence_figure
from pages.ui.text import count, escape_markdown
from pages.ui.waiting import result_of
from trainer import Run
from trainer.analysis.attribution.integrated_gradients import STEPS, Attributions, attribute
from trainer.analysis.predictor import predictor

_IMAGES, _SEQUENCES = 12, 3
#: CSS pixels of an image beside its attribution.
_WIDTH = 204


def inputs_view(run: Run, chosen: Chosen, split: str) -> None:
    """Draws the attributions of some examples, and the choice of them."""
    st.markdown("##### Integrated gradients")
    data = examples_of(run, split)
    if data is None:
        return
    rows = _choose(run, data, _IMAGES if run.spec.is_image else _SEQUENCES)
    if not len(rows):
        st.caption("This split has no example of this class. Choose another class.")
        return
    x = np.asarray(data.x[rows])
    found = result_of(
        ("gradients", str(run.path), chosen.digest, split, tuple(rows.tolist())),
        lambda job: attribute(predictor(run, chosen.step), x, job),
        f"Following the gradients of {count(len(rows), 'example')}",
    )
    if found is None:
        return
    (_images if run.spec.is_image else _sequences)(run, x, np.asarray(data.y[rows]), found)
    _about(run, found)


def _choose(run: Run, data, most: int) -> np.ndarray:
    """Draws the choice of examples and returns their indices, int (≤ most,)."""
    spec, y = run.spec, np.asarray(data.y)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        options = [None, *range(spec.num_classes or 0)] if spec.task == "classification" else [None]
        key = widget_key("mattered_class", "select")
        if st.session_state.get(key) not in options:
            st.session_state[key] = None
        names = spec.class_labels
        code = None
        if len(options) > 1:
            code = st.selectbox(
                "True class",
                options,
                format_func=lambda code: "One of each" if code is None else names[code],
                key=key,
                width=250,
            )
        page = st.number_input(
            "Page", 1, None, 1, key=widget_key("mattered_page", "set"), width=130, help="Further examples."
        )
    if spec.task == "classification" and code is None:
        lists = [np.flatnonzero(y == place) for place in range(spec.num_classes)]
        rows = np.array([rows[(page - 1) % len(rows)] for rows in lists if len(rows)], int)
        return rows[:most]
    rows = np.arange(len(y)) if code is None else np.flatnonzero(y == code)
    pages = max(1, -(-len(rows) // most))
    first = (page - 1) % pages * most
    return rows[first : first + most]


def _caption(run: Run, y: np.ndarray, found: Attributions, number: int) -> str:
    names, target, output = run.spec.class_labels, int(found.targets[number]), float(found.output[number])
    if run.spec.task == "classification":
        true = names[int(y[number])]
        words = f"{names[target]}, {output:.0%}" + ("" if true == names[target] else f" (true: {true})")
    elif run.spec.task == "multilabel":
        words = f"{names[target]}, {output:.0%}"
    else:
        words = f"{format_number(output)} (true: {format_number(float(y[number].item()))})"
    return escape_markdown(words)


def _images(run: Run, x: np.ndarray, y: np.ndarray, found: Attributions) -> None:
    pixels = scaled(x, run.spec.rescale)
    pixels = pixels if pixels.shape[-1] >= 3 else pixels[..., :1].repeat(3, axis=-1)
    with st.container(horizontal=True, gap="medium", key=widget_key("mattered", "images")):
        for number, image in enumerate(pixels):
            both = np.stack([image[..., :3], attribution_pixels(found.values[number])])
            st.image(strip(both, 2), caption=_caption(run, y, found, number), width=_WIDTH)


def _sequences(run: Run, x: np.ndarray, y: np.ndarray, found: Attributions) -> None:
    for number, sequence in enumerate(x):
        st.caption(f"Predicted: {_caption(run, y, found, number)}")
        st.plotly_chart(
            sequence_figure(np.asarray(sequence, np.float32), found.values[number]),
            key=widget_key(f"mattered_sequence_{number}", "plot"),
            config={"displayModeBar": False},
            alt=f"A sequence of {len(sequence)} steps and what each adds to the prediction.",
        )


def _about(run: Run, found: Attributions) -> None:
    gap = float(np.abs(found.values.reshape(len(found.values), -1).sum(axis=1) - found.change).max())
    what = "pixel" if run.spec.is_image else "step"
    baseline = "a black image" if run.spec.is_image else "zeros"
    if run.spec.standardize and not run.spec.is_image:
        baseline = "the mean of the training split"
    output = f"predicted {escape_markdown(target_name(run))}"
    output = "probability of the predicted class" if run.spec.task != "regression" else output
    st.caption(
        f"Orange {what}s raise the {output} above that of {baseline}, blue ones lower it; together they add up to the "
        f"difference (here to within {format_number(gap)}, with {STEPS} steps). Sundararajan, Taly & Yan 2017, "
        f"arXiv:1703.01365. **It does not show** what another baseline would: a {what} that equals the baseline never "
        "counts, however much the model looks at it."
    )
