"""What a Keras user brings trains as `model.fit` trains it on the same batches."""

import contextlib

import numpy as np
import pytest

from tests.references.compare import compare
from tests.trainer.eager import eagerly
from trainer import Dataset, SupervisedLearner, train
from trainer.errors import ConfigError, DataError
from trainer.training.engine.start_up import load_engine

load_engine()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from trainer.training.loop import Evaluator  # noqa: E402

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(90, 4)).astype(np.float32)
CLASSES = (X[:, 0] > 0).astype(np.int64) + (X[:, 1] > 0)
TWO = (X[:, 0] > 0).astype(np.int64)
NUMBER = X[:, 0] - 2 * X[:, 1]
TEXT = np.array(["bird", "cat", "dog"])[CLASSES]
ONE_HOT = np.eye(3)[CLASSES]


def dense(units, activation=None, **options):
    start = keras.initializers.GlorotUniform(seed=units)
    return keras.layers.Dense(units, activation, kernel_initializer=start, **options)


def net(units, activation=None, dtype="float32"):
    return keras.Sequential(
        [keras.Input((4,)), dense(8, "tanh", dtype=dtype), dense(units, activation, dtype=dtype)], name="net"
    )


def softmax():
    return net(3, "softmax")


def sigmoid():
    return net(1, "sigmoid")


def two_inputs():
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    return keras.Model({"a": a, "b": b}, dense(1)(keras.layers.Concatenate()([a, b])))


def two_outputs():
    inputs = keras.Input((4,))
    hidden = dense(8, "tanh")(inputs)
    kind = dense(3, "softmax", name="kind")(hidden)
    size = dense(1, name="size")(hidden)
    return keras.Model(inputs, {"kind": kind, "size": size})


def flat():
    """Gives predictions (batch,)."""
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Reshape(())(dense(1)(inputs)))


def within():
    return [Within(0.5)]


def squared(y, prediction):
    return tf.reduce_mean(tf.square(tf.cast(y, tf.float32) - prediction))


def squared_of_each(y, prediction):
    return tf.reduce_mean(tf.square(tf.cast(y, tf.float32) - prediction), -1)


class Off(keras.losses.Loss):
    """A loss of one's own that aligns nothing."""

    def call(self, y_true, y_pred):
        return tf.abs(y_true - y_pred)


class Within(keras.metrics.Metric):
    """The part of predictions within `limit`; it has arguments and no get_config."""

    def __init__(self, limit=0.1, name="within"):
        super().__init__(name=name)
        self.limit = limit
        self.hits, self.count = (self.add_weight(initializer="zeros", name=part) for part in ("hits", "count"))

    def update_state(self, y_true, y_pred, sample_weight=None):
        near = tf.abs(tf.reshape(tf.cast(y_true, tf.float32), [-1]) - tf.reshape(y_pred, [-1])) < self.limit
        self.hits.assign_add(tf.reduce_sum(tf.cast(near, tf.float32)))
        self.count.assign_add(tf.cast(tf.size(near), tf.float32))

    def result(self):
        return self.hits / self.count


def rows(whole, chosen):
    if isinstance(whole, dict):
        return {name: part[chosen] for name, part in whole.items()}
    return whole[chosen]


def fit(model, data, x, y, epochs=2, batch_size=32, **options):
    """Trains with Keras on the batches of our loop and returns its history, one row per epoch."""
    history = []
    for epoch in range(1, epochs + 1):
        order = data.order(3, epoch)
        logs = model.fit(
            rows(x, order), rows(y, order), batch_size=batch_size, shuffle=False, epochs=1, verbose=0, **options
        )
        history.append({name: values[0] for name, values in logs.history.items()})
    return history


