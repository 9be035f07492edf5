"""Which quantity decides what the best epoch is."""

from __future__ import annotations

from trainer.config.options import shown
from trainer.config.recipe import Recipe
from trainer.config.registry import MODELS
from trainer.errors import ConfigError

_POLICIES = ("early_stopping", "reload_on_plateau")


def monitors(recipe: Recipe, metrics: list[str]) -> list[str]:
    """Returns what can be monitored in a run: the columns of its epochs' table that measure something."""
    traits = MODELS[recipe.model].traits
    names = [*traits.losses, *metrics]
    measured = [*(f"val_{name}" for name in names), *names] if recipe.validation_split else names
    return [*measured, traits.monitor] if traits.monitor else measured


def find_monitor(recipe: Recipe, metrics: list[str]) -> str | None:
    """Returns what is monitored, wherever the recipe names it.

    Args:
        recipe: the recipe.
        metrics: what is measured beside the loss.

    Raises:
        ConfigError: it is not measured, or two are named.
    """
    known, asked = monitors(recipe, metrics), {recipe.monitor} - {None}
    policies = {name: policy for name in _POLICIES if (policy := getattr(recipe, name))}
    asked |= {policy.monitor for policy in policies.values()} - {None}
    for name in asked - set(known):
        hint = "" if recipe.validation_split else " Nothing is validated, since validation_split is 0."
        raise ConfigError(
            f"monitor must be one of {', '.join(known)}. Received: {shown(name)}.{hint} Choose one of these.", "monitor"
        )
    if policies and (asked or {MODELS[recipe.model].traits.monitor}) == {"epoch"}:
        policy = next(iter(policies))
        raise ConfigError(
            f"{policy} must name a monitor here: the losses of this model do not measure its quality, so every epoch "
            f"counts as better than the one before. Choose one of {', '.join(known[:-1])}, or set it to null.",
            policy,
        )
    if len(asked) > 1:
        raise ConfigError(
            f"monitor must be the same everywhere in a run. Received: {', '.join(sorted(asked))}. Choose one of them.",
            "monitor",
        )
    return next(iter(asked), None)
