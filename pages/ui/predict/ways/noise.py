"""Noise: images that a GAN makes, and the way between two of them."""

from __future__ import annotations

import secrets

import numpy as np
import streamlit as st

from pages.ui.data.pictures import strip
from pages.ui.keys import widget_key
from pages.ui.predict.pictures import enlarged_unit
from pages.ui.predict.trial import Trial
from trainer.analysis.predictions.noise import draw_noise, interpolate

_IMAGES, _ACROSS, _STEPS = 16, 8, 8
_SEED = widget_key("seed", "set", page="predict")
_LARGEST_SEED = 2**31 - 1


def try_noise(trial: Trial) -> None:
    """Draws the seed, the images that follow from it, and the way from one of them to another."""
    latent = trial.model.input_shape[0]
    st.session_state.setdefault(_SEED, 0)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input("Seed", 0, _LARGEST_SEED, key=_SEED, width=180,
                               help="The same seed always gives the same images.")  # fmt: skip
        st.button("New noise", icon=":material/casino:", key=widget_key("noise", "draw", page="predict"),
                  on_click=_draw_seed)  # fmt: skip
    noise = draw_noise(int(seed or 0), _IMAGES, latent)
    images = trial.model.predict(noise)
    st.image(strip(np.clip(images, 0, 1), _ACROSS), width=_ACROSS * 84)
    st.caption(f"{_IMAGES} images from {latent} random numbers each, numbered from left to right.")
    st.markdown("##### Between two of them")
    left, right = st.columns([1, 1.5], gap="large")
    with left:
        numbers = list(range(1, _IMAGES + 1))
        with st.container(horizontal=True):
            start = st.selectbox("From image", numbers, key=widget_key("start", "select", page="predict"))
            end = st.selectbox("to image", numbers, index=1, key=widget_key("end", "select", page="predict"))
        way = st.slider("Part of the way", 0.0, 1.0, 0.5, 0.01, key=widget_key("way", "slide", page="predict"))
    ends = noise[_place(start)], noise[_place(end)]
    steps = interpolate(*ends, np.append(np.linspace(0, 1, _STEPS), way))
    between = trial.model.predict(steps)
    with right:
        st.image(enlarged_unit(between[-1], 196), width=196)
    st.image(strip(np.clip(between[:-1], 0, 1), _STEPS), width=_STEPS * 84)
    st.caption("The whole way, along the great circle between the two: a straight line would leave the noise's range.")


def _draw_seed() -> None:
    st.session_state[_SEED] = secrets.randbelow(_LARGEST_SEED)


def _place(number: object) -> int:
    return number - 1 if isinstance(number, int) and 1 <= number <= _IMAGES else 0
