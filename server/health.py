"""GET /api/health: the server answers."""

from starlette.requests import Request
from starlette.responses import JSONResponse


async def health(request: Request) -> JSONResponse:
    """Says that the server is up.

    Args:
        request: anything.

    Returns:
        `{"status": "ok"}`.
    """
    return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})
