"""What a run needs of a cluster, and what the cluster has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trainer.errors import ClusterError


@dataclass(frozen=True)
class Node:
    """One machine of the cluster, with what it has in total.

    Attributes:
        name: its address.
        cpus: processors that Ray may use.
        gpus: GPUs that Ray may use.
    """

    name: str
    cpus: int
    gpus: int


@dataclass(frozen=True)
class Needs:
    """What the actor of a run reserves on one node."""

    cpus: int
    gpus: int

    def __str__(self) -> str:
        parts = [count(self.cpus, "CPU")] if self.cpus else []
        return " and ".join([*parts, *([count(self.gpus, "GPU")] if self.gpus else [])])


@dataclass(frozen=True)
class ClusterView:
    """The cluster as it was seen last.

    Attributes:
        status: "connecting", "ready" or "failed".
        problem: why it cannot be used, as a sentence; empty unless it failed.
        nodes: those that are alive.
        free_cpus, free_gpus: over all nodes.
    """

    status: Literal["connecting", "ready", "failed"]
    problem: str = ""
    nodes: tuple[Node, ...] = ()
    free_cpus: int = 0
    free_gpus: int = 0

    def __str__(self) -> str:
        cpus, gpus = sum(node.cpus for node in self.nodes), sum(node.gpus for node in self.nodes)
        return f"{count(len(self.nodes), 'node')}, {count(cpus, 'CPU')}, {count(gpus, 'GPU')}"


def needs_of(device: str, threads: int, nodes: tuple[Node, ...]) -> Needs:
    """Returns what a run on a device reserves.

    Args:
        device: as in the recipe. On a node a single GPU is always the first: Ray hides the others.
        threads: that an operation may use; a run reserves as many CPUs, at most those of the largest node.
        nodes: of the cluster.

    Raises:
        ClusterError: no node has it, however long one waits.
    """
    gpus = 0 if device.startswith("CPU") else 1
    if device == "all":
        gpus = max((node.gpus for node in nodes), default=0)
    fitting = [node for node in nodes if node.gpus >= gpus and node.cpus >= 1]
    if not fitting:
        wanted = "a GPU and a CPU" if gpus else "a CPU"
        raise ClusterError(
            f"device {device} needs a node with {wanted}, and the cluster has none. It has "
            f"{ClusterView('ready', nodes=nodes)}. Choose {'CPU:0' if gpus else 'this server'}, or add such a node."
        )
    return Needs(min(threads, max(node.cpus for node in fitting)), gpus)


def count_fitting(needs: Needs, nodes: tuple[Node, ...]) -> int:
    """Returns how many actors with these needs run at once on an idle cluster."""
    return sum(min(node.cpus // needs.cpus, node.gpus // needs.gpus if needs.gpus else node.cpus) for node in nodes)


def count(number: int, noun: str) -> str:
    """Returns "1 CPU" or "2 CPUs"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
