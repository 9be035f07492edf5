"""A checkpoint is whole or absent, and not one bit of it is lost."""

import hashlib
import json
import os
import shutil

import numpy as np
import pytest

from trainer.errors import CheckpointError, DivergenceError
from trainer.runs import checkpoint as module
from trainer.runs.checkpoint import (
    drop_after,
    list_checkpoints,
    newest_state,
    prune,
    read_state,
    write_checkpoint,
)
from trainer.storage import sweep
from trainer.training.engine.start_up import load_engine
from trainer.training.learner_state import digest_of, restore, state_arrays

load_engine()

import tensorflow as tf  # noqa: E402

from trainer.training.learners import Learner  # noqa: E402


class Bare(Learner):
    """A learner that is nothing but its variables."""

    train_step = eval_step = epoch_logs = eval_logs = reset_epoch = reset_eval = log_names = None

    def __init__(self, **parts):
        self._parts = {part: [tf.Variable(value) for value in values] for part, values in parts.items()}

    def variables(self):
        return self._parts


Bare.__abstractmethods__ = frozenset()


def state(salt: int = 0) -> dict[str, list[np.ndarray]]:
    """Returns one of each dtype that a learner may hold, with awkward values."""
    random = np.random.default_rng(salt)
    weights = random.normal(size=(3, 4)).astype(np.float32)
    weights[0, :3] = np.float32(-0.0), np.finfo(np.float32).smallest_subnormal, np.finfo(np.float32).max
    return {
        "model": [
            weights,
            np.array([2**32 - 1, 7], np.uint32),
            np.array(3.5),
            np.zeros((0, 2), np.float32),
        ],
        "optimizer": [np.array(2**40 + 1, np.int64), random.normal(size=(3, 4)).astype(np.float16)],
        "metrics": [np.array([True, False]), np.array(-5, np.int32)],
    }


def write(folder, step: int, salt: int = 0):
    values = state(salt)
    paths = {part: [f"{part}/{index}" for index in range(len(v))] for part, v in values.items()}
    return write_checkpoint(folder, step, values, paths, {"epoch": 1})


def zeros(like: dict) -> Bare:
    return Bare(**{part: [np.zeros_like(value) for value in values] for part, values in like.items()})


def test_every_bit_comes_back(tmp_path):
    written = write(tmp_path, 12)
    found, arrays, notes = newest_state(tmp_path)
    learner = zeros(state())
    restore(learner, arrays)
    assert (found.step, found.path.name, notes) == (12, "step-0000000012", [])
    for part, values in learner.snapshot().items():
        for value, expected in zip(values, state()[part], strict=True):
            assert np.asarray(value).dtype == expected.dtype
            assert np.asarray(value).tobytes() == expected.tobytes()
    assert digest_of(state_arrays(learner.snapshot())) == written.digest == digest_of(arrays)


def test_manifest_names_every_variable(tmp_path):
    write(tmp_path, 1)
    manifest = json.loads((tmp_path / "step-0000000001" / "manifest.json").read_text())
    assert manifest["variables"][0] == {"key": "metrics/0000", "path": "metrics/0", "shape": [2], "dtype": "|b1"}
    assert [v["dtype"] for v in manifest["variables"]] == ["|b1", "<i4", "<f4", "<u4", "<f8", "<f4", "<i8", "<f2"]
    assert manifest["epoch"] == 1


def test_digest_is_stable_and_sees_every_change():
    arrays = state_arrays(state())
    digest = digest_of(arrays)
    # Spelled out, so that a digest of today can be compared with one of last year.
    bare = b"a <i4 (3,)\n" + bytes([0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0])
    assert digest_of({"a": np.arange(3, dtype=np.int32)}) == hashlib.sha256(bare).hexdigest()
    assert digest == digest_of(dict(reversed(arrays.items())))
    for key, array in arrays.items():
        if array.size:
            changed = array.copy()
            changed.reshape(-1).view(np.uint8)[0] ^= 1
            assert digest_of(arrays | {key: changed}) != digest
    assert digest_of(arrays | {"model/0000": arrays["model/0000"].reshape(4, 3)}) != digest
    assert digest_of(arrays | {"model/0000": arrays["model/0000"].astype(np.float64)}) != digest


