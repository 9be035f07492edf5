"""The loop makes the same steps however many of them a call makes, and records each of them."""

import gc
import itertools

import numpy as np
import pytest

from trainer import Arrays, Dataset
from trainer.config.run_config import RunConfig
from trainer.errors import ConfigError
from trainer.training.build import build
from trainer.training.engine.start_up import load_engine
from trainer.training.learner_state import digest_of, restore, state_arrays

load_engine()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from trainer.training.feeding import MOST_EXAMPLES, MOST_STEPS, feed, room_for, take_batches  # noqa: E402
from trainer.training.learners import SupervisedLearner  # noqa: E402
from trainer.training.loop import Evaluator, TrainProgram, next_chunk, train  # noqa: E402


class Line(tf.Module):
    """y = xW + b, of raw variables."""

    def __init__(self):
        super().__init__()
        self.W = tf.Variable([[0.0]], name="W")
        self.b = tf.Variable([0.0], name="b")

    def __call__(self, x):
        return x @ self.W + self.b


def points(n: int = 96, features: int = 1) -> Dataset:
    """Returns y = 2·(first feature) + 1, without noise."""
    x = np.random.default_rng(0).normal(size=(n, features)).astype(np.float32)
    return Dataset.from_arrays(Arrays(x, 2 * x[:, 0] + 1))


def classes(n: int = 100) -> Dataset:
    """Returns points of four classes in the plane, which follow from the signs."""
    x = np.random.default_rng(1).normal(size=(n, 2)).astype(np.float32)
    return Dataset.from_arrays(Arrays(x, (x[:, 0] > 0) * 2 + (x[:, 1] > 0)))


def net(*layers, features: int = 2) -> keras.Model:
    return keras.Sequential([keras.Input((features,)), *layers])


def dense(units: int, activation: str | None = None) -> keras.layers.Dense:
    return keras.layers.Dense(units, activation, kernel_initializer=keras.initializers.GlorotUniform(seed=units))


def digest(learner) -> str:
    return digest_of(state_arrays(learner.snapshot()))


def column(chunks, name: str) -> np.ndarray:
    return np.concatenate([chunk.logs[name] for chunk in chunks])


def random_clock():
    """Returns a clock that no two calls of the loop can agree on."""
    random, now = np.random.default_rng(3), itertools.count()
    return lambda: next(now) * 0.01 + float(random.random()) * 0.05


CHUNKINGS = {
    "one step a call": {"chunk_seconds": 0},
    "all steps in a call": {"chunk_seconds": 1e9},
    "a wild clock": {"clock": random_clock()},
}


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "mlp", "model_options": {"units": 16, "dropout": 0.2, "batch_norm": True}},
        {"model": "mlp", "model_options": {"units": 16, "layers": 1, "batch_norm": True}},
        {"model": "cnn", "model_options": {"filters": 4, "dropout": 0.2}},
    ],
    ids=["dropout", "xla", "convolution"],
)
def test_the_same_bits_however_many_steps_a_call_makes(fields):
    plan = build(RunConfig(dataset="digits", epochs=2, batch_size=100, **fields))
    start, digests, losses, calls = state_arrays(plan.learner.snapshot()), set(), [], []
    for options in CHUNKINGS.values():
        restore(plan.learner, start)
        chunks = list(train(plan.learner, plan.dataset, epochs=2, batch_size=100, seed=5, **options))
        digests.add(digest(plan.learner))
        losses.append(column(chunks, "loss"))
        calls.append(len(chunks))
    assert len(digests) == 1
    assert len(set(calls)) == 3, "the chunkings were meant to differ"
    assert all(np.array_equal(loss, losses[0]) for loss in losses)


