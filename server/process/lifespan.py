"""Start and stop of the server."""

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

GRACE = 10  # seconds in which all runs together must write their checkpoints
CHECK_INTERVAL = 0.05  # seconds between two checks whether the engine may warm up
# Seconds a thread may hold the GIL while another waits. Python's default of 5 ms is long compared with a chunk.
QUICK_SWITCH = 0.0005

log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Recovers interrupted runs, warms up the engine, and makes the runs save at the end.

    The first page does not wait: the store is imported in a thread, and the engine
    is loaded after that page has been sent.

    Args:
        app: the st.App; not used.

    Yields:
        While the server runs.
    """
    # Pages and the training thread wait for each other many times.
    sys.setswitchinterval(QUICK_SWITCH)
    raise_handle_limit()
    if (running := running_server()) is not None:
        limit_connections(running.config)
    asyncio.get_running_loop().set_exception_handler(handle_loop_error)
    opening = asyncio.create_task(asyncio.to_thread(_open_store))
    warming = asyncio.create_task(_warm_when_free())
    # Streamlit's own message would look up the public address of this machine.
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
    # A run started meanwhile needs the engine and the workaround at once.
    while not (first_page.is_out() or _is_wanted()):
        await asyncio.sleep(CHECK_INTERVAL)
    threading.Thread(target=_warm, name="warm-up", daemon=True).start()


def _is_wanted() -> bool:
    # The first page may be importing the module: then it exists, but is still empty.
    status = getattr(sys.modules.get("trainer.training.engine.start_up"), "engine_status", None)
    return status is not None and status() != "cold"


def _warm() -> None:
    try:
        from trainer.training.warm_up import warm_up

        warm_up(apply_workaround)
    except Exception:
        log.exception("The engine could not warm up. The first run will report the cause.")
