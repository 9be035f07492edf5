"""Idle connections cost nothing for long, and never keep others out."""

import asyncio
import contextlib
import logging
import socket
import threading
import time

import pytest
import uvicorn

from server.process.connections import (
    BACKLOG,
    Report,
    handle_loop_error,
    limit_connections,
    limited,
    raise_handle_limit,
)

resource = pytest.importorskip("resource")


async def answer(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@contextlib.contextmanager
def serving(most, patience):
    """Runs a server with limits; yields a function that opens a connection to it."""
    config = uvicorn.Config(answer, port=0, lifespan="off", log_level="error")
    config.load()
    config.http_protocol_class = limited(config.http_protocol_class, most, patience)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    address = server.servers[0].sockets[0].getsockname()
    with contextlib.ExitStack() as opened:
        yield lambda: opened.enter_context(socket.create_connection(address, timeout=10))
    server.should_exit = True
    thread.join(10)


def ask(connection):
    connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    received = b""
    while not received.endswith(b"ok"):
        received += connection.recv(1000)
    return received


def is_closed(connection):
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_connection_beyond_the_limit_takes_the_place_of_the_one_that_waits_longest():
    with serving(most=3, patience=60) as connect:
        idle = [connect() for _ in range(3)]
        time.sleep(0.1)
        for _ in range(5):
            assert ask(connect()).startswith(b"HTTP/1.1 200")
        assert all(is_closed(connection) for connection in idle)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: lo"])
def test_a_connection_without_a_whole_request_is_closed(sent):
    with serving(most=10, patience=0.2) as connect:
        connection = connect()
        connection.sendall(sent)
        assert is_closed(connection)


def test_a_connection_in_use_stays():
    with serving(most=10, patience=2) as connect:
        connection = connect()
        for _ in range(4):
            time.sleep(0.6)
            assert ask(connection).startswith(b"HTTP/1.1 200")


def test_the_limits_apply_to_the_server():
    config = uvicorn.Config(answer)
    config.load()
    before = config.http_protocol_class
    limit_connections(config)
    assert config.backlog == BACKLOG  # what is accepted before any limit applies
    assert issubclass(config.http_protocol_class, before)


def test_the_soft_limit_of_handles_is_raised():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
    try:
        raise_handle_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(hard, 65_536) or hard == resource.RLIM_INFINITY
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_too_few_handles_are_one_line_in_the_log(monkeypatch, caplog):
    monkeypatch.setattr("server.process.connections.report", Report())
    loop = asyncio.new_event_loop()
    try:
        with caplog.at_level(logging.WARNING):
            for _ in range(1000):
                error = OSError(24, "Too many open files")
                handle_loop_error(loop, {"message": "socket.accept() out of system resource", "exception": error})
            assert [record.exc_info for record in caplog.records] == [None]
            handle_loop_error(loop, {"message": "something else"})
            assert len(caplog.records) == 2
    finally:
        loop.close()
