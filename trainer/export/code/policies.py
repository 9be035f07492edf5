"""Early stopping and reload on plateau: the lines that decide after an epoch."""

from __future__ import annotations

from trainer.export.code.subject import Subject
from trainer.export.code.writing import literal
from trainer.training.plateau import is_higher_better

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


def keeps_predictions(subject: Subject) -> bool:
    """Returns whether a policy watches a metric of the training batches, whose predictions are then kept."""
    config = subject.config
    has_policy = config.early_stopping is not None or config.reload_on_plateau is not None
    return has_policy and config.best_by in config.metrics


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
