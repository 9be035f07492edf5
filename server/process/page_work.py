"""Tells whether somebody waits for a page, so that heavy imports can wait for it."""

import threading

from starlette.types import ASGIApp, Receive, Scope, Send

_SCRIPT_THREAD = "ScriptRunner"  # how Streamlit's names of the threads that run a page begin
#: Requests that are being answered. Changed in the event loop only.
_open = 0


def is_page_awaited() -> bool:
    """Returns whether a request is being answered or a page's script runs."""
    return _open > 0 or any(thread.name.startswith(_SCRIPT_THREAD) for thread in threading.enumerate())


class PageWorkMiddleware:
    """Counts the requests that are being answered.

    Args:
        app: the application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the connection on."""
        global _open
        is_request = scope["type"] == "http"
        _open += is_request
        try:
            await self._app(scope, receive, send)
        finally:
            _open -= is_request
