"""The newest checkpoint with all that another installation needs to go on."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import BinaryIO

from trainer.checkpoint import Checkpoint, newest_state
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
    try:
        with open(checkpoint.path / "state.npz", "rb") as state:
            pack(run, checkpoint, state, path)
    except FileNotFoundError:
        if checkpoint.path.exists():
            raise
        checkpoint_zip(run, path)  # Pruned while we looked, so there is a newer one.


def pack(run, checkpoint: Checkpoint, state: BinaryIO, path: Path) -> None:
    """Writes the zip.

    Args:
        run: the run.
        checkpoint: of it, whole.
        state: its state.npz, open: what is open can be read to its end although it is pruned.
        path: the file to write.
    """
    facts = json.loads((run.path / "run.json").read_text(encoding="utf-8"))
    if run.is_live:
        facts |= {"status": "interrupted", "reason": "This is a copy of a run that was training.", "test": {}}
        facts |= {"step": checkpoint.step}
    files = [run.path / name for name in ("config.json", "history.arrows", "epochs.arrows", "events.jsonl", "log.txt")]
    folder = f"{run.id}/{checkpoint.path.relative_to(run.path)}"
    # Weights hardly get smaller by compression; storing them is quick.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{run.id}/run.json", json.dumps(facts, indent=1))
        archive.writestr(f"{folder}/manifest.json", json.dumps(checkpoint.manifest, indent=1))
        with archive.open(f"{folder}/state.npz", "w", force_zip64=True) as target:
            shutil.copyfileobj(state, target, 1 << 20)
        for file in files:
            if file.exists():
                archive.write(file, f"{run.id}/{file.relative_to(run.path)}")