def flip_a_byte(path):
    contents = bytearray((path / "state.npz").read_bytes())
    contents[len(contents) // 2] ^= 1
    (path / "state.npz").write_bytes(contents)


DAMAGES = {
    "flipped byte": flip_a_byte,
    "truncated": lambda path: os.truncate(path / "state.npz", 100),
    "empty": lambda path: os.truncate(path / "state.npz", 0),
    "no state": lambda path: (path / "state.npz").unlink(),
    "no manifest": lambda path: (path / "manifest.json").unlink(),
    "torn manifest": lambda path: os.truncate(path / "manifest.json", 50),
    "manifest is no object": lambda path: (path / "manifest.json").write_text("[]"),
    "manifest without hashes": lambda path: (path / "manifest.json").write_text('{"step": 20, "digest": "0"}'),
    "manifest of another step": lambda path: shutil.copy(path.parent / "step-0000000010" / "manifest.json", path),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_set_aside_and_the_one_before_is_used(tmp_path, damage):
    write(tmp_path, 10, salt=1)
    DAMAGES[damage](write(tmp_path, 20, salt=2).path)
    found, arrays, notes = newest_state(tmp_path, set_aside=True)
    assert found.step == 10
    assert digest_of(arrays) == digest_of(state_arrays(state(1)))
    assert len(notes) == 1
    assert notes[0].endswith(".")
    assert (tmp_path / "damaged-step-0000000020").is_dir()
    assert [c.step for c in list_checkpoints(tmp_path)] == [10]
    assert newest_state(tmp_path, set_aside=True)[2] == []


def test_looking_changes_nothing(tmp_path):
    write(tmp_path, 10)
    flip_a_byte(write(tmp_path, 20).path)
    assert newest_state(tmp_path)[0].step == 10
    assert (tmp_path / "step-0000000020").is_dir()


def test_nothing_usable_is_no_checkpoint(tmp_path):
    assert newest_state(tmp_path / "absent") == (None, {}, [])
    flip_a_byte(write(tmp_path, 20).path)
    found, arrays, notes = newest_state(tmp_path, set_aside=True)
    assert (found, arrays, len(notes)) == (None, {}, 1)


def test_at_most_leaves_later_ones_alone(tmp_path):
    for step in (10, 20, 30):
        write(tmp_path, step)
    assert newest_state(tmp_path, 20, set_aside=True)[0].step == 20
    assert newest_state(tmp_path, 25)[0].step == 20
    assert [c.step for c in list_checkpoints(tmp_path)] == [30, 20, 10]
    drop_after(tmp_path, 20)
    assert [c.step for c in list_checkpoints(tmp_path)] == [20, 10]


def test_a_checkpoint_pruned_while_it_is_read_gives_the_newer_one(tmp_path, monkeypatch):
    write(tmp_path, 10)

    def pruned(checkpoint, read=module.read_state):
        monkeypatch.setattr(module, "read_state", read)
        write(tmp_path, 20)
        prune(tmp_path, 1, set())
        return read(checkpoint)

    monkeypatch.setattr(module, "read_state", pruned)
    found, _, notes = newest_state(tmp_path, set_aside=True)
    assert (found.step, notes) == (20, [])


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (lambda s: s["model"].__setitem__(0, np.zeros((4, 3), np.float32)), ["model/0000", "(4, 3)", "(3, 4)"]),
        (lambda s: s["model"].__setitem__(2, np.float32(0)), ["model/0002", "float32", "float64"]),
        (lambda s: s["optimizer"].pop(), ["holds 8 variables", "has 7"]),
    ],
)
def test_another_models_state_is_refused_and_nothing_is_changed(tmp_path, other, words):
    write(tmp_path, 1)
    shapes = state()
    other(shapes)
    learner = zeros(shapes)
    with pytest.raises(CheckpointError) as refused:
        restore(learner, newest_state(tmp_path)[1])
    assert all(word in str(refused.value) for word in words)
    assert not any(np.asarray(value).any() for values in learner.snapshot().values() for value in values)


