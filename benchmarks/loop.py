"""Steps per second with every batch recorded: a whole run and its chunks, Keras fit, PyTorch and JAX, in turns.

Each contender has a process of its own, because thread pools of one library slow another's down, and trains the same
model on the same data. The others wait meanwhile.
"""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable

import numpy as np

from benchmarks.workloads import BATCH_SIZE, TORCH_BUDGET, WORKLOADS, Workload

ROUNDS, SECONDS = 5, 1.5


def whole_run(workload: Workload) -> Callable[[float], float]:
    """Returns a function that resumes a run for so many seconds and returns the speed that `show --json` gives."""
    from trainer import RunStore

    folder = tempfile.TemporaryDirectory()
    run = RunStore(folder.name).create(workload.config())

    def measure(seconds: float) -> float:
        assert folder  # It is deleted with this function.
        first = run.step
        (run.resume if run.step else run.start)()
        while run.status == "queued" or run.step == first:
            time.sleep(0.01)
        time.sleep(seconds)
        run.pause()
        run.wait()
        assert run.status == "paused", run.reason
        return run.steps_per_second

    return measure


def ours(workload: Workload) -> Callable[[float], float]:
    """Returns a function that trains for about so many seconds and returns the speed of the chunks."""
    from trainer import train
    from trainer.training.build import build

    plan = build(workload.config())
    chunks = train(plan.learner, plan.dataset, epochs=10**6, batch_size=BATCH_SIZE)

    def measure(seconds: float) -> float:
        steps, spent = 0, 0.0
        while spent < seconds:
            chunk = next(chunks)
            steps, spent = steps + len(chunk.logs["loss"]), spent + chunk.seconds
        return steps / spent

    return measure


def keras_model(config, spec):
    """Returns the catalog's model as a download would hold it, made of Keras's own layers."""
    from trainer import MODELS
    from trainer.catalog.dropout import with_keras_dropout
    from trainer.catalog.layers import Seeds, head_for

    return with_keras_dropout(
        MODELS[config.model].build(spec, head_for(spec, config.loss), Seeds(0), **config.model_options)
    )


def load(workload: Workload):
    """Returns the recipe and its data set, all of it in the training split."""
    from trainer.data.loading import load_dataset

    config = workload.config()
    return config, load_dataset(config.dataset, config.dataset_options, validation_split=0.0, seed=0)


def keras_fit(workload: Workload) -> Callable[[float], float]:
    """The same model in Keras fit, with a callback that keeps every batch's loss."""
    import keras

    from trainer import METRICS
    from trainer.catalog.layers import head_for

    config, data = load(workload)
    model = keras_model(config, data.spec)
    x, y = data.train.x.astype(np.float32), data.train.y
    metrics = [METRICS[name].build(data.spec, head_for(data.spec, config.loss)) for name in config.metrics]
    model.compile(optimizer=config.optimizer, loss=config.loss, metrics=metrics)

    class Recorder(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.losses, self.until = [], 0.0

        def on_train_batch_end(self, batch, logs=None):
            self.losses.append(logs["loss"])
            if time.perf_counter() >= self.until:
                self.model.stop_training = True

    def measure(seconds: float) -> float:
        recorder = Recorder()
        began = time.perf_counter()
        recorder.until = began + seconds
        # stop_training is read once per epoch, so epochs are short here.
        rows = min(len(x), BATCH_SIZE * 250)
        model.fit(x[:rows], y[:rows], batch_size=BATCH_SIZE, epochs=10**6, verbose=0, callbacks=[recorder])
        return len(recorder.losses) / (time.perf_counter() - began)

    return measure


def torch_loop(workload: Workload) -> Callable[[float], float]:
    """A plain PyTorch loop that reads every batch's loss with item()."""
    import torch

    torch.set_num_threads(2)
    _, data = load(workload)
    is_classes = data.spec.num_classes is not None
    x = torch.tensor(data.train.x.astype(np.float32) * (data.spec.rescale or 1))
    x = x.permute(0, 3, 1, 2).contiguous() if x.ndim == 4 else x
    y = torch.tensor(data.train.y.astype(np.int64) if is_classes else data.train.y.reshape(-1, 1))
    model = workload.torch_model()
    loss_of = torch.nn.CrossEntropyLoss() if is_classes else torch.nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters())

    def measure(seconds: float) -> float:
        losses, began = [], time.perf_counter()
        while time.perf_counter() - began < seconds:
            order = torch.randperm(len(x))
            for first in range(0, len(x), BATCH_SIZE):
                chosen = order[first : first + BATCH_SIZE]
                optimizer.zero_grad()
                loss = loss_of(model(x[chosen]), y[chosen])
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
                if time.perf_counter() - began >= seconds:
                    break
        return len(losses) / (time.perf_counter() - began)

    return measure


