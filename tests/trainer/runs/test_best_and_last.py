"""Which numbers belong to which weights: the newest epoch and the best, in the run, its downloads and on resume."""

import json
import zipfile

import keras
import numpy as np
import pytest

from tests.trainer.recipes import digits
from tests.trainer.watching import cut_at, finish
from trainer import RunConfig, RunStore
from trainer.data.loading import load_dataset
from trainer.errors import ConfigError
from trainer.export import export
from trainer.runs.checkpoint import read_state


def overfitting(**fields) -> RunConfig:
    """Returns a run whose best epoch is long before its last."""
    options = {"layers": 1, "units": 64}
    learning = {"optimizer_options": {"learning_rate": 0.05}}
    return RunConfig(
        **{"model": "mlp", "model_options": options, "dataset": "digits", "epochs": 12, **learning} | fields
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    found = RunStore(tmp_path_factory.mktemp("runs")).create(overfitting())
    found.start()
    finish(found)
    assert found.best_step < found.step, "choose a recipe whose best epoch is not the last"
    return found


def test_each_number_has_the_step_of_its_weights(run):
    last, best = run.metrics["last"], run.metrics["best"]
    assert (last["step"], last["epoch"]) == (run.step, 12)
    assert (best["step"], best["epoch"]) == (run.best_step, run.best_step // run.steps_per_epoch)
    assert best["val_loss"] == min(run.history.epochs.frame()["val_loss"]) < last["val_loss"]


@pytest.mark.parametrize("source", ["best", "latest"])
def test_a_download_scores_what_the_run_says_of_it(run, tmp_path, source):
    """Measured by plain Keras on the validation split, with the weights of the downloaded model."""
    model = keras.models.load_model(export(run, "model.keras", tmp_path / "model.keras", source))
    data = load_dataset("digits", {}, validation_split=0.2, seed=0).validation
    prediction = model.predict(data.x, verbose=0).argmax(1)
    shown = run.metrics["best" if source == "best" else "last"]["val_accuracy"]
    assert np.mean(prediction == data.y) == pytest.approx(shown, abs=1e-6)


def test_the_best_is_downloaded_by_default_and_checkpoints_are_the_newest(run, tmp_path):
    for kind in ("model.keras", "weights.h5", "savedmodel.zip"):
        assert export(run, kind, tmp_path / f"default-{kind}").stat().st_size > 0
    default = keras.models.load_model(tmp_path / "default-model.keras").get_weights()
    best = read_state(run.find_checkpoint("best"))
    assert any(np.array_equal(default[0], value) for key, value in best.items() if key.startswith("model/"))
    with zipfile.ZipFile(export(run, "checkpoint.zip", tmp_path / "a.zip")) as archive:
        assert any(f"step-{run.step:010d}" in name for name in archive.namelist())
    with zipfile.ZipFile(export(run, "checkpoint.zip", tmp_path / "b.zip", "best")) as archive:
        assert any(f"step-{run.best_step:010d}" in name for name in archive.namelist())
        fields = json.loads(archive.read(f"{run.id}/run.json"))
        assert (fields["status"], fields["step"]) == ("interrupted", run.best_step)


def test_the_command_line_takes_the_same_choice(run, cli, tmp_path):
    for source in ("best", "latest", str(run.best_step)):
        arguments = ["export", run.id, "weights.h5", "-o", tmp_path / source]
        assert cli(*arguments, "--from", source, "--runs-dir", run.path.parent)[0] == 0
    model = keras.models.load_model(export(run, "model.keras", tmp_path / "model.keras", "latest"))
    (tmp_path / "latest").rename(tmp_path / "latest.weights.h5")
    expected = [array.copy() for array in model.get_weights()]
    model.load_weights(tmp_path / "latest.weights.h5")
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(model.get_weights(), expected, strict=True))
    assert (tmp_path / "best").read_bytes() != (tmp_path / "latest.weights.h5").read_bytes()


@pytest.mark.parametrize("source", ["worst", "3", "-1"])
def test_a_checkpoint_that_is_not_there_is_refused(run, tmp_path, source):
    with pytest.raises(ConfigError, match=f"from must be latest, best or the step of a checkpoint .*{run.step}"):
        export(run, "model.keras", tmp_path / "model.keras", source)


def test_early_stopping_ends_with_the_best_weights_also_where_patience_never_runs_out(store):
    run = store.create(overfitting(early_stopping={"patience": 50}))
    run.start()
    finish(run)
    assert run.status == "completed"
    assert run.best_step < run.step
    assert run.metrics["last"] == run.metrics["best"]
    assert any(f"The weights are those of epoch {run.metrics['best']['epoch']}" in note for note in run.notes)
    newest, best = (read_state(run.find_checkpoint(source)) for source in ("latest", "best"))
    assert all(np.array_equal(newest[key], best[key]) for key in best if key.startswith("model/"))


def test_a_run_with_a_test_split_is_tested_on_the_best_and_on_the_newest_weights(store, monkeypatch):
    from trainer.data.dataset import Dataset
    from trainer.training import build as build_module

    def with_test_split(*arguments, load=build_module.load_dataset, **options):
        data = load(*arguments, **options)
        return Dataset(data.spec, data.train, data.validation, data.validation)

    monkeypatch.setattr(build_module, "load_dataset", with_test_split)
    run = store.create(overfitting())
    run.start()
    finish(run)
    for which in ("best", "last"):
        # The test split is the validation split here, so each score must be that of its own epoch.
        assert run.metrics[which]["test_accuracy"] == pytest.approx(run.metrics[which]["val_accuracy"], abs=1e-6)
    assert run.metrics["best"]["step"] != run.metrics["last"]["step"]


def test_a_diverged_run_goes_on_from_a_healthy_checkpoint_with_a_smaller_learning_rate(store):
    config = RunConfig(
        model="linear", dataset="diabetes", optimizer="sgd", optimizer_options={"learning_rate": 0.1},
        epochs=100, checkpoint_epochs=1, keep_checkpoints=1000,
    )  # fmt: skip
    run = store.create(config)
    run.start()
    cut_at(run, 24, run.pause)
    run.resume(learning_rate=0.9)
    finish(run)
    assert (run.status, run.has_diverged) == ("failed", True)
    assert "smaller learning rate (now 0.9)" in run.reason
    healthy, losses = run.healthy_checkpoint, run.history.frame()["loss"]
    assert losses[healthy.step - 1] < losses[0] < 1e3 * losses[0] < losses.iloc[-1]
    assert run.resume(source=healthy.step, learning_rate=0.01).acted
    finish(run)
    assert (run.status, run.has_diverged) == ("completed", False)
    assert run.history.frame()["loss"].iloc[-1] < losses[0]
    assert run.current_config.optimizer_options["learning_rate"] == 0.01


def test_best_before_the_first_epoch_is_the_newest(store):
    run = store.create(digits(epochs=100))
    run.start()
    cut_at(run, 3, run.pause)
    assert run.find_checkpoint("best").step == run.find_checkpoint("latest").step == run.step
