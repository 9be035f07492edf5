"""Files that are uploaded over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import time

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from server.guard import Guard
from server.process.shutdown import shutdown
from server.routes import build_routes
from server.uploads import PURPOSE
from trainer import RunConfig, RunStore
from trainer.data.uploads import DatasetStore
from trainer.export import export

CSV = b"a,b\n1,2\n" * 50_000


@pytest.fixture
def place(make_site, tmp_path):
    return make_site(datasets=DatasetStore(tmp_path / "datasets"))


def address(site, name: str = "flowers.csv", purpose: str = PURPOSE) -> str:
    return f"/api/datasets?name={name}&token={site.guard.token('datasets', purpose)}"


def test_a_file_is_kept_as_it_came(place):
    answer = place.client.post(address(place), content=CSV)
    assert answer.status_code == 201
    [uploaded] = place.datasets.list()
    assert answer.json() == {"id": uploaded.id, "name": "flowers.csv"}
    assert uploaded.sha256 == hashlib.sha256(CSV).hexdigest()
    assert uploaded.path.read_bytes() == CSV


def test_blocks_of_any_size_and_empty_ones_make_the_same_file(place):
    def blocks():
        for first in range(0, len(CSV), 7001):
            yield CSV[first : first + 7001]
            yield b""

    assert place.client.post(address(place), content=blocks()).status_code == 201
    assert place.datasets.list()[0].path.read_bytes() == CSV


def test_too_much_is_refused_whether_it_is_announced_or_not(place, monkeypatch):
    monkeypatch.setenv("TRAINDECK_MAX_BYTES", "100000")
    announced = place.client.post(address(place), content=CSV)
    flowing = place.client.post(address(place), content=(CSV[:50_000] for _ in range(10)))
    assert (announced.status_code, flowing.status_code) == (413, 422)
    for answer in (announced, flowing):
        assert "TRAINDECK_MAX_BYTES" in answer.json()["error"]
    assert list(place.datasets.path.iterdir()) == []


def test_an_empty_file_is_a_sentence(place):
    answer = place.client.post(address(place), content=b"")
    assert answer.status_code == 422
    assert "is empty" in answer.json()["error"]


@pytest.mark.parametrize(
    ("headers", "url", "status"),
    [
        ({}, "/api/datasets?name=a.csv", 401),
        ({}, "/api/datasets?name=a.csv&token=forged", 401),
        ({"origin": "http://evil.example.com"}, None, 403),
        ({"host": "rebound.example.com"}, None, 403),
    ],
)
def test_strangers_are_refused_and_nothing_is_written(place, headers, url, status):
    answer = place.client.post(url or address(place), content=CSV, headers=headers)
    assert answer.status_code == status
    assert not place.datasets.path.exists()


def test_a_token_to_read_a_run_brings_nothing(place):
    assert place.client.post(address(place, purpose="read"), content=CSV).status_code == 401
    assert place.client.get(address(place)).status_code == 405


def test_an_upload_does_not_hold_up_a_server_that_stops(place, monkeypatch):
    monkeypatch.setattr(shutdown, "has_begun", True)
    answer = place.client.post(address(place), content=CSV)
    assert answer.status_code == 503
    assert "being stopped" in answer.json()["error"]
    assert list(place.datasets.path.iterdir()) == []


def test_an_upload_that_trickles_gives_its_place_to_others(place, monkeypatch):
    monkeypatch.setattr("server.uploads.STALL", 1)
    sent = []

    def trickle():
        for _ in range(40):
            sent.append(1)
            yield b"a"
            time.sleep(0.05)

    answer = place.client.post(address(place), content=trickle())
    assert answer.status_code == 408
    assert "bytes came in 1 s" in answer.json()["error"]
    assert list(place.datasets.path.iterdir()) == []


def test_one_upload_too_many_is_told_so(place, monkeypatch):
    monkeypatch.setattr("server.uploads.STALL", 0.1)
    monkeypatch.setattr("server.uploads.asyncio.Semaphore.acquire", lambda self: asyncio.Event().wait())
    answer = place.client.post(address(place), content=CSV)
    assert answer.status_code == 503
    assert "other uploads are under way" in answer.json()["error"]


def test_a_capsule_becomes_a_run_and_a_bad_one_a_sentence(tmp_path):
    store = RunStore(tmp_path / "runs")
    run = store.create(RunConfig(model="linear", dataset="iris"), "brisk-otter-12")
    capsule = export(run, "capsule.zip", tmp_path / "capsule.zip").read_bytes()
    guard, here = Guard(secret="a secret for tests"), RunStore(tmp_path / "here")
    routes = build_routes(lambda: here, guard, lambda: ({}, None))
    client = TestClient(Starlette(routes=routes), base_url="http://localhost")
    address = f"/api/capsules?name=capsule.zip&token={guard.token('capsules', PURPOSE)}"
    answer = client.post(address, content=capsule)
    assert (answer.status_code, answer.json()) == (201, {"id": run.id, "name": "brisk-otter-12"})
    assert here.get(run.id).config == run.config
    answer = client.post(address, content=b"PK nonsense")
    assert answer.status_code == 422
    assert "is damaged or no zip" in answer.json()["error"]
    foreign = f"/api/capsules?name=c.zip&token={guard.token('datasets', PURPOSE)}"
    assert client.post(foreign, content=capsule).status_code == 401
    assert [found.name for found in here.path.iterdir()] == [run.id]
