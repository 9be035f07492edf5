"""How good the catalogue's GANs are on MNIST, judged by a classifier that never saw a made image.

    python -m benchmarks.gan_score [--steps 6000] [--architecture conv dense] [--seed 0] [--samples FOLDER]

What is measured, on 1,000 made images:

- confident: the part that the classifier takes for one digit with a probability of at least 0.9.
- classes: how many made images it takes for each digit, and the smallest of these ten numbers.
- score: exp of the mean divergence between an image's class probabilities and their mean over all
  images, as the Inception Score (Salimans et al. 2016, arXiv:1606.03498, §4) with a digit classifier
  in Inception's place. It lies between 1 and 10 and is high only where single images are clear and
  all digits are there.

Why this is fair: the judge is a convolutional network trained on MNIST's training split with
its labels, and must reach 98 % on the test split, or there is no score. The GAN never sees labels, the
judge or the test split. Confidence alone would reward one perfect digit made over and over, which the
histogram shows and the score punishes; and a classifier can be confident about nonsense, so the same
numbers stand beside for three anchors: real test images (what is attainable), uniform noise, and the
mean of two test images, which has the strokes of digits and is none. What no such score can see is a
generator that copies training images; for that, the median distance of made images to their nearest
training image is printed beside that of test images: a copyist's would be near 0.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

IMAGES = 1000
LEAST_ACCURACY = 0.98
#: The momentum of the DCGAN paper, §4; the learning rate is higher, for fewer steps.
OPTIMIZER = {"learning_rate": 0.0005, "beta_1": 0.5}
STEPS = {"conv": 6000, "dense": 12_000}
BATCH_SIZE = 64


def load_mnist():
    """Returns MNIST as a `Dataset` with its own test split, from the folder TRAINDECK_DATA."""
    from trainer import Arrays, Dataset
    from trainer.catalog.datasets.downloaded.mnist import SPEC

    path = Path(os.environ.get("TRAINDECK_DATA") or "../shared/data") / "mnist.npz"
    if not path.exists():
        raise SystemExit(f"{path} is not there. Set TRAINDECK_DATA to the folder that holds mnist.npz.")
    with np.load(path, allow_pickle=False) as file:
        arrays = Arrays(file["x_train"][..., None], file["y_train"], file["x_test"][..., None], file["y_test"])
    return Dataset.from_arrays(arrays, SPEC)


def make_learner(dataset, **config):
    """Returns a fresh learner for MNIST as `dataset` has it, by a configuration of the catalogue."""
    from trainer import RunConfig
    from trainer.training.build import build_learner

    return build_learner(RunConfig(dataset="mnist", **config), dataset.spec)


def advance(learner, dataset, steps: int, batch_size: int, seed: int = 0) -> float:
    """Trains for about `steps` steps and returns the seconds that took."""
    from trainer.training.loop import train

    seconds = 0.0
    epochs = -(-steps // dataset.steps_per_epoch(batch_size))
    for chunk in train(learner, dataset, epochs=epochs, batch_size=batch_size, seed=seed):
        seconds += chunk.seconds
        if chunk.step >= steps:
            break
    return seconds


def train_judge(dataset):
    """Returns a CNN that tells digits apart, and its accuracy on the test split."""
    from trainer.training.loop import Evaluator

    learner = make_learner(dataset, model="cnn", model_options={"filters": 16, "dropout": 0.3}, epochs=3)
    advance(learner, dataset, 4000, 32)
    accuracy = Evaluator(learner, dataset.test)()["accuracy"]
    if accuracy < LEAST_ACCURACY:
        raise SystemExit(f"The judge is right on {accuracy:.1%} of the test images only, so there is no score.")
    return learner.model, accuracy


def judge_images(judge, images: np.ndarray) -> dict:
    """Returns what the judge makes of images.

    Args:
        judge: keras.Model from raw images to class probabilities.
        images: float32 (n, 28, 28, 1), in [0, 1].
    """
    p = judge.predict(255 * images, verbose=0, batch_size=250).astype(np.float64) + 1e-12
    divergence = (p * (np.log(p) - np.log(p.mean(axis=0)))).sum(axis=1)
    classes = np.bincount(p.argmax(axis=1), minlength=10)
    return {
        "confident": float((p.max(axis=1) >= 0.9).mean()),
        "score": float(np.exp(divergence.mean())),
        "classes": classes.tolist(),
        "rarest": int(classes.min()),
    }


def nearest(images: np.ndarray, training: np.ndarray) -> float:
    """Returns the median distance of images to their nearest training image, in root mean square of pixels."""
    a, b = images.reshape(len(images), -1), training.reshape(len(training), -1)
    squares = (a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1)[None]
    return float(np.median(np.sqrt(np.maximum(squares.min(axis=1), 0) / a.shape[1])))


def make_images(generator, count: int = IMAGES, seed: int = 1) -> np.ndarray:
    """Returns made images, float32 (count, 28, 28, 1)."""
    noise = np.random.default_rng(seed).standard_normal((count, generator.input_shape[-1])).astype(np.float32)
    return generator.predict(noise, verbose=0, batch_size=250)


def run(
    steps: int | None = None, architectures=("conv", "dense"), seed: int = 0, samples: str | None = None, **optimizer
) -> list[dict]:
    """Trains the judge and the GANs, prints the table, and returns its rows.

    Args:
        steps: of each GAN; None: `STEPS`.
        architectures: of the catalogue's `gan`.
        seed: of the GANs.
        samples: a folder for pictures of what was made, or None.
        optimizer: options of Adam in place of `OPTIMIZER`.
    """
    from trainer.training.engine.start_up import load_engine

    load_engine()
    dataset = load_mnist()
    judge, accuracy = train_judge(dataset)
    print(f"judge: {accuracy:.2%} of the test images right")
    real = dataset.test.x[:IMAGES].astype(np.float32) / 255
    training = dataset.train.x[:20_000].astype(np.float32) / 255
    noise = np.random.default_rng(0).random(real.shape, np.float32)
    rows = []

    def add(name: str, images: np.ndarray, **more) -> None:
        rows.append({"name": name, **more, **judge_images(judge, images), "nearest": nearest(images, training)})
        print(json.dumps(rows[-1]), flush=True)

    add("real test images", real)
    add("mean of two test images", (real + real[::-1]) / 2)
    add("uniform noise", noise)
    for architecture in architectures:
        learner = make_learner(
            dataset,
            model="gan",
            model_options={"architecture": architecture},
            optimizer_options=OPTIMIZER | optimizer,
            batch_size=BATCH_SIZE,
            epochs=100,
            seed=seed,
        )
        count = steps or STEPS[architecture]
        seconds = advance(learner, dataset, count, BATCH_SIZE, seed)
        add(f"GAN, {architecture}", make_images(learner.model), steps=count, seconds=round(seconds))
        if samples:
            from PIL import Image

            from benchmarks.image_grid import image_grid

            Path(samples).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image_grid(learner.generate(50), columns=10)).save(
                Path(samples) / f"gan-{architecture}-{count}.png"
            )
        learner.release()
    return rows


def main() -> None:
    """Runs it from the shell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int)
    parser.add_argument("--architecture", nargs="+", choices=list(STEPS), default=list(STEPS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--samples", help="a folder for pictures")
    options = parser.parse_args()
    began = time.perf_counter()
    run(options.steps, options.architecture, options.seed, options.samples)
    print(f"{time.perf_counter() - began:.0f} s in all")


if __name__ == "__main__":
    main()
