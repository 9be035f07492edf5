"""What the store of uploaded data keeps, and what it refuses."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from trainer.data.uploads import DatasetStore, Finding, Report, needs, reference_in, resolve
from trainer.data.uploads import store as store_module
from trainer.errors import ConfigError, DataError

CSV = b"a,b\n1,2\n3,4\n"


@pytest.fixture
def store(tmp_path):
    return DatasetStore(tmp_path / "datasets")


def listed(store) -> list[str]:
    return sorted(str(path.relative_to(store.path)) for path in store.path.rglob("*") if path.is_file())


def archive(member: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(member, b"x" * 10)
    return buffer.getvalue()


def test_a_file_is_kept_under_the_hash_of_its_content(store, tmp_path):
    source = tmp_path / "flowers.csv"
    source.write_bytes(CSV)
    uploaded = store.add(source, source.name)
    digest = hashlib.sha256(CSV).hexdigest()
    assert (uploaded.id, uploaded.sha256, uploaded.reference) == (digest[:16], digest, f"upload:{digest[:16]}")
    assert (uploaded.name, uploaded.dataset, uploaded.bytes) == ("flowers.csv", "csv", len(CSV))
    assert uploaded.path.read_bytes() == CSV
    assert listed(store) == [f"{digest[:16]}/data.csv", f"{digest[:16]}/meta.json"]
    assert store.list() == [uploaded] == [store.get(uploaded.id)]


def test_the_same_content_twice_is_one(store):
    first = store.add(io.BytesIO(CSV), "one.csv")
    assert store.add(io.BytesIO(CSV), "two.csv") == first
    assert [uploaded.name for uploaded in store.list()] == ["one.csv"]
    assert len(list(store.path.iterdir())) == 1


@pytest.mark.parametrize(
    ("content", "file", "dataset"),
    [
        (CSV, "data.csv", "csv"),
        (b"PAR1rest", "data.parquet", "csv"),
        (b"\x93NUMPY\x01\x00", "data.npy", "npz"),
        (archive("x.npy"), "data.npz", "npz"),
        (archive("cat/1.png"), "data.zip", "images"),
    ],
)
def test_content_says_what_it_is_whatever_the_name(store, content, file, dataset):
    uploaded = store.add(io.BytesIO(content), "misleading.txt")
    assert (uploaded.path.name, uploaded.dataset) == (file, dataset)


def test_what_numpy_saves_is_taken_for_arrays(store, tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((3, 2)), y=np.zeros(3))
    assert store.add(tmp_path / "a.npz", "a.npz").dataset == "npz"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\wine.csv", "wine.csv"),
        ("a\x00b\x1b[31m\u202ec.csv", "ab[31mc.csv"),
        ("", "data"),
        ("..", ".."),
        ("n" * 200 + ".csv", "n" * 75 + "….csv"),
    ],
)
def test_a_name_is_for_display_alone(store, name, shown):
    uploaded = store.add(io.BytesIO(CSV), name)
    assert uploaded.name == shown
    assert listed(store) == [f"{uploaded.id}/data.csv", f"{uploaded.id}/meta.json"]


def test_too_much_is_refused_while_it_flows_and_leaves_nothing(store, monkeypatch):
    monkeypatch.setenv("TRAINDECK_MAX_BYTES", str(3 << 20))

    class Endless(io.RawIOBase):
        read_bytes = 0

        def read(self, size=-1):
            self.read_bytes += size
            return b"1" * size

    source = Endless()
    with pytest.raises(DataError, match=r"must be at most 3 MB.*TRAINDECK_MAX_BYTES"):
        store.add(source, "endless.csv")
    assert source.read_bytes <= 5 << 20
    assert list(store.path.iterdir()) == []


def test_an_empty_file_is_refused(store):
    with pytest.raises(DataError, match="is empty: it has 0 bytes"):
        store.add(io.BytesIO(), "nothing.csv")
    assert store.list() == []


def test_references_of_earlier_versions_are_still_accepted(store, monkeypatch):
    monkeypatch.setenv("TRAINDECK_DATASETS", str(store.path))
    uploaded = store.add(io.BytesIO(CSV), "a.csv")
    assert uploaded.reference == f"upload:{uploaded.id}"
    earlier = f"brought:{uploaded.id}"
    assert resolve(earlier) == resolve(uploaded.reference) == uploaded.path
    assert reference_in(earlier) == uploaded.reference
    run = SimpleNamespace(config=SimpleNamespace(dataset_options={"path": earlier}))
    assert needs(run, uploaded)
    assert reference_in("/tmp/a.csv") == reference_in("csv") == ""


def test_a_crash_while_writing_leaves_nothing_that_is_listed(store, monkeypatch):
    class Crash(BaseException):
        pass

    def broken(*arguments, **keywords):
        raise Crash

    # As after a power cut: nobody cleans up.
    monkeypatch.setattr(store_module, "write_json", broken)
    monkeypatch.setattr(store_module.shutil, "rmtree", lambda *arguments, **keywords: None)
    with pytest.raises(Crash):
        store.add(io.BytesIO(CSV), "half.csv")
    monkeypatch.undo()
    assert len(list(store.path.iterdir())) == 1
    assert store.list() == []

    [leftover] = store.path.iterdir()
    store.add(io.BytesIO(CSV + b"5,6\n"), "other.csv")
    assert leftover.exists(), "an upload that may still flow was removed"
    for path in (*leftover.iterdir(), leftover):
        os.utime(path, (0, 0))
    store.add(io.BytesIO(CSV), "whole.csv")
    assert not leftover.exists()
    assert {uploaded.name for uploaded in store.list()} == {"other.csv", "whole.csv"}


def test_progress_reaches_one(store):
    told = []
    store.add(io.BytesIO(b"1" * (3 << 20)), "ones.csv", lambda fraction, text: told.append((fraction, text)))
    assert [round(fraction, 2) for fraction, text in told] == [0.33, 0.67, 1.0]
    assert told[-1][1] == "Storing ones.csv: 3 of 3 MB"


@pytest.mark.parametrize("id", ["..", "../x", "", "0" * 16, "a/b", ".tmp-1", None, "/etc/passwd"])
def test_ids_are_looked_up_and_never_become_paths(store, id):
    store.add(io.BytesIO(CSV), "a.csv")
    with pytest.raises(DataError, match="is not there"):
        store.get(id)


def test_a_meta_file_cannot_point_elsewhere(store):
    uploaded = store.add(io.BytesIO(CSV), "a.csv")
    meta = uploaded.path.parent / "meta.json"
    meta.write_text(json.dumps(json.loads(meta.read_text()) | {"file": "../../secret"}))
    assert store.list() == []


def test_rename(store):
    uploaded = store.add(io.BytesIO(CSV), "a.csv")
    assert store.rename(uploaded.id, "  My flowers ").name == "My flowers"
    assert store.get(uploaded.id).file_name == "a.csv"
    for bad in ("", "x" * 81, "a\nb"):
        with pytest.raises(ConfigError):
            store.rename(uploaded.id, bad)


def test_delete_is_refused_while_a_live_run_needs_it(store):
    uploaded = store.add(io.BytesIO(CSV), "a.csv")
    config = SimpleNamespace(dataset_options={"path": uploaded.reference})
    live = SimpleNamespace(name="calm-owl-12", status="running", is_live=True, config=config)
    other = SimpleNamespace(name="b", status="running", is_live=True, config=SimpleNamespace(dataset_options={}))
    with pytest.raises(DataError, match="calm-owl-12 is running and needs"):
        store.delete(uploaded.id, [other, live])
    live.is_live = False
    store.delete(uploaded.id, [other, live])
    assert list(store.path.iterdir()) == []
    with pytest.raises(DataError, match="it was deleted"):
        store.get(uploaded.id)


def test_resolve_finds_files_and_uploaded_data(store, tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINDECK_DATASETS", str(store.path))
    uploaded = store.add(io.BytesIO(CSV), "a.csv")
    assert resolve(uploaded.reference) == uploaded.path
    plain = tmp_path / "plain.csv"
    plain.write_bytes(CSV)
    assert resolve(str(plain)) == plain
    for path, sentence in {
        "": "path is empty",
        str(tmp_path): "is a folder",
        str(tmp_path / "no.csv"): "is not there",
        "\0": "is not there|cannot be looked up",
        "x" * 5000: "cannot be looked up|is not there",
        "upload:../../etc": "is not there",
    }.items():
        with pytest.raises(DataError, match=sentence):
            resolve(path)


def test_the_report_is_made_once_and_again_when_limits_change(store, monkeypatch):
    looked = []

    def inspect(path: Path, *, options=None, limits=None, progress=None) -> Report:
        looked.append(path)
        return Report("csv", {"target": "b"}, "2 rows", (Finding("note", "column a", "left out", 2),), {"rows": 2})

    monkeypatch.setattr("trainer.data.uploads.dataset.inspect", inspect)
    uploaded = store.add(io.BytesIO(CSV), "a.csv")
    first = uploaded.report
    assert first == uploaded.report == store.get(uploaded.id).report
    assert looked == [uploaded.path]
    monkeypatch.setenv("TRAINDECK_MAX_ROWS", "5")
    assert uploaded.report == first
    assert len(looked) == 2


def test_a_file_that_cannot_be_read_has_a_report_that_says_so(store, monkeypatch):
    def inspect(path, **keywords):
        raise DataError("data.csv is no table. Upload another.")

    monkeypatch.setattr("trainer.data.uploads.dataset.inspect", inspect)
    report = store.add(io.BytesIO(CSV), "a.csv").report
    assert not report.is_ready
    assert report.errors[0].message == "a.csv is no table. Upload another."