def test_a_run_left_in_the_middle_and_begun_anew_makes_the_same_steps():
    data, learners = classes(), []
    for _ in range(2):
        model = net(dense(8, "relu"), keras.layers.Dropout(0.3, seed=4), dense(4, "softmax"))
        learners.append(SupervisedLearner(model, loss="sparse_categorical_crossentropy"))
    whole = list(train(learners[0], data, epochs=3, batch_size=16, chunk_seconds=0))
    for first, last in itertools.pairwise([0, 3, 7, 14, 15, 21]):
        rest = train(learners[1], data, epochs=3, batch_size=16, chunk_seconds=0, step=first)
        losses = column(list(itertools.islice(rest, last - first)), "loss")
        np.testing.assert_array_equal(losses, column(whole[first:last], "loss"))
    assert digest(learners[0]) == digest(learners[1])


def test_steps_and_epochs_are_counted_and_the_last_batch_is_smaller():
    sizes = []

    class Watching(SupervisedLearner):
        def train_step(self, batch, step):
            sizes.append(batch[0].shape[0])
            return super().train_step(batch, step)

    learner = Watching(net(dense(4, "softmax")), loss="sparse_categorical_crossentropy")
    chunks = list(train(learner, classes(100), epochs=3, batch_size=32))
    assert sizes == [32, 4], "traced once for each batch size"
    assert [chunk.step for chunk in chunks] == sorted({chunk.step for chunk in chunks})
    assert chunks[-1].step == 3 * 4
    assert sum(len(chunk.logs["loss"]) for chunk in chunks) == 12
    ends = [chunk for chunk in chunks if chunk.ends_epoch]
    assert [(chunk.step, chunk.epoch) for chunk in ends] == [(4, 1), (8, 2), (12, 3)]
    assert all(len(chunk.logs["loss"]) == 1 for chunk in ends), "the smaller batch stands alone"
    assert all(bool(chunk.epoch_logs) == chunk.ends_epoch for chunk in chunks)
    assert sum(chunk.compile_seconds > 0.01 for chunk in chunks) == 2


def test_every_example_is_seen_once_an_epoch_in_an_order_of_its_own():
    data = points(10)
    orders = [data.order(seed=1, epoch=epoch) for epoch in (1, 2)]
    for order in orders:
        seen = []
        for position in range(0, 4):
            seen.extend(take_batches(order, 3, position, 1)[0].tolist())
        assert sorted(seen) == list(range(10))
        assert take_batches(order, 3, 1, 99).shape == (2, 3)
        assert take_batches(order, 3, 3, 99).shape == (1, 1)
    assert orders[0].tolist() != orders[1].tolist()


def test_an_epochs_loss_is_the_mean_over_examples_not_over_batches():
    learner = SupervisedLearner(net(dense(4, "softmax")), loss="sparse_categorical_crossentropy")
    chunks = list(train(learner, classes(100), epochs=1, batch_size=32, chunk_seconds=0))
    losses = column(chunks, "loss")
    assert chunks[-1].epoch_logs["loss"] == pytest.approx((losses[:3].sum() * 32 + losses[3] * 4) / 100, rel=1e-6)


def test_compiling_makes_no_step():
    model = net(dense(8, "relu"), keras.layers.Dropout(0.5, seed=1), dense(4, "softmax"))
    learner = SupervisedLearner(model, loss="sparse_categorical_crossentropy")
    data = classes()
    before = digest(learner)
    TrainProgram(learner).compile(feed(data, batch_size=10, seed=0, step=0).take(0, 5))
    assert digest(learner) == before


def test_chunks_follow_the_clock():
    assert next_chunk(asked=1, made=1, seconds=0.001, target=0.04) == 4
    assert next_chunk(asked=100, made=100, seconds=0.05, target=0.04) == 80
    assert next_chunk(asked=400, made=400, seconds=0.001, target=0.04) == 1600
    assert next_chunk(asked=1600, made=1600, seconds=0.001, target=0.04) == MOST_STEPS
    assert next_chunk(asked=8, made=8, seconds=5, target=0.04) == 1
    assert next_chunk(asked=8, made=8, seconds=0, target=0.04) == 32
    # The lone smaller batch at an epoch's end does not make the next calls small.
    assert next_chunk(asked=100, made=1, seconds=0.001, target=0.04) == 40


