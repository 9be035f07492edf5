"""A profile of the first steps changes nothing and travels with TensorBoard's download."""

import zipfile

import pytest

from tests.trainer.recipes import line
from trainer import RunStore
from trainer.export import export
from trainer.runs.profiling import StepProfile


def profiles(run):
    return [path for path in (run.path / "profile").rglob("*.xplane.pb") if path.stat().st_size]


def test_a_profile_changes_no_bit_and_is_in_the_download(tmp_path):
    store = RunStore(tmp_path)
    plain, profiled = (store.create(line(profile_steps=steps)) for steps in (0, 4))
    for run in (plain, profiled):
        run.start()
        assert run.wait(120)
        assert run.status == "completed", run.reason
        assert run.notes == []
    assert plain.checkpoints[0].digest == profiled.checkpoints[0].digest
    assert profiles(plain) == []
    [profile] = profiles(profiled)
    with zipfile.ZipFile(export(profiled, "tensorboard.zip", tmp_path / "board.zip")) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".xplane.pb")]
        assert archive.read(name) == profile.read_bytes()
    # Where TensorBoard looks for it.
    assert name.startswith(f"{profiled.id}/plugins/profile/")


@pytest.fixture
def profiler(monkeypatch):
    """Stands in for TensorFlow's; returns what was asked of it."""
    from trainer.training.engine.start_up import load_engine

    load_engine()
    import tensorflow as tf

    asked = []
    monkeypatch.setattr(tf.profiler.experimental, "start", lambda folder: asked.append("start"))
    monkeypatch.setattr(tf.profiler.experimental, "stop", lambda: asked.append("stop"))
    return asked


def test_it_holds_at_least_as_many_steps_as_were_asked_for(tmp_path, profiler):
    profile = StepProfile(tmp_path / "profile", 10, pytest.fail)
    profile.after(1)  # The call that compiled.
    assert profiler == ["start"]
    profile.after(4)
    profile.after(5)
    assert profiler == ["start"]
    profile.after(1)
    profile.after(100)
    profile.close()
    assert profiler == ["start", "stop"]


def test_it_ends_with_the_session_and_is_not_made_twice(tmp_path, profiler):
    profile = StepProfile(tmp_path, 10, pytest.fail)
    profile.after(1)
    profile.close()
    assert profiler == []
    profile = StepProfile(tmp_path / "profile", 10, pytest.fail)
    profile.after(1)
    profile.close()
    assert profiler == ["start", "stop"]
    nothing = StepProfile(tmp_path / "other", 0, pytest.fail)
    nothing.after(1)
    nothing.close()
    assert profiler == ["start", "stop"]


def test_where_another_run_is_profiled_training_goes_on_and_says_so(tmp_path, profiler, monkeypatch):
    import tensorflow as tf

    def refuse(folder):
        raise tf.errors.AlreadyExistsError(None, None, "Another profiler is running.")

    monkeypatch.setattr(tf.profiler.experimental, "start", refuse)
    notes = []
    profile = StepProfile(tmp_path / "profile", 10, notes.append)
    profile.after(1)
    profile.after(1)
    profile.close()
    assert notes == [
        "The steps could not be profiled: Another profiler is running. Training continued without a profile."
    ]
