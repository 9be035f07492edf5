"""POST /api/datasets and /api/capsules: an uploaded data file or capsule, streamed to the disk.

Streamlit's own uploader holds a file twice in memory. Here no more than a block of
it is held, so that the limit is the disk's and not the memory's.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from server.guard import LINK_AGE, Guard, Refused, guard
from server.process.shutdown import Shutdown, shutdown

AT_ONCE = 8  # uploads at a time; the others wait
STALL = 30  # seconds a client may send nothing
SLOWEST = 2048  # bytes a second, on average over STALL; whoever sends less holds up the others
GLANCE = 0.25  # seconds between two looks at whether the server stops
PURPOSE = "upload"
_AGAIN = "Check the connection and upload the file again."


class Inflow:
    """A request's body as a file to read from in another thread.

    Args:
        blocks: what arrives.
        loop: the event loop it arrives in.
        shutdown: tells when the server is asked to stop.
    """

    def __init__(self, blocks: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop, shutdown: Shutdown) -> None:
        self._blocks = blocks
        self._loop = loop
        self._shutdown = shutdown
        self._since = loop.time()
        self._received = 0

    def read(self, size: int = -1) -> bytes:
        """Waits for the next block, whatever its size; empty at the end.

        Raises:
            Refused: 408, nothing or too little came for half a minute; 400, the client has gone; 503, the server
                stops.
        """
        return asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()

    async def _next(self) -> bytes:
        block = b""
        while block == b"":  # an empty one is not the end
            block = await self._arrival()
            self._check_pace(len(block or b""))
        return block or b""

    def _check_pace(self, size: int) -> None:
        now = self._loop.time()
        self._received += size
        if now - self._since < STALL:
            return
        if self._received < SLOWEST * (now - self._since):
            raise Refused(408, f"Only {self._received:,} bytes came in {STALL} s. {_AGAIN}")
        self._since, self._received = now, 0

    async def _arrival(self) -> bytes | None:
        """Waits for what comes next; None: that was all."""
        coming = asyncio.ensure_future(anext(self._blocks, None))
        try:
            for _ in range(round(STALL / GLANCE)):
                await asyncio.wait({coming}, timeout=GLANCE)
                if self._shutdown.has_begun:
                    raise Refused(503, "The server is being stopped. Upload the file again when it is back.")
                if coming.done():
                    return coming.result()
        except ClientDisconnect:
            raise Refused(400, "The upload was interrupted. Upload the file again.") from None
        finally:
            coming.cancel()
        raise Refused(408, f"Nothing came for {STALL} s. {_AGAIN}")


@dataclass(frozen=True)
class Inbox:
    """What a kind of upload is kept as.

    Attributes:
        place: the last part of its address; tokens are signed for it.
        keep: function (file, name) that stores it and returns something with an id and a name. Its TrainerErrors are
            answered as sentences.
        noun: what it is, at the start of a sentence.
        limit: gives the most bytes.
        setting: the environment variable that raises the limit.
    """

    place: str
    keep: Callable[[Inflow, str], Any]
    noun: str
    limit: Callable[[], int]
    setting: str


def dataset_inbox(get_datasets: Callable[[], Any]) -> Inbox:
    """Returns the inbox of data files."""

    def limit() -> int:
        from trainer.data.uploads import Limits

        return Limits.from_environment().bytes

    return Inbox(
        "datasets", lambda file, name: get_datasets().add(file, name), "A data file", limit, "TRAINDECK_MAX_BYTES"
    )


def capsule_inbox(get_store: Callable[[], Any]) -> Inbox:
    """Returns the inbox of capsules: each becomes a run."""

    def keep(file: Inflow, name: str) -> Any:
        from trainer.export.capsule.unpack import import_stream

        return import_stream(get_store(), file, name)

    def limit() -> int:
        from trainer.export.capsule.unpack import most_bytes

        return most_bytes()

    return Inbox("capsules", keep, "A capsule", limit, "TRAINDECK_MAX_CAPSULE_BYTES")


def upload_url(place: str) -> str:
    """Gives the address to send a file to, signed for a week; the file's name is added as `&name=`.

    Args:
        place: "datasets" or "capsules".
    """
    return f"/api/{place}?token={quote(guard.token(place, PURPOSE))}"


def upload_endpoint(inbox: Inbox, guard: Guard) -> Callable:
    """Makes the handler of POST /api/<place>: `name` in the query, the file's bytes as the body.

    Args:
        inbox: what is made of the file.
        guard: checks the request.

    Returns:
        The handler. It answers with the id and the name of what was stored.
    """
    slots = asyncio.Semaphore(AT_ONCE)
    # Threads of their own: uploads wait for their clients, and must not keep other requests from a thread.
    threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="uploads")

    async def upload(request: Request) -> Response:
        from trainer.errors import TrainerError

        guard.check(request, inbox.place, PURPOSE, LINK_AGE)
        # Refused before a byte is read; a client that lies is stopped by the store while it flows.
        announced, limit = request.headers.get("content-length", ""), inbox.limit()
        if announced.isascii() and announced.isdigit() and int(announced) > limit:
            raise Refused(
                413,
                f"{inbox.noun} must be at most {limit / 1e6:,.0f} MB. Received: {int(announced) / 1e6:,.0f} MB. "
                f"Upload a smaller one, or raise the limit with {inbox.setting}.",
            )
        try:
            async with asyncio.timeout(STALL):
                await slots.acquire()
        except TimeoutError:
            raise Refused(503, f"{AT_ONCE} other uploads are under way. Wait for one to end, then try again.") from None
        try:
            loop, name = asyncio.get_running_loop(), request.query_params.get("name", "")
            inflow = Inflow(request.stream(), loop, shutdown)
            uploaded = await loop.run_in_executor(threads, inbox.keep, inflow, name)
        except TrainerError as error:
            raise Refused(422, str(error)) from None
        finally:
            slots.release()
        return JSONResponse({"id": uploaded.id, "name": uploaded.name}, 201, headers={"cache-control": "no-store"})

    return upload
