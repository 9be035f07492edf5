"""Every entry of every registry keeps the same contract, and what is offered together works together."""

import dataclasses
import gzip
import io
import math
import pickle
import tarfile
import time
import urllib.error

import numpy as np
import pytest

from trainer.catalog.datasets.downloaded import _keras_download, cifar10, fashion_mnist, mnist
from trainer.config.fitting import dataset_spec, offered, seen_by
from trainer.config.registry import DATASETS, EXPORTS, LOSSES, METRICS, MODELS, OPTIMIZERS, SCHEDULES
from trainer.config.run_config import RunConfig
from trainer.data import progress
from trainer.data.loading import load_dataset
from trainer.errors import ConfigError, DataError

REGISTRIES = (MODELS, DATASETS, OPTIMIZERS, LOSSES, METRICS, SCHEDULES, EXPORTS)
CATALOGUE = [(kind, name) for kind in REGISTRIES for name in kind]
CATALOGUE_IDS = [f"{registry.kind}-{name}" for registry, name in CATALOGUE]
DOWNLOADED = ("mnist", "fashion_mnist", "cifar10")
# Those that read a file of the user's are tested with files.
BUILT_IN = [name for name in DATASETS if "path" not in DATASETS[name].schema.model_fields]


@pytest.fixture(scope="module")
def keras():
    import keras

    return keras


def spec_with_statistics(name):
    """Returns a data set's spec as it is after loading, without downloading anything."""
    options = DATASETS[name].parse({})
    if name in DOWNLOADED:
        return dataset_spec(name, options)
    return load_dataset(name, options, validation_split=0.2, seed=0).spec


def bounds(option):
    """Returns the values of an option that lie at its limits."""
    if option.kind == "bool":
        return [False, True]
    if option.kind == "choice":
        return list(option.choices)
    number = int if option.kind == "int" else float
    low = option.minimum if option.above is None else option.above + 1e-6
    return [number(value) for value in (low, option.maximum) if value is not None]


@pytest.mark.parametrize(("registry", "name"), CATALOGUE, ids=CATALOGUE_IDS)
def test_every_entry_says_what_it_is_and_builds_from_its_defaults(registry, name):
    entry = registry[name]
    assert entry.label
    assert entry.label[0].isupper()
    assert entry.help.endswith(".")
    assert len(entry.help) < 120
    assert (entry.build.__doc__ or "").strip().split("\n")[0].endswith(".")
    defaults = entry.parse({})
    assert list(defaults) == [option.name for option in entry.options]
    for option in entry.options:
        assert option.help.endswith("."), f"{option.name} has no help"
        assert option.label[0].isupper(), f"{option.name} is not in sentence case"
        assert "_" not in option.label, f"{option.name} has no title"
        assert option.kind in ("int", "float", "bool", "choice", "text", "list", "object")
        assert defaults[option.name] == option.default
        for value in bounds(option):
            assert entry.schema.model_validate({option.name: value})


@pytest.mark.parametrize(("registry", "name"), CATALOGUE, ids=CATALOGUE_IDS)
def test_every_number_has_limits_and_is_refused_beyond_them(registry, name):
    entry = registry[name]
    for option in entry.options:
        if option.kind not in ("int", "float"):
            continue
        assert option.maximum is not None or option.below is not None
        assert (option.minimum is None) != (option.above is None)
        highest = option.maximum + 1 if option.below is None else option.below
        beyond = [highest, option.minimum - 1 if option.above is None else option.above]
        for value in [*beyond, math.nan, math.inf, True, "1", None]:
            with pytest.raises(ConfigError, match=rf"^{option.name} \(.*must be.*Received: ") as caught:
                entry.parse({option.name: value})
            assert caught.value.argument == option.name


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_data_set_says_where_it_comes_from_and_trains_with_the_defaults(name):
    config = RunConfig(model="mlp", dataset=name)
    spec = config.spec
    assert spec.source
    assert spec.licence
    assert spec.url.startswith("https://")
    assert config.loss
    assert config.metrics
    assert len(spec.class_names) == (spec.num_classes or 0)
    assert not spec.feature_names or len(spec.feature_names) == spec.input_shape[0]


