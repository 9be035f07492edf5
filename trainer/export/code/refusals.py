"""Which runs cannot be written as plain code. Known from the recipe alone, so a page can say it at once."""

from __future__ import annotations

from trainer.config.registry import MODELS
from trainer.config.run_config import RunConfig
from trainer.errors import ConfigError
from trainer.export.code.data.bundled import BUNDLED
from trainer.export.code.layers import refusal
from trainer.export.code.measures import LOSS_CLASSES, METRIC_NAMES
from trainer.export.code.optimizer import KNOWN_SCHEDULES
from trainer.runs.event_log import read_settings
from trainer.training.sessions.commands import Scheduled, SetEpochs

_FILES = ("csv", "npz", "images")
_ADVERSARIAL_LOSSES = ("non_saturating", "least_squares")


def refuse_run(run) -> str | None:
    """Returns why a run can never be written as code, as a sentence, or None."""
    try:
        config = run.config
    except ConfigError:
        return None  # The recipe cannot be read; building the download says why.
    reason = why_not_plain(config) or why_extended(config, read_settings(run.path), run.steps_per_epoch)
    return str(refusal(reason)) if reason else None


def why_not_plain(config: RunConfig) -> str | None:
    """Returns what in a recipe has no plain code, as a clause, or None."""
    if config.model not in MODELS:
        return f"the model {config.model} is not in the catalog"
    learner = MODELS[config.model].traits.learner
    if learner not in ("supervised", "reconstruction", "gan"):
        return f"the model {config.model} trains in a way of its own"
    losses = _ADVERSARIAL_LOSSES if learner == "gan" else LOSS_CLASSES
    known = (
        ("data set", config.dataset, (*BUNDLED, *_FILES)),
        ("loss", config.loss, losses),
        ("schedule", config.schedule, (None, *KNOWN_SCHEDULES)),
        *(("metric", name, METRIC_NAMES) for name in config.metrics),
    )
    for noun, name, names in known:
        if name not in names:
            return f"the {noun} {name} is not one that the code knows"
    return why_not_adversarial(config) if learner == "gan" else None


def why_not_adversarial(config: RunConfig) -> str | None:
    """Returns which option of a GAN has no plain code, as a clause, or None."""
    used = {
        "accumulated gradients": config.gradient_accumulation_steps > 1,
        "averaged weights": config.ema_momentum is not None,
        "early stopping": config.early_stopping is not None,
        "reload on plateau": config.reload_on_plateau is not None,
    }
    found = [name for name, is_used in used.items() if is_used]
    return f"it is a GAN with {' and '.join(found)}" if found else None


def why_extended(config: RunConfig, settings: tuple[Scheduled, ...], steps_per_epoch: int | None) -> str | None:
    """Returns that a run went on from the weights that early stopping had restored, as a clause, or None."""
    stop = config.early_stopping
    if stop is None or not stop.restore_best or not steps_per_epoch:
        return None
    steps = [s.step for s in settings if isinstance(s.command, SetEpochs)]
    if any(step and step % steps_per_epoch == 0 for step in steps):
        return "it was extended after early stopping had restored the weights of an earlier epoch"
    return None
