"""Where a step of the convolutional net spends its time, by kernel, from TensorFlow's own profiler.

    python -m benchmarks convolutions

The CNN of the catalog on MNIST, batch size 32. Prints each kind of operation with its share of the processor time of a
step, how busy both threads are, and how many operations per second the convolutions reach beside a large matrix
product, which is about the most that this processor can do.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections import Counter
from pathlib import Path

CHUNKS = 20
#: Floating-point operations of the three convolutions in one step: forward twice per weight and pixel, and twice that
#: backward, except for the first one's input.
OPERATIONS = 2 * 32 * 9 * (2 * 28**2 * 1 * 32 + 3 * 14**2 * 32 * 64 + 3 * 7**2 * 64 * 128)


def run() -> dict:
    """Profiles some chunks and prints the table."""
    from benchmarks.workloads import WORKLOADS, offer_mnist

    if not offer_mnist():
        print("skipped: TRAINDECK_DATA has no mnist.npz")
        return {}
    import tensorflow as tf

    from trainer import train
    from trainer.training.build import build

    config = WORKLOADS[-1].config()
    plan = build(config)
    chunks = train(plan.learner, plan.dataset, epochs=config.epochs, batch_size=config.batch_size)
    for _ in range(8):
        next(chunks)
    plain = [next(chunks) for _ in range(CHUNKS)]
    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        profiled = [next(chunks) for _ in range(CHUNKS)]
        tf.profiler.experimental.stop()
        spent = kernel_seconds(Path(folder))
    steps = sum(len(chunk.logs["loss"]) for chunk in profiled)
    step = sum(chunk.seconds for chunk in profiled) / steps
    usual = sum(c.seconds for c in plain) / sum(len(c.logs["loss"]) for c in plain)
    total = sum(spent.values())
    print(f"a step takes {1e3 * usual:.2f} ms, with the profiler {1e3 * step:.2f} ms")
    for name, seconds in spent.most_common(14):
        print(f"{name:<34} {1e3 * seconds / steps:6.3f} ms  {seconds / total:4.0%} of the kernels' time")
    reached = OPERATIONS * steps / sum(seconds for name, seconds in spent.items() if "Conv2D" in name) / 1e9
    print(f"kernels keep {total / steps / step:.2f} threads busy")
    print(f"convolutions reach {reached:.0f} GFLOP/s, a large matrix product {matrix_product():.0f}", flush=True)
    shares = {name: seconds / total for name, seconds in spent.items()}
    return {"step_ms": 1e3 * usual, "shares": shares, "busy_threads": total / steps / step}


def matrix_product(size: int = 2048) -> float:
    """Returns how many billion operations per second a product of two large matrices reaches."""
    import tensorflow as tf

    x, best = tf.random.stateless_normal([size, size], [0, 1]), float("inf")
    for _ in range(5):
        began = time.perf_counter()
        (x @ x).numpy()
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best / 1e9


def kernel_seconds(folder: Path) -> Counter:
    """Returns the seconds of each kind of operation, summed over the threads, from the profile in a folder."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    [path] = folder.rglob("*.xplane.pb")
    space, spent = xplane_pb2.XSpace(), Counter()
    space.ParseFromString(path.read_bytes())
    for plane in space.planes:
        if plane.name != "/host:CPU":
            continue
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                # An operation's event is "name:Kind"; all others contain it or are contained in it.
                found = re.fullmatch(r"[^:\s]+:([A-Z_]\w+)", name)
                if found and found[1] not in ("While", "StatelessWhile", "PartitionedCall", "StatefulPartitionedCall"):
                    spent[found[1]] += event.duration_ps / 1e12
    return spent


if __name__ == "__main__":
    run()
