"""Where to run: offered with a cluster, and without one never mentioned."""

from __future__ import annotations

from tests.pages.conftest import button, open_page
from tests.trainer.fake_cluster import connect
from trainer import RunConfig
from trainer.runs.cluster.resources import ClusterView, Node

WHERE = "train_where_select"


def texts(page):
    return [caption.value for caption in page.caption] + [warning.value for warning in page.warning]


def test_without_a_cluster_nobody_is_asked_where_to_run(store, monkeypatch):
    monkeypatch.delenv("TRAINDECK_RAY", raising=False)
    page = open_page()
    assert not page.exception
    assert WHERE not in [box.key for box in page.selectbox]
    assert not any("luster" in text for text in texts(page))


def test_the_form_offers_the_cluster_with_what_is_free_and_its_devices(store, monkeypatch):
    nodes = (Node("head", 0, 0), Node("a", 8, 1), Node("b", 4, 0))
    connect(monkeypatch, ClusterView("ready", nodes=nodes, free_cpus=9, free_gpus=1))
    page = open_page()
    assert page.selectbox(WHERE).value == "local"
    assert page.selectbox("train_device_select").options[1:] == []
    page.selectbox(WHERE).select("cluster").run()
    assert not page.exception
    assert "Cluster: 2 nodes · 9 of 12 CPUs free · 1 of 1 GPU free" in texts(page)
    assert page.selectbox("train_device_select").options == ["CPU", "GPU"]


def test_a_cluster_that_is_gone_is_a_sentence_and_its_runs_can_be_resumed_here(store, monkeypatch):
    run = store.create(RunConfig(dataset="iris", model="linear", epochs=1000))
    run.start()
    while not run.step:
        run.wait(0.01)
    run.pause()
    run.wait(60)
    run._change(where="cluster")
    connect(monkeypatch, error=ConnectionError("none"))
    page = open_page(run)
    assert any("cannot be reached" in text for text in texts(page))
    page.selectbox(WHERE).select("cluster").run()
    button(page, "Start training").click().run()
    assert any("cannot be reached" in error.value for error in page.error)
    assert len(store.list()) == 1
    page.session_state["train_run_dialog"] = ["Resume from", run.id]
    page.run()
    assert page.radio("train_resume_where").value == "cluster"
    page.radio("train_resume_where").set_value("local")
    next(found for found in page.button if found.key == "train_resume_confirm").click().run()
    assert not page.exception
    assert (run.is_live, run.where) == (True, "local")
