"""Steps a second with every batch recorded: this project, Keras fit, a plain PyTorch loop, interleaved."""

from __future__ import annotations

import multiprocessing
import statistics
import time

import numpy as np

from benchmarks.workloads import BATCH_SIZE, TORCH_BUDGET, WORKLOADS, Workload

ROUNDS, SECONDS = 5, 2.0


def keras_model(workload: Workload, x: np.ndarray, is_pixels: bool):
    """Returns a fresh Keras model that takes the raw data and, where that is pixels, scales it."""
    import keras

    scaling = [keras.layers.Rescaling(1 / 255)] if is_pixels else []
    return keras.Sequential([keras.Input(x.shape[1:]), *scaling, *workload.layers()])


def ours(workload: Workload):
    """Returns a function that trains for about so many seconds and gives steps a second."""
    import keras

    from trainer import Arrays, Dataset, SupervisedLearner, train
    from trainer.runs.history import History

    x, y = workload.data()
    metrics = [keras.metrics.SparseCategoricalAccuracy(name="accuracy")] if workload.is_classification else []
    loss = "sparse_categorical_crossentropy" if workload.is_classification else "mean_squared_error"
    model = keras_model(workload, x, is_pixels=workload.is_classification)
    learner = SupervisedLearner(model, optimizer="adam", loss=loss, metrics=metrics)
    dataset = Dataset.from_arrays(Arrays(x, y))
    chunks = train(learner, dataset, epochs=10**6, batch_size=BATCH_SIZE)
    history = History()

    def record(chunk):
        count = len(chunk.logs["loss"])
        steps = np.arange(chunk.step - count + 1, chunk.step + 1)
        rows = {"step": steps, "epoch": np.full(count, chunk.epoch), "time": np.full(count, time.perf_counter())}
        history.record(rows | chunk.logs)

    def measure(seconds: float) -> float:
        began, first, compiling = time.perf_counter(), len(history), 0.0
        while time.perf_counter() - began - compiling < seconds:
            chunk = next(chunks)
            compiling += chunk.compile_seconds
            record(chunk)
        return (len(history) - first) / (time.perf_counter() - began - compiling)

    return measure


def keras_fit(workload: Workload):
    """The same model in Keras fit, with a callback that keeps every batch's loss."""
    import keras

    keras.utils.set_random_seed(0)  # Deterministic operations, which are on for both, ask for it.
    x, y = workload.data()
    if x.dtype == np.uint8:
        x = x.astype(np.float32)  # What fit wants to be fast; scaling is in the model as in ours.
    model = keras_model(workload, x, is_pixels=workload.is_classification)
    loss = "sparse_categorical_crossentropy" if workload.is_classification else "mean_squared_error"
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"] if workload.is_classification else [])

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
        # stop_training is looked at once an epoch, so an epoch is made short enough.
        rows = min(len(x), BATCH_SIZE * 250)
        model.fit(x[:rows], y[:rows], batch_size=BATCH_SIZE, epochs=10**6, verbose=0, callbacks=[recorder])
        return len(recorder.losses) / (time.perf_counter() - began)

    return measure


def torch_loop(workload: Workload):
    """A plain PyTorch loop that reads every batch's loss with item()."""
    import torch

    torch.set_num_threads(2)
    x, y = workload.data()
    x = torch.tensor(x.astype(np.float32) / 255 if x.dtype == np.uint8 else x)
    x = x.permute(0, 3, 1, 2).contiguous() if x.ndim == 4 else x
    y = torch.tensor(y.astype(np.int64) if workload.is_classification else y[:, None])
    model = workload.torch_model()
    loss_of = torch.nn.CrossEntropyLoss() if workload.is_classification else torch.nn.MSELoss()
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


CONTENDERS = {"ours": ours, "fit": keras_fit, "torch": torch_loop}


def work(pipe, name: str, index: int) -> None:
    """The body of a contender's own process: thread pools of one library slow another's down."""
    try:
        measure = CONTENDERS[name](WORKLOADS[index])
        measure(0.5)
    except ImportError:
        pipe.send(None)
        return
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
        speeds = measure_workload(index)
        medians = {name: statistics.median(values) for name, values in speeds.items()}
        over_fit = statistics.median(a / b for a, b in zip(speeds["ours"], speeds["fit"], strict=True))
        result = {"steps_per_second": medians, "over_fit": over_fit, "fit_budget": workload.fit_budget}
        if "torch" in speeds:
            over_torch = statistics.median(a / b for a, b in zip(speeds["ours"], speeds["torch"], strict=True))
            result |= {"over_torch": over_torch, "torch_budget": TORCH_BUDGET}
        else:
            print("PyTorch is not installed: `make bench` installs it for the comparison.")
        results[workload.name] = result
        report(workload.name, result)
    return results


def report(name: str, result: dict) -> None:
    """Prints one line of the table."""
    speeds = "  ".join(f"{who} {speed:,.0f}/s" for who, speed in result["steps_per_second"].items())
    verdict = "met" if result["over_fit"] >= result["fit_budget"] else "MISSED"
    line = f"{name:<30} {speeds}  over fit {result['over_fit']:.2f}x (budget {result['fit_budget']}: {verdict})"
    if "over_torch" in result:
        verdict = "met" if result["over_torch"] >= result["torch_budget"] else "MISSED"
        line += f"  over torch {result['over_torch']:.2f}x (budget {result['torch_budget']}: {verdict})"
    print(line, flush=True)
