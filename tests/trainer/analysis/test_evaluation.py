"""Every number of an evaluation is scikit-learn's on the exported model's own predictions."""

from __future__ import annotations

import errno
import zipfile

import numpy as np
import pytest
from sklearn import metrics

from trainer import RunStore
from trainer.analysis.evaluation import predicting
from trainer.analysis.evaluation.cache import MOST, cache_file
from trainer.analysis.evaluation.classification import (
    class_measures,
    confident_mistakes,
    confusion,
    label_measures,
    macro_f1,
    rates_at,
    row_shares,
)
from trainer.analysis.evaluation.evaluating import evaluate
from trainer.analysis.evaluation.predicting import predict_split, why_nothing
from trainer.analysis.evaluation.predictions import predicted_classes
from trainer.analysis.jobs import Job
from trainer.analysis.run_data import load_split, split_sizes
from trainer.catalog.modules import Scaling
from trainer.config.run_config import RunConfig
from trainer.errors import ExportError
from trainer.export import export


def evaluated(run, split="validation"):
    digest = run.find_checkpoint("best").digest
    return evaluate(run, digest, split, Job(("test",), lambda job: None))


def exported_predictions(run, x, folder):
    """Returns what the downloaded model predicts for raw rows of the data set."""
    import keras
    import tensorflow as tf

    if run.config.model == "mlp_module":
        with zipfile.ZipFile(export(run, "savedmodel.zip", folder / "savedmodel.zip", "best")) as archive:
            archive.extractall(folder)
        model = tf.saved_model.load(str(folder / "savedmodel"))
        return model.serve(tf.constant(x, tf.float32)).numpy()
    model = keras.models.load_model(export(run, "model.keras", folder / "model.keras", "best"))
    if run.spec.columns:
        x = {column.name: raw_column(x[:, place], column) for place, column in enumerate(run.spec.columns)}
    return model.predict(x, verbose=0)


def raw_column(values, column):
    import tensorflow as tf

    if column.kind == "number":
        return tf.constant(values.reshape(-1, 1))
    return tf.constant([[column.vocabulary[int(code) - 1] if code else "?"] for code in values])


CLASSIFIERS = ("cnn", "one column", "table", "sequences", "tf.Module")


@pytest.mark.parametrize("family", CLASSIFIERS)
def test_a_classifiers_numbers_are_those_of_the_exported_model(trained_runs, tmp_path, family):
    run = trained_runs(family)
    split, found = load_split(run, "validation"), evaluated(run)
    output = exported_predictions(run, np.asarray(split.x), tmp_path)
    y, names = split.y, run.spec.class_labels
    scores = np.concatenate([1 - output, output], axis=1) if output.shape[1] == 1 else output
    guess = scores.argmax(axis=1)
    np.testing.assert_allclose(found.finite.output, output, atol=1e-5)
    assert (found.finite.y == y).all()

    predicted = predicted_classes(found.finite.output)
    every = range(len(names))
    np.testing.assert_array_equal(confusion(y, predicted, len(names)), metrics.confusion_matrix(y, guess, labels=every))
    reference = metrics.precision_recall_fscore_support(y, guess, labels=every, zero_division=np.nan)
    frame = class_measures(y, predicted, names)
    for column, values in zip(("Precision", "Recall", "F1", "Support"), reference, strict=True):
        np.testing.assert_allclose(frame[column], values)
    assert macro_f1(y, predicted, len(names)) == pytest.approx(
        metrics.f1_score(y, guess, average="macro", labels=every, zero_division=np.nan)
    )
    for curve, other in zip(found.curves.roc, found.curves.precision_recall, strict=True):
        place = names.index(curve.name)
        assert curve.area == pytest.approx(metrics.roc_auc_score(y == place, scores[:, place]), abs=1e-4)
        assert other.area == pytest.approx(metrics.average_precision_score(y == place, scores[:, place]), abs=1e-4)
    assert len(found.curves.roc) == (1 if len(names) == 2 else len(names))

    confidence, bins = scores.max(axis=1), np.linspace(0, 1, 11)
    places = np.clip(np.digitize(confidence, bins[1:-1], right=True), 0, 9)
    gaps = [
        (places == b).mean() * abs((guess == y)[places == b].mean() - confidence[places == b].mean())
        for b in set(places)
    ]
    assert found.calibration.error == pytest.approx(sum(gaps), abs=1e-4)
    assert found.calibration.counts.sum() == len(y)
    wrong = confident_mistakes(y, found.finite.output)
    assert set(wrong) <= set(np.flatnonzero(guess != y))
    assert (np.diff(confidence[wrong]) <= 1e-6).all()


def test_a_regressions_numbers_are_those_of_the_exported_model(trained_runs, tmp_path):
    run = trained_runs("regression")
    split, errors = load_split(run, "validation"), evaluated(run).errors
    output = exported_predictions(run, np.asarray(split.x), tmp_path)
    assert errors.r2 == pytest.approx(metrics.r2_score(split.y, output), abs=1e-5)
    assert errors.mae == pytest.approx(metrics.mean_absolute_error(split.y, output), rel=1e-5)
    assert errors.rmse == pytest.approx(metrics.root_mean_squared_error(split.y, output), rel=1e-5)
    np.testing.assert_allclose(errors.residuals, (split.y - output)[:, 0], atol=1e-2)


