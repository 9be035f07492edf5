"""The table of exactness: every family × every optimizer × every schedule, cut again and again, many at once.

One process trains all families of a column. It is paused, asked to end or killed; another process goes on.
A folder holds how far this has come, so that the table itself can be cut and gone on with.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.trainer import table_driver
from tests.trainer.comparison import Result, compare
from tests.trainer.families import recipe_of
from trainer import Run, RunStore

#: What is done to a column's runs, by the name of the store that they lie in.
ALONE, TOGETHER, CUT, KILLED = "alone", "together", "cut", "killed"
WAYS = ("pause", "kill", "term")
_CODES = {"term": 128 + signal.SIGTERM, "kill": -signal.SIGKILL}


@dataclass
class Column:
    """The runs of every family with one optimizer and one schedule.

    Attributes:
        update: of `UPDATES`.
        families: of `FAMILIES`.
        folder: of its stores.
        cuts: how often each run is cut.
        runs: run ids by store and family.
        done: the rounds that are behind us: store and way.
    """

    update: str
    families: list[str]
    folder: Path
    cuts: int = 5
    runs: dict[str, dict[str, str]] = field(default_factory=dict)
    done: list[list[str]] = field(default_factory=list)

    def rounds(self, seed: int, is_killed_too: bool) -> list[tuple[str, str]]:
        """Returns (store, way) of every process, in order; which way comes when follows from the seed."""
        ways = [WAYS[index % len(WAYS)] for index in range(self.cuts)]
        random.Random(f"{seed} {self.update}").shuffle(ways)
        plan = [(ALONE, "alone"), (TOGETHER, "together"), *((CUT, way) for way in (*ways, "together"))]
        if is_killed_too:
            plan += [(KILLED, way) for way in (*["kill"] * self.cuts, "together")]
        return plan

    def run_all(self, seed: int = 0, is_killed_too: bool = False) -> None:
        """Goes through the rounds that are left.

        Args:
            seed: of the ways and the steps.
            is_killed_too: whether a further run of each family is cut by SIGKILL alone.
        """
        for index, (store, way) in enumerate(self.rounds(seed, is_killed_too)):
            if index < len(self.done):
                continue
            runs = self.open(store)
            position = sum(name == store for name, _ in self.done)
            drive(runs, way, {name: self.step_of(run, position, f"{seed} {store}") for name, run in runs.items()})
            self.done.append([store, way])
            state = {name: value for name, value in asdict(self).items() if name in ("runs", "done")}
            (self.folder / "state.json").write_text(json.dumps(state))

    def open(self, store: str) -> dict[str, Run]:
        """Returns a store's runs by family; makes them at the first time."""
        folder = RunStore(self.folder / store)
        if store not in self.runs:
            created = {name: folder.create(recipe_of(name, self.update), name) for name in self.families}
            self.runs[store] = {name: run.id for name, run in created.items()}
        return {name: folder.get(run_id) for name, run_id in self.runs[store].items()}

    def step_of(self, run: Run, position: int, seed: str) -> int:
        """Returns where a run is cut this time: at random in its share of the run, a whole chunk from the next."""
        per_epoch, epochs = run.config.count_steps(run.config.spec), run.config.epochs
        share = per_epoch * epochs / (self.cuts + 1)
        # A chunk ends with its epoch at the latest, so no cut overtakes the next.
        place = random.Random(f"{seed} {self.update} {run.name} {position}").uniform(0, share - per_epoch)
        return max(1, round(share * position + place))

    def results(self) -> Iterable[tuple[str, str, Result]]:
        """Yields store, family and what came of it, for all but the runs that were left alone."""
        whole = self.open(ALONE)
        for store in self.runs:
            if store != ALONE:
                for name, run in self.open(store).items():
                    yield store, name, compare(run, whole[name])


def open_column(folder: Path, update: str, families: list[str], cuts: int) -> Column:
    """Returns a column as far as its folder says it has come."""
    folder.mkdir(parents=True, exist_ok=True)
    column = Column(update, families, folder, cuts)
    if (folder / "state.json").exists():
        state = json.loads((folder / "state.json").read_text())
        column.runs, column.done = state["runs"], state["done"]
    return column


def drive(runs: dict[str, Run], way: str, steps: dict[str, int], is_here: bool = False) -> None:
    """Starts or goes on with runs, in a new process or here, and looks whether each was cut where it should be."""
    store = next(iter(runs.values())).path.parent
    plan = json.dumps({run.id: steps[name] for name, run in runs.items() if run.status != "completed"})
    if is_here:
        table_driver.main(str(store), way, plan)
    else:
        command = [sys.executable, "-m", "tests.trainer.table_driver", str(store), way, plan]
        done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
        assert done.returncode == _CODES.get(way, 0), f"{way}: exit code {done.returncode}\n{done.stderr}"
    expected = {"pause": "paused", "term": "interrupted", "kill": "interrupted"}.get(way, "completed")
    for name, run in runs.items():
        run.refresh()
        assert run.status == expected, f"{name}, {way} at {steps[name]}: {run.status}, {run.reason}"
        assert not run.notes, f"{name}, {way} at {steps[name]}: {run.notes}"
        assert run.step >= steps[name] or expected == "completed", f"{name} came only to step {run.step}"
