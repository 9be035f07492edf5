"""A downloaded model predicts from a file's raw rows what its run predicts: the documentation's code is executed."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.references.compare import compare
from tests.trainer.watching import finish
from trainer import RunConfig, RunStore
from trainer.config.split_sizes import count_validation
from trainer.data.loading import load_dataset
from trainer.data.splits import split_indices
from trainer.export import export

DOCS = Path(__file__).parents[2] / "docs" / "tables.md"


def make_table() -> pd.DataFrame:
    """Returns 240 rows whose class follows from a size, a weight and a colour."""
    random = np.random.default_rng(0)
    size, weight = random.normal(50, 20, 240).round(2), random.normal(5000, 2000, 240).round(1)
    colour = random.choice(["red", "deep blue", "grün"], 240)
    kind = np.where(size + weight / 200 + 15 * (colour == "red") > 78, "pear", "apple")
    return pd.DataFrame({"size (mm)/x": size, "weight": weight, "colour": colour, "kind": kind})


def plain(value: float) -> str:
    return f"{value:.2f}"


def spaced(value: float) -> str:
    return f"  {value:.2f} "


def german(value: float) -> str:
    return f"{value:_.2f}".replace(".", ",").replace("_", ".")


def dollars(value: float) -> str:
    return f'"${value:,.2f}"' if value >= 0 else f'"-${-value:,.2f}"'


def percent(value: float) -> str:
    return f"{value:.2f}%"


def write(path, separator=",", numbers=(plain, plain), around="{}", encoding="utf-8", end="\n", ragged=False):
    """Writes the table as an awkward CSV file: gaps under many names, spaces, odd numbers."""
    random, frame = np.random.default_rng(1), make_table()
    gaps = ["", "?", "NA", "n/a", " NaN ", "NULL", " "]
    lines = [separator.join(f" {name} " for name in frame)]
    for row in frame.itertuples(index=False):
        cells = [numbers[0](row[0]), numbers[1](row[1]), around.format(row[2])]
        cells = [random.choice(gaps) if random.random() < 0.1 else cell for cell in cells]
        lines.append(separator.join([*cells, around.format(row[3])]))
    if ragged:
        lines[7:7] = [separator.join(["1", "2"]), ""]
    path.write_bytes((end.join(lines) + end).encode(encoding))


def write_parquet(path):
    frame = make_table()
    frame["ripe"] = frame["weight"] > 5000
    frame["colour"] = frame["colour"].replace("deep blue", "NA")
    frame.loc[::9, "colour"] = None
    frame.loc[::7, "weight"] = None
    frame[["ripe", *frame.columns[:4]]].to_parquet(path)


FILES = {
    "spaces and gaps": lambda path: write(path, numbers=(spaced, plain), around=" {}  ", encoding="utf-8-sig"),
    "quotes and ragged records": lambda path: write(path, around='"{}"', ragged=True, end="\r\n"),
    "tabs and UTF-16": lambda path: write(path, "\t", encoding="utf-16"),
    "decimal commas": lambda path: write(path, ";", (german, german), encoding="cp1252"),
    "dollars and percents": lambda path: write(path, numbers=(percent, dollars)),
    "Parquet": write_parquet,
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder and a completed run for each file."""
    folder = tmp_path_factory.mktemp("raw_rows")
    store, runs = RunStore(folder / "runs"), {}
    for name, write_file in FILES.items():
        place = folder / name
        place.mkdir()
        write_file(place / "penguins.csv")
        options = {"path": str(place / "penguins.csv"), "target": "kind"}
        runs[name] = store.create(
            RunConfig(model="mlp", model_options={"layers": 1}, dataset="csv", dataset_options=options, epochs=6)
        )
    for run in runs.values():
        run.start()
        assert finish(run).status == "completed", run.reason
    return {name: (folder / name, run) for name, run in runs.items()}


def snippet() -> str:
    """Returns the code that the documentation gives."""
    section = DOCS.read_text(encoding="utf-8").partition("## Predicting from raw rows")[2]
    return re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]


