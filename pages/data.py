"""Data: look at a data set, bring one, have it checked."""

import streamlit as st

from pages.ui.catalogue import find_brought
from pages.ui.data.actions import delete_dialog, rename_dialog, train_on
from pages.ui.data.chooser import bring, choose_dataset, draw_dataset_options
from pages.ui.data.findings import findings
from pages.ui.data.header import data_header
from pages.ui.data.loading import Choice, load
from pages.ui.data.look import look
from pages.ui.data.target_question import ask_for_target
from pages.ui.form.advanced import plain_value
from pages.ui.inspecting import inspect, inspect_with
from pages.ui.text import escape_markdown
from trainer import DATASETS, TrainerError
from trainer.data.uploads.store import DatasetStore

store = DatasetStore.default()
left, right = st.columns([1, 2.9], gap="medium")
with left, st.container(key="data_choose_panel", border=True, gap="small"):
    choice = choose_dataset(store)
    options_place = st.container(gap="small")
    bring(store)
with right:
    try:
        brought = find_brought(store, choice)
        guessed = inspect(brought) if brought else None
    except TrainerError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        st.stop()
    with options_place:
        options = draw_dataset_options(choice, brought, guessed)
    dataset, report, refused = (brought.dataset if brought else choice), None, ""
    try:
        if brought:
            report = inspect_with(brought, guessed, options)
        else:
            DATASETS[dataset].parse(options)
    except TrainerError as error:
        refused = str(error)
    asked = data_header(dataset, options, brought, is_ready=not refused and (report is None or report.is_ready))
    # Dialogs open from the page itself, never from a fragment.
    if asked == "Train on this":
        train_on(dataset, options)
    elif asked == "Rename":
        rename_dialog(store, brought)
    elif asked == "Delete":
        delete_dialog(store, brought)
    if refused:
        st.error(escape_markdown(refused), icon=":material/edit:")
    if report:
        ask_for_target(brought, report)
        findings(brought, report)
    if not refused and (report is None or report.is_ready):
        shown = Choice(
            brought.name if brought else DATASETS[choice].label,
            dataset,
            options,
            plain_value("validation_split"),
            plain_value("seed"),
        )
        loaded = load(shown)
        if loaded:
            target = options.get("target")
            look(loaded, shown, target if isinstance(target, str) and target else "target")
