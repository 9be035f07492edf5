"""RunConfig takes what can be trained and says, in a sentence, why not otherwise."""

import json
import math
import re

import pytest

from trainer.config.fitting import dataset_spec, offered, why_not
from trainer.config.registry import DATASETS, LOSSES, METRICS, MODELS
from trainer.config.run_config import RunConfig
from trainer.errors import ConfigError

GOOD = {"model": "mlp", "dataset": "digits"}
# Those that read a file of the user's are tested with files.
BUILT_IN = [name for name in DATASETS if "path" not in DATASETS[name].schema.model_fields]


def sgd(**options):
    return {"optimizer": "sgd", "optimizer_options": options}


# Fields that replace those of GOOD, the argument that is named, and what its sentence says.
BAD = {
    "model unknown": ({"model": "mpl"}, "model", "'mpl'.*Choose one of mlp, linear, cnn"),
    "model of a wrong type": ({"model": 5}, "model", "Received: 5"),
    "model null": ({"model": None}, "model", "Received: None"),
    "model long": ({"model": "x" * 9999}, "model", "10,001 characters"),
    "dataset unknown": ({"dataset": "../digits"}, "dataset", "'../digits'.*Choose one of digits"),
    "dataset a list": ({"dataset": ["digits"]}, "dataset", "must be text"),
    "optimizer unknown": ({"optimizer": "adma"}, "optimizer", "'adma'.*adam"),
    "loss unknown": ({"loss": "mse"}, "loss", "'mse'.*mean_squared_error"),
    "metric unknown": ({"metrics": ["acc"]}, "metrics", "'acc'.*accuracy"),
    "metrics a text": ({"metrics": "accuracy"}, "metrics", "a list of names.*'accuracy'"),
    "metrics of numbers": ({"metrics": [1]}, "metrics", "a list of names.*Received: 1"),
    "metrics twice": ({"metrics": ["accuracy", "accuracy"]}, "metrics", "once"),
    "field unknown": ({"epoch": 3}, "epoch", "'epoch' is not a field.*epochs"),
    "field called self": ({"self": 3}, "self", "'self' is not a field"),
    "field not UTF-8": ({"\ud800": 3}, "\ud800", "is not a field"),
    "epochs 0": ({"epochs": 0}, "epochs", "between 1 and 1,000,000. Received: 0. Choose a value in this range"),
    "epochs negative": ({"epochs": -1}, "epochs", "Received: -1"),
    "epochs too many": ({"epochs": 10**9}, "epochs", "Received: 1000000000"),
    "epochs a float": ({"epochs": 2.0}, "epochs", "a whole number .*Received: 2.0"),
    "epochs a text": ({"epochs": "3"}, "epochs", "Received: '3'"),
    "epochs a bool": ({"epochs": True}, "epochs", "Received: True. Give a whole number"),
    "epochs NaN": ({"epochs": math.nan}, "epochs", "Received: nan"),
    "epochs null": ({"epochs": None}, "epochs", "Received: None"),
    "batch_size 0": ({"batch_size": 0}, "batch_size", "between 1 and 65,536"),
    "batch_size a bool": ({"batch_size": True}, "batch_size", "Received: True"),
    "accumulation above the epoch": (
        {"gradient_accumulation_steps": 64, "batch_size": 512},
        "gradient_accumulation_steps",
        r"between 1 and 3 \(the number of batches in an epoch\). Received: 64",
    ),
    "batch_size above the data": (
        {"batch_size": 4096},
        "batch_size",
        r"between 1 and 1438 \(the number of training examples\). Received: 4096. Choose a smaller batch",
    ),
    "seed negative": ({"seed": -1}, "seed", "between 0 and 2,147,483,647. Received: -1"),
    "seed too large": ({"seed": 2**31}, "seed", "Received: 2147483648"),
    "validation_split 1": ({"validation_split": 1}, "validation_split", "between 0 and 0.9. Received: 1"),
    "validation_split NaN": ({"validation_split": math.nan}, "validation_split", "Received: nan"),
    "validation_split infinite": ({"validation_split": math.inf}, "validation_split", "Received: inf"),
    "validation_split a text": ({"validation_split": "0.2"}, "validation_split", "Received: '0.2'"),
    "clip_norm 0": ({"clip_norm": 0}, "clip_norm", "above 0, or null. Received: 0"),
    "clip_norm NaN": ({"clip_norm": math.nan}, "clip_norm", "Received: nan"),
    "clip_norm infinite": ({"clip_norm": math.inf}, "clip_norm", "Received: inf"),
    "clip_norm a bool": ({"clip_norm": True}, "clip_norm", "Received: True"),
    "device unknown": ({"device": "cuda"}, "device", "CPU:0.*Received: 'cuda'"),
    "device with a line break": ({"device": "CPU:0\n"}, "device", r"Received: 'CPU:0\\n'"),
    "checkpoint_seconds 0": ({"checkpoint_seconds": 0}, "checkpoint_seconds", "between 1 and 86,400"),
    "keep_checkpoints 0": ({"keep_checkpoints": 0}, "keep_checkpoints", "between 1 and 1,000"),
    "options a list": ({"model_options": []}, "model_options", r"Received: \[\]"),
    "options null": ({"model_options": None}, "model_options", "Received: None"),
    "options of numbers": ({"model_options": {1: 2}}, "model_options", "Received: 1"),
    "option unknown": (
        {"model_options": {"depth": 2}},
        "depth",
        "'depth' is not an option of model mlp.*layers, units",
    ),
    "option of an entry without": ({"dataset_options": {"size": 2}}, "size", "dataset digits, which has none"),
    "layers 99": (
        {"model_options": {"layers": 99}},
        "layers",
        r"\(model mlp\).*between 1 and 16. Received: 99. Choose",
    ),
    "layers a bool": ({"model_options": {"layers": True}}, "layers", "Received: True. Give a whole number"),
    "layers a float": ({"model_options": {"layers": 2.5}}, "layers", "Received: 2.5"),
    "units null": ({"model_options": {"units": None}}, "units", "between 1 and 4,096. Received: None"),
    "dropout 1": ({"model_options": {"dropout": 1.0}}, "dropout", "between 0 and 0.9. Received: 1.0"),
    "dropout NaN": ({"model_options": {"dropout": math.nan}}, "dropout", "Received: nan"),
    "activation unknown": (
        {"model_options": {"activation": "swish"}},
        "activation",
        "one of relu, .*Received: 'swish'",
    ),
    "batch_norm 1": ({"model_options": {"batch_norm": 1}}, "batch_norm", "true or false. Received: 1"),
    "learning_rate 0": (sgd(learning_rate=0.0), "learning_rate", "above 0 and at most 100. Received: 0.0"),
    "learning_rate negative": (sgd(learning_rate=-0.1), "learning_rate", "Received: -0.1"),
    "learning_rate infinite": (sgd(learning_rate=math.inf), "learning_rate", "Received: inf"),
    "learning_rate a text": (sgd(learning_rate="fast"), "learning_rate", "Received: 'fast'"),
    "learning_rate above": (sgd(learning_rate=101), "learning_rate", "Received: 101"),
    "nesterov without momentum": (sgd(nesterov=True), "nesterov", "Received: True. Set momentum"),
    "beta 1": ({"optimizer_options": {"beta_1": 1.0}}, "beta_1", "between 0 and 0.99999. Received: 1.0"),
    "size too large": (
        {"dataset": "linear", "dataset_options": {"size": 10**7}},
        "size",
        "between 10 and 1,000,000. Received: 10000000",
    ),
    "cnn without images": (
        {"dataset": "iris", "model": "cnn"},
        "model",
        "cnn does not fit dataset iris: it needs images",
    ),
    "loss for numbers": (
        {"loss": "mean_squared_error"},
        "loss",
        "does not fit dataset digits: .* Choose one of sparse",
    ),
    "loss for two classes": ({"loss": "binary_crossentropy"}, "loss", "two classes apart, and this data set has 10"),
    "loss for classes": (
        {"dataset": "linear", "loss": "sparse_categorical_crossentropy"},
        "loss",
        "Choose one of mean",
    ),
    "metric for numbers": ({"metrics": ["r2"]}, "metrics", "r2 does not fit dataset digits"),
    "metric for classes": ({"dataset": "diabetes", "metrics": ["accuracy"]}, "metrics", "Choose one of mae"),
    "top 3 of 3": ({"dataset": "iris", "metrics": ["top_3_accuracy"]}, "metrics", "at least 4 classes.* has 3"),
}


