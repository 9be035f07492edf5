"""The newest checkpoint with all that another installation needs to go on."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from trainer.checkpoint import newest_state
from trainer.errors import ExportError
from trainer.registry import EXPORTS


@EXPORTS.register(
    name="checkpoint.zip",
    label="Checkpoint",
    help="The complete state of training. Unpack it in the runs folder of another installation and resume there.",
    media_type="application/zip",
    order=2,
)
def checkpoint_zip(run, path: Path) -> None:
    """Packs run.json, config.json, the history and the newest whole checkpoint, under the run's id."""
    checkpoint, _, _ = newest_state(run.path / "checkpoints")
    if checkpoint is None:
        raise ExportError("There is no checkpoint yet. Pause the run, or wait for its first checkpoint.")
    facts = json.loads((run.path / "run.json").read_text(encoding="utf-8"))
    if run.is_live:
        facts |= {"status": "interrupted", "reason": "This is a copy of a run that was training.", "test": {}}
        facts |= {"step": checkpoint.step}
    files = [run.path / name for name in ("config.json", "history.arrows", "epochs.arrows", "events.jsonl", "log.txt")]
    files += [checkpoint.path / name for name in ("manifest.json", "state.npz")]
    # Weights hardly get smaller by compression; storing them is quick.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{run.id}/run.json", json.dumps(facts, indent=1))
        for file in files:
            if file.exists():
                archive.write(file, f"{run.id}/{file.relative_to(run.path)}")
