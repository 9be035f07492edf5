"""Traits: what a registered function says about itself, one type per registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from trainer.config.data_spec import DataSpec

#: Returns why an entry does not fit a data set, as a clause, or None if it fits.
Accepts = Callable[[DataSpec], str | None]


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What every entry may say.

    Attributes:
        order: its place in lists; lower comes first.
        check: function (options) that raises ConfigError for options that do not go together.
    """

    order: int = 50
    check: Callable[[dict], None] | None = None


@dataclass(frozen=True, kw_only=True)
class FittedTraits(Traits):
    """Traits of what does not fit every data set.

    Attributes:
        accepts: says why it does not fit a data set; None: it fits all.
    """

    accepts: Accepts | None = None


@dataclass(frozen=True, kw_only=True)
class ModelTraits(FittedTraits):
    """Traits of a model.

    Attributes:
        suits: function (spec): whether the model is the first to try on such data.
        check_data: function (spec, options) that raises ConfigError for options that do not fit the data.
        count_parameters: function (spec, options, outputs) that counts weights without building the model; for
            models that can be made too large for the memory.
        optimizer_options: by optimizer: options that suit the model better than the optimizer's defaults.
        task: what the model learns instead of the data set's task: "reconstruction" or "generation".
        learner: the file in `trainer/training/learners/` whose `from_parts(model, parts)` builds the learner.
        losses: names of the losses that each step records.
        monitor: "epoch" if the losses do not say how good the model is: the newest epoch is then the best.
        is_keras: False for a tf.Module; some downloads need a Keras model.
        only_one_device: why several devices cannot share its steps, as a clause; None: they can.
    """

    suits: Callable[[DataSpec], bool] | None = None
    check_data: Callable[[DataSpec, dict], None] | None = None
    count_parameters: Callable[[DataSpec, dict, int], int] | None = None
    optimizer_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    task: Literal["reconstruction", "generation"] | None = None
    learner: str = "supervised"
    losses: tuple[str, ...] = ("loss",)
    monitor: Literal["epoch"] | None = None
    is_keras: bool = True
    only_one_device: str | None = None


@dataclass(frozen=True, kw_only=True)
class DatasetTraits(Traits):
    """Traits of a data set.

    Attributes:
        spec: what the data is, or function (**options) that returns it.
        files: `RemoteFile`s that are downloaded once.
    """

    spec: DataSpec | Callable[..., DataSpec]
    files: tuple = ()


@dataclass(frozen=True, kw_only=True)
class OptimizerTraits(Traits):
    """Traits of an optimizer: those of every entry."""


@dataclass(frozen=True, kw_only=True)
class LossTraits(FittedTraits):
    """Traits of a loss.

    Attributes:
        head: the activation of the model's last layer.
        keras_name: the Keras loss of the same y and prediction, to compile a downloaded model with. It knows
            neither label smoothing nor the target's standard deviation. None: Keras has none.
    """

    head: Literal["softmax", "sigmoid", "linear"]
    keras_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class MetricTraits(FittedTraits):
    """Traits of a metric.

    Attributes:
        is_default: whether it is measured if the configuration names no metrics.
        keras_name: the Keras metric that gives the same number. None: Keras has none.
    """

    is_default: bool = False
    keras_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class ScheduleTraits(Traits):
    """Traits of a learning-rate schedule.

    Attributes:
        uses_total: whether the rates depend on the number of steps in the whole run.
    """

    uses_total: bool = False


@dataclass(frozen=True, kw_only=True)
class ExportTraits(Traits):
    """Traits of a download.

    Attributes:
        media_type: its content type.
        group: where menus show it: the trained model, the data of the run, code, or everything at once.
        source: the checkpoint that it is made of by default; None: it does not depend on one.
        refuse: function (run) that returns why the run can never give it, as a sentence, or None.
        can_include_data: whether its function takes `with_data`: the uploaded data file goes along.
    """

    media_type: str = "application/octet-stream"
    group: Literal["model", "data", "code", "everything"] = "data"
    source: Literal["best", "latest"] | None = None
    refuse: Callable[..., str | None] | None = None
    can_include_data: bool = False
