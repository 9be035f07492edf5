"""A session on a node: each call asks for one event, so nothing trains that nobody asks for."""

from __future__ import annotations

import builtins
import os
import socket
import threading
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.config.run_config import RunConfig
from trainer.data.progress import listening
from trainer.errors import TrainerError
from trainer.runs.cluster.files import Arriving, find_kept, use_cache
from trainer.runs.cluster.versions import versions
from trainer.training.engine.devices import check_memory
from trainer.training.engine.start_up import load_engine
from trainer.training.learner_state import state_arrays
from trainer.training.sessions.commands import Command, Commands
from trainer.training.sessions.events import Commanded, EpochEnd, Event, Frame, Snapshot
from trainer.training.sessions.session import SessionState, session

#: Seconds that a session waits for the stored state of an earlier step, and until an event is stored.
_SECONDS_TO_RECALL, _SECONDS_TO_STORE = 600, 3600


@dataclass(frozen=True)
class Failure:
    """What a call raised on the node.

    Attributes:
        kind: the name of its class.
        text: the message.
        details: the traceback.
        error: the exception, where it is one of this program's.
    """

    kind: str
    text: str
    details: str
    error: TrainerError | None

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """Returns a description of an exception that can travel."""
        ours = error if isinstance(error, TrainerError) else None
        return cls(type(error).__name__, str(error), traceback.format_exc(), ours)

    def to_exception(self) -> Exception:
        """Returns the exception, with the traceback of the node as a note."""
        known = getattr(builtins, self.kind, None)
        if self.error is not None:
            error = self.error
        elif isinstance(known, type) and issubclass(known, Exception):
            error = known(self.text)
        else:
            error = type(self.kind, (RuntimeError,), {})(self.text)
        error.add_note(f"On the node:\n{self.details}")
        return error


@dataclass(frozen=True)
class Look:
    """What a session does while its next event takes time.

    Attributes:
        text, fraction: progress of a preparation, as in `Phase`; empty: none.
        wanted: the step whose stored state it waits for, or None.
    """

    text: str = ""
    fraction: float | None = None
    wanted: int | None = None


class RemoteSession:
    """A session on a node. `look`, `provide` and `mark_stored` are called while `next` runs; the rest one by one."""

    def __init__(self):
        self._commands = Commands()
        self._events: Iterator[Event] = iter(())
        self._arriving: Arriving | None = None
        self._look, self._failure = Look(), None
        self._provided, self._found = threading.Event(), None
        self._storing = threading.Condition()
        #: How many events were returned, and of these: up to which all must be stored, and are.
        self._returned = self._required = self._stored = 0

    def describe(self) -> tuple[str, dict[str, str]]:
        """Returns the node's name and versions."""
        use_cache()
        return socket.gethostname(), versions()

    def find_data(self, sha256: str) -> str | None:
        """Returns the reference of a data file that the node keeps, or None."""
        return find_kept(sha256)

    def add_data(self, block: bytes, name: str) -> None:
        """Takes the next block of a data file."""
        self._arriving = self._arriving or Arriving(name)
        self._arriving.add(block)

    def finish_data(self, sha256: str) -> str | Failure:
        """Returns the reference of the file that arrived."""
        try:
            return self._arriving.finish(sha256)
        except Exception as error:
            return Failure.of(error)

    def open(
        self, config: dict[str, Any], state: dict[str, Any], threads: int, environment: dict[str, str]
    ) -> Failure | None:
        """Prepares the session.

        Args:
            config: fields of a `RunConfig`.
            state: fields of a `SessionState` without `recall`.
            threads: that an operation may use.
            environment: settings of the server that the numbers or limits depend on.
        """
        os.environ.update(environment)
        try:
            load_engine(threads)
            recipe = RunConfig(**config)
            check_memory(recipe)
            self._events = session(recipe, SessionState(**state, recall=self._recall), self._commands)
        except Exception as error:
            return Failure.of(error)
        return None

    def next(self, commands: list[Command]) -> list[Event] | Failure | None:
        """Returns the next events, or None after the last one.

        What an epoch's end brings comes with the event that follows. After a `Commanded`, waits until it is stored.
        """
        self._give(commands)
        events: list[Event] = []
        try:
            if self._failure is not None:
                return self._failure
            with self._storing:
                if not self._storing.wait_for(lambda: self._stored >= self._required, _SECONDS_TO_STORE):
                    raise TimeoutError("Nobody stores the events of this session.")
            with listening(self._note):
                for event in self._events:
                    events.append(portable(event))
                    if not isinstance(event, EpochEnd | Snapshot | Frame):
                        break
        except Exception as error:
            self._failure = Failure.of(error)
            if not events:
                return self._failure
        finally:
            self._look = Look()
        self._returned += len(events)
        if events and isinstance(events[-1], Commanded):
            self._required = self._returned
        return events or None

    def look(self, commands: list[Command]) -> Look:
        """Takes commands and returns what the session does."""
        self._give(commands)
        return self._look

    def provide(self, found: Mapping[str, np.ndarray] | Failure) -> None:
        """Answers `Look.wanted`."""
        self._look, self._found = Look(), found
        self._provided.set()

    def mark_stored(self, number: int) -> None:
        """Tells that so many events are stored."""
        with self._storing:
            self._stored = number
            self._storing.notify_all()

    def _give(self, commands: list[Command]) -> None:
        for command in commands:
            self._commands.give(command)

    def _note(self, text: str, fraction: float | None) -> None:
        self._look = Look(text, fraction)

    def _recall(self, step: int) -> Mapping[str, np.ndarray]:
        self._provided.clear()
        self._look = Look(wanted=step)
        if not self._provided.wait(_SECONDS_TO_RECALL):
            raise TimeoutError(f"The stored state of step {step} did not arrive.")
        found, self._found = self._found, None
        if isinstance(found, Failure):
            raise found.to_exception()
        return found


def portable(event: Event) -> Event:
    """Returns an event without tensors."""
    if not isinstance(event, Snapshot):
        return event
    arrays = state_arrays(event.state)
    state = {part: [arrays[f"{part}/{i:04d}"] for i in range(len(values))] for part, values in event.state.items()}
    return Snapshot(event.step, event.finished_epochs, state, event.paths, event.purpose)
