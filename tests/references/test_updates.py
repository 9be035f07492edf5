"""Optimizer updates, clipping, accumulation and averaged weights against plain Keras on the same batches."""

import itertools

import numpy as np
import pytest

from tests.references.compare import compare
from trainer import Arrays, Dataset, RunConfig
from trainer.config.registry import OPTIMIZERS

EXAMPLES, BATCH_SIZE, EPOCHS = 92, 32, 4
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(EXAMPLES, 5)).astype(np.float32)
Y = RANDOM.integers(0, 3, EXAMPLES)
CLIPS = {"free": {}, "norm": {"clip_norm": 0.3}, "value": {"clip_value": 0.02}}
#: Sums in another order round differently, and Adam divides by small gradients.
LIMIT = 1e-5
FAST = [("sgd", "norm", True), ("adam", "norm", False), ("adamw", "value", True)]
ACCUMULATED = [
    pytest.param(*case, marks=[] if case in FAST else pytest.mark.full)
    for case in itertools.product(("sgd", "adam", "adamw"), CLIPS, (False, True))
]


def build_model():
    import keras

    seeds = [keras.initializers.GlorotUniform(seed=seed) for seed in (1, 2)]
    return keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(7, "tanh", kernel_initializer=seeds[0]),
            keras.layers.Dense(3, "softmax", kernel_initializer=seeds[1]),
        ]
    )


def data():
    return Dataset.from_arrays(Arrays(X, Y))


def optimizer_of(name, **fields):
    import keras

    known = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW, "sgd": keras.optimizers.SGD}
    known |= {"rmsprop": keras.optimizers.RMSprop, "adagrad": keras.optimizers.Adagrad}
    known |= {"nadam": keras.optimizers.Nadam, "lion": keras.optimizers.Lion}
    return known[name](**fields)


def with_keras(optimizer, batch_size=BATCH_SIZE):
    """Trains a plain Keras model in the order of this project and returns weights, averages and losses."""
    model, losses = build_model(), []
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy")
    for epoch in range(1, EPOCHS + 1):
        order = data().order(0, epoch)
        for first in range(0, EXAMPLES, batch_size):
            chosen = order[first : first + batch_size]
            model.reset_metrics()
            losses.append(float(model.train_on_batch(X[chosen], Y[chosen])))
    weights = [np.array(v) for v in model.trainable_variables]
    averages = [np.array(v) for v in optimizer._model_variables_moving_average] if optimizer.use_ema else []
    return weights, averages, losses


def with_ours(optimizer, batch_size=BATCH_SIZE, **rules):
    """Trains the same model by this project's loop."""
    from trainer import SupervisedLearner, train

    model = build_model()
    learner = SupervisedLearner(model, optimizer=optimizer, loss="sparse_categorical_crossentropy", **rules)
    chunks = list(train(learner, data(), epochs=EPOCHS, batch_size=batch_size))
    weights = [np.array(v) for v in model.trainable_variables]
    averages = [np.array(v) for v in optimizer._model_variables_moving_average] if optimizer.use_ema else []
    return weights, averages, np.concatenate([chunk.logs["loss"] for chunk in chunks])


def flat(arrays):
    return np.concatenate([np.ravel(array) for array in arrays])


def keras_clip(clip):
    return {{"clip_norm": "global_clipnorm", "clip_value": "clipvalue"}[name]: value for name, value in clip.items()}


@pytest.mark.parametrize("jit_compile", [False, pytest.param(True, marks=pytest.mark.full)], ids=["graph", "XLA"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_makes_the_updates_of_keras(name, jit_compile):
    ours, _, losses = with_ours(optimizer_of(name), jit_compile=jit_compile)
    theirs, _, expected = with_keras(optimizer_of(name))
    compare(f"Weights after training, {name}", "Keras train_on_batch", flat(ours), flat(theirs))
    compare("Loss of each batch", "Keras train_on_batch", losses, expected)


@pytest.mark.parametrize("clip", ["norm", "value"])
def test_clipping_is_that_of_keras(clip):
    ours, _, _ = with_ours(optimizer_of("sgd", learning_rate=0.5), **CLIPS[clip])
    theirs, _, _ = with_keras(optimizer_of("sgd", learning_rate=0.5, **keras_clip(CLIPS[clip])))
    compare(f"Weights after training, clipped by {clip}", "Keras train_on_batch", flat(ours), flat(theirs))


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_averaged_weights_are_those_of_keras(name):
    fields = {"use_ema": True, "ema_momentum": 0.8}
    _, ours, _ = with_ours(optimizer_of(name, **fields))
    _, theirs, _ = with_keras(optimizer_of(name, **fields))
    compare("Averaged weights", "Keras train_on_batch", flat(ours), flat(theirs))


@pytest.mark.parametrize(("name", "clip", "jit_compile"), ACCUMULATED)
def test_four_batches_of_8_are_one_of_32(name, clip, jit_compile):
    """92 examples: 32, 32 and 28; in eights the last group is 8, 8, 8 and 4, which is applied at the epoch's end."""
    import keras

    def schedule(batches):
        return keras.optimizers.schedules.CosineDecay(0.1, EPOCHS * batches)

    fields = {"use_ema": True, "ema_momentum": 0.8}
    accumulating = optimizer_of(name, learning_rate=schedule(12), gradient_accumulation_steps=4, **fields)
    ours = with_ours(accumulating, batch_size=8, jit_compile=jit_compile, **CLIPS[clip])
    theirs = with_keras(optimizer_of(name, learning_rate=schedule(3), **fields, **keras_clip(CLIPS[clip])))
    for what, mine, other in zip(("Weights", "Averaged weights"), ours, theirs, strict=False):
        compare(f"{what}, 4 × 8, {clip}", "Keras, batches of 32", flat(mine), flat(other), LIMIT)


def test_what_an_epoch_leaves_over_is_applied_at_its_end():
    """Groups of 5 in an epoch of 12 batches: 40, 40 and 12 examples."""
    ours, _, _ = with_ours(optimizer_of("sgd", gradient_accumulation_steps=5), batch_size=8)
    theirs, _, _ = with_keras(optimizer_of("sgd"), batch_size=40)
    compare("Weights, 5 × 8 with 2 left over", "Keras, batches of 40", flat(ours), flat(theirs))


@pytest.mark.parametrize("model", ["mlp", pytest.param("cnn", marks=pytest.mark.full)])
def test_a_recipe_that_accumulates_trains_as_one_with_the_larger_batch(model):
    from trainer.training.build import build
    from trainer.training.loop import train

    def weights(batch_size, steps):
        fields = {"clip_norm": 0.5, "l2": 1e-3, "ema_momentum": 0.9, "schedule": "cosine", "optimizer": "sgd"}
        fields["gradient_accumulation_steps"] = steps
        plan = build(RunConfig(model=model, dataset="digits", batch_size=batch_size, validation_split=0.8, **fields))
        for _ in train(plan.learner, plan.dataset, epochs=2, batch_size=batch_size):
            pass
        return flat([np.array(variable) for variable in plan.learner.model.trainable_variables])

    compare(f"{model} on digits, 4 × 8", "batches of 32", weights(8, 4), weights(32, 1), 1e-4)
