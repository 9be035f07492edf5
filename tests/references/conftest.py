"""Loads the engine for all comparisons and leaves out the slow ones, unless everything was asked for."""

import pytest

from tests.references import compare


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("full") and not compare.is_full:
            item.add_marker(pytest.mark.skip(reason="slow: python -m tests.references"))


@pytest.fixture(scope="module", autouse=True)
def engine():
    from trainer.training.engine.start_up import load_engine

    load_engine()
