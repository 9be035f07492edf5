"""Download: a checkpoint with everything that another installation needs to continue."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import BinaryIO

from trainer.analysis.trained import choose_state
from trainer.config.registry import EXPORTS
from trainer.runs.checkpoint import Checkpoint

#: The files that are packed beside run.json and the checkpoint.
FILES = ("config.json", "spec.json", "history.arrows", "epochs.arrows", "events.jsonl", "log.txt")


@EXPORTS.register(
    name="checkpoint.zip",
    label="Checkpoint",
    help="The complete training state. To continue elsewhere, unpack it in that installation's runs folder and resume.",
    media_type="application/zip",
    group="everything",
    source="latest",
    order=2,
)
def checkpoint_zip(run, path: Path, source: str | int) -> None:
    """Packs run.json, config.json, the history and one whole checkpoint, under the run's id."""
    checkpoint, _ = choose_state(run, source)
    try:
        with open(checkpoint.path / "state.npz", "rb") as state:
            pack(run, checkpoint, state, path)
    except FileNotFoundError:
        if checkpoint.path.exists():
            raise
        checkpoint_zip(run, path, source)  # Deleted in the meantime, so there is a newer one.


def pack(run, checkpoint: Checkpoint, state: BinaryIO, path: Path) -> None:
    """Writes the zip.

    Args:
        run: the run.
        checkpoint: a verified checkpoint of the run.
        state: its state.npz, open. An open file stays readable when the checkpoint is deleted.
        path: the file to write.
    """
    fields = json.loads((run.path / "run.json").read_text(encoding="utf-8"))
    if run.is_live or checkpoint.step != run.step:
        reason = f"This is a copy of the checkpoint of step {checkpoint.step}. Resume to continue from there."
        fields |= {"status": "interrupted", "reason": reason, "step": checkpoint.step, "test": {}}
    files = [run.path / name for name in FILES]
    folder = f"{run.id}/{checkpoint.path.relative_to(run.path)}"
    # Weights hardly compress, and storing them is fast.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{run.id}/run.json", json.dumps(fields, indent=1))
        archive.writestr(f"{folder}/manifest.json", json.dumps(checkpoint.manifest, indent=1))
        with archive.open(f"{folder}/state.npz", "w", force_zip64=True) as target:
            shutil.copyfileobj(state, target, 1 << 20)
        for file in files:
            if file.exists():
                archive.write(file, f"{run.id}/{file.relative_to(run.path)}")
