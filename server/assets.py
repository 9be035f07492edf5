"""GET /api/assets/{name}: the JavaScript of the live chart.

Names are looked up in a fixed table; nothing that a client sends becomes part of
a path. Each file is compressed once. A URL may hold a version before the name,
`/api/assets/<version>/live_chart.js`: the browser then requests the imports of
that module under the same version.
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

MODULES = Path(__file__).resolve().parent.parent / "pages" / "ui" / "live_chart"


@dataclass(frozen=True)
class Asset:
    """A file in memory, ready to send.

    Attributes:
        body: the file's bytes.
        packed: the body compressed by gzip.
        digest: first 16 hexadecimal digits of the file's SHA-256.
    """

    body: bytes
    packed: bytes
    digest: str


def asset_paths() -> dict[str, Path]:
    """Returns all assets.

    Returns:
        Name to file.
    """
    plotly = Path(find_spec("plotly").origin).parent  # found without importing plotly
    return {
        **{path.relative_to(MODULES).as_posix(): path for path in sorted(MODULES.rglob("*.js"))},
        "plotly.min.js": plotly / "package_data" / "plotly.min.js",
    }


def asset_url(name: str) -> str:
    """Returns the URL of the current version of an asset, which a browser may cache forever.

    Args:
        name: a name in `asset_paths`.

    Returns:
        A path that holds the version.
    """
    return f"/api/assets/{_version(name)}/{name}"


def _version(name: str) -> str:
    """Returns a hash of the asset; modules import each other, so all of them share one."""
    paths = asset_paths()
    modules = [other for other, path in paths.items() if path.is_relative_to(MODULES)]
    parts = modules if name in modules else [name]
    digests = [_digest(paths[part], paths[part].stat().st_mtime_ns) for part in parts]
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]


async def asset(request: Request) -> Response:
    """Sends an asset: 304 if the browser has it, compressed if the browser accepts that.

    Args:
        request: its path ends with the name, which a version may precede.

    Returns:
        The response.

    Raises:
        Refused: 404, there is no such asset.
    """
    paths, version, name = asset_paths(), "", request.path_params["name"]
    if name not in paths:
        version, _, name = name.partition("/")
    if (path := paths.get(name)) is None:
        raise Refused(404, "There is no such asset.")
    loaded = await asyncio.to_thread(_load, path, path.stat().st_mtime_ns)
    is_pinned = version == await asyncio.to_thread(_version, name)
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


@lru_cache(maxsize=64)
def _digest(path: Path, modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


@lru_cache(maxsize=64)
def _load(path: Path, modified: int) -> Asset:
    body = path.read_bytes()
    return Asset(body, gzip.compress(body, 6), _digest(path, modified))
