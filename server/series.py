"""GET /api/runs/{id}/series: the history of a run, smoothed and then decimated.

Smoothing covers the whole history and comes before decimation, so a curve looks
the same at every zoom. A spike of one batch survives decimation because a bucket
keeps its smallest and largest value.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from server.frames import encode_frame
from server.guard import Guard, Refused
from server.query import read_number

MAX_BUCKETS = 131_072
MAX_EPOCHS = 65_536
ROWS_ON_LOOP = 50_000  # more rows than this are processed in a thread
AXES = ("step", "epoch", "time")  # columns that locate a row; all others are measurements


@dataclass(frozen=True)
class Window:
    """The requested part of the history and its resolution.

    Attributes:
        lo: first row, from 0.
        hi: one past the last row; None for the newest.
        buckets: at most this many buckets, 1 to 131,072.
        smoothing: weight of the past in the moving average, 0 to 0.999.
        columns: names to send, each once; None for all.
    """

    lo: int = 0
    hi: int | None = None
    buckets: int = 1000
    smoothing: float = 0.6
    columns: tuple[str, ...] | None = None

    @classmethod
    def parse(cls, query: Any) -> "Window":
        """Reads a window from a query string.

        Args:
            query: a mapping of strings.

        Returns:
            The window.

        Raises:
            Refused: 400, naming the number, what came and what is allowed.
        """
        lo = read_number(query, "lo", cls.lo, int, 0, 2**53)
        hi = read_number(query, "hi", 2**53, int, lo, 2**53)
        names = query.get("columns")
        return cls(
            lo=lo,
            hi=None if hi == 2**53 else hi,
            buckets=read_number(query, "buckets", cls.buckets, int, 1, MAX_BUCKETS),
            smoothing=read_number(query, "smoothing", cls.smoothing, float, 0.0, 0.999),
            # Each name once: smoothing a column takes time, and a query has room for thousands of names.
            columns=tuple(dict.fromkeys(filter(None, names.split(",")))) if names is not None else None,
        )


def smooth(values: np.ndarray, weight: float) -> tuple[np.ndarray, float, int]:
    """Returns the debiased exponential moving average, ignoring values that are not finite.

    average[k] = weight * average[k-1] + (1 - weight) * value[k], from 0, divided
    by 1 - weight**k, so that the first values are not pulled towards 0
    (Kingma & Ba 2015, arXiv:1412.6980, §3).

    Args:
        values: float (rows,), NaN where nothing was measured.
        weight: 0 (no smoothing) to 0.999.

    Returns:
        The average, float64 (rows,), NaN where `values` is not finite; and the
        state from which the next value continues exactly: the average before
        its division, and the number of values in it.
    """
    import pandas as pd  # imported here: it takes a quarter of a second at start-up

    finite = np.isfinite(values)
    count = int(finite.sum())
    if not count:
        return np.full(len(values), np.nan), 0.0, 0
    measured = pd.Series(np.where(finite, values, np.nan).astype(np.float64))
    smoothed = measured.ewm(alpha=1.0 - weight, adjust=True, ignore_na=True).mean().to_numpy(copy=True)
    average = float(smoothed[-1]) * (1.0 - weight**count)
    smoothed[~finite] = np.nan
    return smoothed, average, count


def bucket_width(rows: int, buckets: int) -> int:
    """Returns the number of rows per bucket.

    A power of two, counted from row 0: buckets do not move with the window, and
    two neighbours merge into one.

    Args:
        rows: rows in the window.
        buckets: buckets allowed.

    Returns:
        1 where every row can be sent (at most 2 * buckets rows), else the
        smallest power of two that needs no more than `buckets` buckets.
    """
    if rows <= 2 * buckets:
        return 1
    return 1 << (-(-rows // buckets) - 1).bit_length()


def extremes(values: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the smallest and largest value of each `width` rows.

    Args:
        values: float (rows,); NaN and infinities are left out.
        width: rows in a bucket; the last may hold fewer.

    Returns:
        Minimum and maximum, float32 (buckets,), NaN where nothing was measured.
    """
    starts = np.arange(0, len(values), width)
    finite = np.isfinite(values)
    low = np.minimum.reduceat(np.where(finite, values, np.inf), starts)
    high = np.maximum.reduceat(np.where(finite, values, -np.inf), starts)
    empty = ~np.isfinite(low)
    low[empty] = high[empty] = np.nan
    return low.astype(np.float32), high.astype(np.float32)


