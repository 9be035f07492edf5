"""The sections of a GAN: two networks, two optimizers, one step."""

from __future__ import annotations

from typing import Any

from trainer.config.registry import LOSSES, MODELS
from trainer.export.code.graph import write_graph
from trainer.export.code.model import own_classes
from trainer.export.code.optimizer import sets_rate, write_optimizer
from trainer.export.code.sections import Section
from trainer.export.code.step import limit_lines, penalty_of
from trainer.export.code.subject import Subject
from trainer.export.code.writing import Code, indent, join_blocks, scaled

_LOSSES = {
    "non_saturating": "keras.losses.BinaryCrossentropy(from_logits=True)",
    "least_squares": "keras.losses.MeanSquaredError()",
}

_KERNELS = '''\
def kernels_of(network):
    """Returns what penalties pull towards zero: kernels, but no biases."""
    return [v for v in network.trainable_variables if len(v.shape) >= 2 and "bias" not in v.name.split("/")[-1]]'''


def write_adversarial(subject: Subject, learner: Any) -> list[Section]:
    """Returns the sections from the models on."""
    return [
        write_networks(learner),
        write_optimizer(subject, ("generator_optimizer", "discriminator_optimizer")),
        write_step(subject, learner),
        write_loop(subject),
        write_samples(learner),
    ]


def write_networks(learner: Any) -> Section:
    """Returns the section with generator and discriminator."""
    entry = MODELS["gan"]
    models = learner.generator, learner.discriminator
    shapes = Code("(LATENT,)"), Code("x_train.shape[1:]")
    graphs = [
        write_graph(m, s, name) for m, s, name in zip(models, shapes, ("generator", "discriminator"), strict=True)
    ]
    code = join_blocks([*own_classes(*models), f"LATENT = {learner.latent}\n\n" + "\n\n".join(graphs)])
    return Section("Generator and discriminator", entry.help, code)


def write_step(subject: Subject, learner: Any) -> Section:
    """Returns the section with one step of both networks."""
    config = subject.config
    text = (
        f"{LOSSES[config.loss].label}. {LOSSES[config.loss].help}\nIn each step the discriminator learns from a batch "
        "of real images and as many generated ones; then the generator learns from the updated discriminator's scores."
    )
    penalty = penalty_of(config)
    blocks = [
        f"loss_fn = {_LOSSES[config.loss]}\nnoise_seeds = keras.random.SeedGenerator({learner.seed})",
        "generator_optimizer.build(generator.trainable_variables)",
        "discriminator_optimizer.build(discriminator.trainable_variables)",
        *([_KERNELS] if penalty else []),
        train_step(learner.rescale, penalty, limit_lines(config)),
    ]
    return Section("Training step", text, join_blocks(blocks))


def train_step(rescale: float, penalty: str, limits: list[str]) -> str:
    """Returns the function `train_step`.

    Args:
        rescale: factor on real images.
        penalty: on `kernels`, as an expression; "" for none.
        limits: lines that limit `gradients`.
    """
    images = scaled("images", rescale)
    names = ("generator", "discriminator")
    # With penalties the total is minimized, and the loss alone is recorded.
    goals = {name: "total" if penalty else f"{name}_loss" for name in names}
    totals = {
        name: [f"total = {name}_loss + {penalty.replace('in kernels', f'in kernels_of({name})')}"] * bool(penalty)
        for name in names
    }
    body = [
        *([f"images = {images}"] if images != "images" else []),
        "noise = tf.random.stateless_normal([len(images), LATENT], tf.cast(noise_seeds.next(), tf.int32))",
        "with tf.GradientTape() as generator_tape:",
        "    generated = generator(noise, training=True)",
        "    with tf.GradientTape() as discriminator_tape:",
        "        real = discriminator(images, training=True)",
        "        fake = discriminator(tf.stop_gradient(generated), training=True)",
        "        # Halved, so that a random guess costs as much here as in the generator's loss.",
        "        discriminator_loss = (loss_fn(tf.ones_like(real), real) + loss_fn(tf.zeros_like(fake), fake)) / 2",
        *(f"        {line}" for line in totals["discriminator"]),
        f"    gradients = discriminator_tape.gradient({goals['discriminator']}, discriminator.trainable_variables)",
        *indent("\n".join(limits)).splitlines(),
        "    discriminator_optimizer.apply(gradients, discriminator.trainable_variables)",
        "    # The generator learns from the scores of the updated discriminator.",
        "    scores = discriminator(generated, training=True)",
        "    generator_loss = loss_fn(tf.ones_like(scores), scores)",
        *(f"    {line}" for line in totals["generator"]),
        f"gradients = generator_tape.gradient({goals['generator']}, generator.trainable_variables)",
        *limits,
        "generator_optimizer.apply(gradients, generator.trainable_variables)",
        "return generator_loss, discriminator_loss",
    ]
    says = '    """Makes one step of both networks and returns their losses."""\n'
    return f"@tf.function\ndef train_step(images):\n{says}" + indent("\n".join(body))


def write_loop(subject: Subject) -> Section:
    """Returns the section that trains."""
    rate, start, count = "", "losses = []", ""
    if sets_rate(subject):
        start, count = "losses, step = [], 0", "        step += 1\n"
        rate = "        generator_optimizer.learning_rate = learning_rate(step)\n"
        rate += "        discriminator_optimizer.learning_rate = learning_rate(step)\n"
    code = f"""\
{start}
for epoch in range(1, EPOCHS + 1):
    order = np.random.Generator(np.random.Philox(key=[SEED, epoch])).permutation(len(x_train))
    for first in range(0, len(order), BATCH_SIZE):
{rate}        generator_loss, discriminator_loss = train_step(x_train[order[first : first + BATCH_SIZE]])
        losses.append(float(generator_loss + discriminator_loss))
{count}    print(f"epoch {{epoch}} · generator {{generator_loss:.4f}} · discriminator {{discriminator_loss:.4f}}")"""
    return Section("Training", "The order of the images depends only on the seed and the epoch.", code)


def write_samples(learner: Any) -> Section:
    """Returns the section that writes generated images."""
    code = f"""\
noise = np.random.Generator(np.random.Philox({learner.seed})).standard_normal((50, LATENT))
samples = generator(noise.astype("float32"), training=False).numpy()
np.save("samples.npy", samples)
print(f"samples.npy holds {{len(samples)}} images of {{samples.shape[1:]}}, with pixels from 0 to 1.")
try:
    import matplotlib.pyplot as plt
except ImportError:
    print("Install matplotlib to see them: pip install matplotlib")
else:
    rows = [np.concatenate(list(row), axis=1) for row in samples.reshape(5, 10, *samples.shape[1:])]
    plt.imshow(np.concatenate(rows).squeeze(), cmap="gray")
    plt.savefig("samples.png")"""
    return Section("Samples", "Images from noise that is the same each time.", code)
