"""Every family of models trains on every data set it is offered for, goes on exactly, and does what it is for."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from tests.trainer import eager
from trainer.config.fitting import dataset_spec, offered, seen_by
from trainer.config.registry import DATASETS, LOSSES, METRICS, MODELS
from trainer.config.run_config import RunConfig
from trainer.data.dataset import Dataset
from trainer.data.loading import load_dataset
from trainer.data.splits import Split
from trainer.data.values import Arrays
from trainer.errors import ConfigError
from trainer.runs.checkpoint import list_checkpoints, read_state, write_checkpoint
from trainer.training.learner_state import digest_of, restore, state_arrays

DOWNLOADED = ("mnist", "fashion_mnist", "cifar10")
#: Data sets that need no option such as a path.
READY = [name for name in DATASETS if "path" not in DATASETS[name].schema.model_fields]
BATCH_SIZE, STEPS = 8, 3

#: Options that bring parts with a state of their own into play.
OPTIONS: dict[str, dict] = {
    "mlp": {"units": 8, "dropout": 0.2, "batch_norm": True, "activation": "learned"},
    "cnn": {"filters": 4, "blocks": 1, "dropout": 0.2},
    "rnn": {"units": 4, "layers": 1, "bidirectional": True, "dropout": 0.2},
    "transformer": {"layers": 1, "units": 8, "heads": 2, "dropout": 0.2},
    "autoencoder": {"units": 8, "latent": 2},
    "gan": {"filters": 4, "latent": 4},
}
#: Further variants, trained in a compiled function with the first ones.
VARIANTS = [
    ("rnn", "sequences", {"cell": "gru", "units": 4, "layers": 2}),
    ("autoencoder", "digits", {"architecture": "conv", "latent": 2, "filters": 4}),
    ("gan", "digits", {"architecture": "dense", "latent": 4, "units": 8}),
]


@pytest.fixture(scope="module", autouse=True)
def engine():
    from trainer.training.engine.start_up import load_engine

    load_engine()


@pytest.fixture
def eagerly():
    """Runs compiled functions step by step: nothing has to be compiled for three steps."""
    with eager.eagerly():
        yield


@functools.cache
def few(name):
    """Returns a data set's first examples; made-up ones of the same form where it would be downloaded."""
    options = DATASETS[name].parse({})
    if name in DOWNLOADED:
        spec, random = dataset_spec(name, options), np.random.default_rng(0)
        arrays = Arrays(random.integers(0, 256, (30, *spec.input_shape)).astype(np.uint8), np.arange(30) % 10)
        dataset = Dataset.from_arrays(arrays, spec, validation_split=0.2)
    else:
        dataset = load_dataset(name, options, validation_split=0.2, seed=0)
    count = BATCH_SIZE * STEPS
    train = Split(dataset.train.x[:count], dataset.train.y[:count])
    return Dataset(dataset.spec, train, Split(dataset.validation.x[:9], dataset.validation.y[:9]))


def make(model, name, options=None, **fields):
    """Returns a fresh learner of the catalogue for a data set's first examples."""
    from trainer.training.build import build_learner

    config = RunConfig(
        model=model, dataset=name, model_options=OPTIONS.get(model, {}) if options is None else options, **fields
    )
    learner = build_learner(config, few(name).spec)
    return learner


def look(learner, name):
    """Returns the learner's frame, with histograms, and what all frames share."""
    from trainer.training.views.frames import FrameMaker

    frames = FrameMaker(learner_goal(learner, name), few(name), has_histograms=True)
    return frames.make(learner) | {"fixed": frames.fixed}


def learner_goal(learner, name):
    """Returns the data as this learner's model sees it."""
    kind = {"GANLearner": "gan", "ReconstructionLearner": "autoencoder"}.get(type(learner).__name__, "mlp")
    return seen_by(MODELS[kind], few(name).spec)


def one_chunk(learner, name, step):
    """Makes the steps after `step`: the first call makes one, the loop's next chunk all that are left."""
    from trainer.training.loop import train

    return next(train(learner, few(name), epochs=1, batch_size=BATCH_SIZE, step=step))