@pytest.mark.parametrize("name", [name for name in BUILT_IN if name not in DOWNLOADED])
def test_every_data_set_is_what_its_spec_says(name):
    entry = DATASETS[name]
    spec = dataset_spec(name, entry.parse({}))
    arrays = entry.build(3, **entry.parse({}))
    assert arrays.x.shape == (spec.examples, *spec.input_shape)
    assert arrays.x.dtype in (np.uint8, np.float32)
    assert arrays.y.shape == (spec.examples, *((spec.num_classes,) if spec.task == "multilabel" else ()))
    if spec.task == "multilabel":
        assert set(arrays.y.ravel().tolist()) == {0, 1}
        assert len(set(arrays.y.sum(axis=1).tolist())) > 2
    elif spec.task == "classification":
        assert sorted(set(arrays.y.tolist())) == list(range(spec.num_classes))
    again = entry.build(3, **entry.parse({}))
    np.testing.assert_array_equal(arrays.x, again.x)


@pytest.mark.parametrize(("name", "loader"), [("iris", "iris"), ("wine", "wine"), ("breast_cancer", "breast_cancer")])
def test_names_are_those_of_scikit_learn(name, loader):
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, f"load_{loader}")()
    spec = dataset_spec(name, {})
    assert spec.class_names == tuple(map(str, bunch.target_names))
    assert spec.feature_names == tuple(map(str, bunch.feature_names))


@pytest.mark.parametrize(
    ("name", "size"),
    [("spirals", 21), ("moons", 21), ("linear", 11), ("plane", 11), ("sequences", 41), ("multilabel", 21)],
)
def test_made_data_follows_from_the_seed_and_its_options(name, size):
    build = DATASETS[name].build
    options = DATASETS[name].parse({"size": size})
    first, same, other = build(1, **options), build(1, **options), build(2, **options)
    np.testing.assert_array_equal(first.x, same.x)
    assert len(first.x) == size == dataset_spec(name, options).examples
    assert not np.array_equal(first.x, other.x)


def test_the_line_has_slope_two_and_intercept_one():
    arrays = DATASETS["linear"].build(0, size=100, noise=0.0)
    np.testing.assert_allclose(arrays.y, 2 * arrays.x[:, 0] + 1, rtol=1e-5)


def test_the_plane_is_a_sum():
    arrays = DATASETS["plane"].build(0, size=100, noise=0.0)
    np.testing.assert_allclose(arrays.y, arrays.x[:, 0] + arrays.x[:, 1], rtol=1e-4, atol=1e-6)


def test_waves_have_their_forms_and_as_many_steps_as_asked():
    arrays = DATASETS["sequences"].build(0, size=400, steps=100, noise=0.0)
    assert arrays.x.shape == (400, 100, 1)
    assert dataset_spec("sequences", {"size": 400, "steps": 100, "noise": 0.0}).summary == (
        "400 sequences · 100 steps · 4 classes"
    )
    largest = np.abs(arrays.x).max(axis=(1, 2))
    assert 0.5 <= np.median(largest) <= largest.max() <= 1.0
    # How steep the steepest step is tells the forms apart: jumps, or none.
    jump = np.abs(np.diff(arrays.x[..., 0], axis=1)).max(axis=1) / largest
    is_jumping = np.isin(arrays.y, [1, 2])
    assert jump[is_jumping].min() > 1.5
    assert jump[~is_jumping].max() < 0.5


def test_documents_have_as_many_topics_as_asked():
    options = {"size": 50, "labels": 3}
    assert DATASETS["multilabel"].build(0, **options).y.shape == (50, 3)
    assert dataset_spec("multilabel", options).num_classes == 3
    assert "3 labels" in dataset_spec("multilabel", options).summary


def test_spirals_have_as_many_classes_as_asked():
    for classes in range(2, 6):
        options = DATASETS["spirals"].parse({"classes": classes, "noise": 0.0})
        arrays = DATASETS["spirals"].build(0, **options)
        assert np.bincount(arrays.y).min() >= 1000 // classes
        assert dataset_spec("spirals", options).num_classes == classes
        assert np.linalg.norm(arrays.x, axis=1).max() <= 1.0001


