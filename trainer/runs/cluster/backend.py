"""The backend that runs a session on a node of the cluster. The writer here takes its events as those of any other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

from trainer.config.run_config import RunConfig
from trainer.errors import CheckpointError, ClusterError
from trainer.runs.cluster.connection import connection
from trainer.runs.cluster.files import blocks, data_file
from trainer.runs.cluster.remote import Remote
from trainer.runs.cluster.remote_session import Failure
from trainer.runs.cluster.resources import ClusterView, Needs, needs_of
from trainer.runs.cluster.versions import refuse_other_versions, versions
from trainer.storage import sha256_of
from trainer.training.engine.start_up import count_threads
from trainer.training.sessions.commands import Command, Commands
from trainer.training.sessions.events import Commanded, Ended, Event, Phase
from trainer.training.sessions.session import SessionState

#: Seconds to wait for free resources, for an answer about the session, and for one that moves much data.
_SECONDS_TO_START, _SECONDS_TO_ANSWER, _SECONDS_TO_MOVE = 600.0, 60.0, 600.0
#: Seconds after which a late event is asked about, and then between two questions.
_FIRST_LOOK, _LATER_LOOKS = 0.05, 0.1
#: Settings of the server that hold on the node too: the numbers or the limits depend on them.
_SHARED = ("TF_ENABLE_ONEDNN_OPTS", "TRAINDECK_STREAM_ABOVE", "TRAINDECK_LOGICAL_CPUS")


def on_cluster(config: RunConfig, state: SessionState, commands: Commands) -> Iterator[Event]:
    """Yields the events of a session on the cluster; see `session`.

    Raises:
        ClusterError: the cluster cannot train the run.
        SessionLost: the node or its worker died.
    """
    view = connection().wait()
    recorded = state.fingerprint.get("threads")
    needs = needs_of(config.device, recorded or count_threads(), view.nodes)
    remote = Remote(needs)
    try:
        described = remote.call("describe")
        ending = yield from _wait_for_start(remote, described, needs, commands, connection().look)
        if ending:
            yield Ended(ending)
            return
        node, theirs = remote.get(described, _SECONDS_TO_ANSWER)
        remote.name(node)
        refuse_other_versions(node, theirs, versions())
        fields = config.model_dump()
        if needs.gpus and config.device != "all":
            fields["device"] = "GPU:0"  # Ray shows a session its own GPU only.
        if (path := data_file(config)) is not None:
            yield Phase(f"Sending the data to {node}")
            fields["dataset_options"] = config.dataset_options | {"path": _send(remote, path)}
        yield Phase(f"Loading TensorFlow on {node}")
        stored = {name: getattr(state, name) for name in SessionState.__dataclass_fields__ if name != "recall"}
        opened = remote.call("open", fields, stored, recorded or needs.cpus, _shared_settings())
        remote.get(opened, _SECONDS_TO_MOVE)
        yield from _take_events(remote, state, commands)
    finally:
        remote.kill()


def _wait_for_start(
    remote: Remote, described: object, needs: Needs, commands: Commands, look: Callable[[], ClusterView]
) -> Iterator[Event]:
    """Waits until the actor runs; returns the command that ended the wait, or None."""
    began, told = time.monotonic(), ""
    while not remote.is_ready([described], 0.1):
        if commands.ending is not None:
            return commands.ending.event
        view = look()
        if view.status == "failed":
            raise ClusterError(view.problem)
        is_full = view.free_cpus < needs.cpus or view.free_gpus < needs.gpus
        text = (
            f"Waiting for {needs} on the cluster"
            if is_full and time.monotonic() - began > 5
            else "Starting on the cluster"
        )
        if text != told:
            yield Phase(text)
            told = text
        if time.monotonic() - began > _SECONDS_TO_START:
            raise ClusterError(
                f"No node of the cluster had {needs} free within {_SECONDS_TO_START / 60:.0f} minutes. Resume the run "
                "when other work on the cluster has ended, or resume it on this server."
            )
    return None


def _take_events(remote: Remote, state: SessionState, commands: Commands) -> Iterator[Event]:
    """Yields the session's events. One call is always ahead, so that the node need not wait for the network.

    The node answers it only once a `Commanded` before is stored.
    """
    asked, ahead, number = remote.call("next", _taken(commands)), remote.call("next", []), 0
    while True:
        events = yield from _wait_for_events(remote, asked, state, commands)
        if events is None:
            return
        yield from events
        number += len(events)
        if isinstance(events[-1], Commanded):
            remote.call("mark_stored", number)
        asked, ahead = ahead, remote.call("next", [])


def _wait_for_events(remote: Remote, asked: object, state: SessionState, commands: Commands) -> Iterator[Event]:
    """Returns the answer to a call; meanwhile delivers commands, yields progress and provides stored states."""
    told, seconds = Phase(""), _FIRST_LOOK
    if not commands.is_empty:
        remote.call("look", _taken(commands))
    while not remote.is_ready([asked], seconds):
        looked = remote.call("look", _taken(commands))
        if not remote.is_ready([asked, looked], _SECONDS_TO_ANSWER):
            remote.get(looked, 0)  # Raises.
        if not remote.is_ready([looked], 0):
            break
        look, seconds = remote.get(looked, _SECONDS_TO_ANSWER), _LATER_LOOKS
        if look.wanted is not None:
            remote.get(remote.call("provide", _recall(state, look.wanted)), _SECONDS_TO_MOVE)
        elif look.text and (now := Phase(look.text, look.fraction)) != told:
            yield now
            told = now
    return remote.get(asked, _SECONDS_TO_MOVE)


def _taken(commands: Commands) -> list[Command]:
    return [] if commands.is_empty else [*commands.take_settings(), *filter(None, [commands.ending])]


def _recall(state: SessionState, step: int):
    try:
        return state.recall(step)
    except CheckpointError as error:
        return Failure.of(error)


def _send(remote: Remote, path) -> str:
    """Returns the reference of a data file on the node, to which it travels if it is not there yet."""
    sha256 = sha256_of(path)
    kept = remote.get(remote.call("find_data", sha256), _SECONDS_TO_MOVE)
    if kept is not None:
        return kept
    for block in blocks(path):
        remote.get(remote.call("add_data", block, path.name), _SECONDS_TO_MOVE)
    return remote.get(remote.call("finish_data", sha256), _SECONDS_TO_MOVE)


def _shared_settings() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if name in _SHARED or name.startswith("TRAINDECK_MAX_")}