def assert_goes_on_exactly(make_learner, name, folder, is_fresh=True):
    """Trains, writes the state of step 1, reads it into a learner, and compares every number of step 2.

    Args:
        is_fresh: whether into a new learner; else into the same one, whose programs are compiled already.
    """
    from trainer.training.loop import Evaluator

    learner = make_learner()
    first = one_chunk(learner, name, 0)
    paths = {part: [v.name for v in variables] for part, variables in learner.variables().items()}
    write_checkpoint(folder, 1, learner.snapshot(), paths, {"epoch": 1})
    [checkpoint] = list_checkpoints(folder)
    state = read_state(checkpoint)
    assert checkpoint.digest == digest_of(state) == digest_of(state_arrays(learner.snapshot()))
    Evaluator(learner, few(name).validation)()
    assert look(learner, name)
    assert digest_of(state_arrays(learner.snapshot())) == digest_of(state), "looking changed the state"
    second = one_chunk(learner, name, 1)
    for chunk in (first, second):
        assert next(iter(chunk.logs)) == "loss"
        for key, values in chunk.logs.items():
            may_miss = (key == "grad_norm" and learner.grad_norm_stride > 1) or key in ("auc", "precision", "recall")
            assert np.isfinite(values).all() or may_miss, key
    assert not np.array_equal(first.logs["loss"], second.logs["loss"])

    digest, epoch_logs = digest_of(state_arrays(learner.snapshot())), learner.epoch_logs()
    measured = Evaluator(learner, few(name).validation)()
    assert all(np.isfinite(value) for value in measured.values())

    other = make_learner() if is_fresh else learner
    restore(other, state)
    again = one_chunk(other, name, 1)
    for key, values in second.logs.items():
        np.testing.assert_array_equal(values, again.logs[key], err_msg=key)
    assert digest_of(state_arrays(other.snapshot())) == digest != digest_of(state)
    assert other.epoch_logs() == epoch_logs
    assert measured == Evaluator(other, few(name).validation)()
    learner.release()
    other.release()


#: A data set whose made-up examples and whose form are another's: what trains on one trains on the other.
TWINS = {"fashion_mnist": "mnist"}
PAIRS = [
    (model, name)
    for name in READY
    for model in offered(MODELS, dataset_spec(name, DATASETS[name].parse({})))
    if name not in TWINS
]


@pytest.mark.parametrize(("model", "name"), PAIRS)
def test_every_model_goes_on_exactly_on_every_data_set(eagerly, tmp_path, model, name):
    assert_goes_on_exactly(lambda: make(model, name), name, tmp_path)


@pytest.mark.parametrize(("name", "other"), TWINS.items())
def test_twins_differ_in_nothing_that_is_trained(name, other):
    ours, theirs = few(name), few(other)
    words = dict.fromkeys(("class_names", "feature_names"), ()) | dict.fromkeys(("source", "licence", "url"), "")
    assert replace(ours.spec, **words) == replace(theirs.spec, **words)
    np.testing.assert_array_equal(ours.train.x, theirs.train.x)
    np.testing.assert_array_equal(ours.train.y, theirs.train.y)
    assert offered(MODELS, ours.spec) == offered(MODELS, theirs.spec)


COMPILED = [(m, "sequences" if m == "rnn" else "digits", OPTIONS.get(m, {})) for m in MODELS] + VARIANTS


@pytest.mark.parametrize(("model", "name", "options"), COMPILED, ids=[f"{m}-{n}-{len(o)}" for m, n, o in COMPILED])
def test_every_model_goes_on_exactly_when_compiled(tmp_path, model, name, options):
    assert_goes_on_exactly(lambda: make(model, name, options), name, tmp_path, is_fresh=False)


@pytest.mark.parametrize("name", ["digits", "multilabel"])
def test_every_metric_goes_on_exactly(eagerly, tmp_path, name):
    metrics = offered(METRICS, dataset_spec(name, DATASETS[name].parse({})))
    assert_goes_on_exactly(lambda: make("linear", name, metrics=metrics), name, tmp_path)


@pytest.mark.parametrize("model", ["linear", "gan"])
def test_accumulated_gradients_go_on_exactly(eagerly, tmp_path, model):
    """The state is taken in the middle of a group, which the epoch's last batch ends."""
    assert_goes_on_exactly(lambda: make(model, "digits", gradient_accumulation_steps=5), "digits", tmp_path)


