"""Driver: the thread that runs a sweep: it begins runs, stores their results, and chooses what to try next."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from trainer.errors import RunNotFound, StorageError, TrainerError
from trainer.runs.queue.slots import count_local_slots
from trainer.runs.run import Run
from trainer.runs.state import Where
from trainer.runs.store import RunStore
from trainer.runs.worker import in_background
from trainer.sweeps.child import Child
from trainer.sweeps.spec import SweepSpec
from trainer.sweeps.state import SweepState
from trainer.sweeps.study import SweepStudy
from trainer.sweeps.trials import Trial

#: Seconds between two looks at the runs; a run that ends is seen at once.
_SECONDS = 0.5
_STATUS = {"pause": "paused", "stop": "stopped"}


class Driver:
    """Runs a sweep in a background thread until it ends.

    Args:
        folder: of the sweep; the caller has locked it for this process.
        state: of the sweep.
        spec: its recipe.
        store: of its runs.
        on_result: called in the thread after each result.
        on_end: called in the thread at the end, with the status and its reason; status "running": the process ends,
            and the next one continues the sweep.
    """

    def __init__(
        self,
        folder: Path,
        state: SweepState,
        spec: SweepSpec,
        store: RunStore,
        *,
        on_result: Callable[[], None],
        on_end: Callable[[str, str], None],
    ):
        self._state, self._spec, self._store = state, spec, store
        self._on_result, self._on_end = on_result, on_end
        self.study = SweepStudy(folder, spec, is_writer=True)
        self.ending: str | None = None
        self._woken = threading.Event()
        self._children: dict[int, Child] = {}
        # On the cluster, runs beyond its slots wait in the queue, since nodes come and go.
        self._at_once = spec.at_once if state.where == "cluster" else min(spec.at_once, count_local_slots())
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Takes up the runs that have no result yet, then starts the thread.

        Raises:
            TrainerError: the study cannot be written.
        """
        # In this thread, so that no run is resumed by somebody else before its epochs are watched.
        for trial in self.study.trials():
            if trial.outcome == "open":
                self._adopt(trial)
        self._thread = in_background(self._work, f"sweep-{self._state.id}")

    def end(self, ending: str) -> bool:
        """Asks the sweep to end; returns False if it was asked before.

        Args:
            ending: "pause", "stop" or "interrupt".
        """
        is_new = self.ending is None
        if is_new:
            self.ending = ending
        self._woken.set()
        return is_new

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the thread has ended; returns whether it has."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def phase(self) -> str:
        """What it waits for, where a person has to act; else empty."""
        paused = [child.run.name for child in list(self._children.values()) if child.run.status == "paused"]
        if not paused or self.ending:
            return ""
        return f"Waiting for {' and '.join(paused)}, paused by a person. Resume or stop to go on."

    def _work(self) -> None:
        status, reason = "failed", ""
        try:
            status, reason = self._drive()
        except TrainerError as error:
            reason = str(error)
        except Exception as error:  # Whatever goes wrong, the sweep must not stay "running".
            logging.getLogger(__name__).exception("A sweep failed.")
            reason = f"The sweep failed: {type(error).__name__}: {error}. The server's log has the details."
        if status == "failed":
            self._end_children("pause")
        for child in self._children.values():
            child.close()
        self._on_end(status, reason)

    def _drive(self) -> tuple[str, str]:
        self._on_result()
        while True:
            self._settle()
            if self.ending is not None:
                self._end_children(self.ending)
                if not any(child.is_live for child in self._children.values()):
                    return _STATUS.get(self.ending, "running"), ""
            elif any(child.run.status == "interrupted" for child in self._children.values()):
                return "running", ""  # The process ends.
            else:
                self._begin_more()
                if not self._children:
                    return "completed", ""
            self._woken.wait(_SECONDS)
            self._woken.clear()

    def _settle(self) -> None:
        for number, child in list(self._children.items()):
            if child.problem is not None:
                raise child.problem
            if child.settle(self.ending):
                self._children.pop(number).close()
                self._on_result()

    def _begin_more(self) -> None:
        begun = len(self.study.trials())
        while begun < self._spec.runs and self._count_live() < self._at_once and self.ending is None:
            self._adopt(self.study.ask())
            begun += 1

    def _count_live(self) -> int:
        return sum(child.is_live for child in self._children.values())

    def _adopt(self, trial: Trial) -> None:
        """Begins or continues a trial's run; one that cannot train is a failed trial, and the sweep goes on."""
        try:
            child = Child(self._find_run(trial), trial, self.study, self._spec.metric, self._woken.set)
            self._children[trial.number] = child
            # One that ended while nobody looked has a result.
            if not child.settle(None if child.run.status in ("completed", "failed") else "resume"):
                child.begin()
                return
        except StorageError:
            raise
        except TrainerError as error:
            self.study.tell(trial.number, reason=str(error))
        if trial.number in self._children:
            self._children.pop(trial.number).close()
        self._on_result()

    def _find_run(self, trial: Trial) -> Run:
        """Returns a trial's run. Its id was stored before the run was made, so that no run is made twice."""
        try:
            return self._store.get(trial.run_id)
        except RunNotFound:
            pass
        config, name = self._spec.configure(trial.values), self._state.name
        return self._store.create(
            config,
            f"{name}-{trial.label}",
            where=self._state.where,
            run_id=trial.run_id,
            sweep=self._state.id,
            tags=[name],
        )

    def _end_children(self, ending: str) -> None:
        for child in self._children.values():
            child.end(ending)


def about_slots(at_once: int, where: Where = "local") -> str:
    """Returns what the number of slots means for a sweep, as a sentence; empty if there are enough."""
    slots = count_local_slots()
    if at_once <= slots or where == "cluster":
        return ""
    trains = "1 run trains" if slots == 1 else f"{slots} runs train"
    return f"Only {trains} at once here, because TRAINDECK_SLOTS is {slots}. Set it to {at_once} to train more."
