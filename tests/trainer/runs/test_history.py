"""What was measured survives torn files, cuts and readers."""

import os
import threading

import numpy as np
import pyarrow as pa
import pytest

from trainer.runs.history import History


def rows(first: int, last: int, salt: float = 0.0) -> dict[str, np.ndarray]:
    """Returns the rows of steps first to last, both included."""
    steps = np.arange(first, last + 1)
    return {"step": steps, "epoch": steps // 10 + 1, "time": steps / 100, "loss": 1 / steps + salt}


def written(folder, *batches: tuple[int, int]) -> History:
    """Returns a history with one Arrow batch on disk per pair of first and last step, still open."""
    history = History(folder)
    for first, last in batches:
        history.record(rows(first, last))
        history.flush_all()
    return history


def test_rows_come_back_as_they_were_appended():
    history = History()
    history.record(rows(1, 1500))
    history.record(rows(1501, 4000))
    assert len(history) == 4000
    assert history.columns == ("step", "epoch", "time", "loss")
    part = history.rows(1495, 1505)
    assert part["step"].tolist() == list(range(1496, 1506))
    assert (part["step"].dtype, part["epoch"].dtype, part["time"].dtype) == (np.int64, np.int32, np.float64)
    np.testing.assert_array_equal(part["loss"], (1 / np.arange(1496, 1506)).astype(np.float32))


def test_frame_begins_at_the_cursor_and_is_the_readers_own():
    history = History()
    history.record(rows(1, 10))
    frame = history.frame(since=7)
    assert frame["step"].tolist() == [8, 9, 10]
    frame.loc[:, "loss"] = 0
    assert history.rows(9, 10)["loss"][0] == np.float32(0.1)
    assert history.frame(since=10).empty
    assert History().frame().empty


def test_cut_takes_the_last_rows_and_counts_the_generation():
    history = History()
    history.record(rows(1, 10))
    first = history.generation
    history.cut(20)
    assert history.generation == first
    history.cut(4)
    assert (len(history), history.generation) == (4, first + 1)
    history.cut(4)
    assert history.generation == first + 1


def test_lost_rows_are_filled_so_that_row_i_stays_step_i_plus_1():
    history = History()
    history.record(rows(1, 4))
    history.cut(7)
    frame = history.frame()
    assert frame["step"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert frame["loss"].isna().tolist() == [False] * 4 + [True] * 3
    assert frame["time"].is_monotonic_increasing
    assert frame["time"].iloc[-1] == 0.04


def test_a_wholly_lost_history_is_filled_too():
    history = History()
    history.cut_to(3, 0, columns=("step", "epoch", "time", "loss"))
    history.record(rows(4, 5))
    assert history.frame()["step"].tolist() == [1, 2, 3, 4, 5]


def test_epochs_are_cut_by_their_number_even_where_rows_are_lost():
    history = History()
    for epoch in (2, 3, 4):  # The row of epoch 1 was lost.
        history.epochs.append({"epoch": np.array([epoch]), "step": np.array([epoch * 10]), "loss": np.array([0.5])})
    history.cut_to(0, 3)
    assert history.epochs.frame()["epoch"].tolist() == [2, 3]


def test_reload_gives_the_same_rows(tmp_path):
    history = written(tmp_path, (1, 7), (8, 20))
    history.epochs.append({"epoch": np.array([1]), "step": np.array([20]), "loss": np.array([0.25])})
    history.close_all()
    again = History.load(tmp_path)
    assert again.frame().equals(history.frame())
    assert again.epochs.frame().equals(history.epochs.frame())
    assert again.epochs.frame()["loss"].tolist() == [0.25]


def test_unflushed_rows_are_not_on_disk_and_flushed_ones_are(tmp_path):
    history = written(tmp_path, (1, 5))
    history.record(rows(6, 9))
    assert len(History.load(tmp_path)) == 5
    history.flush_all()
    assert len(History.load(tmp_path)) == 9


def test_wherever_the_file_is_torn_whole_batches_are_kept(tmp_path):
    batches = [(1, 3), (4, 8), (9, 20)]
    history, ends = History(tmp_path), []
    for first, last in batches:
        history.record(rows(first, last))
        history.flush_all()
        ends.append(os.path.getsize(tmp_path / "history.arrows"))
    history.close_all()
    whole = (tmp_path / "history.arrows").read_bytes()
    for size in range(len(whole) + 1):
        (tmp_path / "history.arrows").write_bytes(whole[:size])
        torn = History.load(tmp_path)
        expected = max([0, *(last for (_, last), end in zip(batches, ends, strict=True) if end <= size)])
        assert len(torn) == expected, f"torn at byte {size} of {len(whole)}"
        assert torn.frame().equals(history.frame()[:expected] if expected else torn.frame())


@pytest.mark.parametrize(
    "contents", [b"", b"not arrow at all", bytes(range(256)), b"\xff\xff\xff\xff\xff\xff\xff\x7f" * 9]
)
def test_a_file_that_is_no_history_reads_as_empty(tmp_path, contents):
    (tmp_path / "history.arrows").write_bytes(contents)
    assert len(History.load(tmp_path)) == 0


def test_a_torn_history_goes_on_and_is_whole_again(tmp_path):
    written(tmp_path, (1, 5), (6, 9)).close_all()
    path = tmp_path / "history.arrows"
    path.write_bytes(path.read_bytes()[:-30])
    history = History.load(tmp_path)
    history.cut_to(5, 0)
    history.record(rows(6, 12, salt=1))
    history.close_all()
    again = History.load(tmp_path).frame()
    assert again["step"].tolist() == list(range(1, 13))
    assert (again["loss"][5:] > 1).all()


def test_cut_then_append_then_reload(tmp_path):
    history = written(tmp_path, (1, 10))
    history.cut_to(6, 0)
    assert len(History.load(tmp_path)) == 10  # Nothing is lost before something new is there.
    history.record(rows(7, 8, salt=1))
    history.flush_all()
    history.record(rows(9, 9, salt=1))
    history.close_all()
    again = History.load(tmp_path)
    assert again.frame().equals(history.frame())
    assert again.frame()["step"].tolist() == list(range(1, 10))
    assert not list(tmp_path.glob(".tmp-*"))


def test_the_file_is_an_arrow_stream_that_others_can_read(tmp_path):
    written(tmp_path, (1, 5), (6, 9)).close_all()
    with pa.ipc.open_stream(tmp_path / "history.arrows") as stream:
        assert stream.read_all()["step"].to_pylist() == list(range(1, 10))


def test_readers_see_only_whole_rows_while_rows_are_written():
    history, wrong, done = History(), [], threading.Event()

    def read():
        seen = 0
        while not (done.is_set() and seen == len(history)):
            last = len(history)
            part = history.rows(seen, last)
            if last > seen and not np.array_equal(part["time"], part["step"] / 100):
                wrong.append((seen, last))
            seen = last

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for first in range(1, 20_000, 23):
        history.append(rows(first, first + 22))
    done.set()
    for reader in readers:
        reader.join(timeout=20)
        assert not reader.is_alive()
    assert not wrong


def test_subscribers_hear_of_every_record_until_they_leave():
    history, heard = History(), []
    leave = history.subscribe(lambda: heard.append(len(history)))
    history.record(rows(1, 3))
    history.record(rows(4, 5))
    history.cut_to(4, 0)
    leave()
    leave()
    history.record(rows(5, 6))
    assert heard == [3, 5, 4]


def test_a_reader_that_fails_is_forgotten_and_the_others_go_on(caplog):
    history, heard = History(), []

    def fail():
        raise RuntimeError("the event loop is closed")

    history.subscribe(fail)
    history.subscribe(lambda: heard.append(len(history)))
    history.record(rows(1, 1))
    history.record(rows(2, 2))
    assert heard == [1, 2]
    assert len([record for record in caplog.records if "reader" in record.message]) == 1


def test_wall_offset_turns_times_into_unix_time():
    history = History()
    history.record(rows(1, 100), wall=1_000.0)
    assert history.rows(99, 100)["time"][0] + history.wall_offset == 1_000.0
