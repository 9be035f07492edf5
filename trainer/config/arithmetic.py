"""What earlier versions computed differently, so that a run continues as it began, or says what has changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainer.config.run_config import RunConfig

#: Part of each run's fingerprint. It changes whenever a recipe gives other numbers than before.
#: 1: everything before the number was recorded. 2: what `changed_arithmetic` lists. 3: `HashedDropout`.
ARITHMETIC = 3
#: A run that began with this or a later one continues with it; an earlier one says what has changed.
_KEPT = 2


def arithmetic_of(fingerprint: Mapping[str, Any], step: int = 0) -> int:
    """Returns the arithmetic that a run is trained and rebuilt with.

    Args:
        fingerprint: of the run so far; empty before its first start, or where it is lost.
        step: updates made so far.
    """
    if not step and "arithmetic" not in fingerprint:
        return ARITHMETIC
    return max(fingerprint.get("arithmetic", 1), _KEPT)


def changed_arithmetic(config: RunConfig, fingerprint: Mapping[str, Any]) -> list[str]:
    """Returns in words what this recipe computes differently since the run began.

    Args:
        config: the recipe.
        fingerprint: of the run so far; empty before its first start.
    """
    if not fingerprint or fingerprint.get("arithmetic", 1) >= _KEPT:
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
