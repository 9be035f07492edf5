"""The rows of a table as numbers, with what is learned from the training rows."""

from __future__ import annotations

from trainer.config.data_spec import MOST_VALUES
from trainer.export.code.subject import Subject


def write_encoding(subject: Subject, parts: list[str]) -> str:
    """Returns code that learns the encoding from the training rows, and encodes every split."""
    columns, lines = subject.spec.columns, []
    fill = next((column.fill_with for column in columns if column.kind == "number"), "median")
    fill_category = next((column.fill_with for column in columns if column.kind == "category"), "missing")
    # The run's numbers are float32; the statistics are computed in float64.
    lines.append('numbers = rows_train[NUMBERS].astype("float32").astype("float64")')
    lines.append(f"fills = numbers.{fill}()")
    lines.append("numbers = numbers.fillna(fills)")
    lines.append("means, deviations = numbers.mean(), numbers.std(ddof=0).replace(0.0, 1.0)")
    lines.append("vocabularies, stand_ins = {}, {}")
    lines.append("for name in CATEGORIES:")
    if fill_category == "most_frequent":
        lines.append("    counts = rows_train[name].dropna().value_counts()")
    else:
        lines.append('    counts = rows_train[name].fillna("").value_counts()')
    lines.append("    # The most frequent values; others become zeros, like values that training never saw.")
    lines.append(f"    values = sorted(counts.index, key=lambda value: (-counts[value], value))[:{MOST_VALUES}]")
    stand_in = "values[0]" if fill_category == "most_frequent" else '""'
    lines.append(f"    vocabularies[name], stand_ins[name] = values, {stand_in}")
    encode = '''

def encode(rows):
    """Returns rows of the table as numbers, float32 (rows, features)."""
    numbers = rows[NUMBERS].astype("float32").astype("float64").fillna(fills)
    parts = [((numbers - means) / deviations).to_numpy()]
    for name in CATEGORIES:
        text = rows[name].fillna(stand_ins[name]).to_numpy()
        parts.append(np.stack([text == value for value in vocabularies[name]], axis=1))
    return np.concatenate(parts, axis=1).astype("float32")

'''
    names = ", ".join(f"x_{part}" for part in parts)
    encoded = ", ".join(f"encode(rows_{part})" for part in parts)
    return "\n".join(lines) + "\n" + encode + f"\n{names} = {encoded}"
