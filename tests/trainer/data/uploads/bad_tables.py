"""Files that are no tables, or tables that cannot be trained on; each with words that its answer must have."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq

#: A table that is all right: 60 rows.
GOOD = "size,colour,kind\n" + "".join(
    f"{i * 7 % 60 / 10},{('red', 'blue', 'green')[i % 3]},{'ab'[i * i // 3 % 2]}\n" for i in range(60)
)


def rows(header: str, *lines: str, times: int = 1) -> bytes:
    """Returns a CSV file with a header and some lines, repeated."""
    return "\n".join([header, *lines * times, ""]).encode()


def workbook() -> bytes:
    """Returns what begins as an Excel workbook does."""
    return zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"})


def zipped(members: dict[str, str]) -> bytes:
    """Returns a zip archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return file.getvalue()


def parquet(columns: dict, names: list[str] | None = None) -> bytes:
    """Returns a Parquet file."""
    table = pa.table(columns)
    file = io.BytesIO()
    pq.write_table(table.rename_columns(names) if names else table, file)
    return file.getvalue()


def changed(data: bytes, start: int, stop: int, new: bytes) -> bytes:
    """Returns data with some bytes replaced."""
    return data[:start] + new + data[stop:]


def numbered(value: Callable[[int], object], count: int = 60) -> bytes:
    """Returns a CSV file with a feature and a target that are functions of the row."""
    return rows("size,target", *[f"{i * 7 % 23 / 10},{value(i)}" for i in range(count)])


A_TABLE = {"size": [i * 7 % 23 / 10 for i in range(60)], "target": ["a", "b"] * 30}
GOOD_PARQUET = parquet(A_TABLE)

