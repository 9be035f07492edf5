"""A signal has the runs save at once, whatever the clients do."""

import contextlib
import queue
import signal
import threading

import pytest

from server.process.shutdown import Shutdown


@contextlib.contextmanager
def handled_by(*numbers):
    """Stands in for a server that handles some signals; yields what it was given."""
    given = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    for number in before:
        handler = (lambda number, frame: given.append(number)) if number in numbers else signal.SIG_DFL
        signal.signal(number, handler)
    try:
        yield given
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "told"),
    [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGINT), (signal.SIGHUP, signal.SIGTERM)],
)
def test_the_runs_save_at_once_and_the_server_is_told(number, told):
    saved, ended = threading.Event(), queue.Queue()
    with handled_by(signal.SIGTERM, signal.SIGINT) as given:
        own, shutdown = signal.getsignal(signal.SIGTERM), Shutdown(end=ended.put, deadline=60)
        with shutdown.watched(saved.set):
            assert not shutdown.has_begun
            signal.raise_signal(number)
            assert shutdown.has_begun
            assert saved.wait(5)  # while the server still serves
            assert ended.empty()
        assert given == [told]
        assert signal.getsignal(signal.SIGTERM) is own
    assert ended.get(timeout=5) == number


def test_a_server_that_ended_in_time_is_not_ended_a_second_time():
    saved, ended, given_up = threading.Event(), queue.Queue(), queue.Queue()
    shutdown = Shutdown(ended.put, given_up.put, deadline=60)
    with handled_by(signal.SIGTERM, signal.SIGINT), shutdown.watched(saved.set):
        signal.raise_signal(signal.SIGTERM)
        assert saved.wait(5)
    assert ended.get(timeout=5) == signal.SIGTERM
    for thread in threading.enumerate():
        if thread.name == "shutdown":
            thread.join(5)  # not the deadline's minute
            assert not thread.is_alive()
    assert given_up.empty()


def test_a_server_that_does_not_end_is_ended_after_the_runs_have_saved():
    order, ended = [], queue.Queue()
    shutdown = Shutdown(print, ended.put, deadline=0.05)
    with handled_by(signal.SIGTERM, signal.SIGINT), shutdown.watched(lambda: order.append("saved")):
        signal.raise_signal(signal.SIGTERM)
        assert ended.get(timeout=5) == signal.SIGTERM
    assert order[0] == "saved"


def test_a_second_ctrl_c_ends_the_server_once_the_runs_have_saved():
    saving, ended = threading.Event(), queue.Queue()
    shutdown = Shutdown(print, ended.put, deadline=60)
    with handled_by(signal.SIGTERM, signal.SIGINT) as given, shutdown.watched(lambda: saving.wait(5)):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert ended.empty()
        saving.set()
        assert ended.get(timeout=5) == signal.SIGINT
    assert given == [signal.SIGINT]  # a second one would have uvicorn leave without its shutdown


def test_runs_that_cannot_save_do_not_keep_the_server():
    ended = queue.Queue()

    def fail():
        raise OSError("the disk is full")

    shutdown = Shutdown(print, ended.put, deadline=0.05)
    with handled_by(signal.SIGTERM, signal.SIGINT), shutdown.watched(fail):
        signal.raise_signal(signal.SIGTERM)
        assert ended.get(timeout=5) == signal.SIGTERM


def test_what_nohup_ignores_stays_ignored():
    with handled_by(signal.SIGTERM):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with Shutdown().watched(lambda: None):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
