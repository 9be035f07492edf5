"""A table's file as code: reading it, and encoding its rows as numbers."""

from __future__ import annotations

from trainer.data.uploads import inspect, resolve
from trainer.data.uploads.tables.numbers.formats import PLAIN
from trainer.data.uploads.tables.target.checks import YES
from trainer.export.code.data.csv_columns import PANDAS, declares_separator, parse_numbers, read_csv
from trainer.export.code.sections import Section
from trainer.export.code.subject import Subject
from trainer.export.code.writing import call, listing, literal


def load_table(subject: Subject) -> Section:
    """Returns the section that reads a CSV or Parquet file into `rows` and `y`."""
    options = subject.config.dataset_options
    path = resolve(options["path"])
    details = inspect(path, options={k: v for k, v in options.items() if k != "path"}).details
    kinds = {column["name"]: column for column in details["columns"]}
    columns = {column.name: column for column in subject.spec.columns}
    targets = details["target"]
    is_csv = details["format"] == "csv"
    lines, imports = ["table = pd.read_parquet(DATA_FILE)"], [PANDAS]
    if is_csv:
        lines, imports = read_csv(details, declares_separator(path))
    numbers = [name for name, column in columns.items() if column.kind == "number"]
    categories = [name for name, column in columns.items() if column.kind == "category"]
    lines += [listing("NUMBERS", numbers), listing("CATEGORIES", categories)]
    formats = {name: columns[name].number_format for name in numbers}
    for name in targets:
        formats |= {name: kinds[name].get("number_format", PLAIN)} if kinds[name]["is_number"] else {}
    lines += parse_numbers(formats, numbers, kinds) if is_csv else parquet_columns()
    dropped = dropped_columns(subject)
    lines.append("# Rows without a target, or without a value that must be there, are left out.")
    lines.append(f"table = {call('table.dropna', subset=[*targets, *dropped])}")
    lines.append("rows = table[NUMBERS + CATEGORIES]")
    lines += write_target(subject, targets, formats)
    text = (
        f"A table. Inputs: {len(numbers)} with numbers, {len(categories)} with categories. Change DATA_FILE if the "
        "file lies elsewhere."
    )
    return Section("Data", text, "\n".join(lines), tuple(imports))


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
