"""Traindeck's server: `streamlit run app.py`, or `python app.py`."""

from pathlib import Path

import streamlit as st

import server

server.refuse_wrong_settings()

app = st.App(
    Path(__file__).resolve().parent / "pages" / "index.py",
    routes=server.routes,
    middleware=server.middleware,
    lifespan=server.lifespan,
)

if __name__ == "__main__":
    app.run()
