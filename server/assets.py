"""GET /api/assets/{name}: the live chart's JavaScript.

A name is looked up in a fixed table; nothing a client sends becomes part of a
path. Each file is compressed once, not once a request.
"""

import asyncio
import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from server.guard import Refused

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Asset:
    """A file in memory, ready to be sent.

    Attributes:
        body: as it is.
        packed: gzip of it.
        digest: first 16 hexadecimal digits of its SHA-256.
    """

    body: bytes
    packed: bytes
    digest: str


def asset_paths() -> dict[str, Path]:
    """Lists what can be asked for.

    Returns:
        Name to file.
    """
    plotly = Path(find_spec("plotly").origin).parent  # found without importing plotly
    return {
        "live_chart.js": ROOT / "pages" / "ui" / "live_chart" / "live_chart.js",
        "live_progress.js": ROOT / "pages" / "ui" / "live_chart" / "live_progress.js",
        "plotly.min.js": plotly / "package_data" / "plotly.min.js",
    }


def asset_url(name: str) -> str:
    """Gives the address of an asset as it is now, to be cached for good.

    Args:
        name: a name in `asset_paths`.

    Returns:
        A path with the content's hash in its query.
    """
    path = asset_paths()[name]
    return f"/api/assets/{name}?v={_digest(path, path.stat().st_mtime_ns)}"


async def asset(request: Request) -> Response:
    """Sends an asset: 304 where the browser has it, compressed where it can be.

    Args:
        request: `name` is in its path.

    Returns:
        The response.

    Raises:
        Refused: 404, there is no such asset.
    """
    path = asset_paths().get(request.path_params["name"])
    if path is None:
        raise Refused(404, "There is no such asset.")
    loaded = await asyncio.to_thread(_load, path, path.stat().st_mtime_ns)
    is_pinned = request.query_params.get("v") == loaded.digest
    headers = {
        "etag": f'"{loaded.digest}"',
        "cache-control": "public, max-age=31536000, immutable" if is_pinned else "no-cache",
        "vary": "accept-encoding",
        "x-content-type-options": "nosniff",
    }
    if request.headers.get("if-none-match", "").removeprefix("W/") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
    headers["content-encoding"] = "gzip" if takes_gzip else "identity"
    return Response(loaded.packed if takes_gzip else loaded.body, media_type="text/javascript", headers=headers)


@lru_cache(maxsize=4)
def _digest(path: Path, modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


@lru_cache(maxsize=4)
def _load(path: Path, modified: int) -> Asset:
    body = path.read_bytes()
    return Asset(body, gzip.compress(body, 6), _digest(path, modified))
