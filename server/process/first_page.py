"""Detects when the first page is being drawn, so that heavy imports can wait for it."""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

QUIET = 0.7  # seconds without a message: the page is complete. A first script imports for half a second.
LONGEST = 4.0  # seconds to wait for a page at most


class FirstPage:
    """Watches what is sent until the first page is complete.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None
        self._sent = 0.0

    def note(self, scope: Scope) -> None:
        """Notes one message to a client.

        Args:
            scope: the connection it is sent on.
        """
        # Files that the browser loads first cost the server little; a script runs once the socket is open.
        if self._began is not None or scope.get("path", "").endswith("/_stcore/stream"):
            self._sent = self._clock()
            self._began = self._began or self._sent

    def is_being_drawn(self) -> bool:
        """Returns whether the first page's script runs, for a few seconds at most."""
        now = self._clock()
        return self._began is not None and now - self._sent < QUIET and now - self._began < LONGEST

    def is_over(self) -> bool:
        """Returns whether there is nothing more to note."""
        return self._began is not None and not self.is_being_drawn()


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
        if scope["type"] == "lifespan" or self._first_page.is_over():
            await self._app(scope, receive, send)
            return

        async def noting(message: Message) -> None:
            self._first_page.note(scope)
            await send(message)

        await self._app(scope, receive, noting)


first_page = FirstPage()
"""The process's first page."""
