"""Image file: an uploaded PNG or JPEG."""

from __future__ import annotations

import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.predict.answer import draw_answer
from pages.ui.predict.pictures import enlarged
from pages.ui.predict.trial import Trial
from pages.ui.text import escape_markdown
from trainer import TrainerError
from trainer.analysis.predictions.files import read_uploaded_image
from trainer.analysis.predictions.predict import answer

#: Megabytes.
_MOST = 10


def try_image(trial: Trial) -> None:
    """Draws the uploader, what the model receives, and the answer."""
    data = trial.model.data
    left, right = st.columns([1, 1.5], gap="large")
    with left:
        file = st.file_uploader(
            "PNG or JPEG image",
            type=["png", "jpg", "jpeg"],
            max_upload_size=_MOST,
            key=widget_key("image", "upload", page="predict"),
        )
        is_inverted = data.input_shape[-1] == 1 and st.checkbox(
            "Invert light and dark",
            key=widget_key("image", "invert", page="predict"),
            help="For dark ink on white paper where the model learned from light ink on black, as with digits.",
        )
    if file is None:
        right.caption("The image is resized and converted to what the model takes. The answer says what was changed.")
        return
    try:
        examples = read_uploaded_image(file.getvalue(), file.name, trial.model, is_inverted=is_inverted)
        found = answer(trial.model, examples)
    except TrainerError as error:
        right.error(escape_markdown(str(error)), icon=":material/error:")
        return
    with right:
        draw_answer(trial, examples.x, found)
    with left:
        st.image(enlarged(examples.x[0], data, 224), width=224)
        st.caption("What the model receives.")
