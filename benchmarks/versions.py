"""Speed of the loop here over that of another revision, in turns on the same machine.

    python -m benchmarks.versions REVISION [--rounds 30] [--seconds 1]

Each version trains each workload in a process of its own. They take turns, so that both see the same machine,
and the order changes from round to round. Prints the median ratio of the pairs with a 95 % interval of it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.workloads import WORKLOADS

ROOT = Path(__file__).parents[1]
#: Runs in a version's own folder: reads seconds, writes steps per second.
DRIVER = """
import sys
from benchmarks.loop import ours
from benchmarks.workloads import WORKLOADS
measure = ours(WORKLOADS[int(sys.argv[1])])
measure(1.0)
print("ready", flush=True)
for line in sys.stdin:
    print(measure(float(line)), flush=True)
"""


def main() -> None:
    """Compares this version with the revision named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.versions", description=__doc__.splitlines()[0])
    parser.add_argument("revision", help="what to compare with: a commit, tag or branch")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=1.0)
    options = parser.parse_args()
    with checked_out(options.revision) as other:
        for index, workload in enumerate(WORKLOADS):
            if not workload.is_available():
                continue
            ratios = compare(index, other, options.rounds, options.seconds)
            low, high = median_interval(ratios)
            print(
                f"{workload.name:<30} {np.median(ratios):.3f} of {options.revision} ({low:.3f} to {high:.3f})",
                flush=True,
            )


@contextlib.contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """Yields a folder that holds the files of a revision."""
    with tempfile.TemporaryDirectory() as folder:
        files = subprocess.run(["git", "archive", revision], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=files, check=True)
        yield Path(folder)


def compare(index: int, other: Path, rounds: int, seconds: float) -> np.ndarray:
    """Returns the ratio of speeds, this version over the other, for each pair of turns."""
    here, there = start(ROOT, index), start(other, index)
    ratios = []
    for turn in range(rounds):
        order = (here, there) if turn % 2 else (there, here)
        speeds = {process: measure(process, seconds) for process in order}
        ratios.append(speeds[here] / speeds[there])
    for process in (here, there):
        process.stdin.close()
        process.wait()
    return np.array(ratios)


def start(folder: Path, index: int) -> subprocess.Popen:
    """Starts a version's process and waits until it has compiled."""
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(index)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline().strip() == "ready"
    return process


def measure(process: subprocess.Popen, seconds: float) -> float:
    """Returns the steps per second of one turn."""
    process.stdin.write(f"{seconds}\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def median_interval(values: np.ndarray) -> tuple[float, float]:
    """Returns a 95 % interval of the median, by the binomial distribution of the ranks."""
    from scipy.stats import binom

    ordered, low = np.sort(values), int(binom.ppf(0.025, len(values), 0.5))
    return float(ordered[max(low - 1, 0)]), float(ordered[min(len(values) - low, len(values) - 1)])


if __name__ == "__main__":
    main()
