"""What a capsule may contain. Import takes nothing that is not named here."""

from __future__ import annotations

import re

#: Raised when an older installation could not read a capsule any more.
SCHEMA = 1
MANIFEST = "manifest.json"

#: The files of a run that travel, by their path in the run's folder.
_RUN_FILES = (
    r"(?:run|config|spec)\.json|(?:history|epochs)\.arrows|events\.jsonl|log\.txt"
    r"|checkpoints/step-\d{10}/(?:state\.npz|manifest\.json)"
    r"|views/(?:fixed|epoch-\d{6})\.npz|samples/epoch-\d{6}\.png"
)
#: Everything else that may lie in a capsule: for people, and the data.
_OTHER_FILES = r"report\.html|train\.py|train\.ipynb|README\.txt"
_RUN_FILE = re.compile(f"run/({_RUN_FILES})", re.ASCII)
_OTHER_FILE = re.compile(_OTHER_FILES, re.ASCII)
#: The uploaded file of the data set; its real name is in the manifest.
DATA = "data/file"

#: A run has a few dozen files: checkpoints, and at most 200 views.
MOST_FILES = 2_000
MOST_MANIFEST_BYTES = 4 << 20


def run_file(name: str) -> str | None:
    """Returns the path in a run's folder of an entry of a capsule; None if it is not a file of a run."""
    found = _RUN_FILE.fullmatch(name)
    return found[1] if found else None


def is_known(name: str) -> bool:
    """Returns whether a capsule may have an entry of this name."""
    return name in (MANIFEST, DATA) or bool(run_file(name) or _OTHER_FILE.fullmatch(name))