def test_large_batches_do_not_make_large_buffers():
    assert room_for(32) == MOST_STEPS
    for batch_size in (1, 200, 1024, 65_536, 10**7):
        assert room_for(batch_size) >= 1
        assert room_for(batch_size) * batch_size <= max(MOST_EXAMPLES, batch_size)
    learner = SupervisedLearner(Line(), optimizer="sgd", loss="mse")
    chunks = list(train(learner, points(40_000), epochs=12, batch_size=20_000, chunk_seconds=1e9))
    assert chunks[-1].step == 24


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_snapshot_keeps_its_values_while_training_goes_on(jit_compile):
    model = net(dense(256, "relu"), keras.layers.BatchNormalization(), dense(4, "softmax"))
    metric = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    learner = SupervisedLearner(
        model, loss="sparse_categorical_crossentropy", metrics=[metric], jit_compile=jit_compile
    )
    snapshots, copies = [], []
    for _ in train(learner, classes(), epochs=5, batch_size=10, chunk_seconds=0.003):
        snapshots.append(learner.snapshot())
        copies.append({key: array.copy() for key, array in state_arrays(snapshots[-1]).items()})
    learner.release()
    assert len({digest_of(copy) for copy in copies}) == len(copies) > 5
    for snapshot, copy in zip(snapshots, copies, strict=True):
        assert digest_of(state_arrays(snapshot)) == digest_of(copy)


def test_release_gives_all_memory_back():
    learner = SupervisedLearner(net(dense(64, "relu"), dense(4, "softmax")), loss="sparse_categorical_crossentropy")
    list(train(learner, classes(), epochs=1, batch_size=50))
    learner.release()
    assert all(np.asarray(value).size == 0 for values in learner.snapshot().values() for value in values)


def test_no_traced_graph_outlives_its_learner():
    def graphs() -> int:
        gc.collect()
        return sum(type(thing).__name__ == "FuncGraph" for thing in gc.get_objects())

    def use():
        metric = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
        learner = SupervisedLearner(
            net(keras.layers.Dropout(0.1, seed=1), dense(4, "softmax")),
            loss="sparse_categorical_crossentropy",
            metrics=[metric],
        )
        data = classes(100)
        list(train(learner, data, epochs=1, batch_size=32))
        Evaluator(learner, data.train)()
        learner.release()

    use()
    before = graphs()
    use()
    assert graphs() == before


@pytest.mark.parametrize("make", [lambda: net(dense(1), features=1), Line], ids=["keras", "tf.Module"])
def test_a_line_is_found(make):
    model = make()
    learner = SupervisedLearner(model, optimizer=keras.optimizers.SGD(0.1), loss=keras.losses.MeanSquaredError())
    chunks = list(train(learner, points(), epochs=40, batch_size=8, seed=0))
    slope, intercept = (np.asarray(v).item() for v in learner.snapshot()["model"])
    assert (slope, intercept) == (pytest.approx(2, abs=1e-4), pytest.approx(1, abs=1e-4))
    assert chunks[-1].epoch_logs["loss"] < 1e-6
    assert set(chunks[0].logs) == {"loss", "learning_rate", "grad_norm"}
    assert column(chunks, "learning_rate") == pytest.approx(0.1)


@pytest.mark.parametrize("name", ["adam", "rmsprop", "adamw", "lion", "nadam", "adagrad"])
def test_every_optimizer_moves_raw_variables(name):
    learner = SupervisedLearner(Line(), optimizer=name, loss=lambda y, p: tf.reduce_mean(tf.abs(y - p)))
    chunks = list(train(learner, points(), epochs=20, batch_size=32))
    losses = [chunk.epoch_logs["loss"] for chunk in chunks if chunk.ends_epoch]
    assert losses[-1] < losses[0]


