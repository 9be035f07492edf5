"""WS /api/runs/{id}/live: every new row, as soon as it is recorded.

The client sends the number of its rows (`from`) and epoch rows (`epochs`) and
their `generation`. The server sends the following rows from the history itself.
Nothing is queued for a client: a slow one gets larger frames later, and one that
reconnects continues at its own count.

Text messages are JSON: `hello` once, `status` at each change, `progress` twice a
second while it changes, `reset` if the client's rows no longer belong to the run (it
then loads the series again), `token` before the old one expires. Binary messages are
frames of table `steps` or `epochs`.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.frames import encode_frame
from server.guard import Guard, Refused
from server.progress import progress
from server.query import read_number

FRAME_ROWS = 65_536
INTERVAL = 0.04  # seconds between two frames, at least: each is a draw, some 5 ms of the browser's processor
INTERVAL_MORE = 0.0175  # seconds more for each further tab: together they must not slow the training
MOST_WATCHERS = 3  # more tabs add nothing
PROGRESS_INTERVAL = 0.5  # seconds between two progress messages, unless status, phase or pending command change
TOKEN_INTERVAL = 600  # seconds between two new tokens
REFRESH_INTERVAL = 1.0  # seconds between two reads of a run that another process trains


class Cursor:
    """The position of one client in one run, and what to send it next.

    Args:
        run: the run watched.
        rows: number of step rows the client has.
        epochs: number of epoch rows the client has.
        generation: the generation they belong to; None for the present one.
        clock: seconds, for the pace of progress.
    """

    def __init__(
        self,
        run: Any,
        rows: int = 0,
        epochs: int = 0,
        generation: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.run, self._clock = run, clock
        self.history = run.history  # a strong reference: the run holds it only while it trains
        self.rows = rows
        self.epochs = epochs
        self.generation = self.history.generation if generation is None else generation
        self._status: tuple | None = None
        self._doing: tuple | None = None
        self._progress_due = 0.0
        self._is_held_back = False  # whether progress waits for its time

    def hello(self) -> dict[str, Any]:
        """Returns the number of rows so far, so that the client can tell old rows from new ones.

        Returns:
            A JSON message.
        """
        history = self.history
        return {"type": "hello", "rows": len(history), "generation": history.generation}

    def news(self) -> tuple[list[dict[str, Any]], list[bytes]]:
        """Returns what the client has not received: at most one frame of each table.

        Returns:
            JSON messages and frames, to be sent in this order.
        """
        history = self.history
        messages, frames = [], []
        generation, total, epochs = history.generation, len(history), len(history.epochs)
        if generation != self.generation or self.rows > total or self.epochs > epochs:
            return [{"type": "reset", "generation": generation, "rows": total}], []
        frames += self._frame("epochs", history.epochs, self.epochs, epochs, generation)
        frames += self._frame("steps", history, self.rows, total, generation)
        if history.generation != generation:  # rows were cut during the read
            return self.news()
        self.rows = min(total, self.rows + FRAME_ROWS)
        self.epochs = min(epochs, self.epochs + FRAME_ROWS)
        if self.rows == total:
            status = (self.run.status, self.run.reason)
            if status != self._status:
                self._status = status
                messages.append(
                    {
                        "type": "status",
                        "status": status[0],
                        "reason": str(status[1] or ""),
                        "step": total,
                        "generation": generation,
                    }
                )
            messages += self._progress()
        return messages, frames

    def _progress(self) -> list[dict[str, Any]]:
        doing, now = (self.run.status, self.run.phase, self.run.pending), self._clock()
        self._is_held_back = doing == self._doing and now < self._progress_due
        if self._is_held_back:
            return []
        self._doing, self._progress_due = doing, now + PROGRESS_INTERVAL
        return [progress(self.run)]

    @property
    def due(self) -> float:
        """When there is something to send even if nothing new happens, on the cursor's clock."""
        return self._progress_due if self._is_held_back else float("inf")

    @property
    def interval(self) -> float:
        """Seconds between two frames, at least."""
        others = min(getattr(self.history, "readers", 1), MOST_WATCHERS) - 1
        return INTERVAL + others * INTERVAL_MORE

    def is_behind(self) -> bool:
        """Returns whether the history holds rows that were not sent."""
        history = self.history
        return self.rows < len(history) or self.epochs < len(history.epochs) or self.generation != history.generation

    def _frame(self, table: str, source: Any, first: int, total: int, generation: int) -> list[bytes]:
        last = min(total, first + FRAME_ROWS)
        if last <= first:
            return []
        rows = source.rows(first, last)
        if table == "steps":
            rows = {name: column for name, column in rows.items() if name != "step"}  # row i is step i + 1
        header = {
            "table": table, "first": first, "rows": last - first, "total": total, "generation": generation,
            "wall_offset": float(self.history.wall_offset or 0.0),
        }  # fmt: skip
        return [encode_frame(header, rows)]


