"""Where to run: this server or the cluster. Offered only if TRAINDECK_RAY names a cluster."""

from __future__ import annotations

import streamlit as st

from pages.ui.fields.widgets import choose
from pages.ui.keys import widget_key
from pages.ui.text import count, escape_markdown
from trainer.config.environment import read_cluster
from trainer.runs.cluster.connection import connection
from trainer.runs.cluster.resources import ClusterView
from trainer.runs.state import Where
from trainer.training.engine.devices import list_devices

WHERE: dict[Where, str] = {"local": "This server", "cluster": "Cluster"}
_HELP = (
    "The cluster is what *TRAINDECK_RAY* names. Curves, checkpoints and the model are stored here either way, and a "
    "run can be resumed in the other place."
)
#: Seconds between two looks at what is free.
_SECONDS = 2.0


def is_cluster_offered() -> bool:
    """Returns whether there is a choice."""
    return read_cluster() is not None


def draw_where() -> Where:
    """Draws the choice, if there is one, with what is free on the cluster; returns it."""
    if not is_cluster_offered():
        return "local"
    where = choose("where", "Where to run", WHERE, _HELP)
    with st.container(key=widget_key("cluster", "show")):
        st.fragment(_draw_free, run_every=_SECONDS)()
    return where


def chosen_where() -> Where:
    """Returns the choice that was drawn."""
    where = st.session_state.get(widget_key("where", "chosen"))
    return "cluster" if where == "cluster" and is_cluster_offered() else "local"


def device_labels(where: Where) -> dict[str, str]:
    """Returns the devices to choose from in a place, as name → label."""
    if where == "local":
        return {device.name: device.label for device in list_devices()}
    has_gpus = any(node.gpus for node in connection().look().nodes)
    return {"CPU:0": "CPU", **({"GPU:0": "GPU"} if has_gpus else {})}


def describe_free(view: ClusterView) -> str:
    """Returns what is free on a cluster, as a line."""
    nodes = [node for node in view.nodes if node.cpus or node.gpus]
    cpus, gpus = sum(node.cpus for node in nodes), sum(node.gpus for node in nodes)
    parts = [count(len(nodes), "node"), f"{view.free_cpus} of {count(cpus, 'CPU')} free"]
    return " · ".join(["Cluster: " + parts[0], parts[1], f"{view.free_gpus} of {count(gpus, 'GPU')} free"
                       if gpus else "no GPUs"])  # fmt: skip


def _draw_free() -> None:
    view = connection().look()
    if view.status == "failed":
        st.warning(escape_markdown(view.problem), icon=":material/cloud_off:")
    else:
        st.caption("Cluster: connecting …" if view.status == "connecting" else describe_free(view))
