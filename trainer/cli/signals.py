"""Signals that ask a process to end: recorded, so that a run can save before the process ends."""

from __future__ import annotations

import os
import signal

from trainer.training.engine.start_up import stderr_handle

ENDING = (signal.SIGINT, signal.SIGTERM) + ((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ())


def record_signals() -> list[int]:
    """Records SIGINT, SIGTERM and SIGHUP from now on; call it in the main thread.

    Returns:
        The signals received, oldest first; the list grows. Ignored signals, as under nohup, stay ignored.
    """
    received: list[int] = []
    terminals = [stream for stream in (0, 1, 2) if os.isatty(stream)]

    def record(number, _frame):
        received.append(number)
        if number not in (signal.SIGINT, signal.SIGTERM):
            redirect_to_null([*terminals, stderr_handle()] if 2 in terminals else terminals)

    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, record)
    return received


def redirect_to_null(streams: list[int]) -> None:
    """Redirects file handles to the null device: the terminal is closed, and writing to it would fail."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in streams:
        os.dup2(null, stream)
    os.close(null)
