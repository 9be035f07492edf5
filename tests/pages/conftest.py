"""What tests of the pages without a browser share."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import trainer.runs.store
from trainer import RunStore

INDEX = str(Path(__file__).parents[2] / "pages" / "index.py")


@pytest.fixture
def store(tmp_path, monkeypatch, cured):
    """The store that the page uses, in a folder of its own; its runs are ended."""
    store = RunStore(tmp_path / "runs")
    monkeypatch.setattr(trainer.runs.store, "_default", store)
    yield store
    assert store.close(timeout=60)


def open_page(run=None, **query: str) -> AppTest:
    """Opens the Train page in a new session; a reload keeps the query of the address."""
    page = AppTest.from_file(INDEX, default_timeout=60)
    if run:
        page.query_params["run"] = run.id
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def reload(page: AppTest) -> AppTest:
    """Opens the same address in a new session."""
    again = AppTest.from_file(INDEX, default_timeout=60)
    for name, value in page.query_params.items():
        again.query_params[name] = value[0] if isinstance(value, list) else value
    return again.run()


def button(page: AppTest, label: str):
    """Returns the button with a label."""
    return next(found for found in page.button if found.label == label)
