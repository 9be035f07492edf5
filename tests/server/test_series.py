"""The thinned history: every spike is in it, and smoothing came first."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.frames import decode_frame, encode_frame
from server.series import Window, bucket_width, extremes, smooth, thin
from tests.server.fakes import make_rows, make_run


def read(site, **query):
    answer = site.client.get(site.path("series", **query))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-encoding"] == "identity"
    return decode_frame(answer.content)


def reference_average(values, weight):
    """The definition, value by value."""
    average, count, smoothed = 0.0, 0, []
    for value in values:
        if np.isfinite(value):
            count += 1
            average = weight * average + (1 - weight) * float(value)
            smoothed.append(average / (1 - weight**count))
        else:
            smoothed.append(np.nan)
    return np.array(smoothed), average, count


@pytest.mark.parametrize("weight", [0.0, 0.001, 0.6, 0.9, 0.999])
def test_smoothing_is_the_debiased_average_and_skips_gaps(weight):
    values = np.random.default_rng(0).normal(3, 1, 2000).astype(np.float32)
    values[::7] = np.nan
    values[5], values[11] = np.inf, -np.inf
    smoothed, average, count = smooth(values, weight)
    expected, expected_average, expected_count = reference_average(values, weight)
    np.testing.assert_allclose(smoothed, expected, rtol=1e-9)
    assert (average, count) == (pytest.approx(expected_average, rel=1e-9), expected_count)


def test_smoothing_nothing_gives_nothing():
    assert smooth(np.array([]), 0.6)[1:] == (0.0, 0)
    assert np.isnan(smooth(np.full(3, np.nan), 0.6)[0]).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 5000), st.integers(0, 4999), st.sampled_from([1, 2, 8, 64, 1024]))
def test_no_bucket_loses_a_spike(rows, spike, width):
    values = np.random.default_rng(rows).normal(0, 1, rows).astype(np.float32)
    values[spike % rows] = 1e6
    low, high = extremes(values, width)
    assert high[spike % rows // width] == 1e6
    assert len(low) == len(high) == -(-rows // width)
    for i in range(len(low)):
        part = values[i * width : (i + 1) * width]
        assert (low[i], high[i]) == (part.min(), part.max())


def test_a_bucket_without_a_measurement_is_empty():
    low, high = extremes(np.array([np.nan, np.inf, 1.0, np.nan]), 2)
    np.testing.assert_array_equal(low, [np.nan, 1.0])
    np.testing.assert_array_equal(high, [np.nan, 1.0])


@settings(deadline=None)
@given(st.integers(0, 10**7), st.integers(1, 10**5))
def test_buckets_are_as_few_as_asked_for_and_no_wider_than_needed(rows, buckets):
    width = bucket_width(rows, buckets)
    if width == 1:
        assert rows <= 2 * buckets
    else:
        assert -(-rows // width) <= buckets < -(-rows // (width // 2))


def test_a_short_history_is_sent_row_by_row(site):
    header, columns = read(site, run="run-2", smoothing=0.6)
    rows = site.store.get("run-2").history.rows(0, 10)
    assert (header["first"], header["rows"], header["width"], header["total"]) == (0, 10, 1, 10)
    for name in ("loss", "accuracy", "grad_norm", "time", "epoch"):
        np.testing.assert_array_equal(columns[name], rows[name])
    np.testing.assert_allclose(columns["loss:smooth"], reference_average(rows["loss"], 0.6)[0], rtol=1e-6)
    assert "step" not in columns  # row i is step i + 1


def test_smoothing_is_over_the_whole_history_and_then_thinned(site):
    loss = site.store.get("run-1").history.rows(0, 5000)["loss"]
    expected = reference_average(loss, 0.9)[0]
    header, columns = read(site, lo=1000, hi=5000, buckets=100, smoothing=0.9)
    first, width = header["first"], header["width"]
    assert width == 64
    assert first == 960
    for name, values in (("", loss), ("smooth_", expected)):
        for i, (low, high) in enumerate(zip(columns[f"loss:{name}min"], columns[f"loss:{name}max"], strict=True)):
            part = values[first + i * width : first + (i + 1) * width]
            assert (low, high) == (pytest.approx(part.min(), rel=1e-5), pytest.approx(part.max(), rel=1e-5))


def test_both_ends_of_the_window_are_covered(site):
    for lo, hi in ((0, 5000), (1, 4999), (4990, 5000), (0, 1)):
        header, columns = read(site, lo=lo, hi=hi, buckets=50)
        assert header["first"] <= lo
        assert header["first"] + header["rows"] >= hi
        assert len(columns["time"]) == -(-header["rows"] // header["width"])
    assert columns["time"][-1] == site.store.get("run-1").history.rows(0, 1)["time"][0]


def test_the_carry_continues_the_average_exactly(site):
    header, _columns = read(site, smoothing=0.8, columns="loss")
    average, count, last, smoothed = header["carry"]["loss"]
    loss = site.store.get("run-1").history.rows(0, 5000)["loss"]
    expected, expected_average, expected_count = reference_average(loss, 0.8)
    assert (average, count) == (pytest.approx(expected_average, rel=1e-9), expected_count)
    assert (last, smoothed) == (loss[-1], pytest.approx(expected[-1], rel=1e-9))
    assert header["columns"] == ["loss"]


def test_the_last_value_is_null_where_it_was_not_measured(make_site):
    run = make_run(rows=9)  # grad_norm is measured at every tenth step
    header, _ = read(make_site(run), columns="grad_norm")
    assert header["carry"]["grad_norm"] == [0.0, 0, None, None]


def test_epoch_rows_come_along(site):
    history = site.store.get("run-1").history
    history.epochs.extend(
        {"epoch": np.array([1, 2], np.int32), "step": np.array([45, 90]), "val_loss": np.array([2.0, 1.0])}
    )
    header, columns = read(site)
    assert header["epochs"] == 2
    np.testing.assert_array_equal(columns["epochs/step"], [45, 90])
    np.testing.assert_array_equal(columns["epochs/val_loss"], [2.0, 1.0])


def test_an_empty_history_is_an_empty_answer(make_site):
    header, columns = read(make_site(make_run()), columns="loss")
    assert (header["rows"], header["total"], columns) == (0, 0, {})


def test_rows_cut_while_they_are_read_are_read_again():
    run = make_run(rows=100)
    history = run.history
    rows, reads = history.rows, []

    def cutting(first, last):
        taken = rows(first, last)
        if not reads:
            history.cut(40)
        reads.append(last)
        return taken

    history.rows = cutting
    header, columns = decode_frame(thin(history, Window()))
    assert (header["total"], header["generation"], len(columns["loss"])) == (40, 1, 40)


@pytest.mark.parametrize(
    "query",
    [
        "lo=-1",
        "lo=a",
        "lo=1.5",
        "hi=-1",
        "lo=10&hi=9",
        "lo=5001",
        "lo=inf",
        "buckets=0",
        "buckets=200000",
        "buckets=1e3",
        "lo=" + "9" * 40,
        "smoothing=1",
        "smoothing=-0.1",
        "smoothing=nan",
        "smoothing=inf",
        "smoothing=",
        "columns=nothing",
        "columns=loss,../x",
        "columns=step",
    ],
)  # fmt: skip
def test_a_bad_number_is_answered_with_a_sentence(site, query):
    answer = site.client.get(site.path("series") + "&" + query)
    assert answer.status_code == 400
    assert "must be" in answer.json()["error"]
    assert "Received" in answer.json()["error"]


def test_a_column_that_is_named_many_times_is_worked_on_once(site, monkeypatch):
    smoothed = []
    monkeypatch.setattr("server.series.smooth", lambda values, weight: smoothed.append(1) or smooth(values, weight))
    header, _columns = read(site, columns="loss," * 12_000 + "accuracy")
    assert header["columns"] == ["loss", "accuracy"]
    assert len(smoothed) == 2


def test_a_long_history_is_smoothed_in_a_thread_and_stays_small(make_site, monkeypatch):
    import server.series

    threads = []
    to_thread = server.series.asyncio.to_thread
    monkeypatch.setattr(
        server.series.asyncio, "to_thread", lambda work, *args: threads.append(work) or to_thread(work, *args)
    )
    run = make_run(rows=200_000)
    site = make_site(run)
    content = site.client.get(site.path("series", buckets=1000)).content
    assert thin in threads
    assert len(content) < 200_000
    _header, columns = decode_frame(content)
    assert len(columns["loss:min"]) <= 1000


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=5), st.sampled_from(["f4", "f8", "i4"]), st.integers(0, 9)), max_size=5
    )
)
def test_a_frame_is_read_as_it_was_written(parts):
    arrays = {name: np.arange(length).astype(dtype) for name, dtype, length in parts}
    header, columns = decode_frame(encode_frame({"first": 3, "name": "ü"}, arrays))
    assert header["name"] == "ü"
    assert list(columns) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(columns[name], array)
        assert columns[name].dtype == array.dtype


def test_make_rows_is_one_sequence_however_it_is_cut():
    np.testing.assert_array_equal(make_rows(0, 10)["step"], np.arange(1, 11))
