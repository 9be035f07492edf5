"""events.jsonl: what happened to a run and what was set, each with its step."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from trainer.storage import sync
from trainer.training.sessions.commands import Command, Scheduled, Setting

_setting = TypeAdapter(Annotated[Setting, Field(discriminator="event")])


def log_event(folder: Path, event: str, step: int, **fields) -> None:
    """Appends a line to a run's events.jsonl and waits until it is on the disk."""
    line = {"event": event, "step": step, "time": time.time(), **fields}
    with open(folder / "events.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        sync(file)


def log_command(folder: Path, command: Command, step: int) -> None:
    """Stores a command with the step at which it takes effect."""
    log_event(folder, step=step, **command.model_dump())


def read_settings(folder: Path) -> tuple[Scheduled, ...]:
    """Reads the settings that are in force in a run, in the order in which they take effect.

    A resume from an earlier checkpoint deletes the later steps, and with them the settings made there.
    """
    found: list[Scheduled] = []
    for event in read_events(folder):
        # In earlier versions the resume event itself was marked.
        if event["event"] == "rewind" or event.get("rewound"):
            found = [scheduled for scheduled in found if scheduled.step <= event["step"]]
        try:
            found.append(Scheduled(event["step"], _setting.validate_python(event)))
        except ValidationError:
            continue
    return tuple(sorted(found, key=lambda scheduled: scheduled.step))


def read_events(folder: Path) -> list[dict]:
    """Reads events.jsonl, without lines that a crash or damage left unreadable."""
    events = []
    try:
        lines = (folder / "events.jsonl").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            event = json.loads(line)
            if isinstance(event["event"], str) and isinstance(event["step"], int):
                events.append(event)
        except (ValueError, KeyError, TypeError):
            continue
    return events
