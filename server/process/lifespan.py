"""Start and stop of the server."""

import asyncio
import contextlib
import logging
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

from server.process.connections import handle_loop_error, limit_connections, raise_handle_limit, running_server
from server.process.keras_workaround import apply_workaround
from server.process.page_work import is_page_awaited
from server.process.polite_import import polite_imports
from server.process.shutdown import shutdown

GRACE = 10  # seconds in which all runs together must write their checkpoints
SWEEP_GRACE = 1  # seconds for the sweeps to note that their runs have ended
# Seconds a thread may hold the GIL while another waits. Python's default of 5 ms is long compared with a chunk.
QUICK_SWITCH = 0.0005

log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Recovers waiting runs and sweeps, warms up the engine, and makes the runs save at the end.

    The first page does not wait: the store is imported in a thread, and the engine
    is loaded in another one, which pauses while a request is answered or a page drawn.

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
    threading.Thread(target=_warm, name="warm-up", daemon=True).start()
    # Streamlit's own message would look up the public address of this machine.
    print(f"Traindeck is at {_address()}", flush=True)
    with shutdown.watched(_close_runs):
        try:
            yield
        finally:
            await opening
            await asyncio.to_thread(_close_runs)


def _address() -> str:
    from streamlit import config

    host = config.get_option("server.address") or "localhost"
    scheme = "https" if config.get_option("server.sslCertFile") else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{config.get_option('server.port')}"


def _open_store() -> None:
    from trainer import RunStore
    from trainer.sweeps.sweeps import Sweeps

    store = RunStore.default()
    # First, so that a sweep watches its waiting runs from their first epoch on.
    Sweeps.of(store).recover()
    store.recover()


def _close_runs() -> None:
    from trainer import RunStore
    from trainer.sweeps.sweeps import Sweeps

    store = RunStore.default()
    sweeps = Sweeps.of(store)
    try:
        sweeps.close(0)  # Asked only, so that they begin no more runs; all runs save at the same time.
    finally:
        store.close(GRACE)
    sweeps.close(SWEEP_GRACE)


def _warm() -> None:
    try:
        from trainer.training.engine.start_up import is_awaited, prepare_engine
        from trainer.training.warm_up import warm_up

        prepare_engine()
        # The first page needs it; later it would come in the middle of TensorFlow's import.
        import pandas  # noqa: F401

        # A run that was started meanwhile needs the engine at once.
        with polite_imports(lambda: is_page_awaited() and not is_awaited()):
            warm_up(apply_workaround)
    except Exception:
        log.exception("The engine could not warm up. The first run will report the cause.")
