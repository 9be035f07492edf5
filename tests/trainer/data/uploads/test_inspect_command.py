"""inspect on the command line: a report where a file can be trained on, else exit code 2."""

import json

from tests.trainer.data.uploads.bad_tables import BAD_FILES, GOOD
from trainer.config.registry import DATASETS


def test_a_good_file_is_reported_with_the_options_to_train_with(cli, write):
    path = write("good.csv", GOOD.encode())
    code, out, err = cli("inspect", path)
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == "60 rows · 3 columns · predict “kind” (2 classes)"
    assert lines[1].split() == ["size", "number", "60", "different"]
    options = json.loads(lines[-1].partition('"dataset_options": ')[2])
    assert DATASETS["csv"].parse(options)["target"] == "kind"


def test_json_is_the_whole_report(cli, write):
    code, out, _ = cli("inspect", write("good.csv", GOOD.encode()), "--json")
    report = json.loads(out)
    assert (code, report["is_ready"], report["dataset"]) == (0, True, "csv")
    assert [column["kind"] for column in report["details"]["columns"]] == ["number", "category", "category"]
    assert report["details"]["head"][1] == [0.7, "blue", "a"]


def test_all_errors_are_told_before_the_first_ends_the_command(cli, write):
    name, data, _ = BAD_FILES["a constant target"]
    code, out, err = cli("inspect", write(name, data.replace(b"\n0.7,", b"\n1e999,", 1)))
    assert (code, len(err.splitlines())) == (2, 1)
    assert "There is 1 more; inspect the file" in err
    assert [line[:6] for line in out.splitlines()].count("error:") == 2
    assert "Ready" not in out


def test_a_name_with_control_characters_cannot_break_the_line(cli, write):
    code, out, err = cli("inspect", write("a\nb\x1b[31m.csv", b""))
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "\x1b" not in err
