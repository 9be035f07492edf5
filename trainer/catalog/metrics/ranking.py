"""How well scores rank right answers before wrong ones."""

from __future__ import annotations

from trainer.catalog.needs import needs_classes_or_labels
from trainer.config.data_spec import DataSpec
from trainer.config.registry import METRICS

#: Most scores that AUC keeps of a split: 128 MiB.
MOST_SCORES = 2**25


def needs_ranking(spec: DataSpec) -> str | None:
    """Returns why the examples cannot be ranked, or None."""
    if spec.task in ("classification", "multilabel"):
        scores = most_measured(spec) * spec.num_classes
        if scores > MOST_SCORES:
            return f"it keeps a score per example and class, at most {MOST_SCORES:,}, and this data set has {scores:,}"
    return needs_classes_or_labels(spec)


def most_measured(spec: DataSpec) -> int:
    """Returns the size of the largest possible split."""
    return max(spec.examples, spec.validation_examples, spec.test_examples)


@METRICS.register(
    label="AUC",
    help="The area under the ROC curve: how well scores rank right before wrong. 1: perfect, 0.5: guessing.",
    accepts=needs_ranking,
    order=10,
)
def auc(data: DataSpec, head):
    """Returns the exact area under the ROC curve, in [0, 1]; NaN where no class has examples of both kinds.

    With two classes: the area of the second. With more classes or several labels: the mean of one class against
    the rest, as in scikit-learn's `roc_auc_score(average="macro", multi_class="ovr")`. Classes that a split lacks,
    which scikit-learn refuses, are skipped.
    """
    from trainer.catalog.metrics._auc import AUC

    return AUC(data.task, data.num_classes, most_measured(data))
