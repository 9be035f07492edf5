"""Runs the benchmarks, prints their tables and writes benchmarks/results/<time>.json."""

from __future__ import annotations

import argparse
import importlib
import json
import time
from pathlib import Path

ALL = (
    "loop",
    "presets",
    "first-batch",
    "first-point",
    "tabs",
    "checkpoints",
    "tables",
    "feeding",
    "endurance",
    "runs",
    "memory",
    "evaluation",
    "views",
    "open",
    "sweep",
)
#: Not a budget, a quarter of an hour, or in need of more packages or a process of its own: they run only where they
#: are named.
LONG = ("convolutions", "gan-score", "devices", "ray")


def main() -> None:
    """Runs those named, or all but the long ones."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        choices=[[], *ALL, *LONG],
        help=f"{', '.join(ALL)}: all of these if none is named; {', '.join(LONG)}",
    )
    parser.add_argument("--seconds", type=float, help="of each run, where one benchmark that takes it is named")
    options = parser.parse_args()
    names, seconds = options.names or ALL, {} if options.seconds is None else {"seconds": options.seconds}
    results = {}
    for name in names:
        print(f"-- {name}", flush=True)
        results[name] = importlib.import_module(f"benchmarks.{name.replace('-', '_')}").run(**seconds)
    from trainer.training.engine.start_up import fingerprint, load_engine

    load_engine()
    results["machine"] = fingerprint("CPU:0", False)
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    path = folder / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
