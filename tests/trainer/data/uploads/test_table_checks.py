"""What the report on a table says of its columns, its target, repeated rows and giveaways."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trainer.data import uploads
from trainer.data.uploads import Report
from trainer.data.uploads.tables.inspecting import inspect_table
from trainer.data.uploads.tables.reader import read_table
from trainer.data.uploads.tables.summary import describe_columns, guess_task
from trainer.data.uploads.tables.target.choices import guess_target, rank_targets
from trainer.errors import ConfigError

ROWS = 200


@pytest.fixture
def inspect(tmp_path):
    """Returns a function that inspects columns as a CSV file, and gives the report."""

    def report(columns: dict, **options):
        path = tmp_path / "a.csv"
        lines = [",".join(columns), *[",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return inspect_table(path, options=options)

    return report


def good(**more) -> dict:
    """Returns columns with nothing to say about: two numbers, a category, and a target of two classes."""
    random = np.random.default_rng(0)
    return {
        "size": random.normal(size=ROWS).round(4),
        "weight": random.normal(size=ROWS).round(4),
        "colour": random.choice(["red", "green", "blue"], ROWS),
        "kind": random.choice(["yes", "no"], ROWS),
    } | more | {"target": random.choice(["a", "b"], ROWS)}  # fmt: skip


def first(values, *others):
    """Returns a column with some values at its beginning."""
    return [*others, *list(values)[len(others) :]]


def said(report, place=""):
    return [f"{finding.level}: {finding.message}" for finding in report.findings if place in finding.where]


def assert_said(report, place, level, *words):
    found = [sentence for sentence in said(report, place) if sentence.startswith(level)]
    assert any(all(word in sentence for word in words) for sentence in found), said(report)


def test_nothing_is_said_of_a_table_that_is_all_right(inspect):
    report = inspect(good())
    assert said(report) == []
    assert report.is_ready
    assert report.summary == "200 rows · 5 columns · predict “target” (2 classes)"
    assert report.options == {"target": "target", "task": "classification"}
    assert report.details["features"] == ["size", "weight", "colour", "kind"]
    assert sum(report.details["classes"].values()) == ROWS
    json.dumps(report.to_json(), allow_nan=False)


def test_columns_that_are_left_out_are_told_with_the_reason(inspect):
    report = inspect(good(
        constant=["x"] * ROWS,
        nothing=[""] * ROWS,
        id=range(ROWS),
        code=[f"c{i}" for i in range(ROWS)],
        remark=[f"a word {i}" for i in range(ROWS)],
        day=[f"2020-01-{i % 28 + 1:02}" for i in range(ROWS)],
        german=[f"{i % 28 + 1}.1.2020" for i in range(ROWS)],
    ))  # fmt: skip
    assert_said(report, "constant", "warning", "same value", "left out")
    assert_said(report, "nothing", "warning", "no value", "left out")
    assert_said(report, "“id”", "note", "identifier", "left out")
    assert_said(report, "code", "note", "identifier", "200 different values", "left out")
    assert_said(report, "remark", "note", "free text", "left out")
    assert_said(report, "day", "note", "dates", "left out")
    assert_said(report, "german", "note", "dates", "left out")
    assert report.details["features"] == ["size", "weight", "colour", "kind"]


def test_a_first_column_without_a_name_is_a_row_number(inspect):
    report = inspect({"": range(ROWS)} | good())
    assert_said(report, "column 1", "note", "identifier", "left out")


def test_a_column_that_counts_the_rows_is_used_with_a_warning(inspect):
    report = inspect(good(hour=range(100, 100 + ROWS)))
    assert_said(report, "hour", "warning", "counts the rows")
    assert "hour" in report.details["features"]


def test_missing_values_are_told_with_what_is_done_about_them(inspect):
    columns = good()
    columns["size"] = first(columns["size"], "", "NA", "?")
    columns["colour"] = first(columns["colour"], *[""] * 100)
    report = inspect(columns, missing_numbers="mean")
    assert_said(report, "size", "note", "3 of 200 values", "1.5%", "mean")
    assert_said(report, "colour", "warning", "100 of 200 values", "leaving it out")
    assert_said(inspect(columns, missing_numbers="drop"), "size", "note", "rows are left out")


def test_odd_columns_are_warned_about(inspect):
    columns = good(
        almost=["x"] * (ROWS - 1) + ["y"],
        mixed=[*["n/k", "many"] * 30, *map(str, range(ROWS - 60))],
        huge=first(np.arange(ROWS) % 9, "1e30"),
    )
    report = inspect(columns)
    assert_said(report, "almost", "warning", "Nearly all rows have “x”", "1 differ")
    assert_said(report, "huge", "warning", "1e+30 on line 2", "leave the column out")
    assert report.is_ready


def test_numbers_among_words_are_warned_about(inspect):
    values = [*["low", "high"] * 40, *[str(i % 7) for i in range(ROWS - 80)]]
    assert_said(inspect(good(mixed=values)), "mixed", "warning", "mixes numbers and text", "“low”")


def test_what_is_left_out_is_not_complained_of(inspect):
    report = inspect(good(constant=["x"] * ROWS, big=first(range(ROWS), "1e999")), leave_out=["constant", "big"])
    assert said(report) == ["note: Left out as asked: “constant”, “big”."]


def test_errors_come_first(inspect):
    report = inspect(good(id=range(ROWS), constant=["x"] * ROWS, big=first(np.arange(ROWS) % 50, "1e999")))
    assert [finding.level for finding in report.findings] == ["error", "warning", "note"]
    assert not report.is_ready


def test_rows_without_a_target_are_counted_and_the_first_is_told(inspect):
    columns = good()
    columns["target"] = [*columns["target"][:7], "", "", *columns["target"][9:]]
    assert_said(inspect(columns), "target", "warning", "2 of 200 rows", "line 9", "left out")


def test_classes_are_checked(inspect):
    columns = good()
    columns["target"] = first(columns["target"], "c")
    assert_said(inspect(columns), "target", "warning", "Only one row of “c”")
    columns["target"] = ["b"] * 5 + ["a"] * (ROWS - 5)
    assert_said(inspect(columns), "target", "warning", "195", "5 of “b”", "class weights")


@pytest.mark.parametrize(("odd", "words"), [("255", ["255", "0 to 4"]), ("-1", ["-1", "0 to 4"])])
def test_labels_out_of_the_range_of_all_others_are_told(inspect, odd, words):
    columns = good()
    columns["target"] = first(np.arange(ROWS) % 5, odd, odd)
    assert_said(inspect(columns), "target", "warning", *words, "line 2")


@pytest.mark.parametrize("labels", [(-1, 1), (-1, 0, 1), (0, 1, 2, 3), (10, 20, 30), (1, 5)])
def test_labels_of_one_kind_are_in_range(inspect, labels):
    columns = good()
    columns["target"] = np.resize(labels, ROWS)
    found = inspect(columns)
    assert [finding.level for finding in found.findings] == (["note"] if len(labels) > 2 else [])
    assert all("taken as classes" in finding.message for finding in found.findings)


@pytest.mark.parametrize(
    ("values", "guess", "other"),
    [(np.arange(ROWS) % 10 + 1, "classification", "regression"), ([0, 1, 2, 1, 0], "regression", "classification")],
)
def test_a_guessed_task_carries_a_note_with_the_other_task(inspect, values, guess, other):
    columns = {name: column[: len(values)] for name, column in good().items()} | {"target": values}
    report = inspect(columns)
    assert report.options["task"] == guess
    [change] = [change for finding in report.findings for change in finding.changes if finding.level == "note"]
    assert change.options == {"task": other}
    # A choice is not asked about again.
    assert not [finding for finding in inspect(columns, **change.options).findings if finding.changes]
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_leading_zeros_carry_a_note_and_can_be_kept(inspect):
    codes = [f"{i % 40:03}" for i in range(ROWS)]
    report = inspect(good(code=codes))
    assert_said(report, "code", "note", "“000” is “0”", "keep them as text")
    [change] = next(finding.changes for finding in report.findings if "code" in finding.where)
    assert change.options == {"number_formats": {"code": "text"}}
    kept = inspect(good(code=codes), **change.options)
    [column] = [column for column in kept.details["columns"] if column["name"] == "code"]
    assert (column["kind"], column["unique"], column["frequent"][0][0]) == ("category", 40, "000")


def test_what_was_decided_about_numbers_is_said_and_can_be_changed(inspect):
    report = inspect(good(price=[f'"{i % 150 + 1},{i % 10}50"' for i in range(ROWS)]))
    assert_said(report, "price", "note", "“1,050” is read as 1050", "As “1234,5” it would be 1.050")
    [finding] = [finding for finding in report.findings if "price" in finding.where]
    assert [change.options["number_formats"]["price"] for change in finding.changes] == ["1234,5", "text"]
    assert "price" in report.details["features"]
    with pytest.raises(ConfigError, match="number_formats"):
        inspect(good(), number_formats={"prize": "text"})
    assert_said(inspect(good(), number_formats={"kind": "1,234.5"}), "kind", "error", "None of its values is a number")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["$5", "€6"], ["“$”, “€”"]),
        (["19%", "0.2"], ["some have “%”, others have none"]),
    ],
)
def test_mixed_units_are_asked_about(inspect, values, words):
    values = np.resize(values, ROWS)
    report = inspect(good(price=values))
    assert_said(report, "price", "error", *words)
    for format in ("1234.5", "text"):
        assert inspect(good(price=values), number_formats={"price": format}).is_ready
    assert inspect(good(price=values), leave_out=["price"]).is_ready


def test_a_target_that_does_not_fit_the_task_is_refused(inspect):
    numbers = good(target2=range(ROWS), level=np.arange(ROWS) / 7)
    assert_said(inspect(numbers, target="level", task="classification"), "level", "error", "200", "regression")
    with pytest.raises(ConfigError, match="regression"):
        inspect(numbers, target="colour", task="regression")
    with pytest.raises(ConfigError, match="“size”, “weight”"):
        inspect(numbers, target="sise")


def test_several_labels_must_be_0_or_1(inspect):
    columns = good(red=np.arange(ROWS) % 2, green=np.arange(ROWS) // 2 % 2, blue=first(np.arange(ROWS) % 2, 0, 7))
    report = inspect(columns, target=["red", "green", "blue"])
    assert_said(report, "blue", "error", "“7.0” on line 3", "0 or 1")
    report = inspect(columns, target=["red", "green"])
    assert report.is_ready
    assert (report.options["task"], report.options["target"]) == ("multilabel", ["red", "green"])


def test_repeated_rows_are_counted_and_one_pair_is_told(inspect):
    columns = {name: [*values[:50], *values[:3], *values[53:]] for name, values in good().items()}
    # A column that is left out still tells rows apart.
    assert not [f for f in inspect(columns | {"id": range(ROWS)}).findings if "same as another" in f.message]
    assert_said(inspect(columns), "", "warning", "3 of 200 rows", "line 52 repeats line 2", "Remove the copies")


def test_repeated_rows_of_few_values_are_expected(inspect):
    columns = {name: values for name, values in good().items() if name not in ("size", "weight")}
    assert_said(inspect(columns), "", "note", "rows are the same as another", "to be expected")


def test_columns_that_give_a_class_away_are_told(inspect):
    columns = good()
    columns["code"] = [{"a": "x", "b": "z"}[value] for value in columns["target"]]
    columns["number"] = [{"a": 1, "b": 2}[value] for value in columns["target"]]
    columns["score"] = [{"a": 0, "b": 9}[value] + i % 97 / 97 for i, value in enumerate(columns["target"])]
    report = inspect(columns)
    for name in ("code", "number"):
        assert_said(report, name, "warning", "each of its values goes with one class", "leave it out")
    assert_said(report, "score", "warning", "range of its own", "leave it out")
    assert len(said(report)) == 3


def test_columns_that_give_a_number_away_are_told(inspect):
    columns = good(level=np.random.default_rng(1).integers(0, 5, ROWS) * 1.5)
    columns["double"] = columns["level"] * -2 + 1e-6
    columns["code"] = [f"c{value}" for value in columns["level"]]
    report = inspect(columns, target="level", task="regression")
    assert_said(report, "double", "warning", "correlation is -1.0000", "leave it out")
    assert_said(report, "code", "warning", "goes with one number", "leave it out")
    assert len(said(report)) == 2


def test_long_texts_are_counted_like_short_ones(inspect, monkeypatch):
    columns = good(remark=first([f"a word {i % 150}" for i in range(ROWS)], "", "NA"))
    short = inspect(columns).details["columns"]
    monkeypatch.setattr("trainer.data.uploads.tables.summary.LARGE", 0)
    long = inspect(columns).details["columns"]
    for one, other in zip(short, long, strict=True):
        assert (one["name"], one["kind"], one["unique"]) == (other["name"], other["kind"], other["unique"])
        assert [count for _, count in one["frequent"]] == [count for _, count in other["frequent"]]
    assert short[2]["frequent"] == long[2]["frequent"]
    assert all(columns["remark"].count(value) == count for value, count in long[4]["frequent"])


@pytest.mark.parametrize(
    ("columns", "target", "task"),
    [
        ({"Species": "xyx", "size": "123"}, "Species", "classification"),
        ({"y": "0123456789", "x": "0123456789"}, "y", "regression"),
        ({"a": "123", "b": "xyx"}, "b", "classification"),
        ({"a": "1234", "b": "xyxy", "remark": ["a b", "c d", "e f", "g h i"] * 1}, "remark", "classification"),
        ({"price": "1234", "label": "0101", "b": "9876"}, "label", "classification"),
    ],
)
def test_the_target_is_guessed_by_name_else_by_place(tmp_path, columns, target, task):
    path = tmp_path / "a.csv"
    path.write_text("\n".join([",".join(columns), *map(",".join, zip(*columns.values(), strict=True))]) + "\n")
    table = read_table(path)
    summaries = describe_columns(table)
    guess = guess_target(summaries)
    assert guess == target
    assert guess_task(next(summary for summary in summaries if summary.name == guess)) == task


HOUSES = "longitude latitude housing_median_age total_rooms households median_income median_house_value"


@pytest.mark.parametrize(
    ("names", "texts", "ranked"),
    [
        (f"{HOUSES} ocean_proximity", "ocean_proximity", ["median_house_value", "median_income"]),
        ("carat cut color clarity depth table price x y z", "cut color clarity", ["price", "carat"]),
        ("total_bill tip sex smoker day time size", "sex smoker day time", ["tip", "size"]),
        ("survived pclass sex age class who alive", "sex class who alive", ["survived", "class"]),
        ("passengers distance fare tip tolls total color", "color", ["fare", "tip"]),
        ("x y", "", ["y", "x"]),
    ],
)
def test_columns_are_ranked_as_what_people_want_to_predict(tmp_path, names, texts, ranked):
    path = tmp_path / "a.csv"
    random = np.random.default_rng(0)
    frame = {
        name: random.choice(["a", "b", "c"], ROWS) if name in texts.split() else random.normal(size=ROWS)
        for name in names.split()
    }
    pd.DataFrame(frame).to_csv(path, index=False)
    candidates = rank_targets(describe_columns(read_table(path)))
    assert [candidate.name for candidate in candidates[:2]] == ranked
    assert candidates[0].is_named
    assert all(candidate.reason for candidate in candidates)
    details = inspect_table(path).details
    assert [candidate["name"] for candidate in details["targets"][:2]] == ranked


@pytest.mark.parametrize(
    ("name", "target", "task", "left_out"),
    [("penguins", "species", "classification", []), ("mpg", "mpg", "regression", ["name"])],
)
def test_real_tables_are_guessed_right(name, target, task, left_out):
    real = Path(os.environ.get("TRAINDECK_DATA", "../shared/data")).resolve() / f"{name}.csv"
    if not real.exists():
        pytest.skip(f"{real} is not there; set TRAINDECK_DATA to the folder that holds it")
    report = uploads.inspect(real)
    assert (report.options["target"], report.options["task"]) == (target, task)
    others = {column["name"] for column in report.details["columns"]} - {target}
    assert others - set(report.details["features"]) == set(left_out)
    assert {finding.level for finding in report.findings} == {"note"}
