"""Two runs at once, in two slots of one process, end with the bits that each has alone.

    python -m tests.trainer.pairs [--pairs 10]

Each pair is two families of models; the digests and every row are compared. Exits with 1 where a single bit differs.
"""

from __future__ import annotations

import argparse
import itertools
import os
import tempfile
from pathlib import Path

from tests.trainer.comparison import compare
from tests.trainer.families import FAMILIES, UPDATES, recipe_of
from trainer import Run, RunStore


def main() -> int:
    """Trains each pair alone and at once, and prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=10)
    pairs = parser.parse_args().pairs
    os.environ["TRAINDECK_SLOTS"] = "2"
    families, updates = list(FAMILIES), itertools.cycle(UPDATES)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder) / "runs")
        for number in range(pairs):
            names = families[2 * number % len(families)], families[(2 * number + 5) % len(families)]
            recipes = [recipe_of(name, next(updates)) for name in names]
            alone = [train([store.create(recipe)])[0] for recipe in recipes]
            together = train([store.create(recipe) for recipe in recipes])
            results = [compare(run, whole) for run, whole in zip(together, alone, strict=True)]
            overlap = min(run.ended for run in together) - max(run.started for run in together)
            is_exact = all(result.is_exact for result in results) and overlap > 0
            wrong += not is_exact
            print(
                f"{'equal' if is_exact else 'DIFFERENT':9}  {names[0]} + {names[1]}, {overlap:.1f} s at once",
                flush=True,
            )
            for result in results:
                print("\n".join(f"           {difference}" for difference in result.differences), end="")
    print(f"{pairs - wrong} of {pairs} pairs: the digests and every row are those of the runs alone")
    return min(wrong, 1)


def train(runs: list[Run]) -> list[Run]:
    """Starts the runs at once and waits for their ends."""
    for run in runs:
        run.start()
    for run in runs:
        assert run.wait(600)
        assert run.status == "completed", run.reason
    return runs


if __name__ == "__main__":
    raise SystemExit(main())
