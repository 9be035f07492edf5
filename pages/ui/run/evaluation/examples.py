"""Examples of a split with what was predicted for them: images, rows of a table, or sequences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.ui.catalogue import target_name
from pages.ui.data.charts import lines_figure
from pages.ui.data.pictures import scaled, strip
from pages.ui.data.rows import training_frame
from pages.ui.keys import widget_key
from pages.ui.waiting import result_of
from trainer import Dataset, Run
from trainer.analysis.jobs import forget
from trainer.analysis.run_data import kept_data, load_split
from trainer.data.splits import Split

_SEQUENCES = 6
#: CSS pixels.
_WIDTH = 72


def examples_of(run: Run, name: str) -> Split | None:
    """Returns a split of the run's data; None while it is being read, or after saying why it cannot be."""
    if kept_data(run) is not None:
        return load_split(run, name)
    key = ("examples", str(run.path), name)
    found = result_of(key, lambda job: load_split(run, name) and True, f"Reading the {name} split")
    if found:
        forget(key)  # The data may leave the memory, and is read again then.
        return load_split(run, name)
    return None


def draw_examples(
    run: Run, split: Split, rows: np.ndarray, captions: Sequence[str], predicted: dict[str, np.ndarray], noun: str
) -> None:
    """Draws some examples.

    Args:
        run: whose data it is.
        split: that they are from.
        rows: their indices, int (n,).
        captions: what to write under each image.
        predicted: what to add beside the target of each row of a table: column → values (n,).
        noun: of the widget key.
    """
    spec, x = run.spec, np.asarray(split.x[rows])
    if spec.is_image:
        pixels = scaled(x, spec.rescale)
        with st.container(horizontal=True, gap="small", key=widget_key(noun, "images")):
            for image, caption in zip(pixels, captions, strict=True):
                st.image(strip(image[None], 1), caption=caption, width=_WIDTH)
    elif x.ndim == 2:
        frame = training_frame(Dataset(spec, Split(x, np.asarray(split.y[rows]))), target_name(run), len(rows))
        place = spec.num_classes if spec.task == "multilabel" else 1
        for number, (name, values) in enumerate(predicted.items()):
            frame.insert(place + number, name if name not in frame else f"{name} (model)", values)
        st.dataframe(frame, hide_index=True, height="content" if len(rows) <= 8 else 320, key=widget_key(noun, "table"))
    elif x.ndim == 3:
        names = [f"{number}. {caption}" for number, caption in enumerate(captions[:_SEQUENCES], start=1)]
        figure = lines_figure(dict(zip(names, x[:_SEQUENCES, :, 0], strict=True)), "value")
        st.plotly_chart(
            figure, key=widget_key(noun, "lines"), config={"displayModeBar": False}, alt=f"{len(names)} sequences."
        )
    else:
        st.caption(f"Examples of the shape {spec.input_shape} cannot be drawn here.")
