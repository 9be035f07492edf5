"""Text as numbers in each format, by Arrow, by Python and by TensorFlow alike."""

import re

import pyarrow as pa
import pytest

from trainer.data.uploads.tables.numbers.evidence import NumberEvidence
from trainer.data.uploads.tables.numbers.formats import CLEANING, FORMATS, parse_numbers

READ = [
    ("1234.5", "-1.5e3", -1500.0),
    ("1234.5", "1,5", None),
    ("1234.5", "1,234", None),
    ("1234.5", "$4.04", 4.04),
    ("1234.5", "-$5", -5.0),
    ("1234.5", "$-5", -5.0),
    ("1234.5", "(5.25 €)", -5.25),
    ("1234.5", "19%", 19.0),
    ("1234.5", " 19 % ", 19.0),
    ("1234.5", "EUR 7", 7.0),
    ("1234.5", "7 kr", 7.0),
    ("1234.5", "\u22123", -3.0),
    ("1234.5", "inf", float("inf")),
    ("1234.5", "$", None),
    ("1234.5", "5 kg", None),
    ("1234,5", "43,500", 43.5),
    ("1234,5", ",5", 0.5),
    ("1234,5", "1.5", None),
    ("1,234.5", "43,500", 43500.0),
    ("1,234.5", "307", 307.0),
    ("1,234.5", "1,234,567.25", 1234567.25),
    ("1,234.5", "12,34,567", 1234567.0),
    ("1,234.5", "($1,234)", -1234.0),
    ("1,234.5", "1,5", None),
    ("1,234.5", "0,123", None),
    ("1,234.5", "1234,567", None),
    ("1.234,5", "1.234.567,25", 1234567.25),
    ("1.234,5", "1234,5 €", 1234.5),
    ("1.234,5", "1.5", None),
    ("1 234.5", "1 234.5", 1234.5),
    ("1 234,5", "1\u202f234\u00a0567,5", 1234567.5),
    ("1 234,5", "030 123", None),
    ("1'234.5", "CHF 1’234.50", 1234.5),
]


@pytest.mark.parametrize(("format", "cell", "number"), READ)
def test_a_cell_is_the_number_that_its_format_says(format, cell, number):
    assert parse_numbers(pa.array([cell, None]), format).to_pylist() == [number, None]


def by_rules(cell, how, replace, matches):
    for pattern, replacement in CLEANING:
        cell = replace(cell, pattern, replacement)
    if not matches(cell, how.pattern):
        return None
    for pattern, replacement in how.replacements:
        cell = replace(cell, pattern, replacement)
    return cell


def test_the_rules_mean_the_same_to_python_and_tensorflow():
    import tensorflow as tf

    for format, cell, number in READ:
        python = by_rules(
            cell, FORMATS[format], lambda c, p, r: re.sub(p, r, c), lambda c, p: re.fullmatch(p, c) is not None
        )
        graph = by_rules(cell, FORMATS[format], tf.strings.regex_replace, tf.strings.regex_full_match)
        assert (None if python is None else float(python)) == number
        assert (None if graph is None else float(tf.strings.to_number(graph, tf.float64))) == number


def test_long_cells_are_no_numbers_and_are_not_kept():
    evidence = NumberEvidence()
    evidence.add_text(pa.array(["1,234", "5,678"] * 20 + ["0" * 5000, "x" * 2**20]))
    assert evidence.values == 42
    assert max(map(len, evidence.shapes)) < 10
    assert evidence.decide(",").format == "1,234.5"
