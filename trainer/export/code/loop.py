"""The section with the training loop: epochs, batches, and what is decided after each epoch."""

from __future__ import annotations

from trainer.export.code.layers import refusal
from trainer.export.code.optimizer import sets_rate
from trainer.export.code.sections import Section
from trainer.export.code.step import is_accumulated, keeps_predictions
from trainer.export.code.subject import Subject
from trainer.export.code.writing import literal
from trainer.training.plateau import is_higher_better
from trainer.training.sessions.commands import SetEpochs

PATIENCE = '''\
class Patience:
    """Counts epochs in which a score, lower is better, does not improve."""

    def __init__(self, epochs, least=0.0):
        self.epochs, self.least, self.best, self.waited, self.times = epochs, least, np.inf, 0, 0

    def runs_out(self, score):
        if score < self.best - self.least:
            self.best, self.waited = score, 0
            return False
        self.waited += 1
        if self.waited < self.epochs:
            return False
        self.waited, self.times = 0, self.times + 1
        return True
'''


def write_loop(subject: Subject) -> Section:
    """Returns the section that trains.

    Raises:
        ExportError: the run was extended after early stopping had restored earlier weights.
    """
    refuse_extension(subject)
    config, policies = subject.config, policy_lines(subject)
    text = "The order of the examples depends only on the seed and the epoch."
    if policies:
        text += " After each epoch the program decides whether training still improves."
    before = [] if not policies else [PATIENCE.rstrip(), "\n", *state_lines(subject)]
    inner = accumulated_lines(subject) if is_accumulated(config) else step_lines(subject)
    lines = [
        *before,
        "losses, history, step = [], [], 0",
        "for epoch in range(1, EPOCHS + 1):",
        "    order = np.random.Generator(np.random.Philox(key=[SEED, epoch])).permutation(len(x_train))",
        "    total = 0.0",
        *(["    predictions = []"] if keeps_predictions(subject) else []),
        *(["    sums, examples = None, 0"] if is_accumulated(config) else []),
        "    for first in range(0, len(order), BATCH_SIZE):",
        "        batch = order[first : first + BATCH_SIZE]",
        *(f"        {line}" for line in inner),
        "        losses.append(float(loss))",
        "        total += losses[-1] * len(batch)",
        "        step += 1",
        '    row = {"epoch": epoch, "loss": total / len(order)}',
        *measured_lines(subject),
        "    history.append(row)",
        '    print(" · ".join(f"{name} {value:.4g}" for name, value in row.items()))',
        *(f"    {line}" for line in policies),
        *ending_lines(subject),
    ]
    return Section("Training", text, "\n".join(lines))


def step_lines(subject: Subject) -> list[str]:
    """Returns the lines of one step."""
    extra = ", prediction" if keeps_predictions(subject) else ""
    return [*rate_lines(subject, "step"), f"loss{extra} = train_step(x_train[batch], y_train[batch])", *kept(subject)]


def accumulated_lines(subject: Subject) -> list[str]:
    """Returns the lines of one batch whose gradients are added up, and of the update after the last of them."""
    extra = ", prediction" if keeps_predictions(subject) else ""
    every = subject.config.gradient_accumulation_steps
    return [
        f"loss, gradients{extra} = train_step(x_train[batch], y_train[batch])",
        *kept(subject),
        "# A smaller last batch counts by its number of examples.",
        "share = len(batch) / BATCH_SIZE",
        "gradients = [share * gradient for gradient in gradients]",
        "sums = gradients if sums is None else [a + b for a, b in zip(sums, gradients)]",
        "examples += len(batch)",
        f"held = first // BATCH_SIZE % {every}",
        f"if held == {every - 1} or first + BATCH_SIZE >= len(order):",
        *(f"    {line}" for line in rate_lines(subject, "step - held")),
        "    apply_gradients([total_gradient / (examples / BATCH_SIZE) for total_gradient in sums])",
        "    sums, examples = None, 0",
    ]


