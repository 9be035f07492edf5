"""The routes beside Streamlit's own. All are GET and change nothing, but for uploads of data files and capsules."""

import functools
import html
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from server.assets import asset
from server.downloads import download_endpoint
from server.guard import Guard, Refused, guard
from server.live import live_endpoint
from server.series import series_endpoint
from server.uploads import capsule_inbox, dataset_inbox, upload_endpoint


def _default_datasets() -> Any:
    from trainer.data.uploads import DatasetStore

    return DatasetStore.default()


def build_routes(
    get_store: Callable[[], Any],
    guard: Guard,
    exports: Callable[[], tuple[Any, Callable]],
    get_datasets: Callable[[], Any] = _default_datasets,
) -> list[BaseRoute]:
    """Lists the routes.

    Args:
        get_store: gives the store whose runs are served; called at each request.
        guard: checks the requests.
        exports: gives the table of export kinds and the function that writes one.
        get_datasets: gives the store of uploaded data sets.

    Returns:
        Starlette routes.
    """

    def get_run(run_id: str) -> Any:
        from trainer.errors import RunNotFound

        try:
            return get_store().get(run_id)
        except RunNotFound as error:
            raise Refused(404, str(error)) from None

    return [
        Route("/api/health", health),
        Route("/api/assets/{name:path}", answer_refusals(asset)),
        _get("/api/runs/{id}/series", series_endpoint(get_run, guard)),
        _get("/api/runs/{id}/download/{kind}", download_endpoint(get_run, guard, exports)),
        *(
            Route(f"/api/{inbox.place}", answer_refusals(upload_endpoint(inbox, guard)), methods=["POST"])
            for inbox in (dataset_inbox(get_datasets), capsule_inbox(get_store))
        ),
        WebSocketRoute("/api/runs/{id}/live", live_endpoint(get_run, guard)),
    ]


async def health(request: Request) -> JSONResponse:
    """GET /api/health: the server answers."""
    return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})


def answer_refusals(handler: Callable) -> Callable:
    """Turns a Refused into its status and `{"error": sentence}`, or into a page where a person followed a link.

    Args:
        handler: takes a request, returns a response, may raise Refused.

    Returns:
        The handler that does not raise it.
    """

    @functools.wraps(handler)
    async def answering(request: Request) -> Response:
        try:
            return await handler(request)
        except Refused as refused:
            headers = {"cache-control": "no-store", "content-security-policy": "default-src 'none'"}
            if "text/html" in request.headers.get("accept", ""):
                page = _PAGE.format(sentence=html.escape(str(refused)))
                return HTMLResponse(page, refused.status, headers=headers)
            return JSONResponse({"error": str(refused)}, refused.status, headers=headers)

    return answering


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Traindeck</title>
<p>{sentence}</p>
<p><a href="/">Open Traindeck</a></p>
</html>
"""


def _get(path: str, handler: Callable) -> Route:
    route = Route(path, answer_refusals(handler))
    route.methods.discard("HEAD")  # it would do all the work and throw it away
    return route


def _default_store() -> Any:
    from trainer import RunStore

    return RunStore.default()


def _default_exports() -> tuple[Any, Callable]:
    from trainer.export import EXPORTS, export

    return EXPORTS, export


routes = build_routes(_default_store, guard, _default_exports)
"""The routes over the process's own store."""
