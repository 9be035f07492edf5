"""Deleting and verifying what lies on disk."""

import hashlib
import os
import time

import pytest

from trainer.storage import delete_folder, sha256_of, sweep


def make(folder):
    folder.mkdir()
    (folder / "file").write_bytes(b"contents")
    return folder


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path):
    assert sha256_of(make(tmp_path / "a") / "file") == hashlib.sha256(b"contents").hexdigest()


def test_a_deleted_folder_is_gone_and_a_missing_one_is_no_error(tmp_path):
    delete_folder(make(tmp_path / "a"))
    delete_folder(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_renamed_is_left_whole(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(PermissionError):
        delete_folder(make(tmp_path / "a"))
    assert (tmp_path / "a" / "file").is_file()


def test_a_sweep_removes_only_old_leftovers(tmp_path):
    old, fresh, whole = (make(tmp_path / name) for name in (".tmp-old", ".tmp-fresh", "whole"))
    for path in (old, old / "file", fresh, whole, whole / "file"):
        os.utime(path, (time.time() - 100,) * 2)
    sweep(tmp_path, seconds=50)
    assert sorted(tmp_path.iterdir()) == [fresh, whole]
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == [whole]
    sweep(tmp_path / "missing")
