"""The program cache: compiled programs that the next run of the same recipe uses again.

TensorFlow keeps what XLA compiled until the process ends, some 10 MB per program. A hundred runs of one recipe
would hold a hundred programs. So a finished learner stays here with its program and without its memory, and the
next run of the recipe, whatever its seed, takes it. That run also starts sooner.
"""

from __future__ import annotations

import dataclasses
import json
import threading

from trainer.config.run_config import RunConfig
from trainer.training.build import Plan, class_weights
from trainer.training.learner_state import restore, state_arrays

#: Learners that no run uses, by what their compiled programs depend on.
_idle: dict[str, list] = {}
_lock = threading.Lock()
#: Fields that no compiled program depends on. Seeds are variables of the model.
_NOT_COMPILED = {
    "seed",
    "epochs",
    "checkpoint_seconds",
    "checkpoint_epochs",
    "keep_checkpoints",
    "profile_steps",
    "early_stopping",
    "monitor",
}


def reuse_program(plan: Plan, config: RunConfig) -> Plan:
    """Returns the plan with a learner that is already compiled, if the cache has one for this recipe.

    That learner gets the fresh one's state, bit for bit.
    """
    fresh = plan.learner
    if not fresh.is_compiled:
        return plan
    key = program_key(plan, config)
    with _lock:
        cached = _idle[key].pop() if _idle.get(key) else None
    if cached is None:
        fresh.program_key = key
        return plan
    restore(cached, state_arrays(fresh.snapshot()))
    cached.examples = fresh.examples
    fresh.release()
    return dataclasses.replace(plan, learner=cached)


def keep_program(learner) -> None:
    """Frees a learner's memory and puts its compiled program into the cache."""
    learner.release()
    if learner.program_key is not None:
        with _lock:
            _idle.setdefault(learner.program_key, []).append(learner)


def program_key(plan: Plan, config: RunConfig) -> str:
    """Returns everything that the compiled program depends on, as JSON."""
    # Statistics of the inputs are variables of the model, and only the number of a category's values is compiled
    # in. A target's statistics are compiled in.
    spec = plan.dataset.spec
    columns = tuple(
        dataclasses.replace(column, fill=0.0, vocabulary=(str(column.features),)) for column in spec.columns
    )
    spec = dataclasses.replace(spec, mean=(), variance=(), columns=columns, baselines={})
    recipe = [config.model_dump(exclude=_NOT_COMPILED), dataclasses.asdict(spec)]
    # A schedule is compiled with the number of its last step, and balanced weights follow from the split.
    recipe.append(config.epochs if config.schedule else None)
    recipe.append(class_weights(config, plan.dataset))
    recipe.append(plan.arithmetic)
    return json.dumps(recipe, sort_keys=True)