PAIRS = [(model, name) for name in BUILT_IN for model in offered(MODELS, dataset_spec(name, DATASETS[name].parse({})))]


def predicting(spec):
    """Returns the models that predict the targets of such data."""
    return [name for name in offered(MODELS, spec) if not MODELS[name].traits.task]


def example_targets(spec):
    """Returns targets of three examples."""
    if spec.task == "multilabel":
        return np.eye(3, spec.num_classes, dtype=np.float32)
    return np.array([[0.0], [1.0], [1.0]], np.float32) if spec.task == "regression" else np.array([0, 1, 1], np.int32)


@pytest.mark.parametrize(("model", "name"), PAIRS)
def test_every_model_fits_every_data_set_and_loss_it_is_offered_for(keras, model, name):
    from trainer.catalog.layers import Seeds, head_for

    spec = seen_by(MODELS[model], spec_with_statistics(name))
    losses = offered(LOSSES, spec)
    assert losses
    has_dropout = "dropout" in MODELS[model].parse({})
    options = MODELS[model].parse({"dropout": 0.3} if has_dropout else {})
    # Cross-entropies differ in the head alone; one of each is enough.
    for loss in {LOSSES[name].traits.head: name for name in losses}.values():
        head = head_for(spec, loss)
        weights = []
        for global_seed in (1, 2):
            keras.utils.set_random_seed(global_seed)
            built = MODELS[model].build(spec, head, Seeds(5), **options)
            parts = built if isinstance(built, tuple) else (built,)
            weights.append([np.array(variable) for part in parts for variable in part.variables])
        for first, second in zip(*weights, strict=True):
            np.testing.assert_array_equal(first, second)
        if spec.task == "generation":
            continue
        x = np.ones((3, *spec.input_shape), np.uint8 if spec.rescale else np.float32)
        prediction = built(x)
        if spec.task == "reconstruction":
            assert prediction.shape == (3, *spec.input_shape)
            continue
        assert prediction.shape == (3, head.units)
        value = LOSSES[loss].build(spec, **LOSSES[loss].parse({}))(example_targets(spec), prediction)
        assert value.shape == ()
        assert np.isfinite(value)


def test_other_seeds_give_other_weights(keras):
    from trainer.catalog.layers import Seeds, head_for

    spec = spec_with_statistics("digits")
    head = head_for(spec, "sparse_categorical_crossentropy")
    for model in predicting(spec):
        built = [MODELS[model].build(spec, head, Seeds(seed)) for seed in (1, 2)]
        first, second = ([np.array(v) for v in each.trainable_variables if len(v.shape) > 1] for each in built)
        # Biases begin at zero; whatever else there is differs.
        assert not any(np.array_equal(a, b) for a, b in zip(first, second, strict=True) if a.any()), model


