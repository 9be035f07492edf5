"""What does not fit this machine is refused before anything is made."""

import psutil
import pytest

from trainer import MODELS, RunConfig, RunStore
from trainer.errors import ConfigError
from trainer.training.build import build_learner
from trainer.training.engine.devices import check_device, devices_of, find_devices

SIZES = [
    ("mlp", {"layers": 1, "units": 3}),
    ("mlp", {"layers": 3, "units": 7, "batch_norm": True}),
    ("mlp", {"layers": 2, "units": 5, "activation": "learned"}),
    ("cnn", {"filters": 4, "blocks": 3}),
    ("cnn", {"filters": 6, "blocks": 1, "dropout": 0.5}),
]


@pytest.mark.parametrize(("model", "options"), SIZES)
def test_parameters_are_counted_without_building(model, options):
    config = RunConfig(model=model, model_options=options, dataset="digits")
    learner = build_learner(config, config.spec)
    assert MODELS[model].traits.count_parameters(config.goal, config.model_options, 10) == learner.model.count_params()
    learner.release()


def test_a_model_too_large_for_the_memory_is_refused_in_a_sentence(tmp_path, monkeypatch):
    free = psutil.virtual_memory()._replace(available=2**30)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    store = RunStore(tmp_path / "runs")
    config = RunConfig(model="mlp", model_options={"layers": 16, "units": 4096}, dataset="digits")
    with pytest.raises(ConfigError, match=r"252,026,890 parameters, which need about 4\.7 GB.*smaller"):
        store.create(config)
    assert store.list() == []


def test_a_device_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    with pytest.raises(ConfigError, match=r"device must be one that this machine has: CPU:0.*Received: 'GPU:7'"):
        RunStore(tmp_path / "runs").create(RunConfig(model="mlp", dataset="digits", device="GPU:7"))


def test_devices_are_found_without_tensorflow(tmp_path):
    (tmp_path / "dev").mkdir()
    assert [device.name for device in find_devices(tmp_path)] == ["CPU:0"]
    for name in ("nvidia0", "nvidia10", "nvidia2", "nvidiactl", "nvidia-uvm"):
        (tmp_path / "dev" / name).touch()
    found = find_devices(tmp_path)
    assert [device.name for device in found] == ["CPU:0", "GPU:0", "GPU:1", "GPU:2", "all"]
    assert "/dev/nvidia10" in found[3].source
    assert (found[-1].label, found[-1].source) == (
        "All GPUs (3)",
        "Shares each batch among GPU:0 and GPU:1 and GPU:2.",
    )


def test_logical_processors_are_devices_and_a_single_one_has_no_all(monkeypatch, tmp_path):
    assert [device.name for device in find_devices(tmp_path)] == ["CPU:0"]
    monkeypatch.setenv("TRAINDECK_LOGICAL_CPUS", "3")
    assert [device.label for device in find_devices(tmp_path)][1:] == ["CPU 1", "CPU 2", "All CPUs (3)"]
    assert devices_of("all") == ("CPU:0", "CPU:1", "CPU:2")
    config = RunConfig(model="mlp", dataset="digits", device="all", batch_size=2)
    with pytest.raises(ConfigError, match=r"batch_size must be at least 3.*Received: 2\."):
        check_device(config)
    config = RunConfig(model="mlp", dataset="digits", device="all", precision="mixed_bfloat16")
    with pytest.raises(ConfigError, match="precision must be float32 on processors"):
        check_device(config)


def test_what_devices_cannot_share_is_refused_with_the_reason():
    with pytest.raises(ConfigError, match=r"device must be a single one for model gan: in each step.*Use CPU:0 or GPU"):
        RunConfig(model="gan", dataset="digits", device="all")
