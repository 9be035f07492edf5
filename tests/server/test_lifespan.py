"""The server starts at once, and ends its runs well."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from websockets.sync.client import connect

from server.process.shutdown import DEADLINE

ROOT = Path(__file__).resolve().parents[2]

APP = """
import sys, types
sys.path.insert(0, {root!r})
import streamlit as st
import trainer
from server import lifespan
from server.guard import Guard
from server.routes import build_routes
from tests.server.fakes import FakeStore, make_run

store = FakeStore(make_run(rows=10))
store.recover = lambda: None
store.close = lambda timeout: print("closed with", timeout, flush=True)
trainer.RunStore.default = classmethod(lambda cls: store)
lifespan.__globals__["_warm"] = lambda: None
guard = Guard(secret="a secret for tests")

def export(run, kind, path, **options):
    path.write_bytes(bytes(50_000_000))

kinds = {{"big": types.SimpleNamespace(traits=types.SimpleNamespace(media_type="application/zip"))}}
app = st.App({script!r}, routes=build_routes(lambda: store, guard, lambda: (kinds, export)), lifespan=lifespan)
"""


@pytest.fixture
def start(tmp_path):
    processes = []

    def start_server():
        (tmp_path / "page.py").write_text("import streamlit as st\nst.write('hello')\n")
        app = APP.format(root=str(ROOT), script=str(tmp_path / "page.py"))
        (tmp_path / "app.py").write_text(app)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "streamlit", "run", str(tmp_path / "app.py"), f"--server.port={port}"]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        processes.append(process)
        watchdog = threading.Timer(30, process.kill)  # so that reading its output ends
        watchdog.start()
        seen = []
        for line in process.stdout:
            seen.append(line)
            if "Traindeck is at http" in line:
                return process, port, watchdog
        raise AssertionError("".join(seen))

    yield start_server
    for process in processes:
        process.kill()
        process.wait(10)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_idle_sockets_do_not_keep_the_runs_from_being_closed(start, how):
    from server.guard import Guard

    process, port, watchdog = start()
    token = Guard(secret="a secret for tests").token("run-1")
    with (
        connect(f"ws://127.0.0.1:{port}/api/runs/run-1/live?token={token}", open_timeout=10) as socket,
        connect(f"ws://127.0.0.1:{port}/_stcore/stream", open_timeout=10),
    ):
        assert socket.recv(timeout=10).startswith('{"type":"hello"')
        process.send_signal(how)
        output, _ = process.communicate(timeout=8)
    watchdog.cancel()
    assert "closed with 10" in output
    assert "Traceback" not in output
    assert "Aborted" not in output
    assert process.returncode == -how


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]], ids=["once", "ctrl-c twice"])
def test_a_client_that_reads_nothing_does_not_keep_the_server(start, signals):
    from server.guard import Guard

    process, port, watchdog = start()
    token = Guard(secret="a secret for tests").token("run-1")
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", port))
        request = f"GET /api/runs/run-1/download/big?token={token} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"
        reader.sendall(request.encode())
        assert reader.recv(12) == b"HTTP/1.1 200"
        asked = time.monotonic()
        for number in signals:
            process.send_signal(number)
        assert "closed with 10" in next(line for line in process.stdout if "Traindeck" not in line)
        output, _ = process.communicate(timeout=10)
    watchdog.cancel()
    assert time.monotonic() - asked < DEADLINE + 2
    assert process.returncode in (-signals[0], 128 + signals[0])
    assert "Traceback" not in output


def test_a_wrong_setting_ends_the_server_in_one_line():
    environment = os.environ | {"TRAINDECK_MAX_BYTES": "abc"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port=0"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "TRAINDECK_MAX_BYTES must be a whole number of at least 1. Received: 'abc'." in done.stderr
    assert "Traceback" not in done.stderr
