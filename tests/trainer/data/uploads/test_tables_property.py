"""Whatever the bytes, a table or a sentence; and what was written comes back."""

import csv
import io
import math
import string
import tempfile
import unicodedata
from pathlib import Path

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import example, given, settings

from trainer.data.uploads import Limits
from trainer.data.uploads.tables.csv.columns import MISSING
from trainer.data.uploads.tables.inspecting import inspect_table
from trainer.data.uploads.tables.reader import read_table
from trainer.data.uploads.tables.summary import describe_columns, guess_task
from trainer.data.uploads.tables.table import Table
from trainer.data.uploads.tables.target.choices import guess_target
from trainer.errors import DataError

LIMITS = Limits(bytes=1 << 20, rows=10_000, columns=100, expanded_bytes=1 << 24)
MARKS = [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"PAR1", b"sep=;\n", b"a,b\n", b'a,"b\n', b"a\tb\r"]


@pytest.fixture(scope="module")
def path():
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "a.csv"


def read(path: Path, data: bytes) -> Table | None:
    """Returns the table, or None after a sentence."""
    path.write_bytes(data)
    try:
        table = read_table(path, LIMITS)
    except DataError as error:
        assert_is_sentence(str(error))
        return None
    assert {str(kind) for kind in table.data.schema.types} <= {"double", "string", "timestamp[us]"}
    assert len(set(table.data.column_names)) == len(table.data.column_names) >= 2
    return table


def assert_is_sentence(text: str) -> None:
    assert text.endswith(".")
    assert not any(unicodedata.category(character).startswith("C") for character in text)
    assert len(text) < 1000


def assert_is_described(path: Path) -> None:
    try:
        report = inspect_table(path, limits=LIMITS)
    except DataError as error:
        assert_is_sentence(str(error))
        return
    for finding in report.findings:
        assert_is_sentence(str(finding))


@given(st.binary(max_size=400), st.sampled_from(MARKS))
@settings(max_examples=200, deadline=None)
@example(b"\x01\xa0\x01", b"")
def test_any_bytes_give_a_table_or_a_sentence(path, data, mark):
    if read(path, mark + data) is not None:
        assert_is_described(path)


CELLS = st.one_of(
    st.sampled_from(
        [*MISSING, "1e999", "-inf", "1,5", '"', '""', '"a', "a\nb", "2020-01-01", "12:30", "\x00", "\r", "#"]
    ),
    st.text(max_size=8),
    st.integers().map(str),
    st.floats().map(str),
)


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=30),
    st.sampled_from(",;\t|: "),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-le"]),
)
@settings(max_examples=200, deadline=None)
@example([["a", "b"], ["1e300", "1"], ["-1e300", "0"]] + [["1", "1"]] * 30, ",", "\n", "utf-8")
def test_anything_like_a_table_gives_a_table_or_a_sentence(path, rows, separator, newline, encoding):
    text = newline.join(separator.join(row) for row in rows)
    if read(path, text.encode(encoding, "replace")) is not None:
        assert_is_described(path)


NAMES = st.lists(
    st.text(string.ascii_letters + "äß _-,;'\"", min_size=1, max_size=9).map(str.strip).filter(bool),
    min_size=2, max_size=5, unique=True,
)  # fmt: skip
NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False), st.integers(-(2**53), 2**53).map(float))
TEXTS = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\r\t"), max_size=12)
    # The reader trims what Unicode calls white space, and only that.
    .filter(lambda text: text.strip() == text and (text + "x")[-2:].isprintable()),
)  # fmt: skip


@st.composite
def tables(draw):
    """Draws names, and columns of numbers or of text, all of the same length."""
    names, rows = draw(NAMES), draw(st.integers(1, 30))
    columns = []
    for _ in names:
        kind = draw(st.sampled_from([NUMBERS, TEXTS]))
        columns.append(draw(st.lists(kind, min_size=rows, max_size=rows)))
        if kind is TEXTS:
            # One word at least, so that a column of text cannot happen to be all numbers or dates.
            columns[-1] = [None if value is None else f"w{value}" for value in columns[-1]]
    return names, columns


@given(tables(), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["utf-8", "utf-16"]))
@settings(max_examples=60, deadline=None)
def test_what_was_written_comes_back(path, drawn, separator, newline, encoding):
    names, columns = drawn
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    writer.writerows(zip(*[["" if v is None else v for v in column] for column in columns], strict=True))
    table = read(path, file.getvalue().encode(encoding))
    assert table is not None
    assert table.data.column_names == names
    for column, values in zip(table.data.columns, columns, strict=True):
        assert column.to_pylist() == values
    assert table.details["skipped"]["count"] == 0


@given(tables())
@settings(max_examples=60, deadline=None)
def test_any_column_is_described_and_a_target_guessed(drawn):
    names, columns = drawn
    table = Table(pa.table({
        name: pa.array(column, pa.string() if any(isinstance(value, str) for value in column) else pa.float64())
        for name, column in zip(names, columns, strict=True)
    }))  # fmt: skip
    summaries = describe_columns(table)
    for summary, values in zip(summaries, columns, strict=True):
        present = [value for value in values if value is not None]
        assert (summary.rows, summary.missing) == (len(values), len(values) - len(present))
        assert summary.unique == len(set(present))
        numbers = [value for value in present if isinstance(value, float) and math.isfinite(value)]
        if numbers:
            assert (summary.minimum, summary.maximum) == (min(numbers), max(numbers))
            assert min(numbers) <= summary.median <= max(numbers)
    target = guess_target(summaries)
    assert target in names
    assert guess_task(summaries[names.index(target)]) in ("classification", "regression")
