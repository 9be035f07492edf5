"""The section with the training loop: epochs, batches, and what is decided after each epoch."""

from __future__ import annotations

from trainer.export.code.optimizer import sets_rate
from trainer.export.code.policies import PATIENCE, ending_lines, keeps_predictions, policy_lines, state_lines
from trainer.export.code.sections import Section
from trainer.export.code.step import is_accumulated
from trainer.export.code.subject import Subject
from trainer.export.code.writing import join_blocks


def write_loop(subject: Subject) -> Section:
    """Returns the section that trains."""
    config, policies = subject.config, policy_lines(subject)
    text = "The order of the examples depends only on the seed and the epoch."
    if policies:
        text += " After each epoch the program decides whether training still improves."
    inner = accumulated_lines(subject) if is_accumulated(config) else step_lines(subject)
    lines = [
        "losses, history, step = [], [], 0" if sets_rate(subject) else "losses, history = [], []",
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
        *(["        step += 1"] if sets_rate(subject) else []),
        '    row = {"epoch": epoch, "loss": total / len(order)}',
        *measured_lines(subject),
        "    history.append(row)",
        '    print(" · ".join(f"{name} {value:.4g}" for name, value in row.items()))',
        *(f"    {line}" for line in policies),
        *ending_lines(subject),
    ]
    blocks = ["\n".join(lines)]
    if policies:
        blocks = [PATIENCE, "\n".join(state_lines(subject)), *blocks]
    return Section("Training", text, join_blocks(blocks))


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
