"""A table's file as code: reading it, and encoding its rows as numbers."""

from __future__ import annotations

from pathlib import Path

from trainer.data.uploads import inspect, resolve
from trainer.data.uploads.tables.csv.columns import MISSING
from trainer.data.uploads.tables.numbers.formats import CLEANING, FORMATS, PLAIN
from trainer.data.uploads.tables.target.checks import YES
from trainer.export.code.sections import Section
from trainer.export.code.subject import Subject
from trainer.export.code.writing import Code, call, listing, literal

_CODECS = {"UTF-8": "utf-8-sig", "UTF-16": "utf-16", "Windows-1252": "cp1252", "Latin-1": "latin-1"}
_PANDAS = "import pandas as pd"


def load_table(subject: Subject) -> Section:
    """Returns the section that reads a CSV or Parquet file into `rows` and `y`."""
    options = subject.config.dataset_options
    path = resolve(options["path"])
    details = inspect(path, options={k: v for k, v in options.items() if k != "path"}).details
    kinds = {column["name"]: column for column in details["columns"]}
    columns = {column.name: column for column in subject.spec.columns}
    targets = details["target"]
    is_csv = details["format"] == "csv"
    lines, imports = ["table = pd.read_parquet(DATA_FILE)"], [_PANDAS]
    if is_csv:
        lines, imports = read_csv(details, declares_separator(path))
    numbers = [name for name, column in columns.items() if column.kind == "number"]
    categories = [name for name, column in columns.items() if column.kind == "category"]
    lines += [listing("NUMBERS", numbers), listing("CATEGORIES", categories)]
    formats = {name: columns[name].number_format for name in numbers}
    for name in targets:
        formats |= {name: kinds[name].get("number_format", PLAIN)} if kinds[name]["is_number"] else {}
    lines += parse_numbers(formats, numbers, details) if is_csv else parquet_columns()
    dropped = dropped_columns(subject)
    lines.append("# Rows without a target, or without a value that must be there, are left out.")
    lines.append(f"table = {call('table.dropna', subset=[*targets, *dropped])}")
    lines.append("rows = table[NUMBERS + CATEGORIES]")
    lines += write_target(subject, targets, formats)
    text = f"A table: {len(numbers)} columns of numbers and {len(categories)} categories predict "
    text += "the target. Change DATA_FILE if the file lies elsewhere."
    return Section("Data", text, "\n".join(lines), tuple(imports))


def declares_separator(path: Path) -> bool:
    """Returns whether a file's first line says how the fields are separated, as Excel writes it: "sep=;"."""
    with open(path, "rb") as file:
        head = file.read(16).replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
    return head[:4].lower() == b"sep="


def read_csv(details: dict, has_declaration: bool) -> tuple[list[str], list[str]]:
    """Returns lines that read a CSV file as text, None where a value is missing, and their imports.

    Args:
        details: of the report on the file.
        has_declaration: whether the first line is such as "sep=;".
    """
    encoding, separator = _CODECS[details["encoding"]], details["separator"]
    names = [column["name"] for column in details["columns"]]
    if details["skipped"]["count"]:
        lines = [
            f'with open(DATA_FILE, encoding={literal(encoding)}, newline="") as file:',
            f"    records = [record for record in csv.reader(file, delimiter={literal(separator)}) if record]",
            "# Records with more or fewer fields than the header are left out.",
            listing("COLUMNS", names),
            f"records = [record for record in records[{1 + has_declaration}:] if len(record) == len(COLUMNS)]",
            "table = pd.DataFrame(records, columns=COLUMNS, dtype=object)",
        ]
    else:
        options = {"sep": separator, "encoding": encoding, "dtype": Code("str"), "keep_default_na": False}
        options |= {"skiprows": 1} if has_declaration else {}
        reading = call("pd.read_csv", Code("DATA_FILE"), header=0, names=Code("COLUMNS"), **options)
        lines = [listing("COLUMNS", names), f"table = {reading}"]
    lines += [
        "# Cells that stand for a missing value.",
        listing("MISSING", list(MISSING)),
        "table = table.apply(lambda column: column.str.strip())",
        "table = table.astype(object).mask(table.isin(MISSING), None)",
    ]
    return lines, [_PANDAS, *(["import csv"] if details["skipped"]["count"] else [])]


def parse_numbers(formats: dict[str, str], numbers: list[str], details: dict) -> list[str]:
    """Returns lines that turn columns of text into numbers."""
    examples = {column["name"] for column in details["columns"] if column.get("example")}
    lines = []
    for name, format in formats.items():
        if format == PLAIN and name not in examples:
            continue
        # Currency signs, then thousands and decimal signs.
        rules = [*(CLEANING if name in examples else ()), *FORMATS[format].replacements]
        lines.append(f"for pattern, new in {literal([tuple(rule) for rule in rules])}:")
        lines.append(f"    table[{literal(name)}] = table[{literal(name)}].str.replace(pattern, new, regex=True)")
    if lines:
        lines.insert(0, "# How these columns write their numbers.")
    others = [name for name in formats if name not in numbers]
    names = "NUMBERS" if not others else literal([Code("*NUMBERS"), *others])
    return [*lines, f"for name in {names}:", '    table[name] = pd.to_numeric(table[name], errors="coerce")']


def parquet_columns() -> list[str]:
    """Returns lines that bring a Parquet file's columns to the types that a CSV file's have."""
    return [
        "for name in CATEGORIES:",
        "    # Truth values are text, as in a CSV file; empty text is missing.",
        '    text = table[name].astype(object).map({True: "true", False: "false"}).fillna(table[name].astype(object))',
        '    table[name] = text.mask(text.isna() | (text == ""), None)',
    ]


def dropped_columns(subject: Subject) -> list[str]:
    """Returns the columns whose missing values leave a row out."""
    options = subject.config.dataset_options
    ways = {"number": options["missing_numbers"], "category": options["missing_categories"]}
    return [column.name for column in subject.spec.columns if ways[column.kind] == "drop"]


def write_target(subject: Subject, targets: list[str], formats: dict[str, str]) -> list[str]:
    """Returns lines that make y of the target's column, or columns."""
    task, first = subject.spec.task, f"table[{literal(targets[0])}]"
    if task == "regression":
        return [f'y = {first}.to_numpy("float32").reshape(-1, 1)']
    if task == "classification":
        return [
            f"CLASSES = sorted({first}.unique())",
            f"y = {first}.map({{value: place for place, value in enumerate(CLASSES)}}).to_numpy()",
        ]
    if len(targets) == 1:
        return [
            listing("LABELS", list(subject.spec.class_names)),
            f"texts = {first}.unique()",
            'separator = max(";|", key=lambda mark: sum(mark in text for text in texts))',
            f"sets = [{{label.strip() for label in text.split(separator)}} for text in {first}]",
            'y = np.array([[label in found for label in LABELS] for found in sets], "float32")',
        ]
    lines = [listing("LABELS", targets)]
    texts = [name for name in targets if name not in formats]
    if texts:
        lines.append(f"for name in {literal(texts)}:")
        lines.append(f"    table[name] = table[name].astype(str).str.lower().isin({literal(sorted(YES))})")
    return [*lines, 'y = table[LABELS].to_numpy("float32")']
