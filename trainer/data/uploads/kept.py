"""One data set that is kept: what is known of it, and the report on its file."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from trainer.data.uploads.limits import Limits
from trainer.data.uploads.receiving import DATASET_OF, Progress, display_name
from trainer.data.uploads.report import Finding, Report
from trainer.errors import DataError
from trainer.storage import write_json

#: Of meta.json and report.json; raised when an older one would be misread.
SCHEMA = 2
PREFIX = "brought:"


@dataclass(frozen=True)
class Brought:
    """A data set that somebody brought.

    Attributes:
        id: the first 16 hex digits of the SHA-256 of the content.
        name: what people call it; at most 80 characters.
        dataset: the entry of `DATASETS` that reads it: "csv", "npz" or "images".
        file_name: what the file was called where it came from; for display alone.
        bytes: its size.
        sha256: of the content.
        added: Unix time.
        path: of the stored file, which is named by the server.
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
        """What the option `path` says for it: "brought:0123456789abcdef"."""
        return PREFIX + self.id

    @property
    def report(self) -> Report:
        """What is known of the file; it is inspected at the first look."""
        return self.inspect()

    def inspect(self, progress: Progress | None = None) -> Report:
        """Returns the report, from report.json beside the file if it was made under the limits in force.

        Args:
            progress: told what is being looked at.
        """
        limits, cache = Limits.from_environment(), self.path.parent / "report.json"
        try:
            kept = json.loads(cache.read_text(encoding="utf-8"))
            if kept["schema"] == SCHEMA and kept["limits"] == vars(limits):
                return Report.from_json(kept["report"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        from trainer.data.uploads.inspection import inspect_file

        try:
            report = inspect_file(self.path, limits=limits, progress=progress)
        except DataError as error:
            # People know the file by the name it came with.
            sentence = str(error).replace(self.path.name, self.file_name)
            report = Report(self.dataset, {}, "It cannot be read.", (Finding("error", "", sentence),))
        # Where it cannot be kept, because the data set was deleted meanwhile or the disk is full, it is made again.
        with contextlib.suppress(OSError):
            write_json(cache, {"schema": SCHEMA, "limits": vars(limits), "report": report.to_json()})
        return report


def read_meta(folder: Path) -> Brought | None:
    """Returns the data set that a folder of the store holds, or None where it cannot be read."""
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        # The file's name comes from the server's own list, never from what is written there.
        file = {name: name for name in DATASET_OF}[meta["file"]]
        return Brought(
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