@pytest.mark.parametrize(("fields", "argument", "pattern"), BAD.values(), ids=BAD)
def test_what_cannot_be_trained_is_refused_in_a_sentence(fields, argument, pattern):
    with pytest.raises(ConfigError) as caught:
        RunConfig(**{**GOOD, **fields})
    sentence = str(caught.value)
    assert caught.value.argument == argument
    assert (argument if argument.isascii() else repr(argument)[1:-1]) in sentence
    assert re.search(pattern, sentence), sentence
    assert sentence.endswith(".")
    assert sentence.isprintable()
    assert len(sentence) < 600
    assert not re.search(r"\d[eE][+-]?\d", sentence), "a number with an exponent"


@pytest.mark.parametrize(("fields", "missing"), [({}, "model"), ({"model": "mlp"}, "dataset")])
def test_model_and_dataset_must_be_given(fields, missing):
    with pytest.raises(ConfigError, match=f"^{missing} is missing. Choose one of ") as caught:
        RunConfig(**fields)
    assert caught.value.argument == missing


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", "null", '"mlp"', '{"model": "mlp"', "{'model': 'mlp'}", "[" * 100_000, '{"a": ' + "9" * 5000],
)
def test_what_is_no_json_object_is_refused(text):
    with pytest.raises(ConfigError, match=r"^The configuration (is not valid JSON|must be a JSON object)"):
        RunConfig.from_json(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_have_are_refused(number):
    with pytest.raises(ConfigError, match=r"^clip_norm must be .* Received: (nan|-?inf)"):
        RunConfig.from_json(f'{{"model": "mlp", "dataset": "digits", "clip_norm": {number}}}')


def test_files_that_cannot_be_read_are_refused(tmp_path):
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "absent.json", tmp_path, tmp_path / "binary.json"):
        with pytest.raises(ConfigError, match=re.escape(str(path))):
            RunConfig.from_file(path)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(GOOD), encoding="utf-8-sig")
    assert RunConfig.from_file(path) == RunConfig(**GOOD)