def kept(subject: Subject) -> list[str]:
    """Returns the line that keeps the predictions of training batches, where a policy watches their metrics."""
    return ["predictions.append(prediction.numpy())"] if keeps_predictions(subject) else []


def rate_lines(subject: Subject, step: str) -> list[str]:
    """Returns the line that sets the learning rate, where it is not constant."""
    if not sets_rate(subject):
        return []
    scale = " * rate_scale" if subject.config.reload_on_plateau is not None else ""
    return [f"optimizer.learning_rate = learning_rate({step}){scale}"]


def measured_lines(subject: Subject) -> list[str]:
    """Returns the lines that measure after an epoch."""
    lines = []
    if keeps_predictions(subject):
        lines.append("    trained = measure(y_train[order], np.concatenate(predictions))")
        lines.append('    row |= {name: value for name, value in trained.items() if name != "loss"}')
    if subject.is_validated:
        lines.append("    validated = evaluate(x_validation, y_validation)")
        lines.append('    row |= {f"val_{name}": value for name, value in validated.items()}')
    return lines


def state_lines(subject: Subject) -> list[str]:
    """Returns lines that set up the policies, and a way to keep and restore a state."""
    config, lines = subject.config, []
    if restores(subject):
        parts = ["*model.variables", "*optimizer.variables"]
        if config.augmentation is not None:
            parts.append("*augmentation.variables")
        lines += [
            "# Everything that changes in training: weights, what the optimizer remembers, random states.",
            f"state = [{', '.join(parts)}]",
            "best_score, best_state, best_epoch = np.inf, None, 0",
        ]
    for name, policy in (("stopping", config.early_stopping), ("reloading", config.reload_on_plateau)):
        if policy is not None:
            least = f", {literal(policy.min_delta)}" if policy.min_delta else ""
            lines.append(f"{name} = Patience({policy.patience}{least})")
    return lines


def restores(subject: Subject) -> bool:
    """Returns whether the best epoch's state is needed again."""
    policies = subject.config.early_stopping, subject.config.reload_on_plateau
    return any(policy is not None and policy.restore_best for policy in policies)


def policy_lines(subject: Subject) -> list[str]:
    """Returns the lines that decide after an epoch, or none."""
    stop, reload = subject.config.early_stopping, subject.config.reload_on_plateau
    if stop is None and reload is None:
        return []
    sign = "-" if is_higher_better(subject.config.best_by) else ""
    lines = [f"score = {sign}np.float32(row[{literal(subject.config.best_by)}])  # Lower is better."]
    if restores(subject):
        lines += [
            "if score < best_score:",
            "    best_score, best_epoch = score, epoch",
            "    best_state = [variable.numpy() for variable in state]",
        ]
    if reload is not None:
        lines.append("if reloading.runs_out(score):")
        lines += restoring("    ") if reload.restore_best else []
        lines.append(f"    rate_scale = {literal(reload.factor)} ** reloading.times")
    return lines + (["if stopping.runs_out(score):", "    break"] if stop is not None else [])


def restoring(space: str) -> list[str]:
    """Returns lines that restore the best state."""
    return [f"{space}for variable, value in zip(state, best_state):", f"{space}    variable.assign(value)"]


def ending_lines(subject: Subject) -> list[str]:
    """Returns the lines after the last epoch."""
    if subject.config.early_stopping is None or not subject.config.early_stopping.restore_best:
        return []
    return [
        "if best_state is not None:",
        *restoring("    "),
        '    print(f"The weights are those of epoch {best_epoch}.")',
    ]


def refuse_extension(subject: Subject) -> None:
    """Raises ExportError for a run that went on from the weights that early stopping had restored."""
    stop = subject.config.early_stopping
    steps = [s.step for s in subject.settings if isinstance(s.command, SetEpochs)]
    if stop is not None and stop.restore_best and any(step and step % subject.steps_per_epoch == 0 for step in steps):
        raise refusal("it was extended after early stopping had restored the weights of an earlier epoch")