def thin(history: Any, window: Window) -> bytes:
    """Returns one frame with the step rows of a window and the epoch rows of the run.

    Args:
        history: the run's history.
        window: the part asked for.

    Returns:
        A frame. Its header has `first` (row of the first cell), `width` (rows a
        cell), `rows` (rows covered), `total` (rows in the history), `generation`,
        `wall_offset`, `carry` (per column: average, count, last value, last
        smoothed value, for continuing at row `hi`) and `epochs` (rows of the
        epoch table). Its arrays are `time` and `epoch` (of a cell's last row);
        per column NAME and NAME:smooth where width is 1, else NAME:min, :max,
        :smooth_min and :smooth_max; and `epochs/NAME` for the epoch table.

    Raises:
        Refused: 400, `lo` is past the end or a column is unknown.
    """
    while True:
        generation = history.generation
        answer = _thin(history, window, generation)
        if history.generation == generation:  # else rows were cut during the read
            return answer


def _thin(history: Any, window: Window, generation: int) -> bytes:
    total = len(history)
    hi = total if window.hi is None else min(window.hi, total)
    if window.lo > total:
        raise Refused(400, f"lo must be between 0 and {total} (the rows so far). Received: {window.lo}.")
    known = [name for name in history.columns if name not in AXES]
    names = known if window.columns is None else list(window.columns)
    if total and (unknown := [name for name in names if name not in known]):
        raise Refused(400, f"columns must be among {', '.join(known)}. Received: {unknown[0][:80]}.")

    width = bucket_width(hi - window.lo, window.buckets)
    first = min(window.lo, hi) // width * width
    last = min(-(-hi // width) * width, total)
    arrays: dict[str, np.ndarray] = {}
    carry = {}
    if last > first:
        rows = history.rows(0, last)
        ends = np.append(np.arange(first + width, last, width), last) - 1
        arrays["time"], arrays["epoch"] = np.asarray(rows["time"], np.float64)[ends], rows["epoch"][ends]
        for name in names:
            values = np.asarray(rows[name])
            smoothed, average, count = smooth(values, window.smoothing)
            if width == 1:
                arrays[name], arrays[f"{name}:smooth"] = values[first:last], smoothed[first:last].astype(np.float32)
            else:
                arrays[f"{name}:min"], arrays[f"{name}:max"] = extremes(values[first:last], width)
                low, high = extremes(smoothed[first:last], width)
                arrays[f"{name}:smooth_min"], arrays[f"{name}:smooth_max"] = low, high
            carry[name] = [average, count, _json(values[-1]), _json(smoothed[-1])]

    epochs = history.epochs
    skipped = max(0, len(epochs) - MAX_EPOCHS)
    table = epochs.rows(skipped, len(epochs)) if len(epochs) else {}
    arrays |= {f"epochs/{name}": column for name, column in table.items()}
    header = {
        "table": "series", "first": first, "rows": last - first, "width": width, "total": total,
        "generation": generation, "wall_offset": float(history.wall_offset or 0.0),
        "smoothing": window.smoothing, "columns": names, "carry": carry, "epochs": len(epochs),
    }  # fmt: skip
    return encode_frame(header, arrays)


def series_endpoint(get_run: Callable[[str], Any], guard: Guard) -> Callable:
    """Makes the handler of /api/runs/{id}/series.

    Args:
        get_run: gives the run for an id, or raises Refused.
        guard: checks the request.

    Returns:
        The handler.
    """

    async def series(request: Request) -> Response:
        run_id = request.path_params["id"]
        guard.check(request, run_id)
        window = Window.parse(request.query_params)
        history = await asyncio.to_thread(lambda: get_run(run_id).history)  # may be read from disk
        if len(history) > ROWS_ON_LOOP:
            answer = await asyncio.to_thread(thin, history, window)
        else:
            answer = thin(history, window)
        # identity: numbers hardly shrink, and compressing megabytes would hold the event loop
        headers = {"cache-control": "no-store", "content-encoding": "identity"}
        return Response(answer, media_type="application/octet-stream", headers=headers)

    return series


def _json(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
