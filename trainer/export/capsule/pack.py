"""Download: the capsule."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
import zipfile
from pathlib import Path

from trainer.config.registry import EXPORTS
from trainer.errors import CheckpointError, DataError, ExportError, TrainerError
from trainer.export.capsule.layout import DATA, MANIFEST, SCHEMA, run_file
from trainer.runs.checkpoint import read_state

_BLOCK = 1 << 20
#: Made for people who open the zip, where the run can give them.
_FOR_PEOPLE = ("report.html", "train.py", "train.ipynb")
_README = """A run of Traindeck.

To show, compare and resume it in another installation:

    python -m trainer import CAPSULE.zip

or choose Import on the Runs page. report.html opens in any browser.
"""


@EXPORTS.register(
    name="capsule.zip",
    label="Capsule",
    help="The whole run, to be imported, compared and resumed in another installation.",
    media_type="application/zip",
    group="everything",
    order=20,
    can_include_data=True,
)
def capsule_zip(run, path: Path, with_data: bool = False) -> None:
    """Packs the run's folder, a report, its code and a manifest with the SHA-256 of every file.

    A live run is packed as it is at its newest checkpoint. Without a checkpoint the capsule holds what there is.

    Args:
        run: a `Run`.
        path: the file to write.
        with_data: whether the uploaded data file goes along. Data sets of the catalog never do: every installation
            has them.
    """
    packer = _Packer(run, path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        packer.pack(archive, with_data)


class _Packer:
    def __init__(self, run, path: Path):
        self._run, self._folder = run, path.parent
        self._files: dict[str, dict] = {}
        self._missing: list[str] = []

    def pack(self, archive: zipfile.ZipFile, with_data: bool) -> None:
        run = self._run
        steps = self._add_checkpoints(archive)
        self._add_text(archive, "run/run.json", json.dumps(self._state(steps), indent=1))
        for file in sorted(path for path in run.path.rglob("*") if path.is_file()):
            name = f"run/{file.relative_to(run.path).as_posix()}"
            if run_file(name) and name not in self._files and not name.startswith("run/checkpoints/"):
                self._add(archive, name, file)
        self._add_for_people(archive)
        data = self._add_data(archive, with_data)
        self._add_text(archive, "README.txt", _README)
        manifest = {
            "schema": SCHEMA,
            "created": time.time(),
            "run": {"id": run.id, "name": run.name},
            "fingerprint": run.fingerprint,
            "data": data,
            "missing": self._missing,
            "files": self._files,
        }
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1))

    def _state(self, steps: list[int]) -> dict:
        fields = json.loads((self._run.path / "run.json").read_text(encoding="utf-8"))
        if self._run.is_live:
            step = max(steps, default=0)
            reason = f"Packed while it trained, at the checkpoint of step {step}. Resume to continue from there."
            fields |= {"status": "interrupted", "reason": reason, "step": step, "test": {}}
        return fields

    def _add_checkpoints(self, archive: zipfile.ZipFile) -> list[int]:
        """Adds every checkpoint that verifies; returns their steps."""
        steps = []
        for checkpoint in self._run.checkpoints:
            with contextlib.suppress(CheckpointError, FileNotFoundError):
                # An open file stays readable if the checkpoint is deleted meanwhile.
                with open(checkpoint.path / "state.npz", "rb") as state:
                    read_state(checkpoint)
                    name = f"run/checkpoints/{checkpoint.path.name}"
                    self._add_stream(archive, f"{name}/state.npz", state, os.fstat(state.fileno()).st_size)
                self._add_text(archive, f"{name}/manifest.json", json.dumps(checkpoint.manifest, indent=1))
                steps.append(checkpoint.step)
        if not steps:
            self._missing.append("There was no finished checkpoint, so the imported run starts from the beginning.")
        return steps

    def _add_for_people(self, archive: zipfile.ZipFile) -> None:
        # Here, because the package's table of downloads holds this one.
        from trainer.export import export

        for kind in _FOR_PEOPLE:
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                made = Path(folder) / kind
                try:
                    export(self._run, kind, made)
                except TrainerError as error:
                    self._missing.append(f"{kind}: {error}")
                else:
                    self._add(archive, kind, made)

    def _add_data(self, archive: zipfile.ZipFile, with_data: bool) -> dict:
        from trainer.data.uploads import DatasetStore, reference_in

        spec = self._run.spec
        data = {"dataset": self._run.config.dataset, "sha256": spec.sha256 if spec else "", "file": None}
        reference = reference_in(str(self._run.config.dataset_options.get("path", "")))
        if not with_data or not reference:
            return data
        try:
            uploaded = DatasetStore.default().get(reference.partition(":")[2])
            self._add(archive, DATA, uploaded.path)
        except (DataError, OSError) as error:
            raise ExportError(f"The data cannot be packed: {error} Download the capsule without the data.") from None
        return data | {"file": uploaded.name}

    def _add_text(self, archive: zipfile.ZipFile, name: str, text: str) -> None:
        content = text.encode()
        archive.writestr(name, content)
        self._files[name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    def _add(self, archive: zipfile.ZipFile, name: str, path: Path) -> None:
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:  # thinned out meanwhile
            # A live run's history grows: what is there now is whole blocks.
            self._add_stream(archive, name, file, os.fstat(file.fileno()).st_size)

    def _add_stream(self, archive: zipfile.ZipFile, name: str, source, size: int) -> None:
        digest, left = hashlib.sha256(), size
        with archive.open(name, "w", force_zip64=True) as target:
            while left and (block := source.read(min(_BLOCK, left))):
                digest.update(block)
                target.write(block)
                left -= len(block)
        self._files[name] = {"size": size - left, "sha256": digest.hexdigest()}
