"""A downloaded model gives in plain Keras what its run shows."""

import json
import warnings
import zipfile

import pytest

from tests.references.compare import compare
from tests.trainer.eager import eagerly
from tests.trainer.watching import finish
from trainer import RunConfig, RunStore
from trainer.export import export
from trainer.training.build import build

SMALL = {"model": "mlp", "model_options": {"units": 8, "layers": 1}, "epochs": 1}
CASES = {
    "mean squared error": {"dataset": "diabetes", "metrics": ["mae", "r2"]},
    "mean absolute error": {"dataset": "diabetes", "loss": "mean_absolute_error"},
    "Huber": {"dataset": "diabetes", "loss": "huber", "loss_options": {"delta": 0.4}},
    "cross-entropy": {"dataset": "iris"},
    "smoothed cross-entropy": {
        "dataset": "digits", "loss": "categorical_crossentropy", "loss_options": {"label_smoothing": 0.2},
        "metrics": ["accuracy", "top_3_accuracy"],
    },
    "smoothed binary cross-entropy": {
        "dataset": "breast_cancer", "loss": "binary_crossentropy", "loss_options": {"label_smoothing": 0.3},
    },
    "labels": {"dataset": "multilabel"},
}  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    store = RunStore(tmp_path_factory.mktemp("downloads") / "runs")
    runs = {name: store.create(RunConfig(**SMALL | case)) for name, case in CASES.items()}
    with eagerly():
        for run in runs.values():
            run.start()
            assert finish(run).status == "completed", run.reason
    return runs


@pytest.mark.parametrize("name", CASES)
def test_evaluate_gives_the_loss_that_the_run_shows(runs, tmp_path, name):
    import keras

    run = runs[name]
    export(run, "model.keras", tmp_path / "model.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    about = json.loads(zipfile.ZipFile(tmp_path / "model.keras").read("about.json"))
    if name == "Huber":
        advice = about["evaluate"].splitlines()[0]
        assert "without delta" in advice
        exec(advice[advice.index("model.compile(") :], {"model": model, "keras": keras})
    else:
        assert about["evaluate"].startswith("evaluate() gives the loss that the run shows")
    validation = build(run.config).dataset.validation
    y = keras.utils.to_categorical(validation.y) if "one-hot" in about["evaluate"] else validation.y
    found = model.evaluate(validation.x, y, verbose=0, return_dict=True, batch_size=1000)
    shown = run.history.epochs.frame().iloc[-1]
    compare(f"loss of a downloaded model, {name}", "run's val_loss", found["loss"], shown["val_loss"], 1e-5)
    for metric in {"accuracy", "top_3_accuracy", "mae"} & set(found):
        compare(f"{metric} of a downloaded model", f"run's val_{metric}", found[metric], shown[f"val_{metric}"], 1e-5)
    model.fit(validation.x, y, verbose=0)


def test_a_model_says_which_of_its_metrics_keras_does_not_know(runs, tmp_path):
    export(runs["mean squared error"], "model.keras", tmp_path / "model.keras")
    about = json.loads(zipfile.ZipFile(tmp_path / "model.keras").read("about.json"))
    assert about["evaluate"].endswith("\nKeras has no metric that measures the run's r2.")
    assert about["target"]["std"] == pytest.approx(runs["mean squared error"].spec.target_std)


@pytest.mark.parametrize(
    ("kind", "member"), [("model.keras", "about.json"), ("savedmodel.zip", "savedmodel/about.json")]
)
def test_a_classifier_carries_the_names_of_its_classes(runs, tmp_path, kind, member):
    export(runs["cross-entropy"], kind, tmp_path / kind)
    about = json.loads(zipfile.ZipFile(tmp_path / kind).read(member))
    assert about["task"] == "classification"
    assert about["classes"] == ["setosa", "versicolor", "virginica"]
