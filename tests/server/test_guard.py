"""Only this server's own pages read a run."""

import time

import pytest
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from server.guard import MAX_AGE, Guard, Refused

GUARDED = ["series", "download/history.csv"]


def close_code(site, path, headers=None):
    with site.connect(path, headers=headers) as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_json()
    return closed.value.code


@pytest.mark.parametrize("what", GUARDED)
def test_a_request_without_a_token_is_refused(site, what):
    answer = site.client.get(f"/api/runs/run-1/{what}")
    assert answer.status_code == 401
    assert answer.json()["error"].endswith("Open the run in Traindeck first.")


@pytest.mark.parametrize("what", GUARDED)
def test_another_runs_token_is_refused(site, what):
    assert site.client.get(site.path(what, token_of="run-2")).status_code == 401


@pytest.mark.parametrize("what", GUARDED)
def test_another_purposes_token_is_refused(site, what):
    token = site.guard.token("run-1", "write")
    assert site.client.get(f"/api/runs/run-1/{what}?token={token}").status_code == 401


@pytest.mark.parametrize("what", GUARDED)
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://localhost",
        "http://localhost:1",
        "http://localhost:8501.evil.example",
        "",
        "http://[",
        "http://[::1",
        "http://a\u2100b",
    ],
)
def test_a_foreign_origin_is_refused(site, what, origin):
    assert site.client.get(site.path(what), headers={"origin": origin.encode("latin-1", "replace")}).status_code == 403


@pytest.mark.parametrize("what", GUARDED)
@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "localhost@evil.example", "localhost:x", "", "127.0.0.1.evil.example"],
)
def test_a_foreign_host_is_refused_even_with_an_origin_that_agrees(site, what, host):
    headers = {"host": host, "origin": f"http://{host}"}
    assert site.client.get(site.path(what), headers=headers).status_code == 403


@pytest.mark.parametrize(
    "host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST", "traindeck.example.org"]
)
def test_own_names_are_let_in(site, host):
    headers = {"host": host, "origin": f"http://{host}"}
    assert site.client.get(site.path("series"), headers=headers).status_code == 200


def test_a_token_ends_after_an_hour(monkeypatch):
    guard = Guard()
    token = guard.token("run-1")
    guard.check_token(token, "run-1")
    later = time.time() + MAX_AGE + 2
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)
    with pytest.raises(Refused, match="has expired") as refused:
        guard.check_token(token, "run-1")
    assert refused.value.status == 401


def test_a_download_link_works_while_its_page_stays_open(site, monkeypatch):
    links = {what: site.path(what) for what in GUARDED}
    now = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 365 * 24 * 3600)
    assert site.client.get(links["download/history.csv"]).status_code == 200
    assert site.client.get(links["series"]).status_code == 401


def test_a_link_of_an_earlier_server_is_a_page_that_says_what_to_do(site):
    link = f"/api/runs/run-1/download/history.csv?token={Guard().token('run-1')}"
    answer = site.client.get(link, headers={"accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<p>This link is not valid here. Reload the page in Traindeck.</p>" in answer.text
    assert site.client.get(link).json() == {"error": "This link is not valid here. Reload the page in Traindeck."}


def test_a_token_of_another_process_is_refused():
    with pytest.raises(Refused, match="not valid here"):
        Guard().check_token(Guard().token("run-1"), "run-1")


def test_a_page_gets_the_same_token_for_ten_minutes_and_then_a_new_one(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("server.guard.time.monotonic", lambda: now[0])
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: 1.7e9 + now[0])
    guard = Guard()
    first = guard.token("run-1")
    now[0] += 599
    assert guard.token("run-1") == first
    now[0] += 2
    assert guard.token("run-1") != first
    assert len(guard._tokens) == 1


def test_subdomains_are_allowed_only_where_the_pattern_says_so(site):
    from starlette.requests import HTTPConnection

    guard = Guard(lambda: ["*.example.org"])

    def comes_from(host):
        scope = {"type": "http", "headers": [(b"host", host.encode())]}
        guard.check_source(HTTPConnection(scope))

    comes_from("deck.example.org")
    for host in ("example.org", "badexample.org"):
        with pytest.raises(Refused):
            comes_from(host)


def test_the_socket_closes_with_a_code_where_the_token_is_wrong(site):
    assert close_code(site, "/api/runs/run-1/live") == 4401
    assert close_code(site, site.path("live", token_of="run-2")) == 4401


def test_the_socket_is_not_opened_for_a_foreign_page(site):
    for headers in ({"origin": "http://evil.example"}, {"host": "evil.example", "origin": "http://evil.example"}):
        with pytest.raises(WebSocketDenialResponse) as denied, site.connect(site.path("live"), headers=headers):
            pass
        assert denied.value.status_code == 403


def test_an_unknown_run_is_answered_with_a_sentence(site):
    answer = site.client.get(site.path("series", run="run-3"))
    assert answer.status_code == 404
    assert answer.json()["error"] == "There is no such run. Choose one from the list of runs."
    assert close_code(site, site.path("live", run="run-3")) == 4404


@pytest.mark.parametrize("run", ["..", "%2e%2e", "..%2f..%2fetc", "%2fetc%2fpasswd", "a%00b", "run-1%2f..%2frun-2"])
def test_a_run_id_is_never_a_path(site, run):
    token = site.guard.token("run-1")
    for what in GUARDED:
        assert site.client.get(f"/api/runs/{run}/{what}?token={token}").status_code in (401, 404)
    assert not site.exported


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "head"])
def test_nothing_but_get_is_answered(site, method):
    for what in GUARDED:
        assert getattr(site.client, method)(site.path(what)).status_code == 405
    assert not site.exported
