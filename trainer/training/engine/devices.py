"""The devices of this machine, and whether a model fits into its memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

from trainer.config.environment import read_setting
from trainer.config.recipe import ALL_DEVICES
from trainer.config.registry import MODELS
from trainer.errors import ConfigError
from trainer.training.engine.start_up import engine_status, load_engine, processor_name

#: float32, five times: weight, gradient, two slots of the optimizer, and the copy of a checkpoint.
_BYTES_PER_PARAMETER = 20


@dataclass(frozen=True)
class Device:
    """One device.

    Attributes:
        name: as in the configuration: "CPU:0", or "all".
        label: the name that people see.
        source: how it was found, as a sentence.
    """

    name: str
    label: str
    source: str = "Found by TensorFlow."


def find_devices(root: Path = Path("/")) -> list[Device]:
    """Returns the processor and the NVIDIA GPUs that the system shows, without loading TensorFlow; see `with_all`.

    Args:
        root: of the file system.
    """
    devices = _processors(read_setting("TRAINDECK_LOGICAL_CPUS", 1))
    paths = sorted((root / "dev").glob("nvidia[0-9]*"), key=lambda path: int(path.name[6:]))
    for number, path in enumerate(paths):
        source = f"Found as /dev/{path.name}. TensorFlow checks it when a run starts."
        devices.append(Device(f"GPU:{number}", f"GPU {number}", source))
    return with_all(devices)


def list_devices() -> list[Device]:
    """Returns the devices that TensorFlow sees; the processor alone while the engine is loading. See `with_all`."""
    if engine_status() != "ready":
        return _processors(1)
    import tensorflow as tf

    devices = _processors(len(tf.config.list_logical_devices("CPU")))
    for device in tf.config.list_physical_devices():
        if device.device_type in ("GPU", "TPU"):
            index = device.name.rsplit(":", 1)[1]
            model = tf.config.experimental.get_device_details(device).get("device_name", "")
            devices.append(Device(f"{device.device_type}:{index}", f"{device.device_type} {index} {model}".strip()))
    return with_all(devices)


def with_all(devices: list[Device]) -> list[Device]:
    """Returns devices and, if there are several GPUs, or several processors and no GPU, one that stands for them."""
    names = all_names(devices)
    if len(names) == 1:
        return devices
    label = f"All {names[0].split(':')[0]}s ({len(names)})"
    return [*devices, Device(ALL_DEVICES, label, f"Shares each batch among {' and '.join(names)}.")]


def all_names(devices: list[Device]) -> tuple[str, ...]:
    """Returns the names of all GPUs, or of all processors where there is no GPU."""
    names = [device.name for device in devices]
    return tuple(
        [name for name in names if name.startswith("GPU")] or [name for name in names if name.startswith("CPU")]
    )


def devices_of(name: str) -> tuple[str, ...]:
    """Returns the devices that a run occupies, by the name in its configuration. Loads no TensorFlow."""
    return all_names(find_devices()) if name == ALL_DEVICES else (name,)


def _processors(count: int) -> list[Device]:
    first = Device("CPU:0", f"CPU ({processor_name()})", "Every machine has it.")
    source = "A part of the processor, as TRAINDECK_LOGICAL_CPUS asks for."
    return [first, *(Device(f"CPU:{number}", f"CPU {number}", source) for number in range(1, count))]


def check_memory(config) -> None:
    """Raises ConfigError if a model would not fit into the free memory, before it is built.

    Counts the weights, their gradients, two optimizer values per weight, and a checkpoint's copy.
    """
    entry = MODELS[config.model]
    count = entry.traits.count_parameters
    if count is None:
        return
    goal = config.goal
    parameters = count(goal, config.model_options, goal.num_classes or 1)
    needed, free = parameters * _BYTES_PER_PARAMETER, psutil.virtual_memory().available
    if needed > free:
        raise ConfigError(
            f"model {config.model} must fit into the free memory ({free / 2**30:.1f} GB). "
            f"Received: {parameters:,} parameters, which need about {needed / 2**30:.1f} GB to train. "
            "Choose smaller options.",
            "model",
        )


def check_device(config) -> None:
    """Raises ConfigError if this machine lacks the run's device, or if all devices cannot share its batches.

    Loads TensorFlow for a single device other than CPU:0.
    """
    name = config.device
    if name == ALL_DEVICES:
        _check_all(config, devices_of(name))
    elif name != "CPU:0":
        load_engine()
        names = [device.name for device in list_devices()]
        if name not in names:
            raise ConfigError(
                f"device must be one that this machine has: {', '.join(names)}. Received: {name!r}. Use CPU:0.",
                "device",
            )


def _check_all(config, names: tuple[str, ...]) -> None:
    if config.batch_size < len(names):
        raise ConfigError(
            f"batch_size must be at least {len(names)} (the number of devices that share a batch). "
            f"Received: {config.batch_size}. Choose a larger batch, or a single device.",
            "batch_size",
        )
    if config.precision != "float32" and names[0].startswith("CPU"):
        raise ConfigError(
            f"precision must be float32 on processors, and this machine has no GPU. Received: {config.precision!r}. "
            "Use float32.",
            "precision",
        )
