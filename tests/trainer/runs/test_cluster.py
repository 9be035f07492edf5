"""Runs on a cluster, without Ray: what is refused, what is waited for, and what travels."""

import os
import shutil
import threading
from itertools import count

import pytest

from tests.trainer.fake_cluster import TWO_NODES, FakeRemote, connect
from tests.trainer.recipes import ENDLESS, digits, line
from tests.trainer.watching import cut_at, finish
from trainer import RunConfig, RunStore
from trainer.config.environment import check_settings
from trainer.errors import ClusterError, ConfigError, DataError
from trainer.runs.cluster import backend, versions
from trainer.runs.cluster.connection import Connection
from trainer.runs.cluster.files import Arriving, blocks, find_kept
from trainer.runs.cluster.remote_session import Failure, RemoteSession
from trainer.runs.cluster.resources import Needs, Node, count_fitting, needs_of
from trainer.storage import sha256_of

NODES = (Node("a", 8, 1), Node("b", 4, 0), Node("head", 0, 0))


@pytest.fixture
def remotes(monkeypatch, tmp_path):
    """A cluster of two nodes; the actors that were started there."""
    made = []

    class Recorded(FakeRemote):
        def __init__(self, needs):
            super().__init__(needs)
            made.append(self)

    connect(monkeypatch)
    monkeypatch.setattr(backend, "Remote", Recorded)
    monkeypatch.setenv("TRAINDECK_DATASETS", str(tmp_path / "datasets"))
    return made


@pytest.fixture
def store(tmp_path):
    store = RunStore(tmp_path / "runs")
    yield store
    assert store.close(60)


# Refused before anything starts


@pytest.mark.parametrize("address", ["auto", "local", "ray://node-1:10001", ""])
def test_an_address_is_taken(address):
    check_settings({"TRAINDECK_RAY": address})


@pytest.mark.parametrize("address", ["yes", "ray://", "http://node", "ray://node :1", "ray://node:0"])
def test_another_address_is_refused(address):
    with pytest.raises(ConfigError, match="TRAINDECK_RAY must be auto, local or ray://host:port"):
        check_settings({"TRAINDECK_RAY": address})


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ModuleNotFoundError("No module named 'ray'", name="ray"), "Ray must be installed .* requirements-ray.txt"),
        (ConnectionError("no node\nmore"), "auto cannot be reached: ConnectionError: no node. Check TRAINDECK_RAY"),
    ],
    ids=["not installed", "not reachable"],
)
def test_a_cluster_that_cannot_be_used_is_a_sentence_and_no_run(store, monkeypatch, error, sentence):
    made = connect(monkeypatch, error=error)
    with pytest.raises(ClusterError, match=sentence):
        made.wait()
    with pytest.raises(ClusterError, match=sentence):
        store.create(line(), where="cluster")
    assert store.list() == []


def test_a_cluster_that_does_not_answer_is_given_up():
    forever, clock = threading.Event(), count(step=30)
    made = Connection("auto", lambda _address: forever.wait(), clock=lambda: next(clock))
    with pytest.raises(ClusterError, match="auto has not answered for 90 s"):
        made.wait()
    forever.set()


def test_without_a_cluster_a_run_of_the_cluster_trains_here_on_request(store, monkeypatch):
    monkeypatch.delenv("TRAINDECK_RAY", raising=False)
    with pytest.raises(ClusterError, match="TRAINDECK_RAY must name a cluster"):
        store.create(line(), where="cluster")
    run = store.create(line())
    with pytest.raises(ClusterError, match="or train on this server"):
        run.start(where="cluster")
    assert run.status == "queued"
    run.start()
    assert finish(run).status == "completed"


@pytest.mark.parametrize(
    ("device", "threads", "needs", "at_once"),
    [
        ("CPU:0", 2, Needs(2, 0), 6),
        ("CPU:0", 3, Needs(3, 0), 3),
        ("CPU:0", 64, Needs(8, 0), 1),
        ("GPU:1", 4, Needs(4, 1), 1),
        ("all", 4, Needs(4, 1), 1),
    ],
)
def test_a_run_reserves_what_its_device_needs(device, threads, needs, at_once):
    assert needs_of(device, threads, NODES) == needs
    assert count_fitting(needs, NODES) == at_once


def test_a_device_that_no_node_has_is_refused(store, remotes):
    with pytest.raises(ClusterError, match=r"device GPU:0 needs a node with a GPU .* has 2 nodes, 4 CPUs, 0 GPUs"):
        store.create(line(device="GPU:0"), where="cluster")
    with pytest.raises(ClusterError, match="Choose this server"):
        needs_of("CPU:0", 1, NODES[2:])


# Ended with a sentence


def test_a_node_with_other_versions_trains_nothing(store, remotes, monkeypatch):
    theirs = versions.versions() | {"tensorflow": "2.20.0", "traindeck": "0123456789ab"}
    monkeypatch.setattr(RemoteSession, "describe", lambda _self: ("node-7", theirs))
    run = store.create(line(), where="cluster")
    run.start()
    assert finish(run).status == "failed"
    assert "node-7 must have the same versions" in run.reason
    assert f"tensorflow 2.20.0 there, {versions.versions()['tensorflow']} here; traindeck 0123456789ab" in run.reason
    assert "open" not in [method for method, *_ in remotes[0].calls]
    assert remotes[0].is_killed


