"""The columns of a CSV file as code: reading them as text, and turning text into numbers."""

from __future__ import annotations

from pathlib import Path

from trainer.data.uploads.tables.csv.columns import MISSING
from trainer.data.uploads.tables.numbers.formats import CLEANING, FORMATS, PLAIN
from trainer.export.code.writing import Code, call, listing, literal

_CODECS = {"UTF-8": "utf-8-sig", "UTF-16": "utf-16", "Windows-1252": "cp1252", "Latin-1": "latin-1"}
PANDAS = "import pandas as pd"


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
    return lines, [PANDAS, *(["import csv"] if details["skipped"]["count"] else [])]


def parse_numbers(formats: dict[str, str], numbers: list[str], kinds: dict[str, dict]) -> list[str]:
    """Returns lines that turn columns of text into numbers."""
    odd = [name for name in formats if formats[name] != PLAIN or kinds[name].get("example")]
    lines = []
    if odd:
        lines.append("# Spaces, currency and percent signs, and the parentheses of negative amounts.")
        lines.append(wrapped("CLEANING", [tuple(rule) for rule in CLEANING]))
        lines.append("# How these columns write numbers: a pattern, and the thousands and decimal signs to replace.")
        rules = [(name, FORMATS[formats[name]].pattern, [*FORMATS[formats[name]].replacements]) for name in odd]
        lines.append(wrapped("FORMATS", rules))
        lines += [
            "for name, pattern, signs in FORMATS:",
            "    for old, new in CLEANING:",
            "        table[name] = table[name].str.replace(old, new, regex=True)",
            "    table[name] = table[name].where(table[name].str.fullmatch(pattern, na=False))",
            "    for old, new in signs:",
            "        table[name] = table[name].str.replace(old, new, regex=True)",
        ]
    others = [name for name in formats if name not in numbers]
    names = "NUMBERS" if not others else literal([Code("*NUMBERS"), *others])
    return [*lines, f"for name in {names}:", '    table[name] = pd.to_numeric(table[name], errors="coerce")']


def wrapped(name: str, values: list) -> str:
    """Returns the assignment of a list with one value per line."""
    return f"{name} = [\n" + "".join(f"    {literal(value)},\n" for value in values) + "]"
