"""The section that says what is minimized and what is measured."""

from __future__ import annotations

from trainer.config.registry import LOSSES, METRICS
from trainer.export.code.sections import Section
from trainer.export.code.subject import Subject
from trainer.export.code.writing import WIDTH, call, join_blocks, listing, literal

_GUESS = {
    "softmax": "prediction.argmax(axis=1)",
    "binary": "(prediction[:, 0] > 0.5).astype(int)",
    "labels": "(prediction > 0.5).astype(int)",
}
#: By loss: the class of Keras, without its options.
LOSS_CLASSES = {
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "binary_crossentropy": "BinaryCrossentropy",
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
    "huber": "Huber",
}
_SKLEARN = {"precision": "precision_score", "recall": "recall_score", "f1_macro": "f1_score"}
_EXPRESSIONS = {
    "accuracy": "(guess == y).mean()",
    "exact_match": "(guess == y).all(axis=1).mean()",
    "top_3_accuracy": '(np.argsort(-prediction, axis=1, kind="stable")[:, :3] == y[:, None]).any(axis=1).mean()',
    "mae": "np.abs(y - prediction).mean()",
    "rmse": "np.sqrt(np.square(y.astype(np.float64) - prediction).mean())",
    "r2": "r2_score(y, prediction)",
}
METRIC_NAMES = (*_SKLEARN, *_EXPRESSIONS, "auc")


def write_measures(subject: Subject) -> Section:
    """Returns the section with the loss, and the weights of the classes."""
    entry, metrics = LOSSES[subject.config.loss], subject.config.metrics
    text = f"{entry.label}. {entry.help}"
    if metrics:
        text += f"\nMeasured as well: {', '.join(METRICS[name].label for name in metrics)}."
    needed = sorted(set().union(*(write_metric(name, subject)[1] for name in metrics)))
    imports = (f"from sklearn.metrics import {', '.join(needed)}",) if needed else ()
    return Section(
        "Loss", text, join_blocks(filter(None, [write_class_weights(subject), write_loss(subject)])), imports
    )


def measuring(subject: Subject) -> str:
    """Returns lines that return loss and metrics of `y` and `prediction`."""
    measured = {"loss": "loss_fn(y, prediction)"}
    measured |= {name: write_metric(name, subject)[0] for name in subject.config.metrics}
    entries = [f"{literal(name)}: float({expression})" for name, expression in measured.items()]
    line = f"return {{{', '.join(entries)}}}"
    if len(line) > WIDTH - 4:
        line = "return {\n" + "".join(f"    {entry},\n" for entry in entries) + "}"
    if not any("guess" in expression for expression in measured.values()):
        return line
    kind = "labels" if subject.goal.task == "multilabel" else "binary" if subject.is_binary else "softmax"
    return f"guess = {_GUESS[kind]}\n{line}"


def write_class_weights(subject: Subject) -> str:
    """Returns code that weighs classes, or nothing."""
    weights = subject.config.class_weight
    if weights is None:
        return ""
    if weights == "balanced":
        return f"""\
# Balanced: every class has the same total weight, however rare it is.
counts = np.maximum(np.bincount(y_train, minlength={subject.spec.num_classes}), 1)
class_weights = (len(y_train) / (len(counts) * counts)).astype("float32")"""
    return f'{listing("class_weights", weights)}\nclass_weights = np.array(class_weights, "float32")'


def write_loss(subject: Subject) -> str:
    """Returns the function `loss_fn` of targets and predictions, and of weights where classes have some."""
    config = subject.config
    options = {name: value for name, value in config.loss_options.items() if value}
    kind = call(f"keras.losses.{LOSS_CLASSES[config.loss]}", **options)
    target, prediction, lines = "y", "prediction", [f"loss_fn = {kind}"]
    if config.loss == "categorical_crossentropy":
        target = f"keras.ops.one_hot(y, {subject.spec.num_classes})"
    elif subject.is_binary:
        target = "keras.ops.reshape(y, (-1, 1))"
    elif subject.scales_target:
        target, prediction = "y / target_std", "prediction / target_std"
    if (target, prediction) == ("y", "prediction"):
        return lines[0]
    note = "    # In standard deviations of the target.\n" if subject.scales_target else ""
    weight, passed = (", sample_weight=None", ", sample_weight") if config.class_weight is not None else ("", "")
    return f"""\
cross_entropy = {kind}


def loss_fn(y, prediction{weight}):
{note}    return cross_entropy({target}, {prediction}{passed})""".replace(
        "cross_entropy", "distance" if subject.scales_target else "cross_entropy"
    )


def write_metric(name: str, subject: Subject) -> tuple[str, set[str]]:
    """Returns a metric as an expression of y, prediction and guess, and the functions of scikit-learn it needs."""
    if name in _SKLEARN:
        return f'{_SKLEARN[name]}(y, guess, average="macro", zero_division=0)', {_SKLEARN[name]}
    if name == "auc":
        return write_auc(subject), {"roc_auc_score"}
    return _EXPRESSIONS[name], {"r2_score"} if name == "r2" else set()


def write_auc(subject: Subject) -> str:
    """Returns the mean area under the curves of one class against the rest, without classes that a split lacks."""
    if subject.goal.task == "classification" and subject.spec.num_classes == 2:
        return "roc_auc_score(y, prediction[:, -1])"
    column = "y[:, k]" if subject.goal.task == "multilabel" else "y == k"
    return (
        f"np.mean([roc_auc_score({column}, prediction[:, k]) for k in range(prediction.shape[1]) "
        f"if 0 < ({column}).sum() < len(y)])"
    )