def test_keras_objects_for_loss_and_metrics_and_a_batchs_value_beside_an_epochs():
    x = np.random.default_rng(2).normal(size=(90, 2)).astype(np.float32)
    y = (x[:, 0] + 0.5 * np.random.default_rng(3).normal(size=90) > 0).astype(int)
    data = Dataset.from_arrays(Arrays(x, y))
    model = net(dense(1, "sigmoid"))
    learner = SupervisedLearner(
        model,
        optimizer=keras.optimizers.SGD(1e-12),  # So that the predictions stay what they are.
        loss=keras.losses.BinaryCrossentropy(),
        metrics=[keras.metrics.AUC(name="auc"), keras.metrics.BinaryAccuracy(name="accuracy")],
    )
    chunks = list(train(learner, data, epochs=2, batch_size=30, chunk_seconds=0))
    prediction = model.predict(x, verbose=0)
    for epoch in (1, 2):
        order, per_batch = data.order(0, epoch), []
        for position, chunk in enumerate(chunks[3 * epoch - 3 : 3 * epoch]):
            chosen = order[position * 30 : position * 30 + 30]
            metric = keras.metrics.AUC()
            metric.update_state(y[chosen], prediction[chosen, 0])
            per_batch.append(float(metric.result()))
            assert chunk.logs["auc"][0] == pytest.approx(per_batch[-1], abs=1e-6)
        whole = keras.metrics.AUC()
        whole.update_state(y, prediction[:, 0])
        epoch_auc = chunks[3 * epoch - 1].epoch_logs["auc"]
        assert epoch_auc == pytest.approx(float(whole.result()), abs=1e-6)
        assert epoch_auc != pytest.approx(np.mean(per_batch), abs=1e-6)


def test_evaluation_leaves_the_state_of_training_alone_and_can_be_called_off():
    dropout = keras.layers.Dropout(0.5, seed=1)
    model = net(dense(8, "relu"), keras.layers.BatchNormalization(), dropout, dense(4, "softmax"))
    metric = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    learner = SupervisedLearner(model, loss="sparse_categorical_crossentropy", metrics=[metric])
    data = classes(700)
    for _ in train(learner, data, epochs=1, batch_size=64):
        pass
    before, evaluator = digest(learner), Evaluator(learner, data.train)
    first = evaluator()
    assert evaluator() == first
    assert digest(learner) == before
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    expected = model.evaluate(data.train.x, data.train.y, verbose=0, return_dict=True)
    assert first == {name: pytest.approx(value, rel=1e-5) for name, value in expected.items()}
    answers = iter([False, True])
    assert evaluator(lambda: next(answers)) is None
    assert evaluator() == first


@pytest.mark.parametrize("jit_compile", [False, True])
def test_clipping_bounds_what_a_step_moves(jit_compile):
    def moved(clip_norm):
        model = net(dense(1), features=3)
        before = [np.array(v) for v in model.trainable_variables]
        learner = SupervisedLearner(
            model, optimizer=keras.optimizers.SGD(1.0), loss="mse", clip_norm=clip_norm, jit_compile=jit_compile
        )
        chunk = next(train(learner, points(32, 3), epochs=1, batch_size=32))
        after = [np.array(v) for v in model.trainable_variables]
        length = np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(after, before, strict=True)))
        return length, chunk.logs["grad_norm"][0]

    free, norm = moved(1e6)
    assert free == pytest.approx(norm, rel=1e-5)
    assert free > 0.5
    clipped, norm_before_clipping = moved(0.25)
    assert clipped == pytest.approx(0.25, rel=1e-5)
    assert norm_before_clipping == pytest.approx(norm, rel=1e-5)


