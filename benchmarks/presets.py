"""From the click on Start to the end of the run, for each preset, over Keras fit doing the same work.

    python -m benchmarks presets

Both begin in a process that is warm: the engine as the server warms it up, Keras after a small fit of another model.
What is timed is everything after that: loading the data, building and compiling the model, training with every batch
recorded, validation after each epoch, and the test split at the end. Each timing has a process of its own, since
the second run of a recipe would find its program compiled.
"""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time

from benchmarks.loop import keras_model
from benchmarks.workloads import offer_mnist

#: Timings of each; and the most epochs of presets that take minutes: their compilation hardly counts.
ROUNDS, MOST_EPOCHS = 3, {"mnist": 1}
LONGER = {"MNIST with an MLP": {"dataset": "mnist", "model": "mlp", "epochs": 4}}


def recipes() -> dict[str, dict]:
    """Returns the fields of each preset's configuration, and of an MLP on MNIST."""
    from trainer.config.presets import PRESETS

    found = {preset.label: preset.fields for preset in PRESETS}
    short = {
        label: fields | {"epochs": min(fields["epochs"], MOST_EPOCHS.get(fields["dataset"], fields["epochs"]))}
        for label, fields in found.items()
    }
    return short | LONGER


def run() -> list[dict]:
    """Times both on each preset in turns, and prints the medians and their ratio."""
    rows = []
    print(f"{'preset':<24} {'ours (s)':>9} {'fit (s)':>9} {'fit/ours':>9}   first batch (s)")
    for label, fields in recipes().items():
        if fields["dataset"] == "mnist" and not offer_mnist():
            print(f"{label:<24} skipped: TRAINDECK_DATA has no mnist.npz")
            continue
        times = {"ours": [], "fit": []}
        for _ in range(ROUNDS):
            for who, found in times.items():
                found.append(timed(who, fields))
        ours, fit = (statistics.median(total for total, _ in times[who]) for who in ("ours", "fit"))
        first = statistics.median(first for _, first in times["ours"])
        rows.append({"preset": label, "ours": ours, "fit": fit, "ratio": fit / ours, "first_batch": first})
        verdict = "" if ours <= fit else "  SLOWER"
        print(f"{label:<24} {ours:>9.2f} {fit:>9.2f} {fit / ours:>9.2f}   {first:.2f}{verdict}", flush=True)
    return rows


def timed(who: str, fields: dict) -> tuple[float, float]:
    """Returns the seconds of one run in a new process, and those to its first batch."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=work, args=(there, who, fields))
    process.start()
    there.close()  # Otherwise a child that dies would never be noticed.
    seconds = here.recv()
    process.join()
    return seconds


def work(pipe, who: str, fields: dict) -> None:
    """The body of a process: warms up, then times one run."""
    pipe.send({"ours": time_ours, "fit": time_fit}[who](fields))


def time_ours(fields: dict) -> tuple[float, float]:
    """Times a run as the server starts it."""
    from trainer import RunConfig, RunStore
    from trainer.training.warm_up import warm_up

    warm_up()
    config = RunConfig(**fields)
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(folder)
        began, first = time.perf_counter(), []
        run = store.create(config)
        history = run.history
        history.subscribe(lambda: first or not len(history) or first.append(time.perf_counter()))
        run.start()
        run.wait()
        seconds = time.perf_counter() - began
        assert run.status == "completed", run.reason
        return seconds, first[0] - began


def time_fit(fields: dict) -> tuple[float, float]:
    """Times Keras fit with a callback that keeps every batch's loss, on the same model and data."""
    import keras
    import numpy as np

    from trainer import LOSSES, METRICS, MODELS, RunConfig
    from trainer.catalog.layers import Seeds, head_for
    from trainer.data.loading import load_dataset
    from trainer.training.optimization import make_optimizer

    small = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    small.compile("sgd", "mse")
    small.fit(np.zeros((64, 4), np.float32), np.zeros((64, 2), np.float32), verbose=0)
    config = RunConfig(**fields)
    losses, times = [], []

    class Recorder(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            times or times.append(time.perf_counter())
            losses.append(logs["loss"])

    began = time.perf_counter()
    data = load_dataset(config.dataset, config.dataset_options, validation_split=0.2, seed=0)
    head = head_for(data.spec, config.loss)
    options = {"batch_size": config.batch_size, "epochs": config.epochs, "verbose": 0, "callbacks": [Recorder()]}
    if config.model == "gan":
        networks = MODELS[config.model].build(data.spec, head, Seeds(0), **config.model_options)
        model = adversarial(*networks, config, data.spec)
        model.fit(data.train.x, **options)
        model.evaluate(data.validation.x, batch_size=256, verbose=0)
    else:
        model = keras_model(config, data.spec)
        loss = LOSSES[config.loss].build(data.spec, **config.loss_options)
        metrics = [METRICS[name].build(data.spec, head) for name in config.metrics]
        model.compile(optimizer=make_optimizer(config, data.spec), loss=loss, metrics=metrics)
        model.fit(data.train.x, data.train.y, validation_data=(data.validation.x, data.validation.y), **options)
        if data.test is not None:
            model.evaluate(data.test.x, data.test.y, batch_size=256, verbose=0)
    return time.perf_counter() - began, times[0] - began


def adversarial(generator, discriminator, config, spec):
    """Returns the GAN as a keras.Model with a train_step of its own, as Keras's DCGAN example writes it."""
    import keras
    import tensorflow as tf

    from trainer.training.optimization import make_optimizer

    loss = keras.losses.BinaryCrossentropy(from_logits=True)

    class Adversarial(keras.Model):
        def __init__(self):
            super().__init__()
            self.generator, self.discriminator = generator, discriminator
            self.generator_optimizer, self.discriminator_optimizer = (make_optimizer(config, spec) for _ in range(2))
            self.means = [keras.metrics.Mean(name=name) for name in ("loss", "generator_loss", "discriminator_loss")]

        @property
        def metrics(self):
            return self.means

        def train_step(self, real):
            real = tf.cast(real, tf.float32) * spec.rescale
            count = tf.shape(real)[0]
            noise = tf.random.normal([count, generator.input_shape[-1]])
            with tf.GradientTape() as tape:
                generated = generator(noise, training=True)
                real_scores = discriminator(real, training=True)
                scores = discriminator(tf.stop_gradient(generated), training=True)
                lost = 0.5 * (loss(tf.ones_like(real_scores), real_scores) + loss(tf.zeros_like(scores), scores))
            trained = discriminator.trainable_variables
            self.discriminator_optimizer.apply(tape.gradient(lost, trained), trained)
            with tf.GradientTape() as tape:
                scores = discriminator(generator(noise, training=True), training=True)
                fooled = loss(tf.ones_like(scores), scores)
            trained = generator.trainable_variables
            self.generator_optimizer.apply(tape.gradient(fooled, trained), trained)
            return self.measure(fooled, lost)

        def test_step(self, real):
            real = tf.cast(real, tf.float32) * spec.rescale
            generated = generator(tf.random.normal([tf.shape(real)[0], generator.input_shape[-1]]), training=False)
            real_scores, scores = discriminator(real, training=False), discriminator(generated, training=False)
            lost = 0.5 * (loss(tf.ones_like(real_scores), real_scores) + loss(tf.zeros_like(scores), scores))
            return self.measure(loss(tf.ones_like(scores), scores), lost)

        def measure(self, fooled, lost):
            for mean, value in zip(self.means, (fooled + lost, fooled, lost), strict=True):
                mean.update_state(value)
            return {mean.name: mean.result() for mean in self.means}

    model = Adversarial()
    model.compile()
    return model
