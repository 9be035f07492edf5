"""A CSV file of a million rows and 20 columns: how long until it is checked and described, and in how much memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS, FEATURES, SECONDS_BUDGET, MEMORY_BUDGET = 1_000_000, 19, 10.0, 300.0

#: Both run in processes of their own.
_MAKE = "import sys; from pathlib import Path; from benchmarks.tables import make; make(Path(sys.argv[1]))"

_INSPECT = """
import json, sys, time
from pathlib import Path
import numpy, pyarrow.compute, pyarrow.csv, pyarrow.parquet
from trainer.data.uploads import inspect
from trainer.data.uploads.tables.inspecting import inspect_table
from trainer.data.uploads.tables.reader import read_table

def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024

# A process begins with its parent's peak: what counts is this one's own.
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before, told = peak(), []
began, cpu = time.perf_counter(), time.process_time()
report = inspect(Path(sys.argv[1]), progress=lambda fraction, text: told.append(time.perf_counter()))
ended = time.perf_counter()
assert report.is_ready, report.findings
waits = [b - a for a, b in zip([began, *told], [*told, ended])]
print(json.dumps({
    "seconds": ended - began, "cpu_seconds": time.process_time() - cpu, "peak_mb": peak() - before,
    "longest_silence_seconds": max(waits), "summary": report.summary,
}))
"""


def run() -> dict:
    """Makes the file in a temporary folder and inspects it in a child process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "million.csv"
        subprocess.run([sys.executable, "-c", _MAKE, str(path)], check=True)
        megabytes = path.stat().st_size / 2**20
        done = subprocess.run(
            [sys.executable, "-c", _INSPECT, str(path)], stdout=subprocess.PIPE, text=True, check=True
        )
    found = json.loads(done.stdout)
    array_mb = ROWS * FEATURES * 4 / 2**20
    over = found["peak_mb"] - array_mb
    print(
        f"{found['summary']}, {megabytes:.0f} MB: {found['seconds']:.1f} s (budget {SECONDS_BUDGET:.0f} s), "
        f"{found['cpu_seconds']:.1f} s of CPU; memory {over:.0f} MB over the array's {array_mb:.0f} MB (budget "
        f"{MEMORY_BUDGET:.0f} MB); told of progress at least every {found['longest_silence_seconds']:.1f} s",
        flush=True,
    )
    return {**found, "file_mb": megabytes, "array_mb": array_mb, "over_array_mb": over}


def make(path: Path) -> None:
    """Writes the file: 16 columns of numbers, 3 of categories and a target."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv

    random = np.random.default_rng(0)
    columns: dict[str, np.ndarray] = {}
    for place in range(12):
        columns[f"real_{place}"] = random.normal(size=ROWS).round(8)
    for place in range(4):
        columns[f"whole_{place}"] = random.integers(0, 100_000, ROWS)
    for place in range(3):
        columns[f"category_{place}"] = random.choice(np.array(["alpha", "beta", "gamma", "delta"]), ROWS)
    columns["target"] = random.choice(np.array(["yes", "no"]), ROWS)
    pyarrow.csv.write_csv(pa.table(columns), path)
