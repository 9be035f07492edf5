"""The program cache: compiled programs that the next run of the same recipe uses again.

A finished learner stays here with its program and without its memory, and the next run of the recipe, whatever its
seed or learning rate, takes it. That run starts sooner, and a hundred runs of one recipe hold one program.

TensorFlow never frees what XLA compiled. So after some programs, at a moment when no run uses any, all are dropped and
their code is freed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trainer.config.run_config import RunConfig
from trainer.training.build import Plan, class_weights
from trainer.training.learner_state import restore, state_arrays

if TYPE_CHECKING:
    from trainer.training.learners import Learner

#: Learners that no run uses, the latest last, each with what its compiled program depends on.
_idle: list[tuple[str, Learner]] = []
_MOST_IDLE = 8
#: Learners with a program that are in use, and how many programs were compiled since code was freed last.
_used: weakref.WeakSet[Learner] = weakref.WeakSet()
_compiled = 0
_MOST_COMPILED = 16
_lock = threading.Lock()
#: Programs that are being compiled for whoever needs them first, by the same key.
_coming: dict[str, threading.Event] = {}
#: Seconds to wait for such a program, at most.
_PATIENCE = 30
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
    "histograms",
}


def reuse_program(plan: Plan, config: RunConfig) -> Plan:
    """Returns the plan with a learner that is already compiled, if the cache has one for this recipe.

    That learner gets the fresh one's state, bit for bit.
    """
    fresh = plan.learner
    if not fresh.is_compiled:
        return plan
    global _compiled
    key = program_key(plan, config)
    coming = _coming.get(key)
    if coming is not None:
        coming.wait(_PATIENCE)
    with _lock:
        found = next((pair for pair in reversed(_idle) if pair[0] == key), None)
        if found is None:
            fresh.program_key = key
            _compiled += 1
            _used.add(fresh)
            return plan
        _idle.remove(found)
        cached = found[1]
        _used.add(cached)
    restore(cached, state_arrays(fresh.snapshot()))
    fresh.release()
    return dataclasses.replace(plan, learner=cached)


@contextlib.contextmanager
def announced(learner) -> Iterator[None]:
    """Has runs of the same recipe wait for the block's end, where the program is in the cache."""
    key, ready = learner.program_key, threading.Event()
    _coming[key] = ready
    try:
        yield
    finally:
        _coming.pop(key, None)
        ready.set()


def keep_program(learner) -> None:
    """Frees a learner's memory and puts its compiled program into the cache."""
    from trainer.training.engine import compiled_code

    global _compiled
    learner.release()
    if learner.program_key is None:
        return
    with _lock:
        _used.discard(learner)
        _idle.append((learner.program_key, learner))
        del _idle[:-_MOST_IDLE]
        if _compiled >= _MOST_COMPILED and not _used:
            _compiled = 0
            _idle.clear()
            compiled_code.free_compiled_code()


def program_key(plan: Plan, config: RunConfig) -> str:
    """Returns everything that the compiled program depends on, as JSON."""
    # Statistics of the inputs are variables of the model, and only the number of a category's values is compiled
    # in. A target's statistics are compiled in.
    spec = plan.dataset.spec
    columns = tuple(
        dataclasses.replace(column, fill=0.0, vocabulary=(str(column.features),)) for column in spec.columns
    )
    spec = dataclasses.replace(spec, mean=(), variance=(), columns=columns, baselines={})
    fields = config.model_dump(exclude=_NOT_COMPILED)
    if config.schedule is None:
        # Then it is a variable of the optimizer.
        fields["optimizer_options"].pop("learning_rate", None)
    recipe = [fields, dataclasses.asdict(spec)]
    # A schedule is compiled with the number of its last step, and balanced weights follow from the split.
    recipe.append(config.epochs if config.schedule else None)
    recipe.append(class_weights(config, plan.dataset))
    recipe.append(plan.arithmetic)
    return json.dumps(recipe, sort_keys=True)
