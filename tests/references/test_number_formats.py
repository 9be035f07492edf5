"""Numbers as tables write them, beside what pandas reads of the same file when it is told how they are written."""

import io

import numpy as np
import pandas as pd
import pytest

from trainer import RunConfig
from trainer.catalog.datasets.files.csv import csv
from trainer.data.uploads.tables.inspecting import inspect_table
from trainer.data.uploads.tables.numbers.formats import FORMATS
from trainer.data.uploads.tables.reader import read_table
from trainer.errors import DataError

ROWS = 3000
RANDOM = np.random.default_rng(0)
PRICES = RANDOM.integers(507, 946_194, ROWS)
SIZES = RANDOM.uniform(0, 5000, ROWS).round(2)


def european(number, decimals=0):
    return f"{number:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


def write(path, separator, **columns):
    frame = pd.DataFrame(columns)
    frame.to_csv(path, sep=separator, index=False)
    return path


def values(table, name):
    return table.data[name].to_numpy()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_thousands_with_commas_are_read_as_pandas_does(tmp_path, separator):
    path = write(tmp_path / "a.csv", separator, price=[f"{n:,}" for n in PRICES], size=SIZES)
    expected = pd.read_csv(path, sep=separator, thousands=",")
    table = read_table(path)
    np.testing.assert_array_equal(values(table, "price"), expected["price"])
    np.testing.assert_array_equal(values(table, "price"), PRICES)
    np.testing.assert_array_equal(values(table, "size"), expected["size"])


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_thousands_with_points_beside_decimal_commas_are_read_as_pandas_does(tmp_path, separator):
    # 307.000 alone could be 307; the other column tells.
    prices = [european(1000 * n) for n in range(1, 301)]
    path = write(tmp_path / "a.csv", separator, price=prices, size=[european(n, 2) for n in SIZES[:300]])
    expected = pd.read_csv(path, sep=separator, thousands=".", decimal=",")
    table = read_table(path)
    np.testing.assert_array_equal(values(table, "price"), expected["price"])
    np.testing.assert_array_equal(values(table, "size"), expected["size"])


@pytest.mark.parametrize("mark", [" ", "\u00a0", "\u202f"])
def test_thousands_with_spaces_are_read_as_pandas_does(tmp_path, mark):
    path = write(tmp_path / "a.csv", ",", price=[f"{n:,}".replace(",", mark) for n in PRICES], size=SIZES)
    # pandas takes only ASCII separators.
    expected = pd.read_csv(io.StringIO(path.read_text().replace(mark, " ")), thousands=" ")["price"]
    np.testing.assert_array_equal(values(read_table(path), "price"), expected)


def test_currencies_and_percentages_are_numbers(tmp_path):
    paid = [f"${n:,.2f}" for n in SIZES]
    path = write(tmp_path / "a.csv", ",", paid=paid, share=[f"{n % 101}%" for n in range(ROWS)], size=SIZES)
    table = read_table(path)
    np.testing.assert_array_equal(values(table, "paid"), [float(cell.strip("$").replace(",", "")) for cell in paid])
    np.testing.assert_array_equal(values(table, "share"), np.arange(ROWS) % 101)


def test_all_values_decide_however_far_down_they_are(tmp_path):
    # The first megabyte has no separator at all.
    prices = [str(n % 900) for n in range(300_000)] + [f"{n:,}" for n in PRICES]
    path = write(tmp_path / "a.csv", ";", price=prices, other=np.arange(len(prices)))
    table = read_table(path)
    expected = pd.read_csv(path, sep=";", thousands=",")["price"]
    np.testing.assert_array_equal(values(table, "price"), expected)
    assert table.findings == ()


