"""A sweep that is killed and continued, and the same configurations one after another.

    python -m benchmarks sweep

Thirty runs on the digits with TPE and the median pruner, two at once. The first process is killed (SIGKILL) after ten
results, a second one continues. Prints what was found, whether any result is missing or twice, and the total time
against training the same thirty configurations one after another, each to its last epoch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

RUNS, AT_ONCE, KILL_AFTER = 30, 2, 10
SWEEP = {
    "config": {"model": "mlp", "dataset": "digits", "epochs": 60},
    "space": {
        "learning_rate": {"low": 0.0001, "high": 0.1, "log": True},
        "units": {"low": 16, "high": 256, "log": True},
        "layers": {"low": 1, "high": 3},
        "dropout": {"low": 0.0, "high": 0.5},
        "batch_size": [16, 32, 64],
    },
    "sampler": "tpe",
    "pruner": "median",
    "runs": RUNS,
    "at_once": AT_ONCE,
    "metric": "val_accuracy",
}
#: Trains the recipes of its lines in one process, one after another.
_ALONE = """
import json, sys
from trainer import RunConfig, RunStore
store = RunStore(sys.argv[1])
for line in sys.stdin:
    run = store.create(RunConfig(**json.loads(line)))
    run.start()
    run.wait()
"""


def run() -> dict:
    """Runs the sweep, then its configurations one after another, and prints both times."""
    from trainer import RunStore
    from trainer.sweeps.sweeps import Sweeps

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "sweep.json").write_text(json.dumps(SWEEP), encoding="utf-8")
        store = RunStore(folder / "runs")
        began = time.monotonic()
        first = start(folder, str(folder / "sweep.json"))
        sweep = wait_for_results(Sweeps(store), KILL_AFTER, first)
        first.kill()
        first.wait()
        killed = time.monotonic() - began
        before = Counter(trial.outcome == "open" for trial in sweep.trials())
        start(folder, sweep.id).wait()
        seconds = time.monotonic() - began
        trials, best, folders = sweep.trials(), sweep.best(), len(store.list())
        recipes = [store.get(trial.run_id).config.model_dump() for trial in trials]
        alone = train_one_after_another(folder / "alone", recipes)
    outcomes, epochs = Counter(trial.outcome for trial in trials), sum(len(trial.epochs) for trial in trials)
    counts = {len(trials), len({trial.run_id for trial in trials}), len({str(t.values) for t in trials}), folders}
    verdict = "none missing, none twice" if counts == {RUNS} and not outcomes["open"] else "WRONG"
    chosen = ", ".join(f"{path.rpartition('.')[2]} {value:.4g}" for path, value in best.values.items())
    print(f"killed after {killed:.0f} s with {before[False]} results and {before[True]} runs in training; continued")
    print(f"{len(trials)} results: {verdict}; " + ", ".join(f"{n} {word}" for word, n in sorted(outcomes.items())))
    print(f"best: val_accuracy {best.value:.4f} in run {best.number + 1} of {RUNS}, with {chosen}")
    print(f"{seconds:.0f} s in total, {epochs} epochs; one after another {alone:.0f} s, "
          f"{RUNS * SWEEP['config']['epochs']} epochs; {alone / seconds:.2f} times as long", flush=True)  # fmt: skip
    return {"seconds": seconds, "alone": alone, "best": best.value, "epochs": epochs, "outcomes": dict(outcomes)}


def start(folder: Path, source: str) -> subprocess.Popen:
    """Starts or continues the sweep in a process of its own."""
    command = [sys.executable, "-m", "trainer", "sweep", source, "--runs-dir", str(folder / "runs")]
    settings = os.environ | {"TRAINDECK_SLOTS": str(AT_ONCE)}
    return subprocess.Popen(command, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for_results(sweeps, count: int, process: subprocess.Popen):
    """Waits until a sweep has so many results and trains more runs; returns it."""
    while process.poll() is None:
        time.sleep(0.2)
        for sweep in sweeps.list():
            done = Counter(trial.outcome == "open" for trial in sweep.trials())
            if done[False] >= count and done[True]:
                return sweep
    raise RuntimeError(f"the sweep ended with exit code {process.returncode} before it could be killed")


def train_one_after_another(folder: Path, recipes: list[dict]) -> float:
    """Returns the seconds that the runs take in one process, one at a time, with the start of TensorFlow."""
    began = time.monotonic()
    command = [sys.executable, "-c", _ALONE, str(folder)]
    lines = "\n".join(map(json.dumps, recipes))
    subprocess.run(command, input=lines, text=True, check=True, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


if __name__ == "__main__":
    run()