#: Name of the file, its bytes, and words of the sentence: what, where, what to do.
BAD_FILES: dict[str, tuple[str, bytes, list[str]]] = {
    # No table in text at all.
    "empty": ("a.csv", b"", ["empty", "0 bytes", "again"]),
    "blank lines": ("a.csv", b"\n\n \n", ["blank lines", "column names"]),
    "a mark of encoding alone": ("a.csv", b"\xef\xbb\xbf", ["column names"]),
    "an Excel workbook": ("a.csv", workbook(), ["Excel", "Save the sheet as CSV"]),
    "an Excel workbook under its own name": ("a.xlsx", workbook(), ["Excel", "Save the sheet as CSV"]),
    "an old Excel file": ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), ["old Excel", "CSV"]),
    "a zip": ("a.csv", zipped({"a.csv": GOOD}), ["zip", "Unpack"]),
    "gzip": ("a.csv", gzip.compress(GOOD.encode()), ["gzip", "Unpack"]),
    "JSON records": ("a.csv", json.dumps([{"a": 1, "b": 2}] * 9).encode(), ["JSON", "to_csv"]),
    "JSON over lines": ("a.csv", json.dumps({"a": [1, 2]}, indent=1).encode(), ["JSON", "to_csv"]),
    "a web page": ("a.csv", b"<!DOCTYPE html>\n<html><body>404, not found</body></html>", ["web page", "raw file"]),
    "XML": ("a.csv", b'<?xml version="1.0"?><rows><row/></rows>', ["XML", "raw file"]),
    "a program": ("a.csv", b"\x7fELF\x02\x01\x01" + bytes(900), ["program", "table"]),
    "a Windows program": ("a.csv", b"MZ\x90\x00\x03" + bytes(900), ["program", "table"]),
    "a pickle": ("a.csv", b"\x80\x04\x95\x0f\x00\x00\x00\x00\x00\x00\x00.", ["pickle", "CSV"]),
    "a PNG": ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(99), ["PNG", "zip"]),
    "a PDF": ("a.csv", b"%PDF-1.7\n1 0 obj", ["PDF", "CSV"]),
    "a database": ("a.csv", b"SQLite format 3\x00" + bytes(99), ["SQLite", "CSV"]),
    "binary junk": ("a.csv", bytes(range(1, 256)) * 40, ["control characters", "CSV"]),
    "a NUL byte": ("a.csv", rows("a,b", "1,2", "3\x00,4"), ["NUL", "line 3", "UTF-8"]),
    "a NUL byte far down": ("a.csv", GOOD.encode() * 2000 + b"1,red\x00,a\n", ["NUL", "line 122,001", "UTF-8"]),
    "UTF-16 without its mark": ("a.csv", GOOD.encode("utf-16-le"), ["UTF-16", "byte order mark", "UTF-8"]),
    "UTF-32": ("a.csv", GOOD.encode("utf-32"), ["UTF-32", "UTF-8"]),
    "UTF-16 that is cut off": ("a.csv", GOOD.encode("utf-16")[:-1], ["UTF-16", "line 61", "cut off"]),
    "UTF-8 that is cut off": ("a.csv", b"\xef\xbb\xbf" + GOOD.encode() + b"1,\xc3", ["UTF-8", "line 62", "cut off"]),
    # The header.
    "a header only": ("a.csv", b"a,b,c\n", ["no rows", "line 1"]),
    "one column": ("a.csv", rows("a", "1", "2", times=20), ["one column", "line 1", "commas"]),
    "a wrong separator": ("a.csv", rows("a b c", "1 2 3", times=20), ["one column", "spaces", "commas"]),
    "a title above the header": ("a.csv", rows("Sales", "", "a,b", "1,2", times=9), ["line 1", "remove", "above"]),
    "two columns of one name": ("a.csv", rows("a,b,a", "1,2,3", times=20), ["“a”", "1", "3", "line 1", "Rename"]),
    "a name that is none": ("a.csv", rows("a," + "b" * 501, "1,2", times=20), ["501 characters", "line 1", "500"]),
    "no header": ("a.csv", rows("5.1,3.5,setosa", "4.9,3.0,setosa", times=20), ["numbers", "line 1", "names"]),
    "too many columns": ("a.csv", rows(",".join(f"c{i}" for i in range(2001)), "1"), ["2,001", "2,000", "COLUMNS"]),
    "a first line without end": ("a.csv", b"x" * (3 << 20), ["column names", "quotation mark"]),
    # The rows.
    "one field too many in every row": ("a.csv", rows("a,b", "1,2,3", times=20), ["2", "3 fields", "line 2", "name"]),
    "text after a closing mark": ("a.csv", rows("a,b", '1,"2"3', '4,5"', times=21), ["line 2", "closing", "double"]),
    "a third of the rows ragged": ("a.csv", rows("a,b", "1,2", "3,4", "5", times=20), ["20 rows", "4 (1", "comma"]),
    "many ragged rows": ("a.csv", rows("a,b", "1,2,3", "4", times=20_000), ["2 fields", "2 (3", "quotation marks"]),
    "a quotation mark left open": ("a.csv", GOOD.encode() + b'1,"red,a\n' * 3, ["line 62", "never closed", "Close"]),
    "a mark left open that the next one closes": (
        "a.csv", GOOD.encode() + b'1,"red,a\n2,"blue,b\n', ["line 62", "never closed", "Close"]),
    "a mark left open in a large file": (
        "a.csv", b'a,b\n1,"2\n' + b"3,4\n" * 900_000, ["line 2", "never closed", "Close"]),
    "a record of megabytes": ("a.csv", b"a,b\n1," + b"x" * (5 << 20) + b"\n1,2\n", ["line", "MB", "quotation marks"]),
    # The numbers.
    "an infinite number": ("a.csv", numbered(lambda i: "ab"[i % 2]).replace(b"\n0.7,", b"\n1e999,", 1),
                           ["“size”", "line 3", "inf", "3.4e+38", "Correct"]),
    "a number too large": ("a.csv", numbered(lambda i: "ab"[i % 2]).replace(b"\n0.7,", b"\n-4e38,", 1),
                           ["“size”", "line 3", "-4e+38", "3.4e+38", "Correct"]),
    "an infinite target": ("a.csv", numbered(lambda i: "Infinity" if i == 5 else i / 7),
                           ["“target”", "line 7", "inf", "Correct"]),
    # The target.
    "a target without values": ("a.csv", numbered(lambda i: "NA"), ["“target”", "no value", "Choose"]),
    "a constant target": ("a.csv", numbered(lambda i: "yes"), ["“target”", "same in every row", "Choose"]),
    "an identifier for a target": ("a.csv", numbered(lambda i: f"id-{i:04}"), ["“target”", "identifier", "Choose"]),
    "free text for a target": ("a.csv", numbered(lambda i: f"a word {i}"), ["“target”", "free text", "Choose"]),
    "dates for a target": ("a.csv", numbered(lambda i: f"2020-01-{i % 28 + 1:02}"), ["“target”", "dates", "Choose"]),
    "nothing to learn from": ("a.csv", rows("name,target", *[f"x{i},{i % 2}" for i in range(60)]),
                              ["no column", "“target”", "Add"]),
    # Parquet.
    "Parquet cut off": ("a.parquet", GOOD_PARQUET[:-30], ["Parquet", "cut off"]),
    "the beginning of Parquet": ("a.parquet", b"PAR1", ["Parquet", "cut off"]),
    "damaged Parquet": ("a.parquet", changed(GOOD_PARQUET, 4, 60, b"\xff" * 56), ["Parquet", "damaged"]),
    "a damaged end of Parquet": ("a.parquet", changed(GOOD_PARQUET, -200, -40, b"\x15" * 160), ["Parquet", "damaged"]),
    "Parquet without rows": ("a.parquet", parquet({"a": pa.array([], pa.float64()), "b": pa.array([], pa.string())}),
                             ["no rows"]),
    "Parquet of one column": ("a.parquet", parquet({"a": [1.0, 2.0]}), ["1 column", "“a”"]),
    "Parquet of lists": ("a.parquet", parquet({"a": [[1], [2]], "b": [[1], [2]]}), ["0 columns", "“a”", "list"]),
    "Parquet with two columns of one name": ("a.parquet", parquet({"a": [1], "b": [2]}, ["a", "a"]),
                                             ["“a”", "number 2", "Rename"]),
    "kilobytes of Parquet that claim gigabytes": ("a.parquet", parquet({
        "a": pa.DictionaryArray.from_arrays(pa.array([0] * 100_000), pa.array(["x" * 900_000])), "b": [0, 1] * 50_000,
    }), ["more than 8,192 MB", "EXPANDED_BYTES"]),
    "Parquet with text that is none": ("a.parquet", parquet({
        "a": pa.array([b"\xff", b"b"] * 30, pa.binary()).view(pa.string()), "b": [0, 1] * 30}), ["UTF8", "damaged"]),
    "Parquet named CSV, cut off": ("a.csv", GOOD_PARQUET[:200], ["Parquet", "cut off"]),
    "Parquet with a constant target": ("a.parquet", parquet(A_TABLE | {"target": ["a"] * 60}),
                                       ["“target”", "same in every row", "Choose"]),
    "Parquet with an infinite number": ("a.parquet", parquet(A_TABLE | {"size": [1e300] * 2 + [0.5, 1.5] * 29}),
                                        ["“size”", "row 1", "1e+300", "Correct"]),
}  # fmt: skip
