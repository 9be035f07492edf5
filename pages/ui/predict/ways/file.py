"""File: many examples at once, as a table of predictions to download."""

from __future__ import annotations

import csv
import hashlib
import io

import numpy as np
import pandas as pd
import streamlit as st

from pages.ui.keys import widget_key
from pages.ui.predict.answer import draw_notes
from pages.ui.predict.trial import Trial
from pages.ui.runs.export import quote_formula
from pages.ui.text import count, escape_markdown
from pages.ui.waiting import is_done
from trainer.analysis.jobs import Job, ask
from trainer.analysis.predictions.files import take_file
from trainer.analysis.predictions.predict import answer
from trainer.analysis.predictions.result import Predictions

#: Megabytes that the browser may send (at most `maxUploadSize` in .streamlit/config.toml), rows that are shown, and
#: classes with a column of their own.
_MOST, _ROWS_SHOWN, _CLASSES_SHOWN = 16, 1_000, 20


def try_file(trial: Trial) -> None:
    """Draws the uploader, the progress, and the table of predictions."""
    is_table = len(trial.model.data.input_shape) < 3
    file = st.file_uploader(
        "CSV, Parquet, NPZ or NPY file" if is_table else "NPZ or NPY file of images",
        type=["csv", "tsv", "txt", "parquet", "npz", "npy"] if is_table else ["npz", "npy"],
        max_upload_size=_MOST,
        key=widget_key("file", "upload", page="predict"),
        help="A table needs the columns that the model was trained on; others may stay. Arrays are taken from x.",
    )
    if file is None:
        st.caption(
            "Every row gets a prediction. The table can be downloaded as CSV. For a larger file use the shell: "
            f"`python -m trainer predict {trial.run.id} FILE`."
        )
        return
    content, name = file.getvalue(), file.name
    key = ("predict file", str(trial.run.path), trial.model.digest, hashlib.sha256(content).hexdigest(), name)
    # Taken out by the work, so that a kept job does not keep the file.
    held = [content]

    def work(job: Job) -> tuple[Predictions, pd.DataFrame | None]:
        examples = take_file(held.pop(), name, trial.model)
        return answer(trial.model, examples, job.give_way, job.tell), examples.table

    job = ask(key, work)
    if not is_done(job, f"Predicting {name}"):
        return
    if job.error or job.result is None:
        st.error(escape_markdown(job.error or "This was cancelled. Upload the file again."), icon=":material/error:")
        return
    _draw_table(trial, *job.result)


def _draw_table(trial: Trial, found: Predictions, table: pd.DataFrame | None) -> None:
    draw_notes(found)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{count(len(found), 'prediction')}**", width="content")
        st.space("stretch")
        st.download_button(
            "Download predictions",
            lambda: predictions_csv(predictions_frame(found, trial.target, table)),
            file_name="predictions.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=widget_key("predictions", "download", page="predict"),
        )
    shown = predictions_frame(found.part(0, _ROWS_SHOWN), trial.target, None if table is None else table[:_ROWS_SHOWN])
    st.dataframe(shown, hide_index=True, height="content" if len(shown) <= 12 else 460)
    if len(found) > len(shown):
        st.caption(f"The first {len(shown):,} of {len(found):,} rows. The download has all of them.")


def predictions_frame(found: Predictions, target: str, table: pd.DataFrame | None) -> pd.DataFrame:
    """Returns one row per example: what is predicted, then the row as it came.

    Args:
        found: the predictions.
        target: what is predicted, in a word.
        table: the rows, or None.
    """
    columns: dict[str, object] = {"row": np.arange(1, len(found) + 1)}
    if found.classes:
        columns[f"predicted {target}"] = [
            label if isinstance(label, str) else "; ".join(label) for label in found.labels
        ]
        if found.spec.task == "classification":
            columns["probability"] = found.probabilities.max(axis=1)
        for place, name in enumerate(found.classes[:_CLASSES_SHOWN]):
            columns[f"probability of {name}"] = found.probabilities[:, place]
    elif found.spec.task == "regression":
        columns[f"predicted {target}"] = found.values
    elif found.errors is not None:
        columns["error"] = found.errors
    for name in [] if table is None else table.columns:
        columns[name if name not in columns else f"{name} (input)"] = table[name].to_numpy()
    return pd.DataFrame(columns)


def predictions_csv(frame: pd.DataFrame) -> bytes:
    """Returns the table as CSV in UTF-8; text that a spreadsheet would compute gets a leading quote."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([quote_formula(str(name)) for name in frame.columns])
    for row in frame.astype(object).itertuples(index=False, name=None):
        writer.writerow([f"{cell:.7g}" if isinstance(cell, float) else quote_formula(cell) for cell in row])
    return file.getvalue().encode()
