"""The runs whose reports are looked at, as text and in a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.trainer.eager import eagerly
from tests.trainer.watching import finish
from trainer import Run, RunConfig, RunStore
from trainer.export import export

CASES: dict[str, dict] = {
    "classes": {"model": "mlp", "dataset": "iris", "model_options": {"units": 8}},
    "numbers": {"model": "linear", "dataset": "diabetes", "metrics": ["mae"]},
    "labels": {"model": "mlp", "dataset": "multilabel", "model_options": {"units": 8}},
    "gan": {"model": "gan", "dataset": "digits", "model_options": {"architecture": "dense", "units": 8, "latent": 4}},
    "module": {"model": "mlp_module", "dataset": "iris", "model_options": {"hidden": 8}},
}
NASTY = "</script><img src=x onerror=alert(1)> & “x”"


def make_report(store: RunStore, fields: dict, path: Path) -> Run:
    """Trains a run with a hostile name and note for two epochs, and writes its report."""
    run = store.create(RunConfig(epochs=2, batch_size=64, **fields), NASTY)
    run.annotate(note=NASTY)
    with eagerly():
        run.start()
        assert finish(run).status == "completed", run.reason
    export(run, "report.html", path)
    return run


def hostile_table(path: Path) -> dict:
    """Writes a table whose classes have hostile names; returns the fields of its recipe."""
    rows = [f"{place % 7},{place % 3},{('plain', NASTY, 'onclick=alert(1)')[place % 3]}" for place in range(90)]
    path.write_text("\n".join(["a,b,kind", *rows]), encoding="utf-8")
    return {"model": "linear", "dataset": "csv", "dataset_options": {"path": str(path), "target": "kind"}}


def figures(text: str) -> dict[str, dict]:
    """Returns the figures of a report by name."""
    found = re.findall(r'<script type="application/json" id="([\w-]+)">(.*?)</script>', text)
    return {name: json.loads(numbers) for name, numbers in found}
