"""The devices of this machine, and whether a model fits into its memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

from trainer.config.registry import MODELS
from trainer.errors import ConfigError
from trainer.training.engine.start_up import engine_status, load_engine, processor_name

#: float32, five times: weight, gradient, two slots of the optimizer, and the copy of a checkpoint.
_BYTES_PER_PARAMETER = 20


@dataclass(frozen=True)
class Device:
    """One device.

    Attributes:
        name: as in the configuration: "CPU:0".
        label: the name that people see.
        source: how it was found, as a sentence.
    """

    name: str
    label: str
    source: str = "Found by TensorFlow."


def find_devices(root: Path = Path("/")) -> list[Device]:
    """Returns the processor and the NVIDIA GPUs that the system shows, without loading TensorFlow.

    Args:
        root: of the file system.
    """
    devices = [Device("CPU:0", f"CPU ({processor_name()})", "Every machine has it.")]
    for path in sorted((root / "dev").glob("nvidia[0-9]*"), key=lambda path: int(path.name[6:])):
        name, source = f"GPU:{len(devices) - 1}", f"Found as /dev/{path.name}. TensorFlow checks it when a run starts."
        devices.append(Device(name, name.replace(":", " "), source))
    return devices


def list_devices() -> list[Device]:
    """Returns the devices that TensorFlow sees; the processor alone while the engine is loading."""
    cpu = Device("CPU:0", f"CPU ({processor_name()})")
    if engine_status() != "ready":
        return [cpu]
    import tensorflow as tf

    devices = [cpu]
    for device in tf.config.list_physical_devices():
        if device.device_type in ("GPU", "TPU"):
            index = device.name.rsplit(":", 1)[1]
            model = tf.config.experimental.get_device_details(device).get("device_name", "")
            devices.append(Device(f"{device.device_type}:{index}", f"{device.device_type} {index} {model}".strip()))
    return devices


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


def check_device(name: str) -> None:
    """Raises ConfigError if this machine does not have the device. Loads TensorFlow for anything but CPU:0."""
    if name == "CPU:0":
        return
    load_engine()
    names = [device.name for device in list_devices()]
    if name not in names:
        raise ConfigError(
            f"device must be one that this machine has: {', '.join(names)}. Received: {name!r}. Use CPU:0.", "device"
        )
