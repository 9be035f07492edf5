"""Tables as they are read: encodings, separators, missing values, ragged rows, dates, Parquet."""

import datetime
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trainer.data.uploads import Limits
from trainer.data.uploads.tables.reader import read_table
from trainer.errors import DataError

TEXT = "größe,colour,count\n1.5,rød,3\n,blue,4\n2.5,NA,5\n"
COLUMNS = {"größe": [1.5, None, 2.5], "colour": ["rød", "blue", None], "count": [3.0, 4.0, 5.0]}


@pytest.fixture
def read(tmp_path):
    """Returns a function that reads text or bytes as a CSV file."""

    def table(content, **limits):
        path = tmp_path / "a.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, Limits(**limits))

    return table


def sentences(table):
    return [f"{finding.level}: {finding}" for finding in table.findings]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le with mark", "utf-16-be with mark"])
def test_unicode_is_told_by_its_first_bytes(read, encoding):
    mark = "\ufeff" if encoding.endswith("mark") else ""
    table = read((mark + TEXT).encode(encoding.split()[0]))
    assert table.data.to_pydict() == COLUMNS
    assert table.findings == ()
    assert table.details["encoding"] == ("UTF-16" if "16" in encoding else "UTF-8")


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_what_is_not_unicode_is_read_as_western_with_a_warning(read, encoding):
    text = TEXT.replace("rød", "rød€" if encoding == "cp1252" else "rød\x81")
    table = read(text.encode(encoding))
    assert table.data["colour"][0].as_py() == text.split("\n")[1].split(",")[1]
    assert len(table.findings) == 1
    assert "Line 1: The file is not UTF-8" in sentences(table)[0]


def test_the_line_is_told_where_unicode_ends_far_down(read):
    table = read(b"a,b\n" + b"1,x\n" * 600_000 + b"1,\xe9\n")
    assert sentences(table)[0].startswith("warning: Line 600,002: The file is not UTF-8 here, so it was read as Wind")
    assert table.data["b"][-1].as_py() == "é"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_found(read, separator, newline):
    table = read(TEXT.replace(",", separator).replace("\n", newline))
    assert table.data.to_pydict() == COLUMNS
    assert (table.details["separator"], table.place(2)) == (separator, "line 4")


def test_a_separator_within_quotation_marks_is_none(read):
    assert read('"a;b","c;d"\n"1;2","3;4"\n').data.column_names == ["a;b", "c;d"]


def test_a_declared_separator_is_taken(read):
    assert read("sep=;\na,b;c\n1;2\n3;4\n").data.column_names == ["a,b", "c"]


def test_decimal_commas_are_numbers_where_the_separator_is_another(read):
    assert read("a;b\n1,5;x\n-2;y\n").data.to_pydict()["a"] == [1.5, -2.0]


def test_quoted_fields_hold_separators_marks_and_lines(read):
    table = read('a,b\n"x, ""y""\nz",1\n\n p ,2\n')
    assert table.data.to_pydict() == {"a": ['x, "y"\nz', "p"], "b": [1.0, 2.0]}
    assert table.place(1) == "row 2"


@pytest.mark.parametrize("missing", ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "?", "  ", " NA "])
def test_missing_values_are_null_in_numbers_and_text(read, missing):
    table = read(f"a,b\n1,x\n{missing},{missing}\n")
    assert table.data.to_pydict() == {"a": [1.0, None], "b": ["x", None]}


def test_ragged_rows_are_left_out_counted_and_listed(read):
    good = [f"{i},x{i}" for i in range(40)]
    table = read("\n".join(["a,b", *good[:10], "1,2,3", *good[10:20], "7", *good[20:], ""]))
    assert table.data["a"].to_pylist() == list(range(40))
    assert table.details["skipped"] == {"count": 2, "rows": [{"line": 12, "fields": 3}, {"line": 23, "fields": 1}]}
    assert "2 rows not of 2 fields as the header is, left out: lines 12 (3 fields)" in sentences(table)[0]
    assert [table.place(row) for row in (0, 9, 10, 19, 20)] == ["line 2", "line 11", "line 13", "line 22", "line 24"]


def test_ragged_rows_are_found_below_values_of_several_lines(read):
    table = read('a,b\n"x\ny",1\n' + "z,2\n" * 20 + "\n7\n")
    assert table.details["skipped"]["rows"] == [{"line": 25, "fields": 1}]


def test_a_column_of_one_field_more_is_never_taken_for_an_index(read):
    with pytest.raises(DataError, match="3 fields, from line 2 on"):
        read("a,b\n" + "1,2,3\n" * 9)


def test_values_that_are_no_numbers_among_many_that_are(read):
    table = read("a,b\n" + "".join(f"{i},x\n" for i in range(30)) + "oops,x\n31,x\n")
    assert table.data["a"].to_pylist()[29:] == [29.0, None, 31.0]
    assert sentences(table) == [
        "warning: Column “a”: 1 of its values is no number and taken as missing: “oops” on line 32. Correct them, or "
        "leave the column out."
    ]


