"""What earlier versions computed differently, so that a run they began says so when it continues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainer.config.run_config import RunConfig

#: Part of each run's fingerprint. It changes whenever a recipe gives other numbers than before.
ARITHMETIC = 2


def changed_arithmetic(config: RunConfig, fingerprint: Mapping[str, Any]) -> list[str]:
    """Returns in words what this recipe computes differently since the run began.

    Args:
        config: the recipe.
        fingerprint: of the run so far; empty before its first start.
    """
    if not fingerprint or "arithmetic" in fingerprint:
        return []
    changed = {
        "accumulated gradients are averaged before they are clipped": config.gradient_accumulation_steps > 1,
        "biases of recurrent and attention layers are not penalized": bool(config.l1 or config.l2)
        and config.model in ("rnn", "transformer"),
        "the step schedule drops at the exact step": config.schedule == "step",
        "the schedule follows the step after a reload": config.schedule is not None
        and config.reload_on_plateau is not None,
    }
    return [change for change, applies in changed.items() if applies]