@pytest.mark.parametrize("metrics", [[np.array(-5, np.int32)], [np.zeros((200, 4), np.float32)] * 2, []])
def test_a_metric_that_keeps_other_variables_than_before_starts_over_and_the_rest_is_restored(tmp_path, metrics):
    write(tmp_path, 1)
    learner = zeros(state() | {"metrics": metrics})
    restore(learner, newest_state(tmp_path)[1])
    expected = state() | {"metrics": [np.zeros_like(value) for value in metrics]}
    assert digest_of(state_arrays(learner.snapshot())) == digest_of(state_arrays(expected))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_state_that_is_not_finite_is_no_checkpoint(tmp_path, value):
    bad = state()
    bad["model"][0][1, 2] = value
    with pytest.raises(DivergenceError, match="step 7"):
        write_checkpoint(tmp_path, 7, bad, {}, {})
    assert not list(tmp_path.iterdir())


def test_prune_keeps_the_newest_and_the_best(tmp_path):
    for step in range(10, 80, 10):
        write(tmp_path, step)
    prune(tmp_path, 3, {20})
    assert [c.step for c in list_checkpoints(tmp_path)] == [70, 60, 50, 20]
    assert len(list(tmp_path.iterdir())) == 4
    prune(tmp_path, 1, set())
    assert [c.step for c in list_checkpoints(tmp_path)] == [70]


class Died(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize(
    ("call", "nth"),
    [
        ("os.mkdir", 1),
        ("np.savez", 1),
        ("os.fsync", 1),
        ("json.dump", 1),
        ("os.fsync", 2),
        ("os.open", 1),
        ("os.fsync", 3),
        ("os.rename", 2),
        ("os.open", 2),
        ("os.fsync", 4),
    ],
)
def test_a_write_killed_anywhere_leaves_no_half_checkpoint(tmp_path, monkeypatch, call, nth):
    write(tmp_path, 10, salt=1)
    owner, name = {"os": os, "np": np, "json": json}[call.split(".")[0]], call.split(".")[1]
    real, calls = getattr(owner, name), []

    def dying(*arguments, **options):
        calls.append(arguments)
        if len(calls) == nth:
            raise Died
        return real(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, dying)
        with pytest.raises(Died):
            write(tmp_path, 20, salt=2)
    found, arrays, notes = newest_state(tmp_path, set_aside=True)
    assert notes == []
    assert digest_of(arrays) == digest_of(state_arrays(state({10: 1, 20: 2}[found.step])))
    sweep(tmp_path)
    assert all(path.name.startswith("step-") for path in tmp_path.iterdir())
    assert write(tmp_path, 20, salt=2).step == 20
    assert newest_state(tmp_path)[0].step == 20


def test_the_same_step_written_again_stays_whole(tmp_path):
    first = write(tmp_path, 10, salt=1)
    created = first.path.stat().st_ino
    write(tmp_path, 10, salt=1)
    assert first.path.stat().st_ino == created
    flip_a_byte(first.path)
    write(tmp_path, 10, salt=1)
    assert digest_of(read_state(list_checkpoints(tmp_path)[0])) == first.digest
    write(tmp_path, 10, salt=2)
    assert digest_of(read_state(list_checkpoints(tmp_path)[0])) == digest_of(state_arrays(state(2)))


def test_a_state_with_pickled_objects_is_not_loaded(tmp_path):
    found = write(tmp_path, 10)
    np.savez(found.path / "state.npz", evil=np.array([object()], dtype=object))
    manifest = json.loads((found.path / "manifest.json").read_text())
    manifest["files"]["state.npz"] = module.measure_file(found.path / "state.npz")
    (found.path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match="damaged"):
        read_state(list_checkpoints(tmp_path)[0])