@pytest.mark.parametrize(
    ("separator", "cells"),
    [
        (";", ["43,500", "12,125", "99,999"]),
        ("\t", ["43,500", "12,125", "99,999"]),
        (";", ["307.000", "203.000", "114.125"]),
    ],
)
def test_what_the_values_do_not_tell_is_asked(tmp_path, separator, cells):
    cells = [cells[row % len(cells)] for row in range(100)]
    path = write(tmp_path / "a.csv", separator, price=cells, target=["a", "b"] * 50)
    report = inspect_table(path, options={"target": "target"})
    [error] = report.errors
    assert "the values do not tell which" in error.message
    with pytest.raises(DataError, match="option number_formats"):
        RunConfig(model="mlp", dataset="csv", dataset_options={"path": str(path), "target": "target"}).spec  # noqa: B018
    for change in error.changes:
        answered = inspect_table(path, options={"target": "target", **change.options})
        assert answered.is_ready, answered.findings
        [format] = change.options["number_formats"].values()
        if format == "text":
            continue
        arrays = csv(0, path=str(path), target="target", number_formats={"price": format})
        how = FORMATS[format]
        expected = pd.read_csv(path, sep=separator, thousands=how.thousands or None, decimal=how.decimal)["price"]
        expected = pd.to_numeric(expected, errors="coerce")
        np.testing.assert_allclose(arrays.x[:, 0], expected, rtol=1e-7)


def test_one_slip_in_a_column_of_thousands_does_not_turn_all_into_decimals(tmp_path):
    cells = [f"{n:,}" for n in 1000 * np.arange(100, 200) + 450]
    path = write(tmp_path / "a.csv", ";", price=[*cells[:-1], "12,34"], target=["a", "b"] * 50)
    assert len(inspect_table(path, options={"target": "target"}).errors) == 1


@pytest.mark.parametrize("decimals", [1, 2, 3])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_plain_decimals_stay_as_they_are(tmp_path, separator, decimals):
    path = write(tmp_path / "a.csv", separator, a=RANDOM.normal(size=ROWS).round(decimals), b=SIZES)
    expected = pd.read_csv(path, sep=separator)
    table = read_table(path)
    for name in ("a", "b"):
        np.testing.assert_array_equal(values(table, name), expected[name])


@pytest.mark.parametrize("decimals", [1, 2, 3])
def test_decimal_commas_are_read_as_pandas_does(tmp_path, decimals):
    cells = [f"{n:.{decimals}f}".replace(".", ",") for n in RANDOM.normal(size=ROWS)]
    path = write(tmp_path / "a.csv", ";", a=cells, b=np.arange(ROWS))
    expected = pd.read_csv(path, sep=";", decimal=",")
    np.testing.assert_array_equal(values(read_table(path), "a"), expected["a"])


@pytest.mark.parametrize(
    ("numbers", "level"),
    [
        (2**24 + np.arange(400), "warning"),
        (1_700_000_000 + np.arange(0, 4000, 10), "warning"),
        (np.arange(0, 4 * 10**8, 10**6) + 1, ""),
        (np.arange(400) * 1000, ""),
        (1e9 + RANDOM.normal(size=400), "warning"),
        (RANDOM.normal(size=400), ""),
    ],
)
def test_what_float32_cannot_tell_apart_is_reported_as_numpy_counts_it(tmp_path, numbers, level):
    shuffled = RANDOM.permutation(numbers)
    path = write(tmp_path / "a.csv", ",", stamp=shuffled, kind=["a", "b"] * 200)
    kept, different = len(np.unique(numbers.astype(np.float32))), len(np.unique(numbers))
    found = [f for f in inspect_table(path).findings if "32-bit" in f.message]
    if not level:
        assert found == []
        return
    [finding] = found
    assert finding.level == level
    assert f"{kept:,} of its {different:,} different values" in finding.message
    target = [f for f in inspect_table(path, options={"target": "stamp"}).findings if "32-bit" in f.message]
    assert [f.count for f in target] == [different - kept]


def test_formats_that_are_chosen_hold_for_parquet_too(tmp_path):
    frame = pd.DataFrame({"price": [f"{n:,}" for n in PRICES], "stamp": 2**24 + np.arange(ROWS)})
    frame.to_parquet(tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet", formats={"price": "1,234.5", "stamp": "text"})
    np.testing.assert_array_equal(values(table, "price"), PRICES)
    assert table.data["stamp"].to_pylist() == frame["stamp"].astype(str).tolist()
