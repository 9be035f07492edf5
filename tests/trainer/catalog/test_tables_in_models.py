"""A table's raw columns are encoded inside the model: filled, standardized, one number for each value."""

import dataclasses
import json

import numpy as np
import pytest

from trainer.config.data_spec import Column, DataSpec
from trainer.config.fitting import offered
from trainer.config.registry import MODELS
from trainer.data.dataset import Dataset
from trainer.data.values import Arrays
from trainer.errors import DataError

NAN = np.nan
X = np.array(
    [[1.0, 10, NAN, 1], [2, 20, 5, 2], [NAN, 30, 5, 0], [9, 40, 5, 3], [100, NAN, 5, 1], [3, 60, 5, 2]], np.float32
)
COLUMNS = (
    Column("height", "number", missing=1),
    Column("weight", "number", fill_with="mean", missing=1),
    Column("flat", "number", missing=1),
    Column("island", "category", ("Biscoe", "Dream", ""), fill=3.0),
)
SPEC = DataSpec("classification", (4,), 6, num_classes=2, standardize=True, columns=COLUMNS)
Y = np.array([0, 1, 0, 1, 0, 1])
#: What the columns above become, by hand: medians 3 and 5, a mean of 32.
FILLED = np.array([[1, 10, 5], [2, 20, 5], [3, 30, 5], [9, 40, 5], [100, 32, 5], [3, 60, 5]], np.float64)
VALUES = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]], np.float64)


def encoded():
    spread = np.where(FILLED.std(axis=0) > 0, FILLED.std(axis=0), 1)
    return np.hstack([(FILLED - FILLED.mean(axis=0)) / spread, VALUES])


@pytest.fixture
def dataset():
    return Dataset.from_arrays(Arrays(X, Y), SPEC)


def test_fills_and_statistics_are_those_of_the_training_split(dataset):
    assert [column.fill for column in dataset.spec.columns] == [3, 32, 5, 3]
    np.testing.assert_allclose(dataset.spec.mean, [*FILLED.mean(axis=0), 0], rtol=1e-6)
    np.testing.assert_allclose(dataset.spec.variance, [*FILLED.var(axis=0)[:2], 1, 1], rtol=1e-6)
    apart = Dataset.from_arrays(Arrays(X, Y), SPEC, validation_split=0.34, seed=1)
    values = apart.train.x[:, 0]
    assert apart.spec.columns[0].fill == np.nanmedian(values)
    assert apart.spec.columns[0].fill != 3 or np.nanmean(values) != np.nanmean(X[:, 0])


def test_a_spec_survives_json(dataset):
    spec = dataset.spec
    assert DataSpec.from_json(json.loads(json.dumps(dataclasses.asdict(spec)))) == spec
    assert spec.features == 6


def test_only_numbers_of_a_table_may_be_missing():
    codes = np.where(np.arange(24).reshape(6, 4) == 3, NAN, X)
    for spec in (SPEC, dataclasses.replace(SPEC, columns=())):
        with pytest.raises(DataError, match=r"finite numbers.* Received: nan in row 0"):
            Dataset.from_arrays(Arrays(codes, Y), spec)
    infinite = X.copy()
    infinite[2, 0] = np.inf
    with pytest.raises(DataError, match="Received: inf in row 2"):
        Dataset.from_arrays(Arrays(infinite, Y), SPEC)


@pytest.mark.parametrize("few", [0, 16])
def test_keras_and_modules_encode_alike_and_as_by_hand(dataset, monkeypatch, few):
    import keras

    from trainer.catalog import layers
    from trainer.catalog.layers import raw_input
    from trainer.catalog.modules import Scaling

    # Many categories are encoded another way than few.
    monkeypatch.setattr(layers, "FEW_CATEGORIES", few)
    model = keras.Model(*raw_input(dataset.spec))
    np.testing.assert_allclose(model(X), encoded(), atol=1e-6)
    np.testing.assert_allclose(Scaling(dataset.spec)(X), encoded(), atol=1e-6)
    # What differs between splits is no constant of a compiled program.
    assert len(model.variables) == 4
    assert all(not variable.trainable for variable in model.variables)


def test_a_table_without_numbers_and_one_without_categories_are_encoded(dataset):
    import keras

    from trainer.catalog.layers import raw_input
    from trainer.catalog.modules import Scaling

    for places in ([0, 1], [3]):
        spec = dataclasses.replace(
            dataset.spec, input_shape=(len(places),), columns=tuple(COLUMNS[place] for place in places)
        )
        spec = Dataset.from_arrays(Arrays(X[:, places], Y), spec).spec
        expected = encoded()[:, [3, 4, 5] if places == [3] else places]
        np.testing.assert_allclose(keras.Model(*raw_input(spec))(X[:, places]), expected, atol=1e-6)
        np.testing.assert_allclose(Scaling(spec)(X[:, places]), expected, atol=1e-6)


@pytest.mark.parametrize("model", ["linear", "mlp", "linear_module", "mlp_module", "subclassed"])
def test_every_model_of_plain_vectors_takes_a_table_compiled_or_not(dataset, model):
    import tensorflow as tf

    from trainer.catalog.layers import Head, Seeds
    from trainer.training.learners.compilation import suits_xla

    assert model in offered(MODELS, SPEC)
    built = MODELS[model].build(dataset.spec, Head(2, "softmax"), Seeds(0))
    assert suits_xla(built)
    prediction = built(X).numpy()
    assert np.isfinite(prediction).all()
    np.testing.assert_allclose(tf.function(built, jit_compile=True)(X), prediction, rtol=1e-5)
    matrices = [variable for variable in built.trainable_variables if len(variable.shape) == 2]
    assert matrices[0].shape[0] == dataset.spec.features
    if MODELS[model].traits.count_parameters:
        expected = sum(int(np.prod(variable.shape)) for variable in built.trainable_variables)
        assert MODELS[model].traits.count_parameters(SPEC, MODELS[model].parse({}), 2) == expected


@pytest.mark.parametrize("model", ["mlp", "subclassed"])
@pytest.mark.parametrize("few", [0, 16])
def test_the_encoding_is_saved_with_the_model_in_safe_mode(dataset, model, few, tmp_path, monkeypatch):
    import keras

    from trainer.catalog import layers
    from trainer.catalog.layers import Head, Seeds

    monkeypatch.setattr(layers, "FEW_CATEGORIES", few)

    built = MODELS[model].build(dataset.spec, Head(2, "softmax"), Seeds(0))
    built.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(again(X), built(X))


def test_an_autoencoder_takes_whole_numbers_alone():
    accepts = MODELS["autoencoder"].traits.accepts
    assert "column 'height' is a number that is missing in some rows" in accepts(SPEC)
    assert "column 'island' is a category" in accepts(dataclasses.replace(SPEC, columns=COLUMNS[3:]))
    plain = dataclasses.replace(SPEC, columns=(Column("a", "number"), Column("b", "number")))
    assert accepts(plain) is None
    assert "autoencoder" not in offered(MODELS, SPEC)
