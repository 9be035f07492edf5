"""The entry page: navigation and the parts that every page shares."""

from pathlib import Path

import streamlit as st

from pages.ui.form.state import open_form
from pages.ui.shell.header import header
from pages.ui.shell.tab_order import skip_help_icons
from pages.ui.shell.tell import tell
from trainer import RunStore

SHELL = Path(__file__).parent / "ui" / "shell"

st.set_page_config(page_title="Traindeck", page_icon=str(SHELL / "icon.svg"), layout="wide")
st.logo(SHELL / "logo.svg", size="large", link=None)
st.html(SHELL / "layout.css")
skip_help_icons()
pages = [
    st.Page("train.py", title="Train", icon=":material/play_circle:", default=True),
    st.Page("runs.py", title="Runs", icon=":material/table_rows:"),
    st.Page("data.py", title="Data", icon=":material/database:"),
    st.Page("predict.py", title="Predict", icon=":material/psychology:"),
]
page = st.navigation(pages, position="top")
with st.container(key="page_links", horizontal=True, gap="xsmall"):  # on a phone only: see layout.css
    for link in pages:
        st.page_link(link)
header()
tell(RunStore.default())
open_form(RunStore.default())
page.run()