def test_a_model_takes_raw_pixels_as_bytes_or_as_floats(keras):
    import tensorflow as tf

    from trainer.catalog.layers import Head, Seeds

    model = MODELS["cnn"].build(dataset_spec("digits", {}), Head(10, "softmax"), Seeds(0))
    pixels = np.random.default_rng(0).integers(0, 17, (4, 8, 8, 1)).astype(np.uint8)
    compiled = tf.function(lambda x: model(x, training=False))
    np.testing.assert_allclose(compiled(pixels), compiled(pixels.astype(np.float32)), rtol=1e-6)
    np.testing.assert_allclose(model.predict(pixels, verbose=0), compiled(pixels), rtol=1e-5)


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_cnn_has_the_blocks_that_were_asked_for(keras, blocks):
    from trainer.catalog.layers import Head, Seeds

    spec = dataset_spec("digits", {})
    model = MODELS["cnn"].build(spec, Head(10, "softmax"), Seeds(0), filters=4, blocks=blocks)
    widths = [layer.filters for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert widths == [4 * 2**block for block in range(blocks)]


def test_cnn_refuses_more_blocks_than_the_image_can_be_halved():
    RunConfig(model="cnn", dataset="digits", model_options={"blocks": 3})
    RunConfig(model="cnn", dataset="cifar10", model_options={"blocks": 5})
    with pytest.raises(ConfigError, match=r"blocks .*at most 3 .*8×8.*Received: 4\. Choose fewer blocks"):
        RunConfig(model="cnn", dataset="digits", model_options={"blocks": 4})


def test_linear_reads_slope_and_intercept(keras):
    from trainer.catalog.layers import Head, Seeds

    dataset = load_dataset("linear", {}, validation_split=0.2, seed=0)
    model = MODELS["linear"].build(dataset.spec, Head(1, "linear"), Seeds(0))
    assert [tuple(variable.shape) for variable in model.variables] == [(1, 1), (1,)]
    model.compile(OPTIMIZERS["sgd"].build(learning_rate=0.1), LOSSES["mean_squared_error"].build(dataset.spec))
    model.fit(dataset.train.x, dataset.train.y, epochs=3, verbose=0)
    slope, intercept = (float(np.ravel(variable)[0]) for variable in model.variables)
    assert slope == pytest.approx(2, abs=0.05)
    assert intercept == pytest.approx(1, abs=0.05)


def optimizer_options():
    """Yields an optimizer and options with one of them at a bound."""
    for name in OPTIMIZERS:
        for option in OPTIMIZERS[name].options:
            for value in bounds(option):
                extra = {"momentum": 0.9} if option.name == "nesterov" else {}
                yield pytest.param(name, {option.name: value, **extra}, id=f"{name}-{option.name}-{value}")


@pytest.mark.parametrize(("name", "options"), optimizer_options())
def test_every_optimizer_steps_at_the_bounds_of_its_options(keras, name, options):
    optimizer = OPTIMIZERS[name].build(**OPTIMIZERS[name].parse(options))
    variable = keras.Variable([1.0, -1.0])
    optimizer.build([variable])
    optimizer.apply([keras.ops.convert_to_tensor([0.5, -0.5])], [variable])
    assert np.isfinite(np.array(variable)).all()
    if options.get("learning_rate", 1) >= 0.0001:
        assert not np.array_equal(np.array(variable), [1.0, -1.0])


@pytest.mark.parametrize(
    ("name", "option", "values"),
    [
        (name, option.name, bounds(option))
        for name in OPTIMIZERS
        for option in OPTIMIZERS[name].options
        if option.name != "learning_rate"
    ],
)
def test_every_option_of_an_optimizer_has_an_effect(keras, name, option, values):
    def trained(value):
        extra = {"momentum": 0.9} if option == "nesterov" else {}
        optimizer = OPTIMIZERS[name].build(**OPTIMIZERS[name].parse({**extra, option: value}))
        variable = keras.Variable([1.0, -1.0])
        optimizer.build([variable])
        for gradient in ([0.5, -0.1], [0.1, 0.2], [-0.3, 0.4]):
            optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        return np.array(variable)

    assert not np.array_equal(trained(values[0]), trained(values[1]))


def test_nesterov_without_momentum_is_refused():
    options = {"nesterov": True}
    with pytest.raises(
        ConfigError, match=r"nesterov .* must be false when momentum is 0.* Received: True. Set momentum"
    ):
        RunConfig(model="mlp", dataset="digits", optimizer="sgd", optimizer_options=options)
    RunConfig(model="mlp", dataset="digits", optimizer="sgd", optimizer_options={**options, "momentum": 0.5})


def predictions(spec, head, batch, random):
    """Returns made-up targets and predictions such as a model with this head gives."""
    if head.activation == "linear":
        y = random.normal(size=(batch, 1)).astype(np.float32)
        return y, (y + 0.3 * random.normal(size=(batch, 1))).astype(np.float32)
    if spec.task == "multilabel":
        shape = (batch, head.units)
        return random.integers(0, 2, shape).astype(np.float32), random.uniform(size=shape).astype(np.float32)
    y = random.integers(0, spec.num_classes, batch).astype(np.int32)
    scores = np.exp(random.normal(size=(batch, max(2, head.units))))
    probabilities = (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
    return y, probabilities[:, 1:] if head.activation == "sigmoid" else probabilities


def loss_cases():
    """Yields a loss and a data set it is offered for: of two classes, ten, numbers, and several labels."""
    for data in ("moons", "digits", "linear", "multilabel"):
        for loss in offered(LOSSES, dataset_spec(data, DATASETS[data].parse({}))):
            yield loss, data


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize(("loss", "data"), loss_cases())
def test_losses_and_metrics_give_the_same_in_a_compiled_function(keras, loss, data, jit_compile):
    import tensorflow as tf

    from trainer.catalog.layers import head_for
    from trainer.training.learners.measures import batch_value

    spec = dataset_spec(data, DATASETS[data].parse({}))
    head = head_for(spec, loss)
    function = LOSSES[loss].build(spec, **LOSSES[loss].parse({}))
    metrics = [METRICS[name].build(spec, head) for name in offered(METRICS, spec)]
    assert [metric.name for metric in metrics] == offered(METRICS, spec)
    assert all(metric.variables for metric in metrics)
    y, prediction = predictions(spec, head, 64, np.random.default_rng(0))

    @tf.function(jit_compile=jit_compile)
    def measure(y, prediction):
        for metric in metrics:
            metric.update_state(y, prediction)
        one_batch = [batch_value(metric, y, prediction) for metric in metrics]
        return function(y, prediction), one_batch

    value, one_batch = measure(tf.constant(y), tf.constant(prediction))
    assert value.shape == ()
    assert float(value) == pytest.approx(float(function(y, prediction)), rel=1e-4)
    for metric, single in zip(metrics, one_batch, strict=True):
        assert float(metric.result()) == pytest.approx(float(single), rel=1e-4)
        assert float(single) == pytest.approx(expected(metric.name, head, y, prediction), rel=1e-4)


@pytest.mark.parametrize(("loss", "data"), loss_cases())
def test_keras_knows_the_same_loss_and_metrics_by_name(keras, loss, data):
    from trainer.catalog.layers import head_for

    spec = dataset_spec(data, DATASETS[data].parse({}))
    head = head_for(spec, loss)
    y, prediction = predictions(spec, head, 64, np.random.default_rng(1))
    inputs = keras.Input((head.units,))
    model = keras.Model(inputs, keras.layers.Identity()(inputs))
    names = [name for name in offered(METRICS, spec) if METRICS[name].traits.keras_name]
    if spec.task == "multilabel":
        names.remove("accuracy")  # By this name Keras would look for the largest of the labels.
        assert not names
    model.compile(loss=LOSSES[loss].traits.keras_name, metrics=[METRICS[name].traits.keras_name for name in names])
    measured = np.atleast_1d(model.evaluate(prediction, y, verbose=0))
    assert measured[0] == pytest.approx(float(LOSSES[loss].build(spec)(y, prediction)), rel=1e-4)
    for name, value in zip(names, measured[1:], strict=True):
        assert value == pytest.approx(expected(name, head, y, prediction), rel=1e-4)


def expected(name, head, y, prediction):
    """Returns a metric worked out with numpy and scikit-learn."""
    from sklearn import metrics

    is_multilabel = y.ndim == 2 and head.activation == "sigmoid"
    if head.activation != "linear":
        guess = prediction > 0.5 if is_multilabel else prediction.argmax(axis=1)
        if head.activation == "sigmoid" and not is_multilabel:
            guess = prediction[:, 0] > 0.5
        guess = guess.astype(int)
    if name == "accuracy":
        return (guess == y).mean()
    if name == "exact_match":
        return metrics.accuracy_score(y, guess)
    if name in ("precision", "recall", "f1_macro"):
        score = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1_macro": metrics.f1_score}
        return score[name](y, guess, average="macro", zero_division=0)
    if name == "auc":
        if is_multilabel or prediction.shape[1] > 2:
            truth = y if is_multilabel else np.eye(prediction.shape[1])[y]
            return metrics.roc_auc_score(truth, prediction)
        return metrics.roc_auc_score(y, prediction[:, -1])
    if name == "top_3_accuracy":
        return np.mean([label in row.argsort()[-3:] for label, row in zip(y, prediction, strict=True)])
    if name == "mae":
        return metrics.mean_absolute_error(y, prediction)
    return {"rmse": metrics.root_mean_squared_error, "r2": metrics.r2_score}[name](y, prediction)


@pytest.mark.parametrize("data", ["moons", "digits", "multilabel"])
@pytest.mark.parametrize("name", ["accuracy", "precision", "recall", "f1_macro", "auc", "exact_match"])
def test_measures_of_classes_are_undefined_for_no_example_and_known_for_one(keras, data, name):
    from trainer.catalog.layers import Head

    spec = dataset_spec(data, DATASETS[data].parse({}))
    if name not in offered(METRICS, spec):
        assert name == "exact_match"
        return
    is_multilabel = spec.task == "multilabel"
    metric = METRICS[name].build(spec, Head(spec.num_classes, "sigmoid" if is_multilabel else "softmax"))
    if name not in ("accuracy", "exact_match"):
        assert np.isnan(metric.result())
    right = np.eye(spec.num_classes, dtype=np.float32)[:1]
    metric.update_state(right if is_multilabel else np.array([0], np.int32), right)
    # All that is there is right; labels that are not there count as 0, and one example cannot be ranked.
    expected = 1 / spec.num_classes if is_multilabel and name in ("precision", "recall", "f1_macro") else 1.0
    assert float(metric.result()) == pytest.approx(np.nan if name == "auc" else expected, abs=1e-6, nan_ok=True)


def test_a_class_that_is_never_guessed_pulls_recall_down_and_an_absent_one_does_not(keras):
    from trainer.catalog.layers import Head

    spec = dataset_spec("iris", {})
    y, prediction = np.array([0, 0, 1], np.int32), np.eye(3, dtype=np.float32)[[0, 0, 0]]
    values = {}
    for name in ("precision", "recall", "f1_macro"):
        metric = METRICS[name].build(spec, Head(3, "softmax"))
        metric.update_state(y, prediction)
        values[name] = float(metric.result())
    assert values == pytest.approx({"precision": 1 / 3, "recall": 1 / 2, "f1_macro": 0.4})


def test_r2_is_always_a_finite_number():
    from trainer.catalog.layers import Head

    def measure(y, prediction, spec=None):
        metric = METRICS["r2"].build(spec or dataset_spec("linear", DATASETS["linear"].parse({})), Head(1, "linear"))
        for first in range(0, len(y), 2):
            metric.update_state(np.array(y[first : first + 2], np.float32), np.array(prediction[first : first + 2]))
        return float(metric.result())

    assert measure([], []) == 1.0
    assert measure([[3.0]], [[2.0]]) == 0.0
    assert measure([[3.0]], [[3.0]]) == 1.0
    assert measure([[0.1]] * 7, [[0.2]] * 7) == 0.0
    assert measure([[0.0], [1.0], [2.0]], [[0.0], [1.0], [2.0]]) == 1.0
    assert measure([[0.0], [1.0], [2.0]], [[1.0]] * 3) == pytest.approx(0.0, abs=1e-6)
    # A mean far from zero would drown the variation in float32.
    far = dataclasses.replace(dataset_spec("linear", DATASETS["linear"].parse({})), target_mean=1e4 + 1, target_std=0.8)
    assert measure([[1e4], [1e4 + 1], [1e4 + 2]], [[1e4], [1e4 + 1], [1e4 + 1]], far) == pytest.approx(0.5, rel=1e-4)


def test_regression_losses_are_measured_in_standard_deviations(keras):
    spec = dataclasses.replace(dataset_spec("diabetes", {}), target_mean=150.0, target_std=50.0)
    y, prediction = np.array([[100.0], [200.0]], np.float32), np.array([[150.0], [150.0]], np.float32)
    assert float(LOSSES["mean_squared_error"].build(spec)(y, prediction)) == pytest.approx(1.0)
    assert float(LOSSES["mean_absolute_error"].build(spec)(y, prediction)) == pytest.approx(1.0)
    assert float(LOSSES["huber"].build(spec, delta=0.5)(y, prediction)) == pytest.approx(0.5 * (1 - 0.25))


def test_label_smoothing_changes_the_loss_and_none_is_the_sparse_loss(keras):
    spec = dataset_spec("moons", DATASETS["moons"].parse({}))
    y, p = np.array([0, 1], np.int32), np.array([[0.9, 0.1], [0.4, 0.6]], np.float32)
    sparse = float(LOSSES["sparse_categorical_crossentropy"].build(spec)(y, p))
    for name, prediction in (("categorical_crossentropy", p), ("binary_crossentropy", p[:, 1:])):
        assert float(LOSSES[name].build(spec)(y, prediction)) == pytest.approx(sparse, rel=1e-4)
        assert float(LOSSES[name].build(spec, label_smoothing=0.2)(y, prediction)) > sparse


@pytest.fixture
def keras_home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def no_network(monkeypatch):
    def refuse(url, timeout):
        assert 0 < timeout <= 15
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(_keras_download.urllib.request, "urlopen", refuse)


def small_mnist(folder):
    """Writes an npz of MNIST's layout, with empty pictures."""
    folder.mkdir(parents=True)
    arrays = {name: np.zeros(shape, np.uint8) for name, shape in mnist.SHAPES.items()}
    arrays["y_train"] = np.arange(60_000, dtype=np.uint8) % 10
    np.savez_compressed(folder / "mnist.npz", **arrays)


def test_mnist_in_the_cache_is_used_without_network(keras_home, no_network):
    small_mnist(keras_home / "datasets")
    dataset = load_dataset("mnist", {}, validation_split=0.5, seed=0)
    assert dataset.train.x.shape == (30_000, 28, 28, 1)
    assert dataset.train.x.dtype == np.uint8
    assert dataset.test.x.shape == (10_000, 28, 28, 1)


def test_fashion_mnist_in_the_cache_is_used_without_network(keras_home, no_network):
    folder = keras_home / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    for name, header, shape in fashion_mnist.FILES:
        (folder / name).write_bytes(gzip.compress(bytes(header + math.prod(shape)), 1))
    dataset = load_dataset("fashion_mnist", {}, validation_split=0, seed=0)
    assert dataset.train.x.shape == (60_000, 28, 28, 1)
    assert len(dataset.test) == 10_000


def small_cifar(folder, monkeypatch):
    """Writes an archive of CIFAR-10's layout with two photos a file, and takes its hash for the published one."""
    folder.mkdir(parents=True)
    path = folder / cifar10.FILE.name
    rows = np.arange(2 * 3072, dtype=np.int64).reshape(2, 3072).astype(np.uint8)
    content = pickle.dumps({b"data": rows, b"labels": [3, 4]})
    with tarfile.open(path, "w:gz") as archive:
        for name in [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]:
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    digest = _keras_download.hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(cifar10, "FILE", dataclasses.replace(cifar10.FILE, sha256=digest))
    return path, rows


def test_cifar_in_the_cache_is_used_without_network(keras_home, no_network, monkeypatch):
    _, rows = small_cifar(keras_home / "datasets", monkeypatch)
    arrays = DATASETS["cifar10"].build(0)
    assert arrays.x.shape == (10, 32, 32, 3)
    assert arrays.x_test.shape == (2, 32, 32, 3)
    assert arrays.y.tolist() == [3, 4] * 5
    # The file has all reds of a photo first, then all greens, then all blues.
    assert arrays.x[1, 0, 5].tolist() == rows[1].reshape(3, 32, 32)[:, 0, 5].tolist()


@pytest.mark.parametrize("name", DOWNLOADED)
def test_without_network_the_sentence_says_which_file_goes_where(name, keras_home, no_network):
    began = time.monotonic()
    with pytest.raises(DataError) as caught:
        DATASETS[name].build(0)
    assert time.monotonic() - began < 15
    file = {"mnist": "mnist.npz", "fashion_mnist": "train-images-idx3-ubyte.gz", "cifar10": cifar10.FILE.name}[name]
    sentence = str(caught.value)
    assert file in sentence
    assert str(keras_home / "datasets") in sentence
    assert "no route to host" in sentence
    assert "train offline" in sentence
    assert not [path for path in keras_home.rglob("*") if path.is_file()]


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "empty", "other arrays", "wrong shape"])
def test_a_damaged_mnist_file_is_named_and_kept(damage, keras_home, no_network):
    path = keras_home / "datasets" / "mnist.npz"
    small_mnist(path.parent)
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        content[len(content) // 4] ^= 0xFF
    elif damage in ("text", "empty"):
        content = b"<html>Not found</html>" if damage == "text" else b""
    path.write_bytes(content)
    if damage == "other arrays":
        np.savez(path, images=np.zeros(3))
    elif damage == "wrong shape":
        np.savez(path, **{name: np.zeros(3, np.uint8) for name in mnist.SHAPES})
    with pytest.raises(DataError, match=r"mnist\.npz is damaged: .+\. Delete it"):
        DATASETS["mnist"].build(0)
    assert path.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"too short")[:-3], gzip.compress(bytes(99))],
    ids=["empty", "no gzip", "cut short", "too few bytes"],
)
def test_a_damaged_fashion_mnist_file_is_named(content, keras_home, no_network):
    path = keras_home / "datasets" / "fashion-mnist" / fashion_mnist.FILES[0][0]
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz is damaged: "):
        DATASETS["fashion_mnist"].build(0)


