"""A page is awaited while a request is answered or its script runs."""

import asyncio
import threading

import pytest
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner

from server.process.page_work import PageWorkMiddleware, is_page_awaited
from tests.pages.conftest import open_page


def call(app, kind):
    asyncio.run(PageWorkMiddleware(app)({"type": kind, "path": "/"}, None, None))


def test_a_page_is_awaited_while_a_request_is_answered():
    seen = []

    async def app(scope, receive, send):
        seen.append(is_page_awaited())

    assert not is_page_awaited()
    call(app, "http")
    call(app, "websocket")  # stays open as long as the page does
    assert seen == [True, False]
    assert not is_page_awaited()


def test_a_request_that_fails_is_over():
    async def app(scope, receive, send):
        raise OSError("the client has gone")

    with pytest.raises(OSError, match="gone"):
        call(app, "http")
    assert not is_page_awaited()


def test_a_page_is_awaited_while_its_script_runs(monkeypatch):
    run, seen = ScriptRunner._run_script, []

    def watched(self, data):
        seen.append((is_page_awaited(), threading.current_thread().name))
        run(self, data)

    monkeypatch.setattr(ScriptRunner, "_run_script", watched)
    open_page()
    assert seen
    assert all(is_awaited for is_awaited, _ in seen), seen
