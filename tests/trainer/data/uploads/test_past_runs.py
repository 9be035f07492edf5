"""Runs whose data file is gone can still be looked at."""

from __future__ import annotations

import json

from trainer import RunConfig, RunStore
from trainer.config.policies import EarlyStopping


def test_a_run_whose_data_file_is_gone_keeps_its_recipe(tmp_path):
    store = RunStore(tmp_path / "runs")
    run = store.create(RunConfig(dataset="iris", model="linear", early_stopping={"patience": 3}))
    path = run.path / "config.json"
    fields = json.loads(path.read_text()) | {"dataset": "csv", "dataset_options": {"path": "brought:0123456789abcdef"}}
    path.write_text(json.dumps(fields))
    [again] = RunStore(tmp_path / "runs").list()
    assert again.config.dataset_options == {"path": "brought:0123456789abcdef"}
    assert again.config.early_stopping == EarlyStopping(patience=3)
    assert again.config.model_dump() == fields