@pytest.mark.parametrize(("clip_norm", "stride"), [(1.0, 1), (None, 16)])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_gradient_norm_stands_in_every_stride_th_row(jit_compile, clip_norm, stride):
    learner = SupervisedLearner(net(dense(1), features=1), loss="mse", jit_compile=jit_compile, clip_norm=clip_norm)
    norms = column(list(train(learner, points(50 * 2), epochs=1, batch_size=2)), "grad_norm")
    steps = np.arange(1, 51)
    assert learner.grad_norm_stride == stride
    np.testing.assert_array_equal(np.isfinite(norms), steps % stride == 0)


def test_xla_is_chosen_by_the_model_alone():
    def chosen(*layers, shape=(8, 8, 1)):
        model = keras.Sequential([keras.Input(shape), *layers, keras.layers.Flatten(), keras.layers.Dense(2)])
        return SupervisedLearner(model, loss="mse").jit_compile

    assert chosen()
    assert chosen(keras.layers.BatchNormalization())
    assert not chosen(keras.layers.Conv2D(2, 3))
    assert not chosen(keras.layers.Dropout(0.1))
    assert not SupervisedLearner(Line(), loss="mse").jit_compile


class OwnOptimizer(keras.optimizers.SGD):
    """Stands for an optimizer that somebody brings, of which nothing is known."""


def test_an_update_is_compiled_where_the_model_cannot_be_and_only_there():
    def is_compiled(model, optimizer="adam"):
        return SupervisedLearner(model, optimizer=optimizer, loss="mse").is_compiled

    random = keras.layers.Dropout(0.5, seed=1)
    assert is_compiled(net(random, dense(1)))
    assert not is_compiled(net(random, dense(1)), OwnOptimizer(0.1))
    assert not is_compiled(net(random, *[dense(2) for _ in range(9)])), "18 variables would take long to compile"
    learner = SupervisedLearner(net(random, dense(1)), loss="mse")
    assert not learner.jit_compile, "the model itself is left alone"


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_losses_are_those_of_keras_fit_on_the_same_order(jit_compile):
    data = classes(130)

    def make():
        return net(dense(16, "relu"), keras.layers.BatchNormalization(), dense(4, "softmax"))

    theirs, losses = make(), []

    class Keep(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            losses.append(logs["loss"])

    order = data.order(seed=7, epoch=1)
    theirs.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    fitted = theirs.fit(
        data.train.x[order], data.train.y[order], batch_size=32, shuffle=False, verbose=0, callbacks=[Keep()]
    )
    ours = make()
    learner = SupervisedLearner(
        ours,
        optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
        loss="sparse_categorical_crossentropy",
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        jit_compile=jit_compile,
    )
    chunks = list(train(learner, data, epochs=1, batch_size=32, seed=7))
    # Keras shows the mean so far, weighted by examples.
    sizes = np.array([32, 32, 32, 32, 2])
    running = np.cumsum(column(chunks, "loss") * sizes) / np.cumsum(sizes)
    np.testing.assert_allclose(running, losses, atol=1e-5)
    for name in ("loss", "accuracy"):
        assert chunks[-1].epoch_logs[name] == pytest.approx(fitted.history[name][0], abs=1e-5)
    for a, b in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(np.array(a), np.array(b), atol=1e-5)


def test_weight_penalties_are_trained_on_but_not_shown_as_loss():
    layer = keras.layers.Dense(1, kernel_initializer="ones", kernel_regularizer=keras.regularizers.L2(10.0))
    learner = SupervisedLearner(net(layer, features=1), optimizer=keras.optimizers.SGD(0.01), loss="mse")
    data = points()
    chunk = next(train(learner, data, epochs=1, batch_size=96))
    assert chunk.logs["loss"][0] == pytest.approx(np.mean((data.train.x - data.train.y) ** 2), rel=1e-5)
    assert np.asarray(learner.snapshot()["model"][0]).item() < 0.9


def test_a_model_that_is_not_built_is_refused():
    with pytest.raises(ConfigError, match="trainable variables"):
        SupervisedLearner(keras.Sequential([keras.layers.Dense(1)]), loss="mse")