@pytest.mark.parametrize("model", ["mlp", "mlp_module", "linear_module", "subclassed", "autoencoder"])
def test_a_compiled_program_serves_another_split(model):
    """What is compiled by XLA is used again for the next run, whose data has other statistics."""
    from trainer.training.build import build
    from trainer.training.loop import train
    from trainer.training.program_cache import keep_program, reuse_program

    def trained(seed, is_cached):
        options = OPTIONS.get(model, {}) | ({"dropout": 0.0} if model == "mlp" else {})
        config = RunConfig(model=model, dataset="iris", model_options=options, seed=seed)
        plan = build(config)
        plan = reuse_program(plan, config) if is_cached else plan
        next(train(plan.learner, plan.dataset, epochs=1, batch_size=32, seed=seed))
        digest = digest_of(state_arrays(plan.learner.snapshot()))
        if is_cached:
            keep_program(plan.learner)
        return plan.learner, digest

    first, _ = trained(1, is_cached=True)
    again, digest = trained(2, is_cached=True)
    assert again is first
    fresh, expected = trained(2, is_cached=False)
    assert fresh is not first
    assert digest == expected


def test_every_pair_of_loss_and_model_of_its_own_task_trains(eagerly):
    for model, name in (("autoencoder", "digits"), ("autoencoder", "iris"), ("gan", "digits")):
        losses = offered(LOSSES, RunConfig(model=model, dataset=name).goal)
        assert losses
        for loss in losses:
            assert np.isfinite(one_chunk(make(model, name, loss=loss), name, 0).logs["loss"]).all(), loss


def test_only_what_fits_is_offered():
    spec = RunConfig(model="mlp", dataset="iris").spec
    assert {"rnn", "transformer", "cnn", "gan"}.isdisjoint(offered(MODELS, spec))
    goals = {
        "classification": RunConfig(model="mlp", dataset="digits"),
        "multilabel": RunConfig(model="mlp", dataset="multilabel"),
        "reconstruction": RunConfig(model="autoencoder", dataset="digits"),
        "generation": RunConfig(model="gan", dataset="digits"),
    }
    for task, config in goals.items():
        assert config.goal.task == task
    defaults = {task: (config.loss, config.metrics) for task, config in goals.items()}
    assert defaults["multilabel"] == ("binary_crossentropy", ["accuracy", "exact_match"])
    assert defaults["reconstruction"] == ("binary_crossentropy", ["mae"])
    assert defaults["generation"] == ("non_saturating", [])
    assert RunConfig(model="autoencoder", dataset="iris").loss == "mean_squared_error"
    with pytest.raises(ConfigError, match=r"loss binary_crossentropy does not fit .* no such limits"):
        RunConfig(model="autoencoder", dataset="iris", loss="binary_crossentropy")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": "rnn", "dataset": "iris"}, r"model rnn does not fit .* reads sequences .* 4 numbers in no order"),
        ({"model": "transformer", "dataset": "linear"}, r"each example is 1 number in no order"),
        ({"model": "gan", "dataset": "sequences"}, r"model gan does not fit .* needs images"),
        (
            {"model": "transformer", "dataset": "digits", "model_options": {"units": 30, "heads": 4}},
            r"heads .* must divide units \(30\) evenly\. Received: 4\. Choose 1, 2",
        ),
        (
            {"model": "transformer", "dataset": "digits", "model_options": {"patch": 9}},
            r"patch .* at most 8 for images of 8×8 pixels\. Received: 9\. Choose a smaller patch",
        ),
        (
            {"model": "autoencoder", "dataset": "sequences", "model_options": {"architecture": "conv"}},
            r"architecture .* must be dense here.* Received: conv\. Choose dense",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(fields, message):
    with pytest.raises(ConfigError, match=message):
        RunConfig(**fields)


def test_no_two_layers_of_a_model_begin_alike():
    """Layers that copy one initializer would begin as twins."""
    for model in ("rnn", "transformer"):
        learner = make(model, "digits", {**OPTIONS[model], "layers": 2})
        kernels = [np.array(v) for v in learner.model.trainable_variables if len(np.unique(v)) > 2]
        for index, kernel in enumerate(kernels):
            for other in kernels[:index]:
                assert kernel.shape != other.shape or not np.array_equal(kernel, other), model


def test_a_module_of_two_variables_learns_to_add():
    from trainer import SupervisedLearner, train
    from trainer.catalog.layers import Head, Seeds
    from trainer.catalog.optimizers.sgd import sgd
    from trainer.data.own_data import guess_spec

    x, y = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), np.array([3.0, 7.0], np.float32)
    dataset = Dataset.from_arrays(Arrays(x, y))
    model = MODELS["linear_module"].build(guess_spec(x, y), Head(1, "linear"), Seeds(0))
    assert [tuple(v.shape) for v in model.trainable_variables] == [(1,), (2, 1)]
    learner = SupervisedLearner(model, optimizer=sgd(learning_rate=0.05), loss="mean_squared_error")
    assert learner.jit_compile
    chunks = list(train(learner, dataset, epochs=300, batch_size=2))
    assert chunks[-1].logs["loss"][-1] < 1e-3
    np.testing.assert_allclose(model(x).numpy()[:, 0], y, atol=0.05)


