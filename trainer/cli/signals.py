"""Signals that ask a process to end: noted instead of dying by them, so that a run can save first."""

from __future__ import annotations

import os
import signal

from trainer.training.engine.start_up import stderr_handle

ENDING = (signal.SIGINT, signal.SIGTERM) + ((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ())


def note_signals() -> list[int]:
    """Notes SIGINT, SIGTERM and SIGHUP from now on; call it in the main thread.

    Returns:
        The signals that came, first one first; it grows. What is ignored, as under nohup, stays ignored.
    """
    came: list[int] = []
    terminals = [stream for stream in (0, 1, 2) if os.isatty(stream)]

    def note(number, _frame):
        came.append(number)
        if number not in (signal.SIGINT, signal.SIGTERM):
            release([*terminals, stderr_handle()] if 2 in terminals else terminals)

    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, note)
    return came


def release(streams: list[int]) -> None:
    """Has some file handles lead nowhere: the terminal is closed, and writing to it would fail."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in streams:
        os.dup2(nowhere, stream)
    os.close(nowhere)