def run_alone(folder: Path, code: str) -> dict:
    """Runs code in another process, in a folder of its own, and returns the JSON on its last line."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=300, env={"PATH": "/usr/bin"}
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def judged(trained):
    """What the documented code makes of each file, in another process without this project."""
    for folder, run in trained.values():
        export(run, "model.keras", folder / "model.keras")
        export(run, "savedmodel.zip", folder / "savedmodel.zip")
        zipfile.ZipFile(folder / "savedmodel.zip").extractall(folder)
    code = f"""
import json, os, sys, zipimport
import tensorflow as tf
found, whole = {{}}, {str(next(iter(trained.values()))[0].parent)!r}
for name in {list(trained)!r}:
    os.chdir(os.path.join(whole, name))
    # Each folder has a module of this name in a zip of the same name.
    sys.path_importer_cache.pop("model.keras", None)
    zipimport._zip_directory_cache.clear()
    sys.modules.pop("raw_rows", None)
    space = {{}}
    exec({snippet()!r}, space)
    model, raw_rows, table = space["model"], space["raw_rows"], space["table"]
    found[name] = {{
        "probabilities": model.predict(raw_rows.inputs(table), verbose=0).tolist(),
        "predicted": table["predicted"].tolist(),
        "kind": [text.strip() for text in table["kind"]],
        "saved": raw_rows.predict(tf.saved_model.load("savedmodel"), table).tolist(),
    }}
assert "trainer" not in sys.modules
print(json.dumps(found))
"""
    return run_alone(next(iter(trained.values()))[0], code)


@pytest.mark.parametrize("name", FILES)
def test_the_documented_code_predicts_as_the_run_does(trained, judged, name):
    from trainer.analysis.trained import trained as trained_learner

    (_, run), found = trained[name], judged[name]
    options = run.config.dataset_options
    whole = load_dataset("csv", options, validation_split=0, seed=0, known=run.spec)
    with trained_learner(run, "best") as learner:
        expected = learner.model.predict(whole.train.x, verbose=0)
    compare(f"predictions from raw rows, {name}", "the run's model", found["probabilities"], expected, 1e-5)
    assert found["predicted"] == found["saved"]
    assert found["kind"] == np.array(run.spec.class_names)[whole.train.y].tolist()
    held_out = split_indices(whole.train.y, whole.spec, count_validation(len(whole.train), 0.2), run.config.seed)[1]
    is_right = np.array(found["predicted"]) == np.array(found["kind"])
    shown = run.history.epochs.frame()["val_accuracy"]
    best = run.history.epochs.frame()["val_loss"].idxmin()
    accuracy = is_right[held_out].mean()
    assert min(abs(accuracy - shown.iloc[-1]), abs(accuracy - shown[best])) < 1e-6
    assert accuracy > 0.7


def test_rows_may_also_be_columns_of_numbers_and_text(trained, tmp_path, monkeypatch):
    folder, run = trained["spaces and gaps"]
    export(run, "model.keras", tmp_path / "model.keras")
    shutil.copy(folder / "penguins.csv", tmp_path)
    code = """
import json, sys, warnings
sys.path.insert(0, "model.keras")
import keras, raw_rows
model = keras.models.load_model("model.keras")
warnings.simplefilter("error")
rows = {"size (mm)/x": [51.5, " 51.5 ", None, "?"], "weight": [4000, "4e3", float("nan"), ""],
        "colour": ["red", " red", None, "NA"]}
found = {"same": model.predict(raw_rows.inputs(rows), verbose=0).tolist()}
try:
    raw_rows.inputs({"weight": [1]})
except KeyError as error:
    found["lacking"] = str(error)
warnings.simplefilter("always")
with warnings.catch_warnings(record=True) as caught:
    raw_rows.inputs(rows | {"weight": ["1", "heavy", "2", "3"]})
print(json.dumps(found | {"warned": str(caught[0].message)}))
"""
    found = run_alone(tmp_path, code)
    np.testing.assert_allclose(found["same"][0], found["same"][1], rtol=1e-6)
    np.testing.assert_allclose(found["same"][2], found["same"][3], rtol=1e-6)
    assert "lack columns that the model was trained on: size (mm)/x, colour" in found["lacking"]
    assert found["warned"].startswith("Column 'weight' has values that are not numbers, such as 'heavy'")
