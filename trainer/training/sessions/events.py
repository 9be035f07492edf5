"""The events of a session, typed and in order. The writer applies them to a run's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from trainer.config.data_spec import DataSpec
from trainer.training.sessions.commands import Setting


@dataclass(frozen=True)
class Phase:
    """Work other than training, to be shown.

    Attributes:
        text: "Compiling the training step"; empty: training.
        fraction: how much of it is done, in [0, 1]; None: unknown.
    """

    text: str
    fraction: float | None = None


@dataclass(frozen=True)
class Started:
    """The state is restored and training starts.

    Attributes:
        step: updates made before.
        finished_epochs: epochs that keep their row; later rows are deleted.
        steps_per_epoch: optimizer steps per epoch.
        epochs: in total, by the current settings.
        columns: of the rows that follow.
        spec: the data with its statistics.
        fingerprint: what the bits depend on besides the recipe.
        grad_norm_stride: every how many steps the gradient norm is measured.
    """

    step: int
    finished_epochs: int
    steps_per_epoch: int
    epochs: int
    columns: tuple[str, ...]
    spec: DataSpec
    fingerprint: dict[str, Any]
    grad_norm_stride: int


@dataclass(frozen=True)
class Commanded:
    """A setting takes effect after `step` updates; a new one must be stored before the session continues.

    Attributes:
        step: updates made.
        command: the setting.
        epochs: in total, from here on.
        is_replayed: it was stored by an earlier session.
    """

    step: int
    command: Setting
    epochs: int
    is_replayed: bool


@dataclass(frozen=True)
class Rows:
    """Consecutive steps.

    Attributes:
        step: updates so far.
        columns: one value per step: step, epoch, time (seconds of training) and the learner's logs.
        seconds: of training in total.
        steps_per_second: since this start or resume; compilation and validation excluded.
    """

    step: int
    columns: Mapping[str, np.ndarray]
    seconds: float
    steps_per_second: float


@dataclass(frozen=True)
class EpochEnd:
    """A row of the table of epochs: epoch, step, time, means over its batches and validation values."""

    row: Mapping[str, float]


@dataclass(frozen=True)
class Note:
    """A sentence for the log and the page."""

    text: str


@dataclass(frozen=True)
class Frame:
    """What the model sees at an epoch's end.

    Attributes:
        epoch: that has ended.
        arrays: small arrays by name; see `trainer.training.views`.
        fixed: what all frames of the run share; with a session's first frame, else None.
    """

    epoch: int
    arrays: Mapping[str, np.ndarray]
    fixed: Mapping[str, np.ndarray] | None = None


@dataclass(frozen=True)
class Snapshot:
    """The complete state, taken between steps.

    Attributes:
        step: updates made.
        finished_epochs: epochs that have a row.
        state: part → values, as `Learner.snapshot` gives them.
        paths: part → names of the variables.
        purpose: "due": by the clock; "epoch": by the count of epochs; "best": the best epoch so far;
            "final": the session ends.
    """

    step: int
    finished_epochs: int
    state: Mapping[str, list]
    paths: Mapping[str, list[str]]
    purpose: Literal["due", "epoch", "best", "final"]


@dataclass(frozen=True)
class Ended:
    """The session is over.

    Attributes:
        outcome: "completed", or the command that ended it: "pause", "stop", "interrupt".
        reason: why it completed before its last epoch, or was stopped by something other than the user; else empty.
        weights_step: the newest state has the weights of this step: another one than the newest where the best
            epoch's were restored.
        measured: step → metrics measured on the weights of that step after training: test_…, and val_… per class.
    """

    outcome: Literal["completed", "pause", "stop", "interrupt"]
    reason: str = ""
    weights_step: int | None = None
    measured: Mapping[int, Mapping[str, float]] = field(default_factory=dict)


Event = Phase | Started | Commanded | Rows | EpochEnd | Note | Frame | Snapshot | Ended
