"""Steps per second on all devices of this machine against one of them, and how far their losses are apart.

    python -m benchmarks devices

A machine without two GPUs trains on two logical processors. They share the cores that one processor has alone, so no
gain is to be expected there: the ratio shows what the exchange costs.
"""

from __future__ import annotations

import os
import statistics
import time

#: One recipe of each family, without dropout and batch norm, which work per device.
WORKLOADS = {
    "mlp": {"model": "mlp", "dataset": "digits"},
    "cnn": {"model": "cnn", "dataset": "digits"},
    "rnn": {"model": "rnn", "dataset": "digits"},
    "subclassed": {"model": "subclassed", "dataset": "digits"},
}
STEPS = 200


def run(pairs: int = 5) -> dict:
    """Measures each family and returns its steps per second on one device and on all, and their ratio.

    Args:
        pairs: of measurements of 200 steps, alternating between the two.
    """
    os.environ.setdefault("TRAINDECK_LOGICAL_CPUS", "2")
    import numpy as np

    from trainer.training.engine.placement import OneDevice, placement_of

    both = placement_of("all")
    if isinstance(both, OneDevice):
        print("Not measured: TensorFlow was used before with one device. Run python -m benchmarks devices alone.")
        return {}
    results = {}
    for name, fields in WORKLOADS.items():
        sides = [prepare(fields, OneDevice(both.names[0])), prepare(fields, both)]
        losses = [side() for side in sides]  # Compiles; from the same weights, so these are comparable.
        speeds = [[], []]
        for _ in range(pairs):
            for side, speed in zip(sides, speeds, strict=True):
                began = time.perf_counter()
                count = len(side())
                speed.append(count / (time.perf_counter() - began))
        one, every = map(statistics.median, speeds)
        apart = float(np.abs(losses[0][:STEPS] - losses[1][:STEPS]).max())
        results[name] = {"one": one, "all": every, "ratio": every / one, "loss_difference": apart}
        print(
            f"{name:<11} one device {one:6.0f} steps/s, {both.name} {every:6.0f}: {every / one:.2f} times, "
            f"losses of {STEPS} steps within {apart:.1e}",
            flush=True,
        )
    return results


def prepare(fields: dict, placement):
    """Returns a function that makes the next 225 steps (5 epochs) and returns their losses."""
    import numpy as np

    from trainer import RunConfig
    from trainer.training.build import build
    from trainer.training.loop import train

    config, step = RunConfig(**fields, epochs=10**6), 0
    with placement.scope():
        plan = build(config)

    def go() -> np.ndarray:
        nonlocal step
        until, losses = step + 5 * plan.steps_per_epoch, []
        with placement.scope():
            options = {"epochs": config.epochs, "batch_size": config.batch_size, "step": step, "until": until}
            for chunk in train(plan.learner, plan.dataset, placement=placement, **options):
                losses.append(chunk.logs["loss"])
        step = until
        return np.concatenate(losses)

    return go


if __name__ == "__main__":
    run()
