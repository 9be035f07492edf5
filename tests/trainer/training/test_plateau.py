"""What counts as better, and when patience runs out."""

from trainer.training.plateau import best_index, is_higher_better, triggers

NAN = float("nan")


def test_more_accuracy_and_less_loss_are_better():
    assert is_higher_better("val_accuracy")
    assert is_higher_better("r2")
    assert not is_higher_better("val_loss")
    assert not is_higher_better("mae")


def test_the_best_is_the_first_of_equals_and_never_nan():
    assert best_index([3, 1, NAN, 1, 2], "val_loss") == 1
    assert best_index([0.5, 0.9, 0.9], "val_accuracy") == 1
    assert best_index([NAN, NAN], "loss") is None
    assert best_index([], "loss") is None


def test_patience_runs_out_after_so_many_epochs_without_improvement_and_begins_anew():
    assert triggers([5, 4, 4, 4, 3, 3, 3, 3], "val_loss", 2) == [3, 6]
    assert triggers([5, 4, 3, 2], "val_loss", 1) == []
    assert triggers([1, NAN, NAN], "val_loss", 2) == [2]


def test_an_improvement_must_exceed_min_delta():
    assert triggers([1.0, 0.95, 0.9], "val_loss", 2, min_delta=0.2) == [2]


def test_a_longer_table_decides_its_earlier_epochs_alike():
    values = [5, 4, 4, 6, 4, 3, 3, 3, 9, 1, 1, 1]
    whole = triggers(values, "val_loss", 2)
    for length in range(len(values)):
        assert triggers(values[:length], "val_loss", 2) == [t for t in whole if t < length]
