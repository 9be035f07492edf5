"""What mattered: the numbers are scikit-learn's and those of the papers' own definitions."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.inspection import permutation_importance

from trainer import RunStore
from trainer.analysis.attribution.dependence import measure_dependence
from trainer.analysis.attribution.integrated_gradients import attribute, baseline_of
from trainer.analysis.attribution.permutation import measure_importance, sample_rows
from trainer.analysis.attribution.suitability import kind_of, why_not_attributed
from trainer.analysis.jobs import Job
from trainer.analysis.predictor import predictor
from trainer.analysis.run_data import load_split
from trainer.config.run_config import RunConfig


def job():
    return Job(("test",), lambda job: None)


class Plain:
    """A model as a stranger to this project would wrap it."""

    def __init__(self, call, task):
        self.call, self.task = call, task

    def fit(self, x, y):
        return self

    def score(self, x, y):
        output = self.call(np.asarray(x, np.float32))
        if self.task == "classification":
            return (output.argmax(axis=1) == y).mean()
        return 1 - ((output[:, 0] - y) ** 2).sum() / ((y - y.mean()) ** 2).sum()


@pytest.mark.parametrize("family", ["table", "regression"])
def test_permutation_importance_is_scikit_learns_with_the_runs_seed(trained_runs, family):
    run = trained_runs(family)
    model = predictor(run)
    told = job()
    found = measure_importance(run, model, "validation", told)
    x, y = sample_rows(run, "validation")
    y = y.reshape(-1)
    plain = Plain(model.predict, run.spec.task)
    reference = permutation_importance(plain, x, y, n_repeats=5, random_state=run.config.seed)
    np.testing.assert_allclose(found.mean, reference.importances_mean, atol=1e-6)
    np.testing.assert_allclose(found.std, reference.importances_std, atol=1e-6)
    assert found.score == pytest.approx(plain.score(x, y))
    assert (told.fraction, found.rows) == (1.0, len(x))
    if family == "table":
        assert found.names == ("length", "width", "colour")


def test_partial_dependence_is_the_mean_prediction_with_one_value_everywhere(trained_runs):
    run = trained_runs("table")
    model = predictor(run)
    x, _ = sample_rows(run, "validation")
    for place in (0, 2):
        found = measure_dependence(run, model, "validation", place, job())
        assert found.outputs == ("A", "B", "C")
        changed = x.copy()
        changed[:, place] = 1.0 if found.is_category else found.values[3]
        reference = model.predict(changed).mean(axis=0)
        np.testing.assert_allclose(found.means[:, 0 if found.is_category else 3], reference, atol=1e-5)
        if found.is_category:
            assert found.values.tolist() == list(run.spec.columns[place].vocabulary)


@pytest.mark.parametrize(("family", "outputs"), [("one column", 1), ("several labels", 5), ("regression", 1)])
def test_every_kind_of_output_has_a_partial_dependence(trained_runs, family, outputs):
    run = trained_runs(family)
    found = measure_dependence(run, predictor(run), "validation", 1, job())
    assert found.means.shape == (outputs, len(found.values))
    assert np.isfinite(found.means).all()


@pytest.mark.parametrize("family", ["cnn", "sequences", "tf.Module"])
def test_integrated_gradients_add_up_to_the_change_from_the_baseline(trained_runs, family):
    run = trained_runs(family)
    model, x = predictor(run), np.asarray(load_split(run, "validation").x[:3])
    found = attribute(model, x, job())
    ends = model.predict(x.astype(np.float32)), model.predict(baseline_of(run.spec)[None])
    change = [ends[0][row, target] - ends[1][0, target] for row, target in enumerate(found.targets)]
    np.testing.assert_allclose(found.change, change, atol=1e-5)
    np.testing.assert_allclose(found.values.reshape(3, -1).sum(axis=1), change, atol=0.02)
    assert (found.targets == ends[0].argmax(axis=1)).all()
    assert (found.values[x == baseline_of(run.spec)] == 0).all()


def test_what_cannot_be_attributed_is_said(trained_runs, tmp_path):
    assert "autoencoder" in why_not_attributed(trained_runs("autoencoder"))
    new = RunStore(tmp_path / "runs").create(RunConfig(model="mlp", dataset="digits"))
    assert "not started" in why_not_attributed(new)
    assert [kind_of(trained_runs(name)) for name in ("table", "sequences", "cnn")] == ["table", "sequence", "image"]
    assert why_not_attributed(trained_runs("table")) is None
