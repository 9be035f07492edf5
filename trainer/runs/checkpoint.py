"""The complete state of a run, to a folder and back, so that not one bit is lost.

A checkpoint is a folder `step-0000001234` with `state.npz` (one array per variable, keyed by part
and position) and `manifest.json` (sizes and SHA-256, path, shape and dtype of every variable).
It is written under a temporary name, synced to the disk and then renamed, so that a folder with that
name is complete. Reading verifies it anyway.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.data.npz import read_npz
from trainer.errors import CheckpointError, DivergenceError
from trainer.storage import delete_folder, sha256_of, sync
from trainer.training.learner_state import digest_of, state_arrays

SCHEMA = 1


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint on disk.

    Attributes:
        step: updates made before it.
        path: its folder.
        manifest: what `manifest.json` says.
    """

    step: int
    path: Path
    manifest: dict

    @property
    def digest(self) -> str:
        """SHA-256 over every variable in order: equal digests mean bit-identical states."""
        return self.manifest["digest"]


def write_checkpoint(
    folder: Path, step: int, snapshot: Mapping[str, list], paths: Mapping[str, list[str]], extra: Mapping
) -> Checkpoint:
    """Writes a checkpoint so that a crash at any moment leaves it whole or absent.

    Args:
        folder: the run's `checkpoints` folder.
        step: updates made.
        snapshot: part → values, as `Learner.snapshot` gives them.
        paths: part → names of the variables, for people and for checking.
        extra: more fields for the manifest (epoch, fingerprint, …).

    Raises:
        DivergenceError: a value is not finite, so training cannot continue from this state.
        OSError: the disk is full or the folder cannot be written.
    """
    arrays = state_arrays(snapshot)
    for key, array in arrays.items():
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            raise DivergenceError(f"The weights are no longer finite at step {step} (variable {key}).")
    final, temporary = folder / f"step-{step:010d}", folder / f".tmp-step-{step:010d}"
    drop(temporary)
    temporary.mkdir()
    with open(temporary / "state.npz", "wb") as file:
        np.savez(file, **arrays)
        sync(file)
    names = {f"{part}/{i:04d}": name for part, values in paths.items() for i, name in enumerate(values)}
    manifest = {
        "schema": SCHEMA,
        "step": step,
        "created": time.time(),
        "digest": digest_of(arrays),
        "files": {"state.npz": measure_file(temporary / "state.npz")},
        "variables": [
            {"key": key, "path": names.get(key, ""), "shape": list(array.shape), "dtype": array.dtype.str}
            for key, array in arrays.items()
        ],
        **extra,
    }
    with open(temporary / "manifest.json", "w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=1)
        sync(file)
    sync_folder(temporary)
    if final.exists():
        # A resumed run reaches a step again. If the stored state is intact and has the same bits, it stays.
        drop(temporary if is_whole(final, manifest["digest"]) else final)
    if temporary.exists():
        os.rename(temporary, final)
    sync_folder(folder)
    return Checkpoint(step, final, manifest)


def is_whole(path: Path, digest: str) -> bool:
    """Returns whether a checkpoint's folder verifies and holds the state with this digest."""
    for checkpoint in list_checkpoints(path.parent):
        if checkpoint.path == path and checkpoint.digest == digest:
            try:
                return bool(read_state(checkpoint))
            except CheckpointError:
                return False
    return False


def list_checkpoints(folder: Path) -> list[Checkpoint]:
    """Returns the checkpoints whose manifest can be read, newest first; contents are not verified."""
    found = []
    for path in sorted(folder.glob("step-*"), reverse=True):
        with contextlib.suppress(CheckpointError):
            found.append(read_manifest(path))
    return found


def read_manifest(path: Path) -> Checkpoint:
    """Returns the checkpoint in a folder; its contents are not verified.

    Raises:
        CheckpointError: it has no readable manifest, or one that belongs to another step.
    """
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        step, digest = manifest["step"], manifest["digest"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"The checkpoint {path.name} has no readable manifest.") from error
    if path.name != f"step-{step:010d}" or not isinstance(digest, str):
        raise CheckpointError(f"The manifest of the checkpoint {path.name} belongs to another one.")
    return Checkpoint(step, path, manifest)


def read_state(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    """Returns a checkpoint's arrays after verifying sizes and hashes.

    Raises:
        CheckpointError: it is damaged.
    """
    path = checkpoint.path / "state.npz"
    try:
        if checkpoint.manifest["files"]["state.npz"] != measure_file(path):
            raise ValueError("its contents are not what was written")
        return read_npz(path)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"The checkpoint of step {checkpoint.step} is damaged: {error}.") from error


def newest_state(
    folder: Path, at_most: int | None = None, *, set_aside: bool = False
) -> tuple[Checkpoint | None, dict, list[str]]:
    """Returns the newest checkpoint that verifies, its arrays, and what was wrong with newer ones.

    Args:
        folder: the run's `checkpoints` folder.
        at_most: look at no step above this.
        set_aside: rename damaged ones to `damaged-…`, so that they are not tried again. Only the
            process that trains the run may do this.
    """
    notes = []
    for path in sorted(folder.glob("step-*"), reverse=True):
        try:
            checkpoint = read_manifest(path)
            if at_most is not None and checkpoint.step > at_most:
                continue
            return checkpoint, read_state(checkpoint), notes
        except CheckpointError as error:
            if not path.exists():
                # Deleted in the meantime, so there is a newer one.
                return newest_state(folder, at_most, set_aside=set_aside)
            notes.append(str(error))
            if set_aside:
                aside = path.with_name(f"damaged-{path.name}")
                drop(aside)
                os.rename(path, aside)
    return None, {}, notes


def prune(folder: Path, keep: int, also: set[int]) -> None:
    """Deletes all but the newest `keep` checkpoints and those of the steps in `also`."""
    for checkpoint in list_checkpoints(folder)[keep:]:
        if checkpoint.step not in also:
            drop(checkpoint.path)


def drop_after(folder: Path, step: int) -> None:
    """Deletes checkpoints above `step`, so that a run that continues from an earlier step never resumes from them."""
    for checkpoint in list_checkpoints(folder):
        if checkpoint.step > step:
            drop(checkpoint.path)


def drop(path: Path) -> None:
    """Deletes a checkpoint; one that cannot be deleted stays, because training matters more."""
    with contextlib.suppress(OSError):
        delete_folder(path)


def measure_file(path: Path) -> dict:
    """Returns a file's size in bytes and SHA-256."""
    return {"size": path.stat().st_size, "sha256": sha256_of(path)}


def sync_folder(folder: Path) -> None:
    """Waits until a folder's entries are on the disk, where the system knows how."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