@pytest.mark.parametrize("last", ["text", "2020-01-01"])
def test_a_column_that_changes_its_kind_far_down_keeps_its_text(read, last):
    rows = 300_000
    table = read("a,b,c\n" + "007,1,\n" * rows + f"{last},2,{last}\n" * (rows // 5))
    assert table.data["a"].type == pa.string()
    assert [table.data["a"][row].as_py() for row in (0, -1)] == ["007", last]
    assert table.data["b"][-1].as_py() == 2.0
    assert table.data["c"].null_count == rows


def test_a_few_words_far_down_leave_a_column_of_numbers(read):
    table = read("a,b\n" + "1,2\n" * 400_000 + "text,2\n3,4\n")
    assert table.data["a"].to_pylist()[-2:] == [None, 3.0]
    assert "“text” on line 400,002" in sentences(table)[0]


def test_a_wide_table_is_read_in_blocks_that_are_joined(read):
    names = [f"c{place}" for place in range(400)]
    rows = [",".join(f"{row}.{place}" for place in range(400)) for row in range(1500)]
    table = read("\n".join([",".join(names), *rows, ""]))
    assert table.data["c7"].to_pylist() == [float(f"{row}.7") for row in range(1500)]


def test_dates_are_timestamps(read):
    table = read("a,b\n2020-01-02,1\n,2\n2021-03-04 05:06:07,3\n")
    assert table.data["a"].to_pylist() == [
        datetime.datetime(2020, 1, 2), None, datetime.datetime(2021, 3, 4, 5, 6, 7)
    ]  # fmt: skip


def test_names_are_trimmed_and_made_up_where_there_is_none(read):
    assert read(' a ,"b, c",\n1,2,3\n').data.column_names == ["a", "b, c", "column 3"]


def test_names_may_be_years_or_wavelengths(read):
    assert read("name,2019,2020\nx,1,2\n").data.column_names == ["name", "2019", "2020"]
    assert read("400.5,401.0,y\n1,2,3\n").data.column_names == ["400.5", "401.0", "y"]


def test_a_value_of_many_lines_is_told(read):
    table = read('a,b\n"' + "x\n" * 30 + '",1\ny,2\n')
    assert sentences(table)[0].startswith("warning: Column “a”: The value in row 1 spans 30 lines.")


def test_progress_goes_up_to_one(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n" + b"1.25,x\n" * 1_000_000)
    told = []
    read_table(path, progress=lambda fraction, text: told.append((fraction, text)))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert len(fractions) > 3
    assert told[0][1] == "Reading a.csv"


def test_parquet_is_read_as_numbers_text_and_dates(tmp_path):
    day = datetime.datetime(2020, 1, 2)
    columns = {
        "whole": pa.array([1, None, 3]),
        "real": [float("nan"), 1.5, float("inf")],
        "text": ["x", "", None],
        "coded": pa.array(["x", "y", None]).dictionary_encode(),
        "flag": [True, None, False],
        "day": pa.array([day.date()] * 3),
        "zoned": pa.array([day] * 3, pa.timestamp("ns", "UTC")),
        "exact": pa.array([1, 2, None]).cast(pa.decimal128(30, 2)),
        "empty": pa.nulls(3),
        "lists": [[1], [2], [3]],
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet", row_group_size=2)
    table = read_table(tmp_path / "a.parquet")
    assert table.data.to_pydict() == {
        "whole": [1.0, None, 3.0],
        "real": [None, 1.5, float("inf")],
        "text": ["x", None, None],
        "coded": ["x", "y", None],
        "flag": ["true", None, "false"],
        "day": [day] * 3,
        "zoned": [day] * 3,
        "exact": [1.0, 2.0, None],
        "empty": [None] * 3,
    }
    assert {str(kind) for kind in table.data.schema.types} == {"double", "string", "timestamp[us]"}
    assert sentences(table) == ["warning: Column “lists”: It holds list<element: int64> values and is left out."]
    assert table.place(1) == "row 2"


def test_limits_hold_for_parquet_before_its_data_is_read(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [0.0] * 100, "b": [0.0] * 100}), path)
    for limits, word in ((Limits(rows=99), "ROWS"), (Limits(columns=1), "COLUMNS"), (Limits(expanded_bytes=1), "EXP")):
        with pytest.raises(DataError, match=f"TRAINDECK_MAX_{word}"):
            read_table(path, limits)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not limit a process's memory")
@pytest.mark.parametrize("way", ["plain", "delta", "dictionary"])
def test_kilobytes_of_parquet_that_unpack_to_gigabytes_stay_out_of_memory(tmp_path, way):
    texts = ["a" * (32 << 20) + str(row) for row in range(20)]
    pq.write_table(
        pa.table({"x": texts, "y": list(range(20))}), tmp_path / "bomb.parquet", compression="zstd",
        use_dictionary=["x"] if way == "dictionary" else False, dictionary_pagesize_limit=2**31 - 1,
        column_encoding={"x": "DELTA_BYTE_ARRAY", "y": "PLAIN"} if way == "delta" else None,
    )  # fmt: skip
    del texts
    assert (tmp_path / "bomb.parquet").stat().st_size < 200_000
    program = """
import pathlib, resource, sys
from trainer.data.uploads.tables.reader import read_table
from trainer.errors import DataError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_table(pathlib.Path(sys.argv[1]))
except DataError as error:
    print(error)
print(max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before,
          resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "bomb.parquet")], capture_output=True, text=True, timeout=120
    )
    sentence, kilobytes = done.stdout.splitlines()
    assert "needs more than 512 MB, which is the limit for it" in sentence
    assert int(kilobytes) < 800_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_arrow_has_let_go_of_a_file_once_it_is_read(read, monkeypatch, encoding):
    from trainer.data.uploads.tables.csv.records import DecodedFile

    released = []
    take_back = DecodedFile.take_back
    monkeypatch.setattr(
        DecodedFile, "take_back", lambda file: take_back(file) or released.append(file._returned.is_set())
    )
    read(TEXT.encode(encoding))
    assert released
    assert all(released)
