"""POST /api/datasets: a data file that somebody brings, streamed to the disk.

Streamlit's own uploader holds a file twice in memory. Here no more than a block of
it is held, so that the limit is the disk's and not the memory's.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from server.guard import Guard, Refused, guard
from server.leaving import Leaving, leaving

AT_ONCE = 2  # uploads at a time; the others wait
STALL = 30  # seconds a client may send nothing; after that it would only hold up a shutdown
GLANCE = 0.25  # seconds between two looks at whether the server stops
PURPOSE = "bring"
SIGNED_FOR = "datasets"


class Inflow:
    """A request's body as a file to read from in another thread.

    Args:
        blocks: what arrives.
        loop: the event loop it arrives in.
        leaving: tells when the server is asked to stop.
    """

    def __init__(self, blocks: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop, leaving: Leaving) -> None:
        self._blocks = blocks
        self._loop = loop
        self._leaving = leaving

    def read(self, size: int = -1) -> bytes:
        """Waits for the next block, whatever its size; empty at the end.

        Raises:
            Refused: 408, nothing came for half a minute; 400, the client has gone; 503, the server stops.
        """
        return asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()

    async def _next(self) -> bytes:
        block = b""
        while block == b"":  # an empty one is not the end
            block = await self._arrival()
        return block or b""

    async def _arrival(self) -> bytes | None:
        """Waits for what comes next; None: that was all."""
        coming = asyncio.ensure_future(anext(self._blocks, None))
        try:
            for _ in range(round(STALL / GLANCE)):
                await asyncio.wait({coming}, timeout=GLANCE)
                if self._leaving.has_begun:
                    raise Refused(503, "The server is being stopped. Bring the file again when it is back.")
                if coming.done():
                    return coming.result()
        except ClientDisconnect:
            raise Refused(400, "The upload was broken off. Bring the file again.") from None
        finally:
            coming.cancel()
        raise Refused(408, f"Nothing came for {STALL} s. Check the connection and bring the file again.")


def upload_url() -> str:
    """Gives the address to send a file to, signed for an hour; the file's name is added as `&name=`."""
    return f"/api/datasets?token={quote(guard.token(SIGNED_FOR, PURPOSE))}"


def upload_endpoint(get_datasets: Callable[[], Any], guard: Guard) -> Callable:
    """Makes the handler of POST /api/datasets: `name` in the query, the file's bytes as the body.

    Args:
        get_datasets: gives the store of brought data sets.
        guard: checks the request.

    Returns:
        The handler. It answers with the data set's id and name.
    """
    slots = asyncio.Semaphore(AT_ONCE)

    async def upload(request: Request) -> Response:
        from trainer.brought.limits import Limits
        from trainer.errors import DataError

        guard.check(request, SIGNED_FOR, PURPOSE)
        # Refused before a byte is read; a client that lies is stopped by the store while it flows.
        announced, limit = request.headers.get("content-length", ""), Limits.from_environment().bytes
        if announced.isascii() and announced.isdigit() and int(announced) > limit:
            raise Refused(
                413,
                f"A data file must be at most {limit / 1e6:,.0f} MB. Received: {int(announced) / 1e6:,.0f} MB. "
                "Bring a part of it, or raise the limit with TRAINDECK_MAX_BYTES.",
            )
        async with slots:
            inflow = Inflow(request.stream(), asyncio.get_running_loop(), leaving)
            try:
                brought = await asyncio.to_thread(get_datasets().add, inflow, request.query_params.get("name", ""))
            except DataError as error:
                raise Refused(422, str(error)) from None
        return JSONResponse({"id": brought.id, "name": brought.name}, 201, headers={"cache-control": "no-store"})

    return upload
