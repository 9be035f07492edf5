"""Importing a capsule. Its contents are hostile until they have been checked."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import time
import zipfile
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from trainer.config.data_spec import DataSpec
from trainer.config.environment import read_setting
from trainer.config.names import check_name, check_note, check_tags
from trainer.data.uploads.quoting import display_name
from trainer.errors import ConfigError, ImportRefused, TrainerError
from trainer.export.capsule.layout import DATA, MANIFEST, MOST_FILES, MOST_MANIFEST_BYTES, SCHEMA, is_known, run_file
from trainer.runs.checkpoint import list_checkpoints, read_state
from trainer.runs.history import History
from trainer.runs.run import Run
from trainer.runs.state import RunState
from trainer.runs.store import RunStore
from trainer.runs.stored_config import read_config, read_config_file
from trainer.storage import storing, sync, write_json

_BLOCK = 1 << 20
#: Views of a flat surface are packed this tightly.
_MOST_UNPACKED = 200


def import_capsule(store: RunStore, path: str | Path, name: str | None = None) -> Run:
    """Adds the run in a capsule to a runs folder.

    The run keeps its id, or gets a new one if there is a run of this id. Its data file, if the capsule holds one, is
    added to the uploaded data sets. Either everything is imported or nothing.

    Args:
        store: where the run goes.
        path: the capsule.
        name: what messages call it; None: the file's name.

    Raises:
        ImportRefused: it is damaged, altered, too large or no capsule; the message says what to do.
        StorageError: the folder cannot be written.
    """
    path, name = Path(path), name or Path(path).name
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _check(archive)
            return _import(store, archive, manifest)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError) as error:
        if isinstance(error, TrainerError):
            raise
        raise ImportRefused(f"“{name}” is damaged or no zip: {error}. Copy it again from where it was made.") from None
    except IsADirectoryError:
        raise ImportRefused(f"{path} is a folder. Give the capsule's zip file.") from None


def most_bytes() -> int:
    """Returns how large a capsule and its contents may be, in bytes: 8 GiB, or TRAINDECK_MAX_CAPSULE_BYTES."""
    return read_setting("TRAINDECK_MAX_CAPSULE_BYTES", 8 << 30)


def import_stream(store: RunStore, source: BinaryIO, name: str) -> Run:
    """Imports a capsule from a stream, which is stored beside the runs for as long as that takes.

    Args:
        store: where the run goes.
        source: read in blocks.
        name: of the file, for messages.

    Raises:
        ImportRefused, StorageError: see `import_capsule`.
    """
    folder = store.path / f".tmp-capsule-{secrets.token_hex(8)}"
    try:
        with storing(store.path):
            folder.mkdir(parents=True)
            path = folder / "capsule.zip"
            left = most_bytes()
            with open(path, "xb") as file:
                while block := source.read(_BLOCK):
                    left -= len(block)
                    if left < 0:
                        raise ImportRefused(f"“{display_name(name)}” is too large: {_too_large()}")
                    file.write(block)
        return import_capsule(store, path, display_name(name))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _too_large() -> str:
    return f"at most {most_bytes() / 1e6:,.0f} MB are allowed. Raise the limit with TRAINDECK_MAX_CAPSULE_BYTES."


def _check(archive: zipfile.ZipFile) -> dict:
    """Returns the manifest after comparing it with the list of entries; nothing has been written yet."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if MANIFEST not in names:
        raise ImportRefused("This zip is no capsule: it has no manifest.json. Choose a file made by capsule.zip.")
    if len(entries) > MOST_FILES or len(set(names)) != len(names):
        raise ImportRefused(f"The capsule has too many files or two of one name. At most {MOST_FILES:,} are allowed.")
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if not is_known(entry.filename) or kind not in (0, stat.S_IFREG) or entry.flag_bits & 1:
            raise ImportRefused(
                f"The capsule holds something that does not belong there: {entry.filename!r:.80}. "
                "Import only capsules of people you trust, unchanged."
            )
    if archive.getinfo(MANIFEST).file_size > MOST_MANIFEST_BYTES:
        raise ImportRefused("The capsule's manifest.json is too large. Make the capsule again.")
    manifest = json.loads(archive.read(MANIFEST))
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise ImportRefused("The capsule's manifest.json cannot be read. Make the capsule again.")
    if not isinstance(manifest.get("schema"), int) or manifest["schema"] > SCHEMA:
        raise ImportRefused("The capsule was made by a newer version of Traindeck. Update this installation first.")
    if set(manifest["files"]) != set(names) - {MANIFEST}:
        raise ImportRefused("The capsule is not whole: its files are not those that its manifest lists. Copy it again.")
    size = sum(entry.file_size for entry in entries)
    if size > most_bytes():
        raise ImportRefused(f"The capsule unpacks to {size / 1e6:,.0f} MB, and {_too_large()}")
    return manifest