def test_an_unknown_cifar_archive_is_refused_before_its_pickles_are_read(keras_home, no_network, monkeypatch):
    path, _ = small_cifar(keras_home / "datasets", monkeypatch)
    monkeypatch.undo()
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    monkeypatch.setattr(pickle, "load", lambda *args, **options: pytest.fail("read a pickle"))
    with pytest.raises(DataError, match=f"{path.name} is damaged: its SHA-256 is"):
        DATASETS["cifar10"].build(0)


class Answer(io.BytesIO):
    """A web server's answer that says it is longer than it is, if asked to."""

    def __init__(self, content, length=None):
        super().__init__(content)
        self.headers = {"Content-Length": str(length or len(content))}


def test_a_download_reports_progress_and_is_kept(keras_home, monkeypatch):
    content = bytes(1_000_000)
    digest = _keras_download.hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(_keras_download.urllib.request, "urlopen", lambda url, timeout: Answer(content))
    file = _keras_download.RemoteFile("some.bin", "https://example.org/some.bin", digest)
    heard = []
    with progress.listening(lambda text, fraction: heard.append((text, fraction))):
        assert _keras_download.fetch(file).read_bytes() == content
    assert heard[0] == ("Downloading some.bin", None)
    assert heard[-1] == ("Downloading some.bin: 1 of 1 MB", 1.0)
    assert [fraction for _, fraction in heard[1:]] == sorted(fraction for _, fraction in heard[1:])
    monkeypatch.setattr(_keras_download.urllib.request, "urlopen", lambda url, timeout: pytest.fail("asked again"))
    assert _keras_download.fetch(file) == file.path