def live_endpoint(get_run: Callable[[str], Any], guard: Guard, clock: Callable[[], float] = time.monotonic) -> Callable:
    """Makes the handler of /api/runs/{id}/live.

    Args:
        get_run: gives the run for an id, or raises Refused.
        guard: checks the request.
        clock: seconds, for the pace of frames and tokens.

    Returns:
        The handler.
    """

    async def live(websocket: WebSocket) -> None:
        run_id, query = websocket.path_params["id"], websocket.query_params
        try:
            guard.check_source(websocket)
        except Refused as refused:
            await websocket.send_denial_response(JSONResponse({"error": str(refused)}, refused.status))
            return
        await websocket.accept()
        try:
            guard.check(websocket, run_id)
            generation = read_number(query, "generation", None, int, 0, 2**53)
            rows, epochs = (read_number(query, name, 0, int, 0, 2**53) for name in ("from", "epochs"))
            cursor = await asyncio.to_thread(lambda: Cursor(get_run(run_id), rows, epochs, generation, clock))
        except Refused as refused:  # a browser sees close codes, not statuses
            await websocket.close(4000 + refused.status, str(refused))
            return
        await _serve(websocket, cursor, lambda: guard.token(run_id), clock)

    return live


async def _serve(
    websocket: WebSocket, cursor: Cursor, new_token: Callable[[], str], clock: Callable[[], float]
) -> None:
    loop = asyncio.get_running_loop()
    wake = asyncio.Event()

    def notify() -> None:  # in the training thread
        if not wake.is_set():
            with contextlib.suppress(RuntimeError):  # the loop is closed: the server is going down
                loop.call_soon_threadsafe(wake.set)

    unsubscribe = cursor.history.subscribe(notify)
    # A handler that only writes would never notice that the client or the server is gone.
    tasks = [
        asyncio.create_task(_read(websocket)),
        asyncio.create_task(_write(websocket, cursor, wake, new_token, clock)),
        asyncio.create_task(_follow(websocket, cursor.run)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        unsubscribe()
        for task in tasks:
            task.cancel()
    for task in done:
        error = task.exception()
        if error and not isinstance(error, (WebSocketDisconnect, RuntimeError, OSError)):  # the client has gone
            raise error


async def _read(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _follow(websocket: WebSocket, run: Any) -> None:
    """Refreshes a run that another process trains; ends if the run was deleted."""
    from trainer.errors import RunNotFound

    while True:
        await asyncio.sleep(REFRESH_INTERVAL)
        if run.is_trained_here:
            continue
        try:
            await asyncio.to_thread(run.refresh)
        except RunNotFound as error:
            await websocket.close(4404, str(error)[:120])
            return


async def _write(
    websocket: WebSocket,
    cursor: Cursor,
    wake: asyncio.Event,
    new_token: Callable[[], str],
    clock: Callable[[], float],
) -> None:
    await websocket.send_json(cursor.hello())
    token_due = clock() + TOKEN_INTERVAL
    while True:
        wake.clear()
        started = clock()
        messages, frames = cursor.news()
        for frame in frames:
            await websocket.send_bytes(frame)  # waits while the buffer of the client is full
        for message in messages:
            await websocket.send_json(message)
            if message["type"] == "reset":  # it reconnects when it has loaded the series
                await websocket.close()
                return
        if clock() >= token_due:
            await websocket.send_json({"type": "token", "token": new_token()})
            token_due = clock() + TOKEN_INTERVAL
        if cursor.is_behind():
            await asyncio.sleep(0)
        elif (frames or messages) and (rest := started + cursor.interval - clock()) > 0:
            await asyncio.sleep(rest)
        if not cursor.is_behind():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), max(min(token_due, cursor.due) - clock(), 0.0))
