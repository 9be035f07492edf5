"""A script run leaves Keras alone while a model trains beside it.

Each case runs in a process of its own: the workaround changes Keras for good.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import gc, json, sys
import keras
from keras.src.backend.common import global_state
from streamlit.testing.v1 import AppTest
from server.process.keras_workaround import apply_workaround

if sys.argv[1] == "with workaround":
    apply_workaround()
frozen = gc.get_freeze_count()

keras.config.set_dtype_policy("float16")
global_state.set_global_attribute("traindeck", "kept")
collections = []
collect = gc.collect
gc.collect = lambda *args: collections.append(args) or collect(*args)

script = '''
import streamlit as st
@st.fragment
def figures():
    st.button("again", key="figures_again")
figures()
'''
app = AppTest.from_string(script, default_timeout=30).run()
app.button(key="figures_again").click().run()
assert not app.exception

for clear in (keras.utils.clear_session, keras._tf_keras.keras.backend.clear_session):
    if sys.argv[1] == "with workaround":
        clear(free_memory=True)
print(json.dumps({
    "policy": keras.config.dtype_policy().name,
    "state": global_state.get_global_attribute("traindeck"),
    "collections": len(collections),
    "frozen": frozen,
}))
"""


def run_scripts(kind):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_keras_state_survives_script_runs_and_nothing_is_collected():
    after = run_scripts("with workaround")
    assert after["policy"] == "float16"
    assert after["state"] == "kept"
    assert after["collections"] == 0  # [runner] postScriptGC = false is in force, and keras does not collect either
    assert after["frozen"] > 100_000


def test_without_the_workaround_a_script_run_wipes_keras_state():
    after = run_scripts("plain")  # when this fails, Streamlit has changed and the workaround can go
    assert after["state"] is None
    assert after["collections"] > 0


def test_the_workaround_asks_for_keras_first(monkeypatch):
    from server.process.keras_workaround import apply_workaround

    monkeypatch.delitem(sys.modules, "keras", raising=False)
    with pytest.raises(RuntimeError, match="Import keras first"):
        apply_workaround()
