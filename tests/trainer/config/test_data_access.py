"""A configuration is checked against the spec of its data, and reads a data file at most once for that."""

import json
import sys

import pytest

from trainer import RunConfig, RunStore
from trainer.config.fitting import dataset_spec
from trainer.errors import ConfigError, DataError

_opened: list[str] = []
# An audit hook cannot be removed, so there is one for the whole process.
sys.addaudithook(lambda event, args: _opened.append(str(args[0])) if event == "open" else None)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "fruit.csv"
    lines = [f"{size},{'apple' if size % 3 else 'pear'}" for size in range(40)]
    path.write_text("\n".join(["size,kind", *lines]) + "\n")
    return path


def fields(path, **more):
    return {"model": "mlp", "dataset": "csv", "dataset_options": {"path": str(path), "target": "kind"}} | more


def opens(path) -> int:
    return sum(name.endswith(path.name) for name in _opened)


def test_a_data_file_is_read_for_one_spec_and_never_again(table):
    config = RunConfig(**fields(table))
    once = opens(table)
    assert once > 0
    again = RunConfig(**fields(table, epochs=3, batch_size=8, model="linear"))
    assert RunConfig.from_json(config.to_json()) == config
    assert (again.spec, again.goal.num_classes, again.count_steps(again.spec)) == (config.spec, 2, 4)
    assert opens(table) == once


def test_a_config_with_a_given_spec_needs_no_file(table):
    spec = RunConfig(**fields(table)).spec
    absent = table.with_name("absent.csv")
    config = RunConfig(spec, **fields(absent))
    assert config.spec is spec
    assert (config.loss, config.metrics) == ("sparse_categorical_crossentropy", ["accuracy"])
    assert opens(absent) == 0
    with pytest.raises(ConfigError, match=r"batch_size must be between 1 and 32 \(the number of training examples\)"):
        RunConfig(spec, **fields(absent, batch_size=64))
    with pytest.raises(DataError, match=r"absent\.csv"):
        RunConfig(**fields(absent))


def test_a_stored_config_is_read_without_its_data_file(table, tmp_path):
    store = RunStore(tmp_path / "runs")
    run = store.create(RunConfig(**fields(table)))
    stored = json.loads((run.path / "config.json").read_text())
    del stored["profile_steps"]  # As an earlier version wrote it.
    (run.path / "config.json").write_text(json.dumps(stored))
    table.unlink()
    before = opens(table)
    [again] = RunStore(tmp_path / "runs").list()
    assert again.config.to_json() == run.config.to_json()
    assert again.config.best_by == "val_loss"
    assert opens(table) == before


def test_the_looked_up_spec_is_no_part_of_the_recipe(table):
    config = RunConfig(**fields(table))
    copy = RunConfig.model_construct(**dict(config))
    assert config.spec == dataset_spec(config.dataset, config.dataset_options)
    assert copy == config
    assert copy.to_json() == config.to_json()
    assert "spec" not in json.loads(config.to_json())
