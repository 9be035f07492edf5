"""This process's connection to the cluster: made in the background, looked at without waiting."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import trainer
from trainer.config.environment import read_cluster
from trainer.errors import ClusterError
from trainer.runs.cluster.resources import ClusterView, Node, count_fitting, needs_of
from trainer.runs.worker import in_background
from trainer.training.engine.start_up import count_threads

#: Seconds that the first connection may take (a cluster of its own starts several processes), and a look later on.
_SECONDS_TO_CONNECT, _SECONDS_TO_LOOK = 90.0, 20.0
#: Seconds between two looks, and before another attempt after one that failed.
_SECONDS_BETWEEN_LOOKS, _SECONDS_BEFORE_RETRY = 1.0, 10.0
#: After so many failed looks in a row the process connects again.
_MOST_FAILURES = 3

_connections: dict[str, Connection] = {}
_lock = threading.Lock()


class Connection:
    """Connects when somebody first looks, and looks again whenever somebody does.

    Args:
        address: as `read_cluster` gives it.
        connect: connects this process to an address.
        see: returns what the cluster has now.
        clock: seconds.
    """

    def __init__(
        self,
        address: str,
        connect: Callable[[str], None] | None = None,
        see: Callable[[], ClusterView] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._address, self._connect, self._see, self._clock = address, connect or connect_ray, see or see_ray, clock
        self._lock, self._wanted, self._seen = threading.Lock(), threading.Event(), threading.Event()
        self._view = ClusterView("connecting")
        self._asked_at: float | None = None
        self._thread: threading.Thread | None = None

    def look(self) -> ClusterView:
        """Returns what was seen last and asks for a newer look; never waits."""
        with self._lock:
            if self._thread is None:
                self._thread = in_background(self._keep_looking, "cluster")
            if self._asked_at is None:
                self._asked_at = self._clock()
                self._wanted.set()
            limit = _SECONDS_TO_CONNECT if self._view.status == "connecting" else _SECONDS_TO_LOOK
            if self._view.status != "failed" and self._clock() - self._asked_at > limit:
                return ClusterView(
                    "failed", f"The cluster {self._address} has not answered for {limit:.0f} s. {_ADVICE}"
                )
            return self._view

    def wait(self) -> ClusterView:
        """Waits until the cluster is connected.

        Raises:
            ClusterError: it cannot be.
        """
        while (view := self.look()).status == "connecting":
            self._seen.wait(0.2)
        return usable(view)

    def _keep_looking(self) -> None:
        # This thread never ends: processes that Ray starts die with the thread that started them.
        is_connected, failures = False, 0
        while True:
            self._wanted.wait()
            try:
                if not is_connected:
                    self._connect(self._address)
                    is_connected = True
                view, failures, pause = self._see(), 0, _SECONDS_BETWEEN_LOOKS
            except Exception as error:  # Ray raises many kinds, and the page must show each as a sentence.
                view, failures, pause = explain(error, self._address), failures + 1, _SECONDS_BEFORE_RETRY
                if is_connected and failures >= _MOST_FAILURES:
                    is_connected = False
            with self._lock:
                self._view, self._asked_at = view, None
                self._wanted.clear()
            self._seen.set()
            time.sleep(pause)


def connection() -> Connection:
    """Returns this process's connection to the cluster that TRAINDECK_RAY names.

    Raises:
        ClusterError: it names none.
    """
    address = read_cluster()
    if address is None:
        raise ClusterError(
            "TRAINDECK_RAY must name a cluster (auto, local or ray://host:port) to train on it. Received: nothing. "
            "Set it and start again, or train on this server."
        )
    with _lock:
        return _connections.setdefault(address, Connection(address))


def usable(view: ClusterView) -> ClusterView:
    """Returns a view of a cluster that can be used, or may be soon.

    Raises:
        ClusterError: it cannot.
    """
    if view.status == "failed":
        raise ClusterError(view.problem)
    return view


def check_cluster(device: str) -> None:
    """Refuses a run that the cluster can never train, as far as is known without waiting.

    Raises:
        ClusterError: there is no cluster, or no node has the device.
    """
    view = usable(connection().look())
    if view.status == "ready":
        needs_of(device, 1, view.nodes)


def count_cluster_slots(device: str) -> int:
    """Returns how many runs on a device the cluster trains at once; 0 until it is connected.

    Raises:
        ClusterError: there is no cluster, or no node has the device.
    """
    view = usable(connection().look())
    if view.status == "connecting":
        return 0
    return count_fitting(needs_of(device, count_threads(), view.nodes), view.nodes)


_ADVICE = "Check TRAINDECK_RAY and that the cluster runs, or train on this server."


def explain(error: Exception, address: str) -> ClusterView:
    """Returns the view of a cluster that cannot be used, with the reason as a sentence."""
    if isinstance(error, ModuleNotFoundError) and error.name == "ray":
        problem = (
            "Ray must be installed to train on a cluster, and it is not. Run pip install -r requirements-ray.txt, or "
            "remove TRAINDECK_RAY."
        )
    else:
        # Ray sends whole tracebacks, and their last line says what happened.
        lines = str(error).strip().splitlines() or [""]
        text = (lines[-1] if "Traceback" in str(error) else lines[0]).strip()[:200].rstrip(".")
        problem = f"The cluster {address} cannot be reached: {type(error).__name__}: {text}. {_ADVICE}"
    return ClusterView("failed", problem)


def connect_ray(address: str) -> None:
    """Connects this process to a cluster, or starts one on this machine.

    Raises:
        Exception: whatever Ray raises.
    """
    # No statistics are sent to anybody. Ray reads these when it is imported.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # A process that cannot reach the head node for this time (60 s by default) is ended by Ray: not the server.
    os.environ.setdefault("RAY_gcs_rpc_server_reconnect_timeout_s", "1000000")
    if address == "local":
        # Listen on the loopback address only; Ray offers this for systems without clusters.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    import ray

    with contextlib.suppress(Exception):
        ray.shutdown()
    options = {"log_to_driver": False, "configure_logging": False, "logging_level": "ERROR"}
    if address == "local":
        options |= {"include_dashboard": False}
    # Nothing is sent to the nodes. Those that see this machine's folders find the code there; others have their own.
    path = f"{Path(trainer.__file__).parent.parent}:${{PYTHONPATH}}"
    ray.init(address=address, runtime_env={"env_vars": {"PYTHONPATH": path}}, **options)


def see_ray() -> ClusterView:
    """Returns what the cluster has now.

    Raises:
        Exception: whatever Ray raises when it cannot be reached.
    """
    ray = sys.modules["ray"]
    nodes = tuple(
        Node(node["NodeManagerAddress"], int(total.get("CPU", 0)), int(total.get("GPU", 0)))
        for node in ray.nodes()
        if node["Alive"] and (total := node["Resources"])
    )
    if not nodes:
        raise ConnectionError("no node answers")
    free = ray.available_resources()
    return ClusterView("ready", nodes=nodes, free_cpus=int(free.get("CPU", 0)), free_gpus=int(free.get("GPU", 0)))
