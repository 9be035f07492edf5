"""The Data page: view a data set, or upload one and have it checked."""

import streamlit as st

from pages.ui.catalogue import find_uploaded
from pages.ui.data.actions import delete_dialog, rename_dialog, train_on
from pages.ui.data.chooser import choose_dataset, draw_dataset_options, draw_uploader
from pages.ui.data.findings import findings
from pages.ui.data.header import data_header
from pages.ui.data.loading import Choice, load
from pages.ui.data.look import look
from pages.ui.data.target_question import ask_for_target
from pages.ui.form.advanced import plain_value
from pages.ui.inspecting import inspect, inspect_with
from pages.ui.keys import widget_key
from pages.ui.text import escape_markdown
from trainer import DATASETS, TrainerError
from trainer.data.uploads import DatasetStore

store = DatasetStore.default()
left, right = st.columns([1, 2.9], gap="medium")
with left, st.container(key=widget_key("choose", "panel", page="data"), border=True, gap="small"):
    choice = choose_dataset(store)
    options_place = st.container(gap="small")
    draw_uploader(store)
with right:
    try:
        uploaded = find_uploaded(store, choice)
        guessed = inspect(uploaded) if uploaded else None
    except TrainerError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        st.stop()
    with options_place:
        options = draw_dataset_options(choice, uploaded, guessed)
    dataset, report, refused = (uploaded.dataset if uploaded else choice), None, ""
    try:
        if uploaded:
            report = inspect_with(uploaded, guessed, options)
        else:
            DATASETS[dataset].parse(options)
    except TrainerError as error:
        refused = str(error)
    asked = data_header(dataset, options, uploaded, is_ready=not refused and (report is None or report.is_ready))
    # Dialogs open from the page itself, never from a fragment.
    if asked == "Train on this":
        train_on(dataset, options)
    elif asked == "Rename":
        rename_dialog(store, uploaded)
    elif asked == "Delete":
        delete_dialog(store, uploaded)
    if refused:
        st.error(escape_markdown(refused), icon=":material/edit:")
    if report:
        ask_for_target(uploaded, report)
        findings(uploaded, report)
    if not refused and (report is None or report.is_ready):
        shown = Choice(
            uploaded.name if uploaded else DATASETS[choice].label,
            dataset,
            options,
            plain_value("validation_split"),
            plain_value("seed"),
        )
        loaded = load(shown)
        if loaded:
            target = options.get("target")
            look(loaded, shown, target if isinstance(target, str) and target else "target")