def test_the_module_mlp_is_784_128_10_and_gives_probabilities():
    import tensorflow as tf

    learner = make("mlp_module", "mnist", {})
    assert isinstance(learner.model, tf.Module)
    assert sorted(tuple(v.shape) for v in learner.model.variables) == [(10,), (128,), (128, 10), (784, 128)]
    prediction = learner.model(few("mnist").train.x).numpy()
    np.testing.assert_allclose(prediction.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", ["iris", "diabetes", "digits", "multilabel"])
def test_modules_and_subclasses_scale_as_keras_models_do(name):
    """With the same weights the three ways to write one hidden layer give the same predictions."""
    models = [
        make("mlp", name, {"layers": 1, "units": 8}).model,
        make("mlp_module", name, {"hidden": 8}).model,
        make("subclassed", name, {"hidden_size": 8}).model,
    ]
    first, *others = models
    w1, b1, w2, b2 = (np.array(v) for v in first.trainable_variables)
    module, subclassed = others
    for variable, value in zip((module.w1, module.b1, module.w2, module.b2), (w1, b1, w2, b2), strict=True):
        variable.assign(value)
    for variable, value in zip(subclassed.trainable_variables, (w1, b1, w2, b2), strict=True):
        variable.assign(value)
    x = few(name).train.x.astype(np.float32)
    expected = first(x).numpy()
    for other in others:
        np.testing.assert_allclose(other(x).numpy(), expected, rtol=1e-4, atol=1e-5)


def test_a_learned_activation_is_learned(eagerly):
    import keras

    learner = make("mlp", "digits", {"units": 8, "layers": 1, "activation": "learned"})
    layer = next(layer for layer in learner.model.layers if type(layer).__name__ == "LearnedSwish")
    assert learner.jit_compile
    np.testing.assert_array_equal(layer.beta, np.ones(8))
    x = np.linspace(-3, 3, 8, dtype=np.float32)[None]
    np.testing.assert_allclose(layer(x), keras.activations.silu(x), rtol=1e-5)
    one_chunk(learner, "digits", 0)
    assert not np.array_equal(layer.beta, np.ones(8))


def fit(model, name, epochs, **fields):
    """Trains on the whole data set and returns learner and validation results."""
    from trainer.training.build import build
    from trainer.training.loop import Evaluator, train

    plan = build(RunConfig(model=model, dataset=name, epochs=epochs, **fields))
    for _ in train(plan.learner, plan.dataset, epochs=epochs, batch_size=plan.learner and 32):
        pass
    return plan.learner, Evaluator(plan.learner, plan.dataset.validation)()


def test_a_recurrent_net_tells_waves_apart_and_several_labels_are_learned():
    _, measured = fit(
        "rnn",
        "sequences",
        10,
        model_options={"cell": "gru", "units": 32},
        dataset_options={"steps": 16},
        optimizer_options={"learning_rate": 0.01},
    )
    assert measured["accuracy"] > 0.6
    _, measured = fit("mlp", "multilabel", 20, model_options={"units": 32})
    assert measured["accuracy"] > 0.8
    assert measured["exact_match"] > 0.4


def test_an_autoencoder_gives_back_what_came_in_and_shows_it():
    learner, measured = fit("autoencoder", "digits", 10)
    assert measured["mae"] < 0.09
    frame, x = look(learner, "digits"), few("digits").validation.x
    assert frame["reconstructions"].dtype == np.uint8
    np.testing.assert_array_equal(frame["fixed"]["images"], np.round(x * (255 / 16)))
    copies = learner.model(x.astype(np.float32)).numpy()
    np.testing.assert_allclose(frame["reconstructions"], 255 * copies, atol=0.51)


def test_a_gan_shows_the_same_noise_all_along(eagerly):
    learner, twin = make("gan", "cifar10"), make("gan", "cifar10")
    before = look(learner, "cifar10")["images"]
    assert before.dtype == np.uint8
    assert before.shape == (40, 32, 32, 3)
    np.testing.assert_array_equal(before, look(twin, "cifar10")["images"])
    one_chunk(learner, "cifar10", 0)
    assert not np.array_equal(before, look(learner, "cifar10")["images"])
    assert not np.array_equal(before, look(make("gan", "cifar10", seed=1), "cifar10")["images"])


def test_a_gan_has_two_optimizers_and_logs_both_losses(eagerly):
    learner = make("gan", "digits", optimizer="sgd", optimizer_options={"learning_rate": 0.25})
    assert learner.generator_optimizer is not learner.discriminator_optimizer
    logs = one_chunk(learner, "digits", 0).logs
    assert list(logs) == ["loss", "generator_loss", "discriminator_loss", "learning_rate", "grad_norm"]
    np.testing.assert_allclose(logs["loss"], logs["generator_loss"] + logs["discriminator_loss"], rtol=1e-6)
    np.testing.assert_allclose(logs["learning_rate"], 0.25)
    assert learner.model is learner.generator
    assert learner.generator.output_shape == (None, 8, 8, 1)
    assert learner.discriminator.output_shape == (None, 1)


def test_one_step_of_a_gan_is_what_the_paper_says():
    """Discriminator first, on both batches; then the generator, by the new discriminator on the same images."""
    import keras
    import tensorflow as tf

    from trainer import GANLearner

    def dense(units, inputs, seed):
        return keras.Sequential(
            [keras.Input((inputs,)), keras.layers.Dense(units, kernel_initializer=keras.initializers.HeNormal(seed))]
        )

    generator, discriminator = dense(2, 3, 1), dense(1, 2, 2)
    learner = GANLearner(generator, discriminator, keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.2), seed=5)
    x = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    seed = tf.cast(keras.random.SeedGenerator(5).next(), tf.int32)
    noise = tf.random.stateless_normal([4, 3], seed).numpy()
    (g, gb), (d, db) = ([np.array(v) for v in m.trainable_variables] for m in (generator, discriminator))

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    made = noise @ g + gb
    real_error, made_error = (sigmoid(x @ d + db) - 1) / 8, sigmoid(made @ d + db) / 8
    d2 = d - 0.2 * (x.T @ real_error + made.T @ made_error)
    db2 = db - 0.2 * (real_error.sum() + made_error.sum())
    pull = (sigmoid(made @ d2 + db2) - 1) / 4 @ d2.T
    logs = learner.train_step((tf.constant(x), tf.zeros(4)), tf.constant(1, tf.int64))
    expected = -0.5 * np.log(sigmoid(x @ d + db)).mean() - 0.5 * np.log(1 - sigmoid(made @ d + db)).mean()
    assert float(logs["discriminator_loss"]) == pytest.approx(expected, rel=1e-5)
    assert float(logs["generator_loss"]) == pytest.approx(-np.log(sigmoid(made @ d2 + db2)).mean(), rel=1e-5)
    np.testing.assert_allclose(discriminator.trainable_variables[0], d2, rtol=1e-5)
    np.testing.assert_allclose(generator.trainable_variables[0], g - 0.1 * noise.T @ pull, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(generator.trainable_variables[1], gb - 0.1 * pull.sum(0), rtol=1e-4, atol=1e-6)
