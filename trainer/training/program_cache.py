"""Compiled programs that serve again: TensorFlow never forgets what XLA compiled.

The same recipe compiled a hundred times would hold the memory of a hundred programs, some 10 MB
each. A learner that has done its work keeps its program and gives back the rest; the next run of
the same recipe, whatever its seed, takes it up. It also starts and resumes at once.
"""

from __future__ import annotations

import dataclasses
import json
import threading

from trainer.config.run_config import RunConfig
from trainer.training.build import Plan, class_weights
from trainer.training.learner_state import restore, state_arrays

#: Learners that are not in use, by what their compiled programs depend on.
_idle: dict[str, list] = {}
_lock = threading.Lock()
#: Fields that no compiled program depends on: seeds, too, are variables of the model.
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


def recycle(plan: Plan, config: RunConfig) -> Plan:
    """Returns the plan with a learner whose program is compiled already, if one of this recipe is idle.

    It has the state of the fresh one, bit for bit.
    """
    fresh = plan.learner
    if not fresh.is_compiled:
        return plan
    # The inputs' statistics are variables of the model, and of a category only the number of its values is compiled
    # in; a target's statistics are.
    spec = plan.dataset.spec
    columns = tuple(
        dataclasses.replace(column, fill=0.0, vocabulary=(str(column.features),)) for column in spec.columns
    )
    spec = dataclasses.replace(spec, mean=(), variance=(), columns=columns, baselines={})
    recipe = [config.model_dump(exclude=_NOT_COMPILED), dataclasses.asdict(spec)]
    # A schedule is compiled with the number of its last step, and balanced weights follow from the split.
    recipe.append(config.epochs if config.schedule else None)
    recipe.append(class_weights(config, plan.dataset))
    key = json.dumps(recipe, sort_keys=True)
    with _lock:
        used = _idle[key].pop() if _idle.get(key) else None
    if used is None:
        fresh.recipe = key
        return plan
    restore(used, state_arrays(fresh.snapshot()))
    used.examples = fresh.examples
    fresh.release()
    return dataclasses.replace(plan, learner=used)


def give_back(learner) -> None:
    """Frees a learner's memory; its compiled program waits for the next run of the same recipe."""
    learner.release()
    if learner.recipe is not None:
        with _lock:
            _idle.setdefault(learner.recipe, []).append(learner)
