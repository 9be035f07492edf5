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


#: One process runs these one after the other: they measure what a person waits for, and share a server and a browser.
BROWSER = ("tests/browser/", "tests/live_chart/")
#: What takes longest begins first, so that no process still works when the others have long finished.
LONGEST = (
    *BROWSER,
    "tests/trainer/training/test_families.py",
    "tests/trainer/runs/test_resume_exact.py",
    "tests/trainer/runs/test_run.py",
    "tests/references/test_own_models.py",
    "tests/trainer/cli/test_cli.py",
    "tests/trainer/training/test_loop.py",
)


def pytest_collection_modifyitems(config, items):
    """Leaves out slow comparisons unless everything was asked for, and orders the tests for several processes."""
    from tests.references import compare

    for item in items:
        if item.get_closest_marker("full") and not compare.is_full:
            item.add_marker(pytest.mark.skip(reason="slow: python -m tests.references, python -m tests.trainer.export"))
    if hasattr(config, "workerinput"):
        ranks = {prefix: rank for rank, prefix in enumerate(LONGEST)}
        items.sort(key=lambda item: next((ranks[p] for p in LONGEST if item.nodeid.startswith(p)), len(LONGEST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Gives each process whole files, in the tests' order: what a module's tests share is made once."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return "browser" if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)

    config.option.loadscopereorder = False
    return Scheduling(config, log)
