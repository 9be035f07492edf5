"""All devices of a machine train as one does: the same numbers, repeated and continued bit for bit."""

import json
import os
import subprocess
import sys

import pytest

from tests.trainer.training.devices_driver import CASES, UNEQUAL
from trainer.training.engine.placement import OneDevice, describe_alone, placement_of

EQUAL = [name for name in CASES if name not in UNEQUAL]


@pytest.fixture(scope="module")
def found():
    """What the driver found in a process with two logical processors."""
    command = [sys.executable, "-m", "tests.trainer.training.devices_driver"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("case", EQUAL)
def test_two_devices_train_as_one(found, case):
    result = found["cases"][case]
    assert result["steps"] >= 200
    assert max(result["logs"].values()) < 1e-4, result["logs"]
    assert result["epochs"] < 1e-4


@pytest.mark.parametrize("case", CASES)
def test_two_devices_repeat_and_resume_bit_for_bit(found, case):
    result = found["cases"][case]
    assert result["repeats"]
    assert result["resumes"]
    assert (result["copies"], result["has_equal_copies"]) == (2, True)


def test_each_device_draws_its_own_random_numbers_from_one_state(found):
    assert found["streams"] == {"HashedDropout": True, "Dropout": True}


def test_a_run_on_all_devices_completes_with_frames(found):
    run = found["run"]
    assert run["status"] == "completed", run["log"]
    assert run["device"] == "CPU:0 + CPU:1"
    assert run["frames"] == ["epoch-000001.npz", "epoch-000002.npz", "fixed.npz"]
    assert "cannot be shown" not in run["log"]


def test_a_learner_that_cannot_be_shared_is_refused_in_a_sentence(found):
    assert "must be created inside `with placement.scope():`" in found["refused"]["outside"]
    assert "reduction='sum'" in found["refused"]["sum"]


def test_all_is_the_only_device_of_a_machine_with_one():
    placement = placement_of("all")
    assert isinstance(placement, OneDevice)
    assert describe_alone("all", placement) == "This machine has one device to train on, so the run trains on CPU:0."
    assert describe_alone("CPU:0", placement) is None
