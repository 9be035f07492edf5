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
    "sweep",
)
#: Not a budget, or a quarter of an hour: they run only where they are named.
LONG = ("convolutions", "gan-score")


def main() -> None:
    """Runs those named, or all but the long ones."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        choices=[[], *ALL, *LONG],
        help=f"{', '.join(ALL)}: all of these if none is named; {', '.join(LONG)}",
    )
    names = parser.parse_args().names or ALL
    results = {}
    for name in names:
        print(f"-- {name}", flush=True)
        results[name] = importlib.import_module(f"benchmarks.{name.replace('-', '_')}").run()
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
