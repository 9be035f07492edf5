"""Drafts of the form on disk, each under an id that cannot be guessed."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
from pathlib import Path
from typing import Any

from trainer.storage import write_json

_ID = re.compile(r"[A-Za-z0-9_-]{22}")
#: Older drafts are deleted.
_MOST_DRAFTS = 200


def new_draft_id() -> str:
    """Returns an id of 128 random bits."""
    return secrets.token_urlsafe(16)


def save_draft(folder: Path, id: str, draft: dict[str, Any]) -> None:
    """Writes a draft. If the disk cannot be written, the draft lasts until the page is closed.

    Args:
        folder: folder of all drafts.
        id: an id from `new_draft_id`.
        draft: JSON values.
    """
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / f"{id}.json", draft, durable=False)
        drafts = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for old in drafts[_MOST_DRAFTS:]:
            old.unlink(missing_ok=True)


def load_draft(folder: Path, id: str) -> dict[str, Any] | None:
    """Returns a draft, or None. Only a valid id becomes part of a path."""
    if not _ID.fullmatch(id):
        return None
    try:
        draft = json.loads((folder / f"{id}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return draft if isinstance(draft, dict) else None


def delete_draft(folder: Path, id: str) -> None:
    """Deletes a draft if it exists."""
    if _ID.fullmatch(id):
        with contextlib.suppress(OSError):
            (folder / f"{id}.json").unlink(missing_ok=True)