@pytest.mark.parametrize("dataset", BUILT_IN)
def test_json_gives_an_equal_config_back_with_all_defaults_written_out(dataset):
    for model in offered(MODELS, RunConfig(model="mlp", dataset=dataset).spec):
        config = RunConfig(model=model, dataset=dataset, clip_norm=1, seed=7, validation_split=0.125)
        text = config.to_json()
        assert RunConfig.from_json(text) == config
        assert RunConfig.from_json(text).to_json() == text
        fields = json.loads(text)
        assert fields["loss"]
        assert fields["metrics"] or config.goal.task == "generation"
        assert list(fields["model_options"]) == [option.name for option in MODELS[model].options]


def test_every_combination_that_is_offered_is_accepted_and_every_other_has_a_reason():
    for dataset in BUILT_IN:
        spec = dataset_spec(dataset, DATASETS[dataset].parse({}))
        for registry, field in ((MODELS, "model"), (LOSSES, "loss"), (METRICS, "metrics")):
            for name in registry:
                fields = {"model": "mlp", "dataset": dataset, field: [name] if field == "metrics" else name}
                reason = why_not(registry[name], spec)
                if reason is None:
                    RunConfig(**fields)
                else:
                    assert not reason.endswith(".")
                    assert reason[0].islower()
                    with pytest.raises(ConfigError, match=f"{name} does not fit dataset {dataset}: {reason}. Choose"):
                        RunConfig(**fields)


def test_defaults_follow_the_task():
    assert (RunConfig(**GOOD).loss, RunConfig(**GOOD).metrics) == ("sparse_categorical_crossentropy", ["accuracy"])
    config = RunConfig(model="linear", dataset="diabetes")
    assert (config.loss, config.metrics) == ("mean_squared_error", ["mae", "r2"])


def test_a_config_cannot_be_changed():
    config = RunConfig(**GOOD)
    with pytest.raises(Exception, match="frozen"):
        config.epochs = 3
