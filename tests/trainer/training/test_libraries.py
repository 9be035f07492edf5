"""TensorFlow's shared libraries are loaded ahead of its import."""

import subprocess
import sys

import pytest

from trainer.training.engine.libraries import load_libraries

PROGRAM = """
from trainer.training.engine.start_up import prepare_engine
prepare_engine()
import sys
assert "tensorflow" not in sys.modules
print(open("/proc/self/maps").read())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/maps is Linux's")
def test_both_libraries_are_loaded_and_tensorflow_is_not_imported():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert "libtensorflow_framework.so" in done.stdout
    assert "libtensorflow_cc.so" in done.stdout
    assert done.stderr == ""


def test_without_tensorflow_there_is_nothing_to_load(monkeypatch):
    monkeypatch.setattr("trainer.training.engine.libraries.find_spec", lambda name: None)
    load_libraries()
