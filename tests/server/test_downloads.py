"""A download is made, sent from disk, and leaves nothing behind."""

import asyncio

import pytest

from server.downloads import TemporaryFileResponse, download_name
from server.process.shutdown import Shutdown


def test_a_download_arrives_whole_under_the_runs_name(site):
    answer = site.client.get(site.path("download/history.csv"))
    assert answer.status_code == 200
    assert answer.content == b"0123456789" * 100
    assert answer.headers["content-disposition"] == 'attachment; filename="brisk-otter-12-history.csv"'
    assert answer.headers["content-encoding"] == "identity"
    assert answer.headers["content-length"] == "1000"


def test_the_checkpoint_of_a_download_can_be_chosen(site):
    for chosen in ("best", "latest", "120"):
        assert site.client.get(site.path("download/history.csv", **{"from": chosen})).status_code == 200
    assert site.client.get(site.path("download/history.csv")).status_code == 200
    assert site.sources == ["best", "latest", "120", None]
    for chosen in ("worst", "-1", "../x"):
        refused = site.client.get(site.path("download/history.csv", **{"from": chosen}))
        assert refused.status_code == 400
        assert "best, latest or the step" in refused.text


def test_the_file_is_deleted_when_it_has_been_sent(site):
    site.client.get(site.path("download/history.csv"))
    (path,) = site.exported
    assert not path.exists()
    assert not path.parent.exists()


def test_the_file_is_deleted_when_the_client_has_gone(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "x").write_bytes(b"x" * 1000)

    async def send(message):
        raise OSError("the client has gone")

    async def receive():
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "headers": [], "path": "/", "extensions": {}}
    with pytest.raises(OSError, match="has gone"):
        asyncio.run(TemporaryFileResponse(folder / "x")(scope, receive, send))
    assert not folder.exists()


@pytest.mark.parametrize("change", [("STALL", 0.01), ("shutdown", Shutdown())], ids=["for long", "at shutdown"])
def test_a_client_that_takes_nothing_is_let_go(tmp_path, monkeypatch, change):
    name, value = change
    if isinstance(value, Shutdown):
        value.has_begun = True
    monkeypatch.setattr(f"server.downloads.{name}", value)
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "x").write_bytes(b"x" * 1000)

    async def wait(message=None):
        await asyncio.Event().wait()

    scope = {"type": "http", "method": "GET", "headers": [], "path": "/", "extensions": {}}
    asyncio.run(asyncio.wait_for(TemporaryFileResponse(folder / "x")(scope, wait, wait), 5))
    assert not folder.exists()


def test_an_export_that_cannot_be_made_says_why_and_leaves_nothing(site):
    site.store.get("run-2").history.cut(0)
    answer = site.client.get(site.path("download/model.keras", run="run-2"))
    assert answer.status_code == 409
    assert answer.json() == {"error": "There is no checkpoint yet. Wait for the first one."}
    assert not site.exported[0].parent.exists()


@pytest.mark.parametrize("kind", ["nothing", "..", "%2e%2e", "..%2fapp.py", "history.csv%00", "HISTORY.CSV"])
def test_an_unknown_kind_is_refused_before_anything_is_written(site, kind):
    answer = site.client.get(site.path("download/" + kind))
    assert answer.status_code == 404
    assert not site.exported


def test_a_part_of_a_download_can_be_asked_for(site):
    answer = site.client.get(site.path("download/history.csv"), headers={"range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, b"0123456789")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Brisk otter 12", "brisk-otter-12-model.keras"),
        ("../../etc/passwd", "etc-passwd-model.keras"),
        ('a"; filename="b.exe\r\nX: y', "a-filename-b-exe-x-y-model.keras"),
        ("Übung Größe", "ubung-groe-model.keras"),
        ("训练", "run-model.keras"),
        ("x" * 200, "x" * 60 + "-model.keras"),
    ],
)
def test_a_download_is_named_in_plain_letters(name, expected):
    assert download_name(name, "model.keras") == expected


def test_weights_are_named_as_keras_loads_them():
    assert download_name("Brisk otter 12", "weights.h5") == "brisk-otter-12.weights.h5"
