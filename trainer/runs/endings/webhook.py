"""The webhook: tells a URL how a run ended. It never delays a run, and its errors are only logged."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from trainer.config.environment import read_webhook
from trainer.runs.state import RunState

#: Seconds that the receiver has to answer.
TIMEOUT = 10.0
#: The endings that somebody wants to hear of; whoever pauses a run knows it.
_TOLD = ("completed", "failed", "stopped")
_open: set[threading.Thread] = set()


def describe_ending(state: RunState) -> dict:
    """Returns what is sent, as JSON-ready values."""
    fields = ("id", "name", "status", "reason", "step", "epoch", "metrics", "seconds")
    return {field: getattr(state, field) for field in fields}


def announce(
    state: RunState, log: Callable[[str], None], in_background: Callable[[Callable[[], None], str], threading.Thread]
) -> None:
    """Sends one POST about a run that has ended, if TRAINDECK_WEBHOOK names a URL. Returns at once.

    Args:
        state: of the run.
        log: adds a line to its log; called in another thread, and only if something went wrong.
        in_background: does work in a thread of the given name.
    """
    if state.status not in _TOLD:
        return
    url = read_webhook()
    if url is None:
        return

    def send() -> None:
        try:
            post(url, describe_ending(state))
        except Exception as error:  # Whatever a receiver does, it is no fault of the run.
            with contextlib.suppress(OSError):  # The run may be deleted by now.
                log(f"The webhook was not told: {explain(error)}")
        finally:
            _open.discard(threading.current_thread())

    _open.add(in_background(send, f"webhook-{state.id}"))
    # A thread that ended before it was added has nothing to wait for.
    _open.intersection_update([thread for thread in list(_open) if thread.is_alive()])


def finish_messages(timeout: float = TIMEOUT) -> None:
    """Waits for the messages that are still being sent, before a process ends.

    Args:
        timeout: seconds, for all together.
    """
    deadline = time.monotonic() + timeout
    for thread in list(_open):
        thread.join(max(0.0, deadline - time.monotonic()))


def post(url: str, message: dict, timeout: float = TIMEOUT) -> None:
    """Sends JSON to a URL.

    Args:
        url: http or https.
        message: JSON-ready values.
        timeout: seconds for each wait for the receiver.

    Raises:
        OSError: it cannot be reached, does not answer, or answers with an error or a redirect.
    """
    body = json.dumps(message).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", "User-Agent": "traindeck"})
    with urllib.request.build_opener(_NoRedirects).open(request, timeout=timeout):
        pass


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A POST cannot be redirected without becoming a GET, and a redirect may lead anywhere."""

    def redirect_request(self, *_):
        return None


def explain(error: Exception) -> str:
    """Returns what went wrong, without the URL, which may be a secret."""
    if isinstance(error, urllib.error.HTTPError):
        return f"it answered with status {error.code}."
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return f"it did not answer within {TIMEOUT:.0f} seconds." if isinstance(reason, TimeoutError) else f"{reason}."
