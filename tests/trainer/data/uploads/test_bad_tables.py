"""Whatever is wrong with a file, the answer is a sentence that says what, where, and what to do."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.trainer.data.uploads.bad_tables import BAD_FILES, GOOD

SECONDS = 5


def assert_is_answer(code: int, err: str, words: list[str]) -> None:
    line = err.splitlines()[-1]
    assert (code, line[:9]) == (2, "trainer: ")
    assert "Traceback" not in err
    assert "ended unexpectedly" not in err
    for word in words:
        assert word in line


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_answered_by_a_sentence(cli, write, tmp_path, case):
    name, data, words = BAD_FILES[case]
    path = write(name, data)
    began = time.monotonic()
    code, _, err = cli("inspect", path)
    assert time.monotonic() - began < SECONDS
    assert_is_answer(code, err, words)
    assert {found.name for found in tmp_path.iterdir()} == {"here", name}


@pytest.mark.parametrize("case", ["an Excel workbook", "many ragged rows", "damaged Parquet"])
def test_a_bad_file_is_answered_in_a_process_of_its_own(write, tmp_path, case):
    name, data, words = BAD_FILES[case]
    done = subprocess.run(
        [sys.executable, "-m", "trainer", "inspect", str(write(name, data))],
        capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[4],
    )  # fmt: skip
    assert_is_answer(done.returncode, done.stderr, words)
    assert (done.stdout, len(done.stderr.splitlines())) == ("", 1)


LIMITED = {
    "BYTES": ("1000", ["1,", "1,000", "TRAINDECK_MAX_BYTES"]),
    "ROWS": ("59", ["59 rows", "TRAINDECK_MAX_ROWS"]),
    "COLUMNS": ("2", ["3 columns", "2", "TRAINDECK_MAX_COLUMNS"]),
    "EXPANDED_BYTES": ("1000", ["1,000 bytes", "TRAINDECK_MAX_EXPANDED_BYTES"]),
}


@pytest.mark.parametrize("limit", LIMITED)
def test_limits_are_settings(cli, write, monkeypatch, limit):
    value, words = LIMITED[limit]
    path = write("a.csv", GOOD.encode() * (2 if limit == "BYTES" else 1))
    monkeypatch.setenv(f"TRAINDECK_MAX_{limit}", value)
    code, _, err = cli("inspect", path)
    assert_is_answer(code, err, words)


def test_a_path_that_is_no_file_is_answered_too(cli, tmp_path):
    for path in (tmp_path, tmp_path / "absent.csv", Path("/dev/zero"), ""):
        code, out, err = cli("inspect", path)
        assert_is_answer(code, err, ["path"])
        assert out == ""