def check(name, make, x, y, *, given=None, theirs_y=None, class_weight=None, **compiled):
    """Compares training, metrics, weights and validation with `model.fit`.

    Args:
        given: the data for our loop, if it is not (x, y).
        theirs_y: the targets for Keras, if it cannot take y.
        compiled: arguments of `compile` and, except for the optimizer, of the learner.
    """
    theirs_y = y if theirs_y is None else theirs_y
    make_metrics = compiled.pop("metrics", list)
    make_metrics = make_metrics if callable(make_metrics) else lambda metrics=make_metrics: metrics
    ours, theirs = make(), make()
    data = Dataset.of((x, y) if given is None else given)
    theirs.compile(keras.optimizers.SGD(0.1, momentum=0.9), metrics=make_metrics(), **compiled)
    weights = class_weight if class_weight is None else {"class_weight": class_weight}
    history = fit(theirs, data, x, theirs_y, **(weights or {}))
    learner = SupervisedLearner(
        ours,
        optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
        metrics=make_metrics(),
        class_weight=class_weight,
        **compiled,
    )
    chunks = list(train(learner, data, epochs=2, batch_size=32, seed=3))
    epochs = [chunk.epoch_logs for chunk in chunks if chunk.ends_epoch]
    for ours_logs, theirs_logs in zip(epochs, history, strict=True):
        for metric in ours_logs:
            compare(f"{name}: {metric}", "Keras fit", ours_logs[metric], theirs_logs[metric])
    for a, b in zip(ours.trainable_variables, theirs.trainable_variables, strict=True):
        compare(f"{name}: weights", "Keras fit", np.array(a), np.array(b))
    measured = Evaluator(learner, data.train)()
    expected = theirs.evaluate(x, theirs_y, batch_size=256, verbose=0, return_dict=True)
    for metric in measured:
        compare(f"{name}: val_{metric}", "Keras evaluate", measured[metric], expected[metric])


SPARSE = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
CASES = {
    "integer labels": (softmax, X, CLASSES, SPARSE),
    "labels in a column": (softmax, X, CLASSES[:, None], SPARSE),
    "text labels": (softmax, X, TEXT, {"theirs_y": CLASSES, **SPARSE}),
    "labels from 1": (softmax, X, CLASSES + 1, {"theirs_y": CLASSES, **SPARSE}),
    "float labels": (softmax, X, CLASSES.astype(float), SPARSE),
    "one-hot labels": (softmax, X, ONE_HOT, {"loss": "categorical_crossentropy", "metrics": ["accuracy"]}),
    "integer labels, binary": (sigmoid, X, TWO, {"loss": "binary_crossentropy", "metrics": ["accuracy", "AUC"]}),
    "boolean labels, binary": (sigmoid, X, TWO > 0, {"theirs_y": TWO, "loss": "binary_crossentropy"}),
    "class weights by label": (softmax, X, CLASSES, {"class_weight": {0: 0.5, 2: 3.0}, **SPARSE}),
    "class weights, one-hot": (
        softmax,
        X,
        ONE_HOT,
        {"class_weight": {0: 0.5, 2: 3.0}, "loss": "categorical_crossentropy"},
    ),
    "class weights, binary": (sigmoid, X, TWO, {"class_weight": {0: 0.5, 1: 2.0}, "loss": "binary_crossentropy"}),
    "class weights, own loss": (
        sigmoid,
        X,
        TWO,
        {"class_weight": {0: 0.5, 1: 2.0}, "loss": squared_of_each},
    ),
    "several numbers": (lambda: net(2), X, X[:, :2], {"loss": "mse", "metrics": ["mae"]}),
    "own loss, predictions (batch,)": (flat, X, NUMBER, {"loss": squared, "metrics": ["mae"]}),
    "own Loss, predictions (batch,)": (flat, X, NUMBER, {"loss": Off(), "metrics": within}),
    "own loss, integer targets": (sigmoid, X, TWO, {"loss": squared}),
    "mean squared error, predictions (batch,)": (flat, X, NUMBER, {"loss": "mean_squared_error"}),
    "float64": (lambda: net(1, dtype="float64"), X.astype(float), NUMBER, {"loss": "mse", "metrics": ["mae"]}),
    "inputs by name": (two_inputs, {"a": X[:, :2], "b": X[:, 2:]}, NUMBER, {"loss": "mse"}),
    "several outputs": (
        two_outputs,
        X,
        {"kind": CLASSES, "size": NUMBER},
        {
            "loss": {"kind": "sparse_categorical_crossentropy", "size": "mse"},
            "loss_weights": {"kind": 2.0, "size": 0.5},
            "metrics": {"kind": ["accuracy"], "size": ["mae"]},
        },
    ),
}


