"""Runs on a real Ray cluster: two nodes on this machine, started once for all tests of this file."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.trainer.recipes import ENDLESS, digits
from tests.trainer.watching import finish, wait_for_step
from trainer import RunConfig, RunStore
from trainer.runs.cluster import connection as connections
from trainer.runs.cluster.resources import Needs
from trainer.storage import sha256_of

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two nodes with two CPUs each, with Ray's tokens on; TRAINDECK_RAY names them."""
    folder = tmp_path_factory.mktemp("cluster")
    with pytest.MonkeyPatch.context() as patch:
        (folder / "token").write_text("5f" * 32)
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN_PATH", str(folder / "token"))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("TRAINDECK_RAY", "auto")
        patch.setenv("TRAINDECK_THREADS", "2")
        ray = pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
        from ray.cluster_utils import Cluster

        node = {"num_cpus": 2, "object_store_memory": 80 << 20}
        made = Cluster(
            initialize_head=True,
            head_node_args=node | {"include_dashboard": False, "env_vars": {"TRAINDECK_DATASETS": str(folder / "0")}},
        )
        made.add_node(**node, env_vars={"TRAINDECK_DATASETS": str(folder / "1")})
        patch.setenv("RAY_ADDRESS", made.address)
        patch.setattr(connections, "_connections", {})
        try:
            yield folder
        finally:
            ray.shutdown()
            made.shutdown()


@pytest.fixture
def store(tmp_path, cluster):
    store = RunStore(tmp_path / "runs")
    yield store
    assert store.close(60)


def actors() -> list[psutil.Process]:
    """Returns the processes of the actors; the nodes are children of this process."""
    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            found += [child] if child.name().startswith("ray::TrainingAc") else []
        except psutil.NoSuchProcess:
            continue
    return found


def wait_for(holds, timeout=60):
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def start(store, config):
    """Starts a run on the cluster."""
    run = store.create(config, where="cluster")
    assert run.start().acted
    return run


def test_a_run_moves_between_nodes_and_this_process_and_keeps_its_bits(store):
    run, seen = start(store, digits(epochs=ENDLESS)), set()
    leave = run.history.subscribe(lambda: seen.add((run.status, len(run.history) > 0)))
    wait_for_step(run, 20)
    assert run.pause().acted
    assert finish(run, 30).status == "paused"
    leave()
    # Whoever watches the history, such as the live chart, was woken while the node trained.
    assert ("running", True) in seen
    assert len(run.history) == run.step
    assert run.fingerprint["threads"] == 2
    paused_at = run.step
    run.resume()
    wait_for_step(run, paused_at + 20)
    for process in actors():
        process.kill()
    assert finish(run, 30).status == "interrupted"
    assert "is gone: its process died. Resume" in run.reason
    assert run.checkpoints[0].step >= paused_at
    here = store.create(digits(epochs=run.epoch + 1))
    run.resume(epochs=run.epoch + 1, where="local")
    here.start()
    assert finish(run).status == finish(here).status == "completed", run.reason
    assert (run.where, run.checkpoints[0].digest) == ("local", here.checkpoints[0].digest)
    assert actors() == []


def test_a_server_that_is_killed_leaves_no_worker_and_an_interrupted_run(store, tmp_path):
    recipe = tmp_path / "config.json"
    recipe.write_text(json.dumps({"model": "linear", "dataset": "linear", "epochs": ENDLESS}))
    command = [sys.executable, "-m", "trainer", "run", str(recipe), "--where", "cluster", "--runs-dir", str(store.path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        wait_for(lambda: store.list() and store.list()[0].status == "running" and store.list()[0].step)
        assert len(actors()) == 1
        os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: actors() == [], 30)
    run = store.list()[0]
    assert (run.status, run.where) == ("interrupted", "cluster")
    assert "Resume" in run.reason


def test_an_uploaded_table_travels_to_the_node_and_trains_the_same_model(store, cluster, tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("a,b,y\n" + "".join(f"{i % 7},{i % 5 + i},{'xy'[i % 2]}\n" for i in range(200)))
    config = RunConfig(model="linear", dataset="csv", dataset_options={"path": str(file), "target": "y"}, epochs=2)
    there, here = start(store, config), store.create(config)
    here.start()
    assert finish(here).status == finish(there).status == "completed", there.reason
    assert there.checkpoints[0].digest == here.checkpoints[0].digest
    assert [sha256_of(path) for path in cluster.glob("*/*/data.csv")] == [sha256_of(file)]


def test_the_cluster_is_seen_with_its_resources_and_takes_two_runs_at_once(store):
    made = connections.connection()
    assert str(made.wait()) == "2 nodes, 4 CPUs, 0 GPUs"
    assert connections.count_cluster_slots("CPU:0") == 2
    from trainer.runs.cluster.remote import Remote

    held = [Remote(Needs(2, 0)) for _ in range(2)]
    for remote in held:
        remote.get(remote.call("look", []), 60)
    wait_for(lambda: made.look().free_cpus == 0)
    for remote in held:
        remote.kill()
    wait_for(lambda: made.look().free_cpus == 4)
