"""A backend that runs a session in another process, to hold the seam to its word."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator

from trainer.config.run_config import RunConfig
from trainer.runs.cluster.remote_session import portable
from trainer.training.sessions.commands import Commands
from trainer.training.sessions.events import Event
from trainer.training.sessions.session import SessionState, session


def in_a_process(config: RunConfig, state: SessionState, commands: Commands) -> Iterator[Event]:
    """Yields the events of a session in a child process; commands travel back with each acknowledgement."""
    ours, theirs = multiprocessing.Pipe()
    fields = {name: getattr(state, name) for name in SessionState.__dataclass_fields__ if name != "recall"}
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=serve, args=(theirs, config.model_dump(), fields), daemon=True)
    child.start()
    theirs.close()
    try:
        while (event := ours.recv()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event
            ours.send([*commands.take_settings(), *filter(None, [commands.ending])])
    finally:
        ours.close()
        child.join(60)


def serve(connection, fields: dict, state: dict) -> None:
    """The child: sends each event and waits until it is stored."""
    commands = Commands()
    try:
        for event in session(RunConfig(**fields), SessionState(**state), commands):
            connection.send(portable(event))
            for command in connection.recv():
                commands.give(command)
        connection.send(None)
    except (EOFError, BrokenPipeError):
        return
    except Exception as error:
        connection.send(error)
