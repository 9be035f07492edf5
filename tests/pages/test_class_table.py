"""A finished run shows what each class reached."""

from types import SimpleNamespace

from pages.ui.run.class_table import measured_classes
from trainer.config.data_spec import DataSpec


def finished(metrics, **spec):
    """Returns what the table reads of a run."""
    return SimpleNamespace(spec=DataSpec("classification", (4,), 10, **spec), config=SimpleNamespace(metrics=metrics))


def test_a_row_for_each_class_that_was_measured_on_the_test_split_if_there_is_one():
    last = {"val_f1_macro": 0.5, "test_f1_cat": 0.75, "test_recall_cat": 0.5, "test_f1_dog": 1.0, "val_f1_cat": 0.1}
    frame, split = measured_classes(
        finished(["f1_macro", "recall", "accuracy"], num_classes=3, class_names=("cat", "dog", "eel")), last
    )
    assert split == "test"
    assert frame["Class"].tolist() == ["cat", "dog"]
    assert frame["F1"].tolist() == [0.75, 1.0]
    assert frame["Recall"][0] == 0.5


def test_classes_without_names_go_by_their_numbers():
    frame, split = measured_classes(finished(["recall"], num_classes=2), {"val_recall_1": 0.25})
    assert (split, frame.to_dict("records")) == ("validation", [{"Class": "1", "Recall": 0.25}])


def test_nothing_is_shown_where_nothing_was_measured_by_class():
    frame, _ = measured_classes(finished(["accuracy"], num_classes=2), {"val_accuracy": 0.5})
    assert frame.empty
