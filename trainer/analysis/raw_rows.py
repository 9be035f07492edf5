"""Turns raw rows of a file into the inputs of the table model that this file was exported with.

    import sys
    sys.path.insert(0, "model.keras")  # a zip that holds this file
    import raw_rows

    table = raw_rows.read("new.csv")
    table["predicted"] = raw_rows.predict(model, table)

It needs only pandas and TensorFlow. `rows.json` in the same place holds what training decided about each column.
"""

import csv
import io
import json
import os
import re
import warnings

import numpy as np
import pandas as pd


def about() -> dict:
    """Returns what training decided: the columns, how their values are written, and the classes."""
    return json.loads(__loader__.get_data(os.path.join(os.path.dirname(__file__), "rows.json")))


def read(path) -> pd.DataFrame:
    """Reads a CSV or Parquet file as training did: each value as the text in the file, Parquet's numbers as they are.

    Records with more or fewer fields than the header are left out, with a warning.
    """
    with open(path, "rb") as file:
        table, ragged = parse(file.read(), about())
    if ragged:
        warnings.warn(f"{len(ragged):,} records have more or fewer fields than the header and are left out, such as "
                      f"the one that ends on line {ragged[0]} below the first.", stacklevel=2)  # fmt: skip
    return table


def parse(content: bytes, known: dict) -> tuple[pd.DataFrame, list[int]]:
    """Returns the table in a file's bytes, and the last lines of the records that are left out.

    Args:
        content: of a CSV or Parquet file.
        known: what `about` returns.
    """
    if content.startswith(b"PAR1"):
        return _read_parquet(io.BytesIO(content)), []
    text = _decode(content)
    declared = re.match(r"sep=(.)[ \t]*\r?\n?", text, re.IGNORECASE)
    text = text[declared.end() :] if declared else text
    names = {column["name"] for column in known["inputs"]}
    separators = declared[1] if declared else max(",;\t|", key=lambda mark: len(names & set(_header(text, mark))))
    records = _records(text, separators)
    header = _names(next(records, (0, []))[1])
    whole, ragged = [], []
    for line, record in records:
        if len(record) == len(header):
            whole.append(record)
        else:
            ragged.append(line)
    return pd.DataFrame(whole, columns=header, dtype=object), ragged


def inputs(table) -> dict:
    """Returns the model's inputs, by column.

    Args:
        table: DataFrame, or a dictionary of columns, with at least the columns that the model was trained on: text as
            in the file, or numbers.
    """
    import tensorflow as tf

    taken, odd = arrange(table, about())
    for name, values in odd.items():
        warnings.warn(f"Column {name!r} has values that are not numbers, such as {values[0]!r}. They count "
                      "as missing.", stacklevel=2)  # fmt: skip
    # `tf.constant` cannot tell the type of an empty column.
    return {name: tf.constant(v, tf.string if v.dtype == object else tf.float32) for name, v in taken.items()}


def arrange(table, known: dict) -> tuple[dict, dict]:
    """Returns the model's inputs by column as arrays, and by column the values that are not numbers.

    Args:
        table: see `inputs`.
        known: what `about` returns.

    Returns:
        Numbers float32 (rows, 1), NaN where they are missing, and categories as strings (rows, 1), "" where they are
        missing; and {column: [value, …]} of values that count as missing.
    """
    absent = [column["name"] for column in known["inputs"] if column["name"] not in table]
    if absent:
        raise KeyError(f"The rows lack columns that the model was trained on: {', '.join(absent)}. Add them.")
    taken, odd = {}, {}
    for column in known["inputs"]:
        make = _category if column["kind"] == "category" else _number
        values, made = list(table[column["name"]]), {}
        for value in values:
            if value not in made:
                made[value] = make(value, column, known)
        found = [made[value] for value in values]
        if column["kind"] == "category":
            taken[column["name"]] = np.array(found, dtype=object).reshape(-1, 1)
            continue
        if strange := [value for value, number in made.items() if number is None]:
            odd[column["name"]] = strange
        with np.errstate(over="ignore"):
            numbers = np.array([np.nan if number is None else number for number in found], np.float32)
        taken[column["name"]] = numbers.reshape(-1, 1)
    return taken, odd


def predict(model, table) -> np.ndarray | pd.DataFrame:
    """Returns the class of each row; for regression the number, for several labels the probability of each.

    Args:
        model: from keras.models.load_model or tf.saved_model.load.
        table: see `inputs`.
    """
    known, rows = about(), inputs(table)
    found = model.predict(rows, verbose=0) if hasattr(model, "predict") else model.serve(rows).numpy()
    if known["task"] == "multilabel":
        return pd.DataFrame(found, columns=known["classes"])
    if known["task"] != "classification":
        return found[:, 0] if found.shape[1:] == (1,) else found
    places = found.argmax(axis=1) if found.shape[1] > 1 else (found[:, 0] > 0.5).astype(int)
    return np.array(known["classes"], dtype=object)[places]


def _number(value, column: dict, known: dict) -> float | None:
    """Returns a number, NaN where it is missing, None where there is something else."""
    if not isinstance(value, str):
        return float("nan") if pd.isna(value) else float(value)
    text = value.strip()
    if text in known["missing"]:
        return float("nan")
    for pattern, replacement in known["cleaning"]:
        text = re.sub(pattern, replacement, text, flags=re.ASCII)
    if not re.fullmatch(column["pattern"], text, re.ASCII):
        return None
    for pattern, replacement in column["replacements"]:
        text = re.sub(pattern, replacement, text)
    return float(text)


def _category(value, column: dict, known: dict) -> str:
    """Returns a category's value, "" where it is missing."""
    if isinstance(value, (bool, np.bool_)):
        return str(value).lower()
    if not isinstance(value, str):
        return "" if pd.isna(value) else str(value)
    # Text in a Parquet file is used unchanged.
    if value in column["values"]:
        return value
    return "" if value.strip() in known["missing"] else value.strip()


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            pass
    return content.decode("latin-1")


def _records(text: str, separator: str):
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    has_header = False
    for record in reader:
        # Skips blank lines, and blank records above the column names.
        has_header = has_header or any(cell.strip() for cell in record)
        if record and has_header:
            yield reader.line_num, record


def _header(text: str, separator: str) -> list[str]:
    return _names(next(_records(text[: 1 << 20], separator), (0, []))[1])


def _names(record: list[str]) -> list[str]:
    return [name.strip() or f"column {place}" for place, name in enumerate(record, 1)]


def _read_parquet(path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    for place, field in enumerate(table.schema):
        if pa.types.is_time(field.type):
            table = table.set_column(place, field.name, table[field.name].cast(pa.string()))
    return table.to_pandas()
