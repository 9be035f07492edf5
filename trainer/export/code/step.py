"""The section with one training step, and the prediction of a whole split."""

from __future__ import annotations

from typing import Any

from trainer.export.code.layers import write_object
from trainer.export.code.measures import measuring
from trainer.export.code.policies import keeps_predictions
from trainer.export.code.sections import Section
from trainer.export.code.subject import Subject
from trainer.export.code.writing import Code, call, indent, join_blocks, literal

_AVERAGED = '''\
@contextlib.contextmanager
def averaged_weights():
    """Uses the moving averages of the weights inside the block."""
    held = [variable.numpy() for variable in variables]
    optimizer.finalize_variable_values(variables)
    try:
        yield
    finally:
        for variable, value in zip(variables, held):
            variable.assign(value)'''


def write_step(subject: Subject, learner: Any) -> Section:
    """Returns the section with `train_step` and `evaluate`."""
    config = subject.config
    parts, texts = [], ["One step: predict a batch, measure the loss, and move every weight against its gradient."]
    if learner.augmentation is not None:
        parts.append(write_augmentation(learner.augmentation))
        texts.append("Training images are changed at random, so that the model learns to ignore such changes.")
    parts.append("variables = list(model.trainable_variables)\noptimizer.build(variables)")
    if config.l1 or config.l2:
        parts.append(
            "# Penalties pull kernels towards zero; biases are left alone.\n"
            'kernels = [v for v in variables if len(v.shape) >= 2 and "bias" not in v.name.split("/")[-1]]'
        )
    if is_accumulated(config):
        texts.append(
            f"The gradients of {config.gradient_accumulation_steps} batches are averaged for each update: as one "
            "larger batch, in less memory."
        )
    parts.append(train_step(subject, learner))
    parts.append(evaluation(subject))
    if config.class_weight is not None:
        texts.append("An example counts as much as its class weighs, in training only.")
    imports = ("import contextlib",) if config.ema_momentum is not None else ()
    return Section("Training step", "\n".join(texts), join_blocks(parts), imports)


def is_accumulated(config: Any) -> bool:
    """Returns whether an update takes the gradients of several batches."""
    return config.gradient_accumulation_steps > 1


def write_augmentation(augmentation: Any) -> str:
    """Returns code that builds the model that changes images."""
    layers = "".join(indent(f"{write_object(layer, 'layers')},\n") for layer in augmentation.layers)
    return f"augmentation = keras.Sequential([\n{layers}])\naugmentation.build((None, *x_train.shape[1:]))"


def train_step(subject: Subject, learner: Any) -> str:
    """Returns the function `train_step`; of gradients alone where they are accumulated, with `apply_gradients`."""
    config, body = subject.config, []
    if learner.augmentation is not None:
        body.append("x = augmentation(x, training=True)")
    weight = ""
    if config.class_weight is not None:
        body.append("weights = tf.gather(class_weights, y)")
        weight = ", sample_weight=weights"
    body += [
        "with tf.GradientTape() as tape:",
        "    prediction = model(x, training=True)",
        f"    loss = loss_fn(y, prediction{weight})",
    ]
    total = "loss"
    if penalty := penalty_of(config):
        body.append(f"    total = loss + {penalty}")
        total = "total"
    body.append(f"gradients = tape.gradient({total}, variables)")
    limits, apply = limit_lines(config), "optimizer.apply(gradients, variables)"
    extra = ", prediction" if keeps_predictions(subject) else ""
    head = "@tf.function\ndef train_step(x, y):\n"
    if is_accumulated(config):
        says = '    """Returns the loss of a batch and its gradients."""\n'
        code = head + says + indent("\n".join([*body, f"return loss, gradients{extra}"]))
        says = '    """Updates every weight."""\n'
        return f"{code}\n\n\n@tf.function\ndef apply_gradients(gradients):\n{says}" + indent(
            "\n".join([*limits, apply])
        )
    says = '    """Makes one step and returns the loss of the batch."""\n'
    return head + says + indent("\n".join([*body, *limits, apply, f"return loss{extra}"]))


def penalty_of(config: Any) -> str:
    """Returns the penalties on kernels as an expression, or nothing."""
    terms = []
    for weight, function in ((config.l1, "tf.abs"), (config.l2, "tf.square")):
        if weight:
            terms.append(f"{literal(weight)} * tf.add_n([tf.reduce_sum({function}(k)) for k in kernels])")
    return " + ".join(terms)


def limit_lines(config: Any) -> list[str]:
    """Returns lines that limit gradients."""
    lines = []
    if config.clip_value is not None:
        low, high = literal(-config.clip_value), literal(config.clip_value)
        lines.append(f"gradients = [tf.clip_by_value(gradient, {low}, {high}) for gradient in gradients]")
    if config.clip_norm is not None:
        lines.append("# Scales all gradients down where their joint norm is too large.")
        lines.append(f"gradients, _ = {call('tf.clip_by_global_norm', Code('gradients'), config.clip_norm)}")
    return lines


def evaluation(subject: Subject) -> str:
    """Returns the function `evaluate`, and what it needs."""
    blocks = ["@tf.function\ndef predict(x):\n    return model(x, training=False)"]
    body = "prediction = np.concatenate([predict(x[i : i + 256]) for i in range(0, len(x), 256)])"
    if subject.config.ema_momentum is not None:
        blocks.append(_AVERAGED)
        body = f"with averaged_weights():\n{indent(body)}"
    measured = measuring(subject)
    if keeps_predictions(subject):
        says = '    """Returns loss and metrics of predictions."""\n'
        blocks.append(f"def measure(y, prediction):\n{says}{indent(measured)}")
        measured = "return measure(y, prediction)"
    says = '    """Returns loss and metrics of a split, without dropout and other noise."""\n'
    blocks.append(f"def evaluate(x, y):\n{says}{indent(body)}\n{indent(measured)}")
    return join_blocks(blocks)
