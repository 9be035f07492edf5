"""What all tests share."""

import os

# TensorFlow reads this when it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest


@pytest.fixture(scope="session")
def cured():
    """Keeps Streamlit's script runs from clearing Keras's session under a training thread, as the server does."""
    from server.process.keras_workaround import apply_workaround
    from trainer.training.engine.start_up import load_engine

    load_engine()
    apply_workaround()
