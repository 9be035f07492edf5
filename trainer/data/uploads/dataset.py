"""One uploaded data set: its metadata and the report on its file."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import display_name
from trainer.data.uploads.reading import inspect
from trainer.data.uploads.report import Finding, Progress, Report
from trainer.data.uploads.signatures import DATASET_OF
from trainer.errors import DataError
from trainer.storage import write_json

#: Version of meta.json and report.json. Increase it when older files would be misread.
SCHEMA = 2
PREFIX = "upload:"
#: The second is what earlier versions wrote.
_PREFIXES = (PREFIX, "brought:")


@dataclass(frozen=True)
class UploadedDataset:
    """A data set that a user uploaded.

    Attributes:
        id: the first 16 hex digits of the SHA-256 of the content.
        name: the display name; at most 80 characters.
        dataset: the entry of `DATASETS` that reads it: "csv", "npz" or "images".
        file_name: the name of the user's file; only for display.
        bytes: its size.
        sha256: of the content.
        added: Unix time.
        path: of the stored file; the server named it.
    """

    id: str
    name: str
    dataset: str
    file_name: str
    bytes: int
    sha256: str
    added: float
    path: Path

    @property
    def reference(self) -> str:
        """The value of the option `path` for it: "upload:0123456789abcdef"."""
        return PREFIX + self.id

    @property
    def report(self) -> Report:
        """The report on the file, which is inspected on first use."""
        return self.inspect()

    def inspect(self, progress: Progress | None = None) -> Report:
        """Returns the report, from report.json beside the file if it was made under the limits in force.

        Args:
            progress: called with the fraction done, in [0, 1], and what is being done.
        """
        limits, cache = Limits.from_environment(), self.path.parent / "report.json"
        try:
            kept = json.loads(cache.read_text(encoding="utf-8"))
            if kept["schema"] == SCHEMA and kept["limits"] == vars(limits):
                return Report.from_json(kept["report"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        try:
            report = inspect(self.path, limits=limits, progress=progress)
        except DataError as error:
            # Users know the file by its original name.
            sentence = str(error).replace(self.path.name, self.file_name)
            report = Report(self.dataset, {}, "It cannot be read.", (Finding("error", "", sentence),))
        # If the data set was deleted in the meantime or the disk is full, the next call inspects the file again.
        with contextlib.suppress(OSError):
            write_json(cache, {"schema": SCHEMA, "limits": vars(limits), "report": report.to_json()})
        return report


def reference_in(path: str) -> str:
    """Returns "upload:<id>" where a path or an address names an uploaded data set, in any spelling; otherwise ""."""
    return next((PREFIX + path.removeprefix(prefix) for prefix in _PREFIXES if path.startswith(prefix)), "")


def read_meta(folder: Path) -> UploadedDataset | None:
    """Returns the data set that a folder of the store holds, or None where it cannot be read."""
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        # The file's name comes from the server's own list, never from what is written there.
        file = {name: name for name in DATASET_OF}[meta["file"]]
        return UploadedDataset(
            id=folder.name,
            name=display_name(meta["name"]),
            dataset=DATASET_OF[file],
            file_name=display_name(meta["file_name"]),
            bytes=int(meta["bytes"]),
            sha256=str(meta["sha256"]),
            added=float(meta["added"]),
            path=folder / file,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