def test_the_code_is_known_by_its_content(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    before = versions.hash_code(tmp_path)
    (tmp_path / "a.py").write_text("x = 2\n")
    assert versions.hash_code(tmp_path) != before


def test_a_wait_for_resources_obeys_and_has_an_end(store, remotes, monkeypatch):
    taken = threading.Event()
    monkeypatch.setattr(RemoteSession, "describe", lambda _self: taken.wait(60))
    run = store.create(line(), where="cluster")
    run.start()
    run.pause()
    assert finish(run, 10).status == "paused"
    monkeypatch.setattr(backend, "_SECONDS_TO_START", 0.1)
    run.resume()
    assert finish(run, 10).status == "failed"
    assert f"No node of the cluster had {remotes[-1].needs} free" in run.reason
    assert all(remote.is_killed for remote in remotes)
    taken.set()


def test_a_node_that_stops_answering_interrupts_the_run(store, remotes, monkeypatch):
    gone = threading.Event()
    monkeypatch.setattr(backend, "_SECONDS_TO_ANSWER", 0.3)
    monkeypatch.setattr(RemoteSession, "look", lambda _self, _commands: gone.wait(60))
    monkeypatch.setattr(RemoteSession, "next", lambda _self, _commands: gone.wait(60))
    run = store.create(line(), where="cluster")
    run.start()
    assert finish(run, 60).status == "interrupted"
    assert run.reason == "The node n has not answered. Resume to continue from the last checkpoint."
    assert remotes[0].is_killed
    gone.set()


@pytest.mark.parametrize("error", [ConfigError("No.", "model"), MemoryError("full"), ZeroDivisionError("x")], ids=str)
def test_what_a_node_raises_is_raised_here_with_its_traceback(error):
    try:
        raise error
    except Exception as raised:
        told = Failure.of(raised).to_exception()
    assert (type(told), str(told)) == (type(error), str(error))
    assert "test_cluster.py" in told.__notes__[0]


def test_an_error_that_only_the_node_knows_keeps_its_name():
    told = Failure("ResourceExhaustedError", "OOM", "", None).to_exception()
    assert (type(told).__name__, str(told)) == ("ResourceExhaustedError", "OOM")


# Trained


def test_a_resume_elsewhere_recalls_the_best_state_and_gives_the_same_bits(store, remotes, tmp_path):
    run = store.create(digits(epochs=4, early_stopping={"patience": 9, "restore_best": True}))
    run.start()
    cut_at(run, 100, run.pause)
    shutil.copytree(store.path, tmp_path / "copy")
    there = RunStore(tmp_path / "copy").get(run.id)
    # The rate is so large that the best epoch is of the first session: the last one asks for its state.
    for one, where in ((run, "local"), (there, "cluster")):
        one.resume(learning_rate=1.0, where=where)
        assert finish(one).status == "completed", one.reason
    assert there.best_step <= 100
    assert "provide" in [method for method, *_ in remotes[0].calls]
    assert (there.where, there.checkpoints[0].digest) == ("cluster", run.checkpoints[0].digest)
    assert there.metrics == run.metrics


def test_more_runs_than_the_cluster_holds_wait_in_the_queue(store, remotes, monkeypatch):
    monkeypatch.setenv("TRAINDECK_THREADS", "2")
    runs = [store.create(line(epochs=ENDLESS), where="cluster") for _ in range(3)]
    for run in runs:
        run.start()
    here = store.create(line())
    here.start()
    assert finish(here).status == "completed"
    assert [run.is_waiting for run in runs] == [False, False, True]
    assert "training on the cluster's CPUs" in store.get(runs[2].id).phase or runs[2].phase == "Starting on the cluster"
    assert RunStore(store.path).get(runs[2].id).phase.endswith("are training on the cluster's CPUs")
    runs[0].stop()
    finish(runs[0])
    cut_at(runs[2], 1, runs[2].stop)
    runs[1].stop()
    finish(runs[1])
    assert [run.status for run in runs] == ["stopped"] * 3


def test_a_data_file_travels_once_and_is_verified(store, remotes, tmp_path, monkeypatch):
    file = tmp_path / "own.csv"
    file.write_text("a,b,y\n" + "".join(f"{i % 7},{i % 5 + i},{'xy'[i % 2]}\n" for i in range(200)))
    config = RunConfig(model="linear", dataset="csv", dataset_options={"path": str(file), "target": "y"}, epochs=1)
    for _ in range(2):
        run = store.create(config, where="cluster")
        run.start()
        assert finish(run).status == "completed", run.reason
    assert [[method for method, *_ in remote.calls].count("add_data") for remote in remotes] == [1, 0]
    sha256 = sha256_of(file)
    kept = next((tmp_path / "datasets").glob("*/data.csv"))
    kept.write_text("damaged")
    assert find_kept(sha256) is None
    assert not kept.exists()
    arriving = Arriving("own.csv")
    for block in blocks(file):
        arriving.add(block[:-1])
    with pytest.raises(DataError, match="did not arrive"):
        arriving.finish(sha256)
    assert [path for path in os.listdir(tmp_path / "datasets") if path.startswith(".tmp-")] == []


def test_the_place_is_kept_for_the_next_start(store, remotes):
    run = store.create(line(), where="cluster")
    run.start()
    finish(run)
    assert (run.status, RunStore(store.path).get(run.id).where) == ("completed", "cluster")
    run.resume(epochs=4, where="local")
    assert (finish(run).where, len(remotes)) == ("local", 1)
    assert str(TWO_NODES) == "2 nodes, 4 CPUs, 0 GPUs"
