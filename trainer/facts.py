"""run.json: what is known of a run beside its recipe and its measurements."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from trainer.checkpoint import sync
from trainer.errors import RunNotFound

STATUSES = ("queued", "running", "completed", "paused", "stopped", "failed", "interrupted")


def read_facts(folder: Path) -> dict:
    """Reads a run's run.json.

    Raises:
        RunNotFound: it is not there, or is no run.json.
    """
    try:
        facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        if isinstance(facts["name"], str) and facts["status"] in STATUSES and facts["created"] + 0 >= 0:
            return facts
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise RunNotFound(f"The run {folder.name} is not there any more, or its run.json cannot be read. List the runs.")


def write_json(path: Path, value: dict) -> None:
    """Writes JSON so that a reader, or a crash, sees the old contents or the new."""
    temporary = path.with_name(f".tmp-{path.name}-{os.getpid()}-{threading.get_ident()}")
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        sync(file)
    os.replace(temporary, path)
