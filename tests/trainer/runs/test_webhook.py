"""The webhook: one POST at a run's end, and nothing that a receiver does can delay or end a run."""

import http.server
import json
import socket
import threading

import pytest

from tests.trainer.recipes import ENDLESS, digits, line
from tests.trainer.watching import finish, wait_for_step
from trainer.config.environment import check_settings
from trainer.errors import ConfigError
from trainer.runs.endings import webhook


class Receiver(http.server.ThreadingHTTPServer):
    """Records every request, and answers with a status."""

    def __init__(self, status: int = 200, headers: dict | None = None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.headers, self.messages = status, headers or {}, []
        self.url = f"http://127.0.0.1:{self.server_port}/hook?token=secret"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.messages.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def do_GET(self):
        raise AssertionError("nothing but a POST is sent")

    def log_message(self, *_):
        pass


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def receive(monkeypatch):
    """Starts a receiver and names it in the settings."""
    receivers = []

    def start(**options) -> Receiver:
        receiver = Receiver(**options)
        receivers.append(receiver)
        threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setenv("TRAINDECK_WEBHOOK", receiver.url)
        return receiver

    yield start
    for receiver in receivers:
        receiver.shutdown()
        receiver.server_close()


def test_the_end_of_a_run_is_one_post_with_its_numbers(store, receive):
    receiver = receive()
    run = store.create(line(), name="a line <b>&</b> 🚀")
    run.start()
    finish(run)
    webhook.finish_messages()
    [(path, content_type, message)] = receiver.messages
    assert (path, content_type) == ("/hook?token=secret", "application/json")
    assert message == {
        "id": run.id,
        "name": "a line <b>&</b> 🚀",
        "status": "completed",
        "reason": "",
        "step": 24,
        "epoch": 3,
        "metrics": run.metrics,
        "seconds": run.seconds,
    }


def test_only_completed_failed_and_stopped_runs_are_told(store, receive, monkeypatch):
    receiver = receive()
    run = store.create(digits(epochs=ENDLESS))
    for act in ("pause", "interrupt", "stop"):
        (run.resume if run.started else run.start)()
        wait_for_step(run, run.step + 1)
        getattr(run, act)()
        finish(run)
    monkeypatch.setattr("trainer.training.sessions.session.build", lambda *_: 1 / 0)
    run.resume()
    finish(run)
    webhook.finish_messages()
    assert [message["status"] for _, _, message in receiver.messages] == ["stopped", "failed"]
    assert "ZeroDivisionError" in receiver.messages[1][2]["reason"]


def test_nothing_is_sent_without_the_setting(store, monkeypatch):
    monkeypatch.delenv("TRAINDECK_WEBHOOK", raising=False)
    monkeypatch.setattr(webhook, "post", lambda *_: pytest.fail("something was sent"))
    run = store.create(line())
    run.start()
    finish(run)
    webhook.finish_messages()
    assert "webhook" not in (run.path / "log.txt").read_text()


def test_a_receiver_that_never_answers_delays_nothing(store, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("TRAINDECK_WEBHOOK", f"http://127.0.0.1:{silent.getsockname()[1]}/secret")
        monkeypatch.setattr(webhook.post, "__defaults__", (1.0,))
        runs = [store.create(line()) for _ in range(2)]
        for run in runs:
            run.start()
        # The second starts although the first one's message is still under way.
        for run in runs:
            assert finish(run).status == "completed"
        sending = [thread for thread in threading.enumerate() if thread.name.startswith("webhook-")]
        assert sending
        assert all(thread.daemon for thread in sending)
        webhook.finish_messages()
    for run in runs:
        log = (run.path / "log.txt").read_text()
        assert "The webhook was not told: it did not answer within" in log
        assert "secret" not in log


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_errors_and_redirects_are_only_logged(store, receive, status):
    receiver = receive(status=status, headers={"Location": "ftp://127.0.0.1/elsewhere"})
    run = store.create(line())
    run.start()
    finish(run)
    webhook.finish_messages()
    assert run.status == "completed"
    assert len(receiver.messages) == 1
    assert f"The webhook was not told: it answered with status {status}." in (run.path / "log.txt").read_text()


def test_a_receiver_that_is_gone_and_a_deleted_run_raise_nothing(store, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        monkeypatch.setenv("TRAINDECK_WEBHOOK", f"http://127.0.0.1:{gone.getsockname()[1]}/")
    run = store.create(line())
    run.start()
    finish(run)
    webhook.finish_messages()
    assert "Connection refused" in (run.path / "log.txt").read_text()
    store.delete(run.id)
    webhook.announce(
        run.state, lambda _: (_ for _ in ()).throw(FileNotFoundError()), lambda work, _: work() or threading.Thread()
    )


@pytest.mark.parametrize(
    "url", ["ftp://host/x", "file:///etc/passwd", "host/x", "http://", "http://[::1", "http://h:99999/", "http://a b/", "http://a\n/"]
)  # fmt: skip
def test_what_is_no_http_url_is_refused_when_the_process_begins(url):
    with pytest.raises(ConfigError, match="TRAINDECK_WEBHOOK must be an http:// or https:// URL"):
        check_settings({"TRAINDECK_WEBHOOK": url})


def test_the_settings_of_queue_and_webhook_are_checked():
    check_settings({"TRAINDECK_WEBHOOK": "https://hooks.example.org:8443/a?b=c", "TRAINDECK_SLOTS": "2"})
    check_settings({"TRAINDECK_WEBHOOK": "", "TRAINDECK_SLOTS": ""})
    for slots in ("0", "-1", "two", "1.5"):
        with pytest.raises(ConfigError, match="TRAINDECK_SLOTS must be a whole number between 1 and 1,024"):
            check_settings({"TRAINDECK_SLOTS": slots})
