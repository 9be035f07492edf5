"""A predictor gives what the exported model gives, and knows its layers."""

import numpy as np
import pytest

from tests.trainer.watching import finish
from trainer import RunConfig, RunStore
from trainer.analysis.architecture import layers_of, planned_layers
from trainer.analysis.predictor import BATCH_SIZE, predictor
from trainer.errors import ExportError
from trainer.export import export


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = RunStore(tmp_path_factory.mktemp("predictor") / "runs").create(
        RunConfig(model="mlp", dataset="digits", epochs=2)
    )
    run.start()
    assert finish(run).status == "completed", run.reason
    return run


def test_a_predictor_gives_what_the_exported_model_gives(run, tmp_path):
    import keras

    x = np.random.default_rng(0).uniform(0, 16, (BATCH_SIZE + 5, 8, 8, 1)).astype(np.float32)
    waits, parts = [], []
    found = predictor(run).predict(x, lambda: waits.append(1), parts.append)
    model = keras.models.load_model(export(run, "model.keras", tmp_path / "model.keras"))
    np.testing.assert_allclose(found, model.predict(x, verbose=0), atol=1e-6)
    assert (len(waits), parts[-1]) == (1, 1.0)
    assert predictor(run, "best") is predictor(run, "best")
    assert predictor(run).predict(x[:0]).shape == (0, 10)


def test_without_a_checkpoint_it_says_what_to_do(run):
    new = RunStore(run.path.parent).create(run.config)
    with pytest.raises(ExportError, match="no checkpoint yet"):
        predictor(new)


def test_the_planned_layers_are_those_of_the_trained_model(run):
    planned = planned_layers(run.config)
    trained = layers_of(predictor(run)._learner)
    assert [(layer.kind, layer.output_shape, layer.parameters) for layer in planned] == [
        (layer.kind, layer.output_shape, layer.parameters) for layer in trained
    ]
    assert sum(layer.trainable for layer in planned) == 64 * 128 + 128 + 128 * 128 + 128 + 128 * 10 + 10


@pytest.mark.parametrize(
    ("model", "dataset"), [("gan", "digits"), ("subclassed", "digits"), ("linear_module", "plane"), ("mlp", "iris")]
)
def test_every_kind_of_model_has_layers(model, dataset):
    layers = planned_layers(RunConfig(model=model, dataset=dataset))
    assert sum(layer.parameters for layer in layers) > 0
    assert {layer.model for layer in layers} == ({"generator", "discriminator"} if model == "gan" else {""})
