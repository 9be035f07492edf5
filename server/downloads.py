"""GET /api/runs/{id}/download/{kind}: a file made from a run.

The file is written to its own temporary folder, sent from disk, and deleted when
it has been sent or the client has disconnected.
"""

import asyncio
import logging
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from server.guard import Guard, Refused, guard
from server.process.shutdown import shutdown

log = logging.getLogger(__name__)

AT_ONCE = 2  # exports at a time; others wait
STALL = 30  # seconds a client may receive nothing
CHECK_INTERVAL = 0.2  # seconds between two checks for a shutdown, which must not wait for a client


class TemporaryFileResponse(FileResponse):
    """A file that is deleted with its folder, however the transfer ends."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the file, then deletes it."""

        async def send_in_time(message: Message) -> None:
            await asyncio.wait_for(send(message), STALL)

        sending = asyncio.current_task()
        watching = asyncio.create_task(self._cancel_at_shutdown(sending))
        try:
            await super().__call__(scope, receive, send_in_time)
        except TimeoutError:
            log.info("A download was cancelled: the client received nothing for %s s.", STALL)
        except asyncio.CancelledError:
            if not shutdown.has_begun:
                raise
            sending.uncancel()
            log.info("A download was cancelled: the server is stopping.")
        finally:
            watching.cancel()
            shutil.rmtree(Path(self.path).parent, ignore_errors=True)

    async def _cancel_at_shutdown(self, sending: asyncio.Task) -> None:
        while not shutdown.has_begun:
            await asyncio.sleep(CHECK_INTERVAL)
        sending.cancel()


def download_name(run_name: str, kind: str) -> str:
    """Names a download after its run.

    Args:
        run_name: the user's name for the run, any text.
        kind: the export kind, which is a file name.

    Returns:
        ASCII letters, digits and hyphens, then the kind: `brisk-otter-12-model.keras`, but
        `brisk-otter-12.weights.h5`: Keras loads weights only from a file with this ending.
    """
    plain = unicodedata.normalize("NFKD", run_name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:60].strip("-")
    return f"{slug or 'run'}{'.' if kind == 'weights.h5' else '-'}{kind}"


def download_url(run_id: str, kind: str, source: str | int | None = None) -> str:
    """Returns the URL of a download for a page to link to; good until the server ends.

    Args:
        run_id: the run.
        kind: an export kind.
        source: "best", "latest" or a checkpoint's step; None: the kind's default.

    Returns:
        A path from the server's root, with its token.
    """
    choice = f"&from={source}" if source else ""
    return f"/api/runs/{run_id}/download/{kind}?token={guard.token(run_id)}{choice}"


#: Downloads that are being made: run id and kind. Only the event loop changes it.
_under_way: list[tuple[str, str]] = []


def preparing(run_id: str) -> list[str]:
    """Returns the kinds of files that the server is making of a run now."""
    return sorted({kind for run, kind in tuple(_under_way) if run == run_id})


def download_endpoint(
    get_run: Callable[[str], Any],
    guard: Guard,
    exports: Callable[[], tuple[Mapping[str, Any], Callable[[Any, str, Path, str | None], None]]],
) -> Callable:
    """Makes the handler of /api/runs/{id}/download/{kind}.

    Args:
        get_run: gives the run for an id, or raises Refused.
        guard: checks the request.
        exports: gives the table of kinds, and the function (run, kind, path,
            source, with_data) that writes one; it raises trainer.errors.TrainerError.

    Returns:
        The handler.
    """
    slots = asyncio.Semaphore(AT_ONCE)

    async def download(request: Request) -> Response:
        from trainer.errors import TrainerError

        run_id, kind = request.path_params["id"], request.path_params["kind"]
        # A page may stay open for weeks. The token ends with the server.
        guard.check(request, run_id, max_age=None)
        run = await asyncio.to_thread(get_run, run_id)
        kinds, export = exports()
        if kind not in kinds:
            raise Refused(404, f"There is no download of this kind. Choose one of: {', '.join(kinds)}.")
        source = request.query_params.get("from")
        if source and source not in ("best", "latest") and not source.isdecimal():
            raise Refused(400, "from must be best, latest or the step of a checkpoint. Choose one of these.")
        with_data = request.query_params.get("data") == "1"
        async with slots:
            _under_way.append((run_id, kind))
            folder = Path(tempfile.mkdtemp(prefix="traindeck-"))
            work = asyncio.ensure_future(
                asyncio.to_thread(export, run, kind, folder / kind, source=source, with_data=with_data)
            )
            work.add_done_callback(lambda done: _under_way.remove((run_id, kind)))
            try:
                await asyncio.shield(work)
            except BaseException as error:
                # The thread may still be writing: delete when it has finished.
                work.add_done_callback(lambda done: shutil.rmtree(folder, ignore_errors=True))
                if isinstance(error, TrainerError):
                    raise Refused(409, str(error)) from None
                raise
        headers = {
            "content-encoding": "identity",  # else the middleware would compress it
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        }
        name = download_name(run.name, kind)
        return TemporaryFileResponse(
            folder / kind, filename=name, media_type=kinds[kind].traits.media_type, headers=headers
        )

    return download
