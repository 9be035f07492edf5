"""Child: one run of a sweep. Its epochs are reported in the training thread, where the pruner can end it exactly."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from trainer.errors import RunNotFound, TrainerError
from trainer.runs.run import RESUMABLE, Run
from trainer.sweeps.study import SweepStudy
from trainer.sweeps.trials import Trial
from trainer.training.plateau import best_index


class Child:
    """One run of a sweep, from its start to its result.

    Args:
        run: the run.
        trial: its trial, as it is stored.
        study: that it belongs to.
        metric: the column of the epochs' table to report.
        wake: called when the driver should look at it.
    """

    def __init__(self, run: Run, trial: Trial, study: SweepStudy, metric: str, wake: Callable[[], None]):
        self.run, self.number = run, trial.number
        self._study, self._metric, self._wake = study, metric, wake
        self._pruned_at = trial.pruned_at
        # A process may have died between the newest report and the decision on it.
        self._decided = max(trial.epochs, default=0) - 1
        self._seen = -1
        self.problem: TrainerError | None = None
        # The history must stay the one that the run's next session writes.
        self._history = run.history
        self._leave = self._history.subscribe(self._look)

    def close(self) -> None:
        """Ends the watching."""
        self._leave()

    def begin(self) -> None:
        """Starts or resumes the run; one that is live already stays as it is.

        Raises:
            TrainerError: it cannot be trained.
        """
        if self.run.status in RESUMABLE:
            self.run.resume(self.run.status)
        elif self.run.status == "queued" and not self.run.is_trained_here:
            self.run.start("queued")

    def end(self, ending: str) -> None:
        """Asks the run to end; one that is not live stays as it is.

        Args:
            ending: "pause", "stop" or "interrupt".
        """
        if self.run.is_live and self.run.pending is None:
            reason = {"reason": "Stopped with its sweep."} if ending == "stop" else {}
            with contextlib.suppress(TrainerError):
                getattr(self.run, ending)(**reason)

    @property
    def is_live(self) -> bool:
        """Whether the run waits or trains."""
        return self.run.is_live

    def settle(self, ending: str | None) -> bool:
        """Stores the result of a run that has ended; returns whether it has one.

        Args:
            ending: what the sweep was asked for: a run that ends because of it has no result yet.

        Raises:
            StorageError: the study cannot be written.
        """
        try:
            self.run.refresh()
        except RunNotFound:
            self._study.tell(self.number, reason="Its run was deleted.")
            return True
        status = self.run.status
        if status == "completed":
            self._complete()
        elif status == "failed":
            self._study.tell(self.number, reason=self.run.reason or "Its run failed.")
        elif status == "stopped" and self._pruned_at is not None:
            self._study.tell(self.number)
        elif status == "stopped" and ending is None:
            self._study.tell(self.number, reason=self.run.reason or "Its run was stopped.")
        else:
            return False
        return True

    def _complete(self) -> None:
        self._report(is_last=True)
        values = self._rows().get(self._metric, ())
        best = best_index(values, self._metric)
        if best is None:
            self._study.tell(self.number, reason=f"{self._metric} was never a finite number.")
        else:
            self._study.tell(self.number, float(values[best]))

    def _rows(self) -> dict:
        epochs = self._history.epochs
        return epochs.rows(0, len(epochs))

    def _look(self) -> None:
        """Called in the training thread after every change: the run's next step waits for it."""
        if not self.run.is_live:
            self._wake()
            return
        count = len(self._history.epochs)
        # Before the session has begun, the history may hold epochs that will be trained again.
        if count == self._seen or self.run.status != "running":
            return
        self._seen = count
        try:
            self._report()
        except TrainerError as error:
            # The disk is full: the driver ends the sweep.
            self.problem = error
            self._wake()

    def _report(self, is_last: bool = False) -> None:
        rows = self._rows()
        total = self.run.epochs or 0
        for epoch, value in zip(rows.get("epoch", ()), rows.get(self._metric, ()), strict=False):
            epoch = int(epoch)
            if epoch <= self._decided:
                continue
            self._study.report(self.number, epoch, float(value))
            self._decided = epoch
            # After its last epoch a run is complete, and nothing is gained by pruning it.
            is_open = self._pruned_at is None and not is_last and epoch < total
            if is_open and self._study.decide(self.number):
                self._pruned_at = epoch
        if self._pruned_at is not None and not is_last and len(rows.get("epoch", ())) >= self._pruned_at:
            self.run.stop(reason=f"Pruned by its sweep after epoch {self._pruned_at}: other runs were better by then.")