def test_a_download_that_is_short_or_another_file_leaves_nothing_behind(keras_home, monkeypatch):
    file = _keras_download.RemoteFile("some.bin", "https://example.org/some.bin", "0" * 64)
    for answer, reason in ((Answer(b"abc", 9), "broke off after 3 of 9 bytes"), (Answer(b"abc"), "not the published")):
        monkeypatch.setattr(_keras_download.urllib.request, "urlopen", lambda url, timeout, answer=answer: answer)
        with pytest.raises(DataError, match=reason):
            _keras_download.fetch(file)
    assert list((keras_home / "datasets").iterdir()) == []


def test_a_listener_can_end_a_download_by_raising(keras_home, monkeypatch):
    class Cancelled(Exception):
        pass

    def cancel(text, fraction):
        if fraction is not None:
            raise Cancelled

    monkeypatch.setattr(_keras_download.urllib.request, "urlopen", lambda url, timeout: Answer(bytes(999)))
    file = _keras_download.RemoteFile("some.bin", "https://example.org/some.bin")
    with pytest.raises(Cancelled), progress.listening(cancel):
        _keras_download.fetch(file)
    assert list((keras_home / "datasets").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "datasets").write_text("a file where the folder should be")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(DataError, match=r"Cannot write mnist\.npz to .*set KERAS_HOME"):
        DATASETS["mnist"].build(0)


def test_progress_is_heard_only_inside_the_block_and_in_its_own_thread():
    import threading

    heard = []
    with progress.listening(lambda text, fraction: heard.append(text)):
        progress.report("here", 0.5)
        thread = threading.Thread(target=progress.report, args=("in another thread",))
        thread.start()
        thread.join(5)
    progress.report("afterwards")
    assert heard == ["here"]
