"""Sessions beyond a limit are refused, and those that say nothing are closed."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from server.process.sessions import PATH, SessionLimitMiddleware


async def echo(websocket):
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        closed.append(websocket.url.path)


closed = []


def make_client(**limits):
    closed.clear()
    routes = [WebSocketRoute(PATH, echo), WebSocketRoute("/api/runs/1/live", echo)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(SessionLimitMiddleware, **limits)]))


def test_one_session_too_many_is_refused_until_another_ends():
    with make_client(most=lambda: 2) as client:
        with client.websocket_connect(PATH), client.websocket_connect(PATH):
            with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect(PATH):
                pass
            assert refused.value.code == 1013
            with client.websocket_connect("/api/runs/1/live") as live:  # a live chart is no session
                live.send_text("a")
                assert live.receive_text() == "a"
        with client.websocket_connect(PATH) as session:
            session.send_text("a")
            assert session.receive_text() == "a"


def test_a_new_session_that_says_nothing_ends_and_a_known_one_stays():
    sent = []

    async def talk(subprotocols, messages):
        waiting = iter(messages)

        async def receive():
            return next(waiting, None) or await asyncio.Event().wait()

        async def send(message):
            sent.append(message["type"])

        scope = {"type": "websocket", "path": PATH, "subprotocols": subprotocols}
        await asyncio.wait_for(SessionLimitMiddleware(read_all, lambda: 1, 0.05)(scope, receive, send), 1)

    async def read_all(scope, receive, send):
        while (await receive())["type"] != "websocket.disconnect":
            pass

    connect, message = {"type": "websocket.connect"}, {"type": "websocket.receive", "bytes": b""}
    asyncio.run(talk([], [connect]))
    for subprotocols, messages in ((["streamlit", "token", "session"], [connect]), ([], [connect, message])):
        with pytest.raises(TimeoutError):
            asyncio.run(talk(subprotocols, messages))