def test_the_numbers_of_several_labels_are_those_of_the_exported_model(trained_runs, tmp_path):
    run = trained_runs("several labels")
    split, found = load_split(run, "validation"), evaluated(run)
    output = exported_predictions(run, np.asarray(split.x), tmp_path)
    for threshold in (0.5, 0.3):
        frame = label_measures(split.y, found.finite.output, found.names, threshold)
        reference = metrics.precision_recall_fscore_support(split.y, output > threshold, zero_division=np.nan)
        for column, values in zip(("Precision", "Recall", "F1", "Support"), reference, strict=True):
            np.testing.assert_allclose(frame[column], values)
    np.testing.assert_allclose(frame["ROC AUC"], metrics.roc_auc_score(split.y, output, average=None), atol=1e-4)
    for curve in found.curves.precision_recall:
        place = found.names.index(curve.name)
        reference = metrics.average_precision_score(split.y[:, place], output[:, place])
        assert curve.area == pytest.approx(reference, abs=1e-4)


def test_the_error_of_a_copy_is_that_of_the_exported_model(trained_runs, tmp_path):
    run = trained_runs("autoencoder")
    x, found = np.asarray(load_split(run, "validation").x), evaluated(run)
    output = exported_predictions(run, x, tmp_path)
    scaled = Scaling(run.spec)(x).numpy()
    reference = [metrics.mean_squared_error(a.ravel(), b.ravel()) for a, b in zip(scaled, output, strict=True)]
    np.testing.assert_allclose(found.finite.output[:, 0], reference, rtol=1e-4)


def test_predictions_are_kept_in_the_runs_folder(trained_runs, monkeypatch):
    run = trained_runs("cnn")
    first = evaluated(run).predictions
    path = cache_file(run.path, first.digest, "validation")
    assert path.parent.parent == run.path
    with monkeypatch.context() as patched:
        patched.setattr(predicting, "predictor", None)  # Nothing is predicted again.
        again = evaluated(run).predictions
        np.testing.assert_array_equal(again.output, first.output)
        assert (again.step, again.task, again.split) == (first.step, first.task, first.split)
    path.write_bytes(path.read_bytes()[:200])
    np.testing.assert_array_equal(evaluated(run).predictions.output, first.output)
    for number in range(MOST + 2):
        cache_file(run.path, f"{number}" * 40, "test").write_bytes(b"")
    path.unlink()
    evaluated(run)
    assert path.exists()
    assert len(list(path.parent.iterdir())) == MOST


def test_a_full_disk_and_a_deleted_run_are_sentences(trained_runs, tmp_path, monkeypatch):
    run = trained_runs("regression")
    job, digest = Job(("test",), lambda job: None), run.find_checkpoint("best").digest

    def full(*args, **arrays):
        raise OSError(errno.ENOSPC, "No space left on device")

    cache_file(run.path, digest, "validation").unlink(missing_ok=True)
    with monkeypatch.context() as patched:
        patched.setattr("trainer.analysis.evaluation.cache.np.savez", full)
        made = predict_split(run, digest, "validation", job)
    assert "not kept on the disk" in made.note
    assert "The disk is full" in made.note
    assert not list((run.path / "analysis").glob("*"))
    with monkeypatch.context() as patched:
        patched.setattr(predicting, "cache_file", lambda *_: tmp_path / "gone" / "analysis" / "x.npz")
        with pytest.raises(ExportError, match="run was deleted"):
            predict_split(run, digest, "validation", job)
    with pytest.raises(ExportError, match="checkpoint was deleted"):
        predict_split(run, "0" * 64, "validation", job)


def test_why_a_run_cannot_be_evaluated_is_a_sentence(tmp_path, trained_runs):
    store = RunStore(tmp_path / "runs")
    assert "generates new images" in why_nothing(store.create(RunConfig(model="gan", dataset="digits")))
    new = store.create(RunConfig(model="mlp", dataset="digits"))
    assert "not started" in why_nothing(new)
    assert split_sizes(new) == {}
    assert why_nothing(trained_runs("cnn")) is None


def test_the_test_split_comes_first_and_training_only_where_there_is_no_other():
    from types import SimpleNamespace

    from trainer.config.data_spec import DataSpec

    def sizes(fraction, **fields):
        spec = DataSpec("classification", (4,), 100, num_classes=2, **fields)
        return split_sizes(SimpleNamespace(spec=spec, config=SimpleNamespace(validation_split=fraction)))

    assert list(sizes(0.2, test_examples=30).items()) == [("test", 30), ("validation", 20)]
    assert sizes(0.2, validation_examples=40) == {"validation": 40}
    assert sizes(0.0) == {"training": 100}


def test_a_threshold_moves_the_matrix_and_its_rates():
    y, output = np.array([0, 0, 1, 1]), np.array([[0.1], [0.6], [0.4], [0.9]], np.float32)
    two = np.concatenate([1 - output, output], axis=1)
    for given in (output, two):
        assert predicted_classes(given).tolist() == [0, 1, 0, 1]
        assert predicted_classes(given, 0.3).tolist() == [0, 1, 1, 1]
    rates = rates_at(confusion(y, predicted_classes(two, 0.3), 2))
    assert (rates.true_positive, rates.false_positive, rates.accuracy) == (1.0, 0.5, 0.75)
    assert rates.precision == pytest.approx(2 / 3)
    assert np.isnan(rates_at(confusion(y, predicted_classes(two, 1.0), 2)).precision)
    np.testing.assert_allclose(row_shares(confusion(y[:2], y[:2], 2))[0], [1, 0])
    assert np.isnan(row_shares(confusion(y[:2], y[:2], 2))[1]).all()