def jax_scan(workload: Workload) -> Callable[[float], float] | None:
    """The same dense net in JAX: as many steps in one `lax.scan` as ours makes in a chunk; None: not dense."""
    if not workload.widths:
        return None
    import jax
    import jax.numpy as jnp

    _, data = load(workload)
    x, y = jnp.asarray(data.train.x.reshape(len(data.train), -1)), jnp.asarray(data.train.y)
    key, parameters = jax.random.key(0), []
    for inputs, outputs in zip(workload.widths, workload.widths[1:], strict=False):
        key, own = jax.random.split(key)
        parameters.append((jax.random.normal(own, (inputs, outputs)) * (2 / inputs) ** 0.5, jnp.zeros(outputs)))

    def loss_of(parameters, x, y, key):
        h = x.astype(jnp.float32) * data.spec.rescale
        for number, (weights, bias) in enumerate(parameters):
            h = h @ weights + bias
            if number < len(parameters) - 1:
                h = jax.nn.relu(h)
                if workload.dropout:
                    keep = jax.random.bernoulli(jax.random.fold_in(key, number), 1 - workload.dropout, h.shape)
                    h = jnp.where(keep, h / (1 - workload.dropout), 0)
        chosen = jnp.take_along_axis(jax.nn.log_softmax(h), y[:, None], axis=1)
        return -chosen.mean(), (h.argmax(axis=1) == y).mean()

    def step(state, indices):
        parameters, first, second, count, key = state
        key, own = jax.random.split(key)
        (loss, accuracy), gradients = jax.value_and_grad(loss_of, has_aux=True)(parameters, x[indices], y[indices], own)
        count += 1
        tree = jax.tree.map
        first = tree(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
        second = tree(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
        rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        parameters = tree(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7), parameters, first, second)
        return (parameters, first, second, count, key), jnp.stack([loss, accuracy])

    scan = jax.jit(lambda state, batches: jax.lax.scan(step, state, batches), donate_argnums=0)
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    held = [(parameters, zeros, jax.tree.map(jnp.zeros_like, parameters), jnp.zeros(()), key)]
    generator, length = np.random.default_rng(0), 256
    chosen = [jnp.asarray(generator.integers(0, len(x), (length, BATCH_SIZE))) for _ in range(8)]

    def measure(seconds: float) -> float:
        steps, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            held[0], logs = scan(held[0], chosen[steps // length % 8])
            np.asarray(logs)
            steps += length
        return steps / (time.perf_counter() - began)

    return measure


CONTENDERS = {"run": whole_run, "chunk": ours, "fit": keras_fit, "torch": torch_loop, "jax": jax_scan}


def work(pipe, name: str, index: int) -> None:
    """The body of a contender's own process."""
    try:
        measure = CONTENDERS[name](WORKLOADS[index])
    except ImportError:
        measure = None
    if measure is None:
        pipe.send(None)
        return
    measure(0.5)
    pipe.send(0.0)
    while (seconds := pipe.recv()) is not None:
        pipe.send(measure(seconds))


def measure_workload(index: int) -> dict[str, list[float]]:
    """Returns each contender's speeds, measured in turns while the others wait."""
    spawn, pipes, processes = multiprocessing.get_context("spawn"), {}, []
    for name in CONTENDERS:
        here, there = spawn.Pipe()
        process = spawn.Process(target=work, args=(there, name, index), daemon=True)
        process.start()
        there.close()  # Otherwise a child that dies would never be noticed.
        if here.recv() is not None:
            pipes[name] = here
        processes.append(process)
    speeds = {name: [] for name in pipes}
    for _ in range(ROUNDS):
        for name, pipe in pipes.items():
            pipe.send(SECONDS)
            speeds[name].append(pipe.recv())
    for pipe in pipes.values():
        pipe.send(None)
    for process in processes:
        process.join()
    return speeds


def run() -> dict:
    """Measures every workload and returns medians, ratios and budgets."""
    results = {}
    for index, workload in enumerate(WORKLOADS):
        if not workload.is_available():
            print(f"{workload.name:<32} skipped: TRAINDECK_DATA has no mnist.npz")
            continue
        speeds = measure_workload(index)
        print(f"{workload.name:<32} " + "  ".join(f"{who} {statistics.median(s):,.0f}/s" for who, s in speeds.items()))
        ratios = {
            "run over fit": compare(speeds, "run", "fit", workload.fit_budget),
            "run over torch": compare(speeds, "run", "torch", TORCH_BUDGET),
            "chunk over jax": compare(speeds, "chunk", "jax", workload.jax_budget),
        }
        for name in (name for name, ratio in ratios.items() if ratio):
            found, budget = ratios[name]
            print(
                f"{'':<32} {name} {found:.2f} (budget {budget}: {'met' if found >= budget else 'MISSED'})", flush=True
            )
        results[workload.name] = {"steps_per_second": speeds, "ratios": ratios}
    missing = {"torch", "jax"} - set().union(*(result["steps_per_second"] for result in results.values()))
    if missing:
        print(f"Not installed: {', '.join(sorted(missing))}. `make bench` installs what is compared.")
    return results


def compare(speeds: dict[str, list[float]], who: str, other: str, budget: float | None) -> tuple[float, float] | None:
    """Returns the median ratio of two contenders' turns and its budget; None if one of them is absent."""
    if other not in speeds or budget is None:
        return None
    return statistics.median(a / b for a, b in zip(speeds[who], speeds[other], strict=True)), budget