def _import(store: RunStore, archive: zipfile.ZipFile, manifest: dict) -> Run:
    temporary = store.path / f".tmp-import-{secrets.token_hex(8)}"
    with storing(store.path):
        (temporary / "run" / "checkpoints").mkdir(parents=True)
    try:
        for name, expected in manifest["files"].items():
            inner = run_file(name)
            # Report and code are for people; the run can make them again.
            if inner or name == DATA:
                _extract(archive, name, expected, temporary / ("run/" + inner if inner else "data"))
        state = _check_run(temporary / "run")
        run_id = _free_id(store, manifest, state)
        note = f"Imported on {time.strftime('%Y-%m-%d')}."
        missing = [text for text in manifest.get("missing") or [] if isinstance(text, str) and "checkpoint" in text][:1]
        notes = [*state.notes, note, *(text[:200] for text in missing)]
        write_json(temporary / "run" / "run.json", state.changed(id=run_id, notes=notes).to_json())
        if (temporary / "data").exists():
            _add_data(temporary / "data", manifest)
        with storing(store.path):
            os.rename(temporary / "run", store.path / run_id)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return store.get(run_id)


def _extract(archive: zipfile.ZipFile, name: str, expected: object, target: Path) -> None:
    """Writes an entry and compares it with the manifest. No more bytes are written than the manifest says."""
    if not isinstance(expected, dict) or not isinstance(expected.get("size"), int):
        raise ImportRefused("The capsule's manifest.json cannot be read. Make the capsule again.")
    digest, left = hashlib.sha256(), expected["size"]
    target.parent.mkdir(parents=True, exist_ok=True)
    with storing(target.parent), archive.open(name) as source, open(target, "wb") as file:
        while block := source.read(_BLOCK):
            left -= len(block)
            if left < 0:
                break
            digest.update(block)
            file.write(block)
        sync(file)
    if left or digest.hexdigest() != expected.get("sha256"):
        raise ImportRefused(f"{name} in the capsule is not what was packed. Copy the capsule again.")


def _check_run(folder: Path) -> RunState:
    """Returns the run's state after reading every file as training and pages will read it."""
    try:
        fields = json.loads((folder / "run.json").read_bytes())
        state = RunState.model_validate(fields)
        texts = {"name": check_name(state.name), "tags": check_tags(state.tags), "note": check_note(state.note)}
        if state.is_live:
            texts |= {"status": "interrupted", "reason": "Imported while it waited. Resume to continue."}
        if read_config_file(folder / "config.json") is None:
            raise ConfigError("config.json cannot be read.")
        read_config(folder)
        if (folder / "spec.json").exists():
            DataSpec.from_json(json.loads((folder / "spec.json").read_bytes()))
        History.load(folder)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, ValidationError) as error:
        what = str(error) if isinstance(error, ConfigError) else "run.json, spec.json or the history cannot be read."
        raise ImportRefused(f"The run in the capsule is damaged: {what} Make the capsule again.") from None
    folders = {path.name for path in (folder / "checkpoints").iterdir()}
    found = list_checkpoints(folder / "checkpoints")
    if folders != {checkpoint.path.name for checkpoint in found}:
        raise ImportRefused("A checkpoint in the capsule has no readable manifest. Make the capsule again.")
    for checkpoint in found:
        try:
            _refuse_bomb(checkpoint.path / "state.npz")
            read_state(checkpoint)
        except (TrainerError, MemoryError) as error:
            raise ImportRefused(f"{error} Make the capsule again.") from None
    for view in (folder / "views").glob("*.npz"):
        _refuse_bomb(view)
    return state.changed(**texts)


def _refuse_bomb(path: Path) -> None:
    """Refuses a file of arrays that unpacks to much more than its own size."""
    try:
        with zipfile.ZipFile(path) as arrays:
            unpacked = sum(entry.file_size for entry in arrays.infolist())
    except (OSError, zipfile.BadZipFile):
        raise ImportRefused(f"{path.name} in the capsule is no file of arrays. Make the capsule again.") from None
    if unpacked > _MOST_UNPACKED * path.stat().st_size + _BLOCK:
        raise ImportRefused(
            f"{path.name} in the capsule unpacks to {unpacked:,} bytes. It was not packed by Traindeck."
        )


def _free_id(store: RunStore, manifest: dict, state: RunState) -> str:
    """Returns the run's own id if it is of the form that the store makes and not taken; else a new one."""
    wanted = manifest.get("run", {}).get("id") if isinstance(manifest.get("run"), dict) else None
    is_proper = isinstance(wanted, str) and re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{6}", wanted, re.ASCII)
    if is_proper and not (store.path / wanted).exists():
        return wanted
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"


def _add_data(file: Path, manifest: dict) -> None:
    """Adds the capsule's data file to the uploaded data sets, where it is checked like any upload."""
    from trainer.data.uploads import DatasetStore

    data = manifest.get("data")
    name = data.get("file") if isinstance(data, dict) else None
    DatasetStore.default().add(file, name if isinstance(name, str) else "data")
