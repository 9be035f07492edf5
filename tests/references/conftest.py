"""Loads the engine for all comparisons."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def engine():
    from trainer.training.engine.start_up import load_engine

    load_engine()