#: One of each kind of loss, model and target is compiled too; for the others the numbers are enough.
COMPILED = ("integer labels", "class weights, own loss", "float64", "several outputs")


@pytest.mark.parametrize("name", CASES)
def test_own_data_and_losses_train_as_keras_fit_trains_them(name):
    make, x, y, options = CASES[name]
    with contextlib.nullcontext() if name in COMPILED else eagerly():
        check(name, make, x, y, **options)


def test_a_tf_data_dataset_trains_as_its_arrays_do():
    given = tf.data.Dataset.from_tensor_slices((X, CLASSES)).batch(7)
    check("tf.data", softmax, X, CLASSES, given=given, **SPARSE)


def test_a_compiled_model_brings_its_own_optimizer_loss_and_metrics():
    def make():
        model = softmax()
        model.compile(keras.optimizers.RMSprop(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    ours, theirs, data = make(), make(), Dataset.from_arrays(X, CLASSES)
    history = fit(theirs, data, X, CLASSES)
    learner = SupervisedLearner(ours)
    assert learner.optimizer is ours.optimizer
    epochs = [c.epoch_logs for c in train(learner, data, epochs=2, batch_size=32, seed=3) if c.ends_epoch]
    for logs, expected in zip(epochs, history, strict=True):
        assert set(logs) == {"loss", "accuracy"}
        for metric in logs:
            compare(f"compiled model: {metric}", "Keras fit", logs[metric], expected[metric])
    for a, b in zip(ours.trainable_variables, theirs.trainable_variables, strict=True):
        compare("compiled model: weights", "Keras fit", np.array(a), np.array(b))


def test_layers_frozen_before_the_learner_is_made_stay_as_they_are():
    def make():
        model = softmax()
        model.layers[0].trainable = False
        return model

    check("frozen layer", make, X, CLASSES, **SPARSE)


def test_a_raw_module_in_float64_follows_gradient_descent():
    class Line(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable(np.zeros((4, 1)), dtype=tf.float64)

        def __call__(self, x):
            return x @ self.w

    model, expected = Line(), np.zeros((4, 1))
    learner = SupervisedLearner(model, optimizer=keras.optimizers.SGD(0.1), loss="mse")
    list(train(learner, (X, NUMBER), epochs=3, batch_size=90))
    for _ in range(3):
        x = X.astype(float)
        expected -= 0.1 * 2 * x.T @ (x @ expected - NUMBER[:, None]) / 90
    compare("float64 tf.Module: weights", "numpy", model.w.numpy(), expected)


def scaled():
    return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))


REFUSED = {
    "a loss-scaled optimizer": (net, {"optimizer": scaled, "loss": "mse"}, "must not scale the loss"),
    "a loss scale factor": (
        net,
        {"optimizer": lambda: keras.optimizers.SGD(loss_scale_factor=8.0), "loss": "mse"},
        "must not scale the loss",
    ),
    "no loss": (net, {}, "loss must be given"),
    "an unknown loss": (net, {"loss": "squared"}, "loss must be a Keras loss"),
    "an unknown optimizer": (net, {"loss": "mse", "optimizer": lambda: "adamm"}, "optimizer must be"),
    "an unknown metric": (net, {"loss": "mse", "metrics": ["acuracy"]}, "metrics must be"),
    "two metrics of one name": (net, {"loss": "mse", "metrics": ["mae", "mae"]}, "different names"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_arguments_that_cannot_work_are_refused_in_a_sentence(what):
    make, options, sentence = REFUSED[what]
    options = {name: value() if name == "optimizer" else value for name, value in options.items()}
    with pytest.raises(ConfigError, match=sentence):
        SupervisedLearner(make(1), **options)


MISFITS = {
    "one-hot labels, sparse loss": (softmax, ONE_HOT, {"loss": "sparse_categorical_crossentropy"}, "categorical_cross"),
    "labels, one-hot loss": (softmax, CLASSES, {"loss": "categorical_crossentropy"}, "sparse_categorical_cross"),
    "too many labels": (softmax, CLASSES + 7, {"loss": "sparse_categorical_crossentropy"}, "from 7 to 9"),
    "labels -1 and 1": (sigmoid, 2 * TWO - 1, {"loss": "binary_crossentropy"}, "from -1 to 1"),
    "three outputs, one target": (softmax, NUMBER, {"loss": "mse"}, "predictions' shape"),
    "a weight for no label": (softmax, CLASSES, {**SPARSE, "class_weight": {5: 2.0}}, "class_weight must name"),
    "weights, a mean": (sigmoid, TWO, {"loss": squared, "class_weight": {0: 2.0}}, "one value per example"),
    "outputs without targets": (two_outputs, NUMBER, {"loss": "mse"}, "one array per output"),
}


@pytest.mark.parametrize("what", MISFITS)
def test_data_that_does_not_fit_the_learner_is_refused_before_anything_compiles(what):
    make, y, options, sentence = MISFITS[what]
    learner = SupervisedLearner(make(), **options)
    with pytest.raises(ConfigError, match=sentence):
        next(train(learner, (X, y), epochs=1, batch_size=32))


def endless():
    return tf.data.Dataset.from_tensor_slices((X, CLASSES)).batch(8).repeat()


UNREADABLE = {
    "text inputs": (lambda: (TEXT[:, None], CLASSES), "Inputs must be numbers"),
    "different lengths": (lambda: (X, CLASSES[:5]), "90 and 5 rows"),
    "no targets": (lambda: (X, None), "y must be given"),
    "large whole numbers": (lambda: (np.array([[2**24 + 1]]), [0]), "16,777,216"),
    "labels and text": (lambda: (X[:2], np.array(["a", 1], object)), "one text per example"),
    "an endless tf.data": (endless, "must end"),
    "tf.data without batches": (lambda: tf.data.Dataset.from_tensor_slices((X, CLASSES)), r"\.batch\(32\)"),
    "tf.data of triples": (lambda: tf.data.Dataset.from_tensor_slices((X, TWO, TWO)).batch(8), "pairs"),
    "a generator": (lambda: iter([]), "must be a Dataset"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_data_that_cannot_be_read_is_refused_in_a_sentence(what):
    make, sentence = UNREADABLE[what]
    with pytest.raises(DataError, match=sentence):
        Dataset.of(make())


def test_layers_frozen_after_the_learner_was_created_are_refused():
    model = softmax()
    learner = SupervisedLearner(model, **SPARSE)
    model.layers[0].trainable = False
    with pytest.raises(ConfigError, match="before the learner is created"):
        next(train(learner, (X, CLASSES), epochs=1, batch_size=32))


def test_text_labels_are_split_and_named_and_validation_uses_the_same_names():
    data = Dataset.from_arrays(X, TEXT, validation_data=(X[:5], TEXT[:5]))
    assert data.spec.class_names == ("bird", "cat", "dog")
    np.testing.assert_array_equal(data.validation.y, CLASSES[:5])
    with pytest.raises(DataError, match="'fish'"):
        Dataset.from_arrays(X, TEXT, validation_data=(X[:1], ["fish"]))
    split = Dataset.from_arrays(X, TEXT, validation_split=0.2)
    assert (len(split.train), len(split.validation)) == (72, 18)


def test_several_inputs_are_the_same_streamed_from_disk(monkeypatch):
    x = {"a": X[:, :2], "b": X[:, 2:]}
    results = []
    for limit in ("1", "1000000"):
        monkeypatch.setenv("TRAINDECK_STREAM_ABOVE", limit)
        data = Dataset.from_arrays(x, NUMBER, validation_split=0.2)
        assert data.train.is_streamed == (limit == "1")
        learner = SupervisedLearner(two_inputs(), optimizer="sgd", loss="mse")
        chunks = list(train(learner, data, epochs=2, batch_size=16))
        results.append(
            [*(c.logs["loss"][-1] for c in chunks if c.ends_epoch), Evaluator(learner, data.validation)()["loss"]]
        )
    compare("streamed inputs by name: loss", "the same in memory", results[0], results[1])
