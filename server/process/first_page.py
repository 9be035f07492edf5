"""Detects when the first page has been sent, so that heavy imports can wait for it.

Importing TensorFlow keeps one processor and most of the GIL busy for about three
seconds: a page requested meanwhile takes four seconds instead of two.
"""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATIENCE = 2.0  # seconds to wait for a first request
QUIET = 0.4  # seconds without a message: the page is complete
LONGEST = 4.0  # seconds to wait for a page at most


class FirstPage:
    """Watches what is sent until the first page is complete.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._asked: float | None = None
        self._sent: float | None = None
        self._is_out = False

    def start(self) -> None:
        """Starts waiting: the server is ready."""
        self._started = self._clock()

    def note(self, scope: Scope) -> None:
        """Notes one message to a client.

        Args:
            scope: the connection it is sent on.
        """
        path = scope.get("path", "")
        if path.startswith("/api/"):
            return
        self._asked = self._asked or self._clock()
        if self._sent is not None or path.endswith("/_stcore/stream"):
            self._sent = self._clock()

    def is_out(self) -> bool:
        """Returns whether the first page is complete, or took too long."""
        now = self._clock()
        self._is_out = self._is_out or (
            now - self._started >= PATIENCE
            if self._asked is None
            else now - self._asked >= LONGEST or (self._sent is not None and now - self._sent >= QUIET)
        )
        return self._is_out


class FirstPageMiddleware:
    """Reports what the application sends to a FirstPage.

    Args:
        app: the application.
        first_page: notified until it is complete.
    """

    def __init__(self, app: ASGIApp, first_page: FirstPage) -> None:
        self._app = app
        self._first_page = first_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the connection on."""
        if scope["type"] == "lifespan" or self._first_page.is_out():
            await self._app(scope, receive, send)
            return

        async def noting(message: Message) -> None:
            self._first_page.note(scope)
            await send(message)

        await self._app(scope, receive, noting)


first_page = FirstPage()
"""The process's first page."""
