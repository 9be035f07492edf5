"""A program builds the run's model with the same initial weights, whatever its options."""

import numpy as np
import pytest

from trainer import RunConfig
from trainer.config.fitting import dataset_spec, why_not
from trainer.config.registry import MODELS
from trainer.data.loading import load_dataset
from trainer.export.code.adversarial import write_networks
from trainer.export.code.model import write_model
from trainer.export.code.program import write_data
from trainer.export.code.subject import Subject
from trainer.training.build import dtype_policy

_WAVES = {"dataset": "sequences", "dataset_options": {"size": 60, "steps": 8}, "batch_size": 8}

CASES = {
    "linear": {"model": "linear", "dataset": "iris"},
    "linear module": {"model": "linear_module", "dataset": "digits"},
    "deep MLP": {"model": "mlp", "dataset": "digits", "model_options": {"layers": 4, "units": 5, "activation": "gelu"}},
    "MLP with everything": {
        "model": "mlp",
        "dataset": "wine",
        "model_options": {"units": 6, "activation": "learned", "dropout": 0.3, "batch_norm": True},
    },
    "MLP in half precision": {
        "model": "mlp",
        "dataset": "diabetes",
        "model_options": {"units": 6},
        "precision": "mixed_bfloat16",
        "device": "GPU:0",
    },
    "MLP module": {"model": "mlp_module", "dataset": "moons", "model_options": {"hidden": 7}},
    "subclass": {"model": "subclassed", "dataset": "digits", "model_options": {"hidden_size": 7}},
    "deep CNN": {"model": "cnn", "dataset": "digits", "model_options": {"filters": 4, "blocks": 3, "dropout": 0.1}},
    "GRU": {"model": "rnn", "model_options": {"cell": "gru", "units": 3, "layers": 2}, **_WAVES},
    "LSTM on images": {"model": "rnn", "dataset": "digits", "model_options": {"units": 3, "bidirectional": True}},
    "deep transformer": {"model": "transformer", "model_options": {"units": 8, "layers": 3}, **_WAVES},
    "transformer on images": {"model": "transformer", "dataset": "digits", "model_options": {"units": 4, "heads": 2}},
    "convolutional autoencoder": {
        "model": "autoencoder",
        "dataset": "digits",
        "model_options": {"architecture": "conv", "filters": 2, "latent": 3},
    },
    "convolutional GAN": {"model": "gan", "dataset": "digits", "model_options": {"filters": 4, "latent": 3}},
}


def fitting(model: str) -> dict:
    """Returns a recipe for a model with its default options, on the first data set that fits it."""
    names = ("iris", "digits", "sequences")
    dataset = next(name for name in names if not why_not(MODELS[model], dataset_spec(name, {})))
    return {"model": model, "dataset": dataset}


#: A model that is added to the catalog is covered too.
CASES |= {name: fitting(name) for name in MODELS if name not in {fields["model"] for fields in CASES.values()}}


@pytest.mark.parametrize("case", CASES)
def test_a_program_builds_the_same_model(case):
    import keras
    import tensorflow as tf

    config = RunConfig(**CASES[case])
    dataset = load_dataset(config.dataset, config.dataset_options, validation_split=0.2, seed=config.seed)
    subject = Subject(case, config, dataset.spec)
    names = {"np": np, "keras": keras, "tf": tf, "SEED": config.seed, "VALIDATION_SPLIT": 0.2}
    with dtype_policy(config.precision):
        learner = subject.build()
        is_gan = config.model == "gan"
        model = write_networks(learner) if is_gan else write_model(subject, learner)
        for section in (*write_data(subject), model):
            exec("\n".join([*section.imports, section.code]), names)
    for name in ("generator", "discriminator") if is_gan else ("model",):
        made, wanted = names[name], getattr(learner, name)
        ours, theirs = (sorted(by_path(each)) for each in (made, wanted))
        assert len(ours) == len(theirs)
        for (shape, total), other in zip(ours, theirs, strict=True):
            assert (shape, total) == other
    if not is_gan:
        x = names["x_train"][:5]
        options = {} if not isinstance(learner.model, keras.Model) else {"training": False}
        ours, theirs = (np.array(model(x, **options)) for model in (names["model"], learner.model))
        np.testing.assert_allclose(ours, theirs, rtol=1e-5 if config.precision == "float32" else 0.02)


def by_path(model) -> list[tuple]:
    """Returns shape and a sum over each variable that is trained; the sums tell initial values apart."""
    return [(tuple(v.shape), float(np.abs(np.asarray(v, np.float64)).sum())) for v in model.trainable_variables]
