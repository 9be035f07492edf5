"""Tells what a file is by its first bytes, whatever its name says."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from trainer.data.uploads.quoting import plain_name
from trainer.errors import DataError

#: Number of bytes at the beginning of a file that are inspected.
HEAD_BYTES = 65536

ZIP, EMPTY_ZIP, NUMPY, PARQUET = b"PK\x03\x04", b"PK\x05\x06", b"\x93NUMPY", b"PAR1"

Kind = Literal["parquet", "npy", "npz", "office", "zip", "text"]

#: The name of a stored file, by what it is.
STORED_NAMES: dict[Kind, str] = {
    "text": "data.csv",
    "parquet": "data.parquet",
    "npz": "data.npz",
    "npy": "data.npy",
    "zip": "data.zip",
    "office": "data.zip",
}
#: The entry of `DATASETS` that reads a stored file, by its name.
DATASET_OF = {"data.csv": "csv", "data.parquet": "csv", "data.npz": "npz", "data.npy": "npz", "data.zip": "images"}

#: First bytes, the kind of file that begins with them, and what to do about it.
_OTHERS = (
    (EMPTY_ZIP, "an empty zip archive", "Put files into it"),
    (ZIP, "a zip archive", "Unpack it, and upload the CSV file inside"),
    (NUMPY, "a NumPy array", "Name it .npy"),
    (b"\x1f\x8b", "a file compressed with gzip", "Unpack it first"),
    (b"BZh", "a file compressed with bzip2", "Unpack it first"),
    (b"\xfd7zXZ", "a file compressed with xz", "Unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a file compressed with zstd", "Unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it, and upload the CSV file inside"),
    (b"Rar!", "a RAR archive", "Unpack it, and upload the CSV file inside"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Office file", "Save it as CSV (UTF-8) there"),
    (b"\x7fELF", "a program", "Upload a table instead"),
    (b"MZ", "a Windows program", "Upload a table instead"),
    (b"%PDF", "a PDF document", "Save its table as CSV"),
    (b"\x89PNG", "a PNG image", "Upload a zip with one folder of images per class"),
    (b"\xff\xd8\xff", "a JPEG image", "Upload a zip with one folder of images per class"),
    (b"GIF8", "a GIF image", "Upload a zip with one folder of PNG or JPEG images per class"),
    (b"SQLite format 3", "an SQLite database", "Save one of its tables as CSV"),
    (b"\x89HDF", "an HDF5 file", "Save its arrays as NPZ, or its table as CSV"),
    (b"ARROW1", "an Arrow or Feather file", "Save it as Parquet or CSV"),
    (b"Obj\x01", "an Avro file", "Save it as Parquet or CSV"),
    ((b"\x80\x04", b"\x80\x05"), "a Python pickle, which is never opened here", "Save it as Parquet or CSV"),
    ((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"), "text in UTF-32", "Save it as CSV in UTF-8"),
    (b"{\\rtf", "a rich text document", "Save its table as CSV"),
)


def read_head(path: Path) -> bytes:
    """Returns a file's first bytes.

    Raises:
        DataError: there is no such file, it is a folder or a device, cannot be read, or is empty.
    """
    name = plain_name(path.name)
    if path.is_dir():
        raise DataError(f"{name} is a folder. Give the path of one file.")
    if path.exists() and not path.is_file():
        raise DataError(f"{name} is no ordinary file. Give the path of a file.")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise DataError(f"There is no file {path}. Correct the path.") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{name} cannot be read ({error}). Check the path and its permissions.") from None
    if not head:
        raise DataError(f"{name} is empty: it has 0 bytes. Save or upload it again.")
    return head


def detect(head: bytes) -> Kind:
    """Returns what a file is by its first bytes; "text" if they say nothing else."""
    if head.startswith(PARQUET):
        return "parquet"
    if head.startswith(NUMPY):
        return "npy"
    if head.startswith((ZIP, EMPTY_ZIP)):
        return "npz" if first_member(head).endswith(".npy") else "office" if is_office(head) else "zip"
    return "text"


def first_member(head: bytes) -> str:
    """Returns the name of a zip archive's first member, or "" for a file that is none."""
    if not head.startswith(ZIP):
        return ""
    length = int.from_bytes(head[26:28], "little")
    return head[30 : 30 + length].decode("utf-8", "replace")


def is_office(head: bytes) -> bool:
    """Whether a zip archive is a workbook or a document rather than an archive somebody packed."""
    return first_member(head).startswith(("[Content_Types]", "xl/", "_rels/", "docProps/", "word/", "mimetype"))


def refuse_other_content(head: bytes, name: str) -> None:
    """Raises DataError where the first bytes show that a file is no table in text.

    Args:
        head: the first bytes.
        name: of the file, for the message.
    """
    if is_office(head):
        raise DataError(
            f"{name} seems to be an Excel workbook or another office document, not CSV. Save the sheet as CSV (UTF-8) "
            "there, and upload that."
        )
    if first_member(head).endswith(".npy"):
        raise DataError(f"{name} seems to be a NumPy archive, not CSV. Name it .npz.")
    for first, what, remedy in _OTHERS:
        if head.startswith(first):
            raise DataError(f"{name} seems to be {what}, not CSV. {remedy}.")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<svg")):
        what = "an XML file" if text.startswith(b"<?xml") else "a web page"
        raise DataError(
            f"{name} seems to be {what}, not CSV. If it was downloaded, download the raw file, not the page about it."
        )
    if text.startswith((b'{"', b"[{", b"[[", b"{\n", b"{\r\n", b"{ ", b"{}", b"[]")):
        raise DataError(f"{name} seems to be JSON, not CSV. Save it as CSV, as pandas does: read_json, then to_csv.")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return
    zeros = head.count(0)
    if zeros and max(head[0::2].count(0), head[1::2].count(0)) > 0.9 * zeros and zeros > len(head) / 5:
        raise DataError(f"{name} seems to be UTF-16 without its byte order mark. Save it as CSV in UTF-8.")
    if zeros:
        raise nul_byte(name, head[: head.index(0)].count(b"\n") + 1)
    control = sum(head.count(code) for code in range(32) if code not in b"\t\n\r\f\v\x1a\x1b")
    if control > max(2, 0.01 * len(head)):
        raise DataError(f"{name} does not seem to be text: it is full of control characters. Upload a CSV file.")


def nul_byte(name: str, line: int) -> DataError:
    """Returns the error for a text file with a NUL byte."""
    return DataError(f"{name} has a NUL byte on line {line:,}, so it is no text. Save it as CSV in UTF-8.")
