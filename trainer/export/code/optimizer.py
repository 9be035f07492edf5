"""The section with the optimizer and its learning rate."""

from __future__ import annotations

from typing import Any

from trainer.config.registry import OPTIMIZERS, SCHEDULES
from trainer.config.run_config import RunConfig
from trainer.export.code.layers import arguments_of, class_name, write_object
from trainer.export.code.sections import Section
from trainer.export.code.subject import Subject
from trainer.export.code.writing import Code, call, join_blocks, literal

#: Those that are Keras's own, or a plain expression.
KNOWN_SCHEDULES = ("step", "exponential", "cosine", "warmup", "one_cycle")


def write_optimizer(subject: Subject, names: tuple[str, ...] = ("optimizer",)) -> Section:
    """Returns the section that makes the optimizer, or several alike.

    Args:
        subject: of the program.
        names: of the variables.
    """
    config, entry = subject.config, OPTIMIZERS[subject.config.optimizer]
    made = write_one(config, entry.build(**config.optimizer_options))
    lines = [f"{name} = {made}" for name in names]
    text = f"{entry.label}. {entry.help}"
    if config.ema_momentum is not None:
        text += "\nA moving average of the weights is kept, and measured instead of the weights themselves."
    if sets_rate(subject):
        lines.append(write_rate(subject))
        if config.schedule:
            text += f"\nThe learning rate: {SCHEDULES[config.schedule].label}. {SCHEDULES[config.schedule].help}"
    if config.reload_on_plateau is not None:
        lines.append("rate_scale = 1.0  # Lowered when training no longer improves.")
    return Section("Optimizer", text, join_blocks(lines))


def write_one(config: RunConfig, optimizer: Any) -> Code:
    """Returns the call that makes an optimizer with all its settings."""
    known: dict[str, Any] = {"learning_rate": config.optimizer_options["learning_rate"]}
    if config.ema_momentum is not None:
        known |= {"use_ema": True, "ema_momentum": config.ema_momentum}
    values, options = arguments_of(optimizer, "optimizers", known)
    return call(class_name(optimizer, "optimizers"), *values, **options)


def sets_rate(subject: Subject) -> bool:
    """Returns whether the program sets the learning rate before each step."""
    config = subject.config
    return bool(config.schedule or config.reload_on_plateau is not None or subject.changes)


def write_rate(subject: Subject) -> str:
    """Returns the function `learning_rate` of the steps made so far, and the schedules that it uses."""
    config, lines, body = subject.config, [], []
    starts = [0, *(group_start(subject, step) for step in subject.changes)]
    for number, start in enumerate([0, *subject.changes]):
        rate = schedule_of(subject, subject.at(start))
        if config.schedule not in (None, "step"):
            name = "schedule" if len(starts) == 1 else f"schedule_{number + 1}"
            lines.append(f"{name} = {rate}")
            rate = f"float({name}(step))"
        if number + 1 < len(starts):
            body += [f"    if step < {starts[number + 1]}:", f"        return {rate}"]
        else:
            if number:
                body.append(f"    # Changed while the run trained, after step {starts[number]}.")
            body.append(f"    return {rate}")
    head = 'def learning_rate(step):\n    """Returns the learning rate after so many steps."""\n'
    return join_blocks(filter(None, ["\n".join(lines), head + "\n".join(body)]))


def group_start(subject: Subject, step: int) -> int:
    """Returns the first step of the update that a step belongs to; they differ where gradients are accumulated."""
    into = step % subject.steps_per_epoch
    return step - into % subject.config.gradient_accumulation_steps


def schedule_of(subject: Subject, config: RunConfig) -> str:
    """Returns as source: the schedule in force, or the learning rate where that is a plain expression of `step`."""
    from trainer.catalog.schedules.plan import Plan

    rate = config.optimizer_options["learning_rate"]
    if config.schedule is None:
        return literal(rate)
    steps = subject.steps_per_epoch
    made = SCHEDULES[config.schedule].build(Plan(rate, steps, steps * config.epochs), **config.schedule_options)
    if config.schedule == "step":
        every, factor = config.schedule_options["every"] * steps, config.schedule_options["factor"]
        return f"{literal(rate)} * {literal(factor)} ** (step // {every})"
    return write_object(made, "schedules")
