"""Frames on disk: at most 200, evenly spaced, none from a future that was taken back, and never a traceback."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from tests.trainer.recipes import line
from tests.trainer.watching import finish
from trainer import RunConfig
from trainer.runs.views.earlier import list_pictures
from trainer.runs.views.frames import frame_path, list_frames, read_fixed, read_frame
from trainer.runs.views.writing import FrameWriter


@pytest.fixture
def every_epoch(monkeypatch):
    """Has every epoch give a frame, however quick it is."""
    from trainer.training.views import frames

    for name in ("FRAME_SECONDS", "REST", "REST_AFTER_FIRST"):
        monkeypatch.setattr(frames, name, 0)


def write(writer: FrameWriter, epochs) -> None:
    for epoch in epochs:
        writer.write(epoch, {"line": np.array([epoch])}, {"kind": np.array("line")} if epoch == 1 else None)


def test_at_most_so_many_frames_stay_and_they_are_evenly_spaced(tmp_path):
    writer = FrameWriter(tmp_path, most=10)
    for epoch in range(1, 200, 3):
        write(writer, [epoch])
        assert len(list_frames(tmp_path)) <= 10
        assert list_frames(tmp_path)[-1] == epoch, "the newest is always there"
    kept = list_frames(tmp_path)
    assert kept[0] == 1
    assert len(kept) > 5
    gaps = np.diff(kept[:-1])
    assert gaps.max() <= 1.5 * gaps.min()
    assert read_frame(tmp_path, kept[2])["line"] == [kept[2]]
    assert str(read_fixed(tmp_path)["kind"]) == "line"
    # The writer of a resumed run goes on at the same distance.
    write(FrameWriter(tmp_path, most=10), range(202, 202 + 3 * gaps.max(), 3))
    assert len(list_frames(tmp_path)) <= len(kept) + 3


def test_200_frames_are_kept_by_default(tmp_path):
    write(FrameWriter(tmp_path), range(1, 203))
    assert list_frames(tmp_path) == [*range(1, 202, 2), 202]


def test_frames_after_the_checkpoint_are_deleted(tmp_path):
    writer = FrameWriter(tmp_path)
    write(writer, range(1, 6))
    half = frame_path(tmp_path, 6).with_name(".tmp-1-epoch-000006.npz")
    half.write_bytes(b"half")
    writer.drop_after(3)
    assert list_frames(tmp_path) == [1, 2, 3]
    assert not half.exists()


def test_a_run_stores_its_frames_and_takes_them_back_with_its_steps(store, every_epoch, monkeypatch):
    run = store.create(line(epochs=6, checkpoint_epochs=2, keep_checkpoints=10))
    run.start()
    finish(run)
    assert list_frames(run.path) == [1, 2, 3, 4, 5, 6]
    newest = read_frame(run.path, 6)
    second = read_frame(run.path, 2)
    step = next(checkpoint.step for checkpoint in run.checkpoints if checkpoint.manifest["epochs"] == 2)
    left, drop = [], FrameWriter.drop_after

    def drop_and_look(writer, epoch):
        drop(writer, epoch)
        left.append(list_frames(run.path))

    monkeypatch.setattr(FrameWriter, "drop_after", drop_and_look)
    run.resume(source=step)
    finish(run)
    assert left == [[1, 2]]
    assert list_frames(run.path) == [1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(read_frame(run.path, 6)["line"], newest["line"])
    assert not np.array_equal(newest["line"], second["line"])
    assert "hist/weights/head" not in newest


def test_damaged_and_oversized_files_are_none(tmp_path):
    assert list_frames(tmp_path) == []
    assert read_fixed(tmp_path) is None
    write(FrameWriter(tmp_path), [1, 2])
    path = frame_path(tmp_path, 1)
    whole = path.read_bytes()
    for contents in (b"", b"PK", whole[: len(whole) // 2], whole[:40] + b"\xff" * 40 + whole[80:]):
        path.write_bytes(contents)
        assert read_frame(tmp_path, 1) is None
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("line.npy", bytes(2**26 + 1))
    assert read_frame(tmp_path, 1) is None
    with zipfile.ZipFile(path, "w") as file:
        claim = b"{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999,), }".ljust(117) + b"\n"
        file.writestr("line.npy", b"\x93NUMPY\x01\x00\x76\x00" + claim)
    assert read_frame(tmp_path, 1) is None
    (path.parent / "epoch-odd.npz").write_bytes(b"")
    assert list_frames(tmp_path) == [1, 2]


def test_pictures_of_earlier_versions_are_found(tmp_path):
    (tmp_path / "samples").mkdir()
    for name in ("epoch-000002.png", "epoch-000010.png", "epoch-x.png"):
        (tmp_path / "samples" / name).write_bytes(b"")
    assert list(list_pictures(tmp_path)) == [2, 10]


def test_histograms_are_off_unless_chosen_and_old_recipes_stay_readable():
    fields = line().model_dump()
    assert fields.pop("histograms") is False
    assert RunConfig(**fields) == line()
