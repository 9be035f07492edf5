"""The uploader: a file from the browser straight to the server's disk, with its progress.

`st.file_uploader` holds a file twice in the server's memory: 405 MB for one of 200 MB.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from server.uploads import upload_url
from trainer.data.uploads import Limits

_FOLDER = Path(__file__).parent
_TYPES = ".csv,.tsv,.txt,.parquet,.npz,.npy,.zip"

_component = st.components.v2.component(
    "traindeck_uploader",
    html=(_FOLDER / "uploader.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "uploader.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "uploader.js").read_text(encoding="utf-8"),
)


def uploader(on_uploaded: Callable[[str], None], *, key: str = "data_file_upload") -> None:
    """Draws the place to drop or choose a data file; see `receive`."""
    limit = Limits.from_environment().bytes
    hint = (
        "CSV, TSV or Parquet tables, NPZ or NPY arrays, or a zip with one folder of PNG or JPEG images per class; "
        f"up to {limit / 2**30:.3g} GiB. Drop it here or click to choose."
    )
    receive(on_uploaded, "datasets", "Upload a data file", _TYPES, hint, limit, key=key)


def receive(
    on_uploaded: Callable[[str], None], place: str, title: str, types: str, hint: str, limit: int, *, key: str
) -> None:
    """Draws the place to drop or choose a file.

    Args:
        on_uploaded: called with the id of what has just been stored, before the page is drawn again. The id comes
            from the browser: look it up before it is trusted.
        place: where it goes; see `server.uploads.upload_url`.
        title: what to upload, in a few words.
        types: file endings, between commas.
        hint: a sentence under the title.
        limit: bytes.
        key: the component's key.
    """

    def tell() -> None:
        if isinstance(uploaded := st.session_state[key].uploaded, str):
            on_uploaded(uploaded)

    _component(
        key=key,
        data={"url": upload_url(place), "limit": limit, "accept": types, "title": title, "hint": hint},
        on_uploaded_change=tell,
    )
