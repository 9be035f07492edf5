"""What happens when the server starts and when it stops."""

import asyncio
import contextlib
import logging
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

from server.process.connections import handle_loop_error, limit_connections, raise_handle_limit, running_server
from server.process.first_page import first_page
from server.process.keras_workaround import apply_workaround
from server.process.shutdown import shutdown

GRACE = 10  # seconds the runs have, all together, to write a checkpoint
GLANCE = 0.05  # seconds between two looks at whether the engine may warm up
QUICK_SWITCH = 0.0005  # seconds a thread may keep the GIL while another waits; Python's own 5 ms is long beside a chunk

log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Finds what a dead process left behind, warms the engine, and has the runs save at the end.

    The first page does not wait: the store is imported in a thread, and the engine
    is loaded once that page is out.

    Args:
        app: the st.App; not used.

    Yields:
        While the server runs.
    """
    # A page waits for the training thread, and the training thread for a page, at each of their many turns.
    sys.setswitchinterval(QUICK_SWITCH)
    raise_handle_limit()
    if (running := running_server()) is not None:
        limit_connections(running.config)
    asyncio.get_running_loop().set_exception_handler(handle_loop_error)
    opening = asyncio.create_task(asyncio.to_thread(_open_store))
    warming = asyncio.create_task(_warm_when_free())
    # Streamlit's own greeting would look up this machine's public address.
    print(f"Traindeck is at {_address()}", flush=True)
    with shutdown.watched(_close_runs):
        try:
            yield
        finally:
            warming.cancel()
            await opening
            await asyncio.to_thread(_close_runs)


def _address() -> str:
    from streamlit import config

    host = config.get_option("server.address") or "localhost"
    scheme = "https" if config.get_option("server.sslCertFile") else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{config.get_option('server.port')}"


def _open_store() -> None:
    from trainer import RunStore

    RunStore.default().recover()


def _close_runs() -> None:
    from trainer import RunStore

    RunStore.default().close(GRACE)


async def _warm_when_free() -> None:
    first_page.start()
    # A run that was started meanwhile needs the engine at once, and the workaround with it.
    while not (first_page.is_out() or _is_wanted()):
        await asyncio.sleep(GLANCE)
    threading.Thread(target=_warm, name="warm-up", daemon=True).start()


def _is_wanted() -> bool:
    # The first page may be importing it right now: then it is there, but still empty.
    status = getattr(sys.modules.get("trainer.training.engine.start_up"), "engine_status", None)
    return status is not None and status() != "cold"


def _warm() -> None:
    try:
        from trainer.training.warm_up import warm_up

        warm_up(apply_workaround)
    except Exception:
        log.exception("The engine did not warm up; the first run will say why.")
