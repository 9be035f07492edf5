"""The program of a run repeats it: the same losses, without this project."""

import ast
import json
import subprocess
import sys

import nbformat
import numpy as np
import pytest

from tests.trainer.export.code_cases import CASES, FILES, file_cases
from tests.trainer.export.downloads import check
from tests.trainer.watching import finish
from trainer import RunConfig, RunStore
from trainer.analysis.trained import trained
from trainer.errors import ExportError
from trainer.export import export, why_never
from trainer.export.code.program import write_program
from trainer.export.code.refusals import why_extended
from trainer.export.code.sections import as_notebook, as_script
from trainer.export.code.subject import Subject
from trainer.training.sessions.commands import Scheduled, SetEpochs

#: Executes every program in a folder, each in a namespace of its own, and prints what it measured.
DRIVER = """
import contextlib, io, json, os, pathlib, sys
import keras
folder, found = pathlib.Path(sys.argv[1]), {}
os.chdir(folder)
for path in sorted(folder.glob("*.py")):
    names = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(path.read_text(encoding="utf-8"), path.name, "exec"), names)
    history = [{name: float(value) for name, value in row.items()} for row in names.get("history", [])]
    found[path.stem] = {"losses": names["losses"], "history": history, "printed": printed.getvalue()}
    keras.utils.clear_session()
assert "trainer" not in sys.modules
print(json.dumps(found))
"""
COMMANDS = "MLP, cosine, more epochs and another learning rate"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One completed run per case."""
    folder = tmp_path_factory.mktemp("code")
    store = RunStore(folder / "runs")
    recipes = CASES | file_cases(folder)
    made = {name: store.create(RunConfig(**fields), name) for name, fields in recipes.items()}
    for run in made.values():
        run.start()
    for run in made.values():
        assert finish(run).status == "completed", run.reason
    made[COMMANDS] = run = store.create(
        RunConfig(
            model="mlp",
            model_options={"units": 16, "layers": 1},
            dataset="digits",
            schedule="cosine",
            schedule_options={"warmup": 0.2},
            epochs=1,
        ),
        COMMANDS,
    )
    run.start()
    finish(run).resume(epochs=3, learning_rate=0.01)
    assert finish(run).status == "completed", run.reason
    return made


@pytest.fixture(scope="module")
def programs(runs, tmp_path_factory):
    """The program of each run."""
    folder = tmp_path_factory.mktemp("programs")
    return {name: export(run, "train.py", folder / f"{place}.py") for place, (name, run) in enumerate(runs.items())}


@pytest.fixture(scope="module")
def executed(programs):
    """What each program measured, in a process without this project."""
    folder = next(iter(programs.values())).parent
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(folder)], cwd=folder, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    return {name: found[path.stem] for name, path in programs.items()}


@pytest.mark.parametrize("name", [*CASES, *FILES, COMMANDS])
def test_a_program_repeats_its_run(runs, executed, name):
    run, measured = runs[name], executed[name]
    history, epochs = run.history.frame(), run.history.epochs.frame()
    assert len(measured["losses"]) == len(history)
    check(run, "train.py", measured["losses"][:100], history["loss"][:100], 1e-5)
    scores = [(place, key) for place, row in enumerate(measured["history"]) for key in row if key.startswith("val_")]
    found = [measured["history"][place][key] for place, key in scores]
    wanted = [epochs[key][place] for place, key in scores]
    if scores:
        check(run, "train.py", found, wanted, 1e-4)
    losses = np.abs(np.array(measured["losses"][:100]) - history["loss"][:100]).max()
    # pytest -rP shows it; docs/exports.md holds the table.
    print(f"| {name} | {losses:.0e} | {np.abs(np.subtract(found, wanted)).max(initial=0):.0e} |")


def test_commands_are_in_the_code_with_their_step(programs):
    source = programs[COMMANDS].read_text(encoding="utf-8")
    assert "EPOCHS = 3  # Set after step 45; the run began with 1." in source
    assert "if step < 45:" in source
    assert "# Changed while the run trained, after step 45." in source


def test_the_policies_of_their_case_take_effect(runs):
    run = next(run for name, run in runs.items() if "early stopping" in name)
    epochs = run.history.epochs
    assert run.reason.startswith("Stopped early")
    assert epochs.rows(0, len(epochs))["reloaded"].any()


@pytest.mark.parametrize("name", [*CASES, *FILES, COMMANDS])
def test_a_program_imports_nothing_of_this_project(programs, name):
    source = programs[name].read_text(encoding="utf-8")
    imported = {
        alias.name.split(".")[0] if isinstance(node, ast.Import) else node.module.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    known = {"contextlib", "csv", "io", "zipfile", "keras", "numpy", "pandas", "sklearn", "tensorflow", "PIL"}
    assert imported <= known | {"matplotlib"}


def test_a_simple_run_is_a_short_program():
    config = RunConfig(model="mlp", dataset="digits")
    assert len(as_script(write_program(Subject("simple", config, config.spec))).splitlines()) <= 120


def test_a_notebook_runs_and_holds_the_same_code(runs, programs, tmp_path):
    from nbclient import NotebookClient

    name = next(iter(CASES))
    path = export(runs[name], "train.ipynb", tmp_path / "train.ipynb")
    notebook = nbformat.read(path, as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    script = programs[name].read_text(encoding="utf-8")
    assert all(cell in script for cell in code)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = "".join(o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", []))
    assert "Validation split:" in printed


def test_a_gan_writes_the_samples_of_its_run(runs, executed, programs):
    samples = np.load(programs["GAN"].parent / "samples.npy")
    assert samples.shape == (50, 8, 8, 1)
    with trained(runs["GAN"], "latest") as learner:
        noise = np.random.Generator(np.random.Philox(learner.seed)).standard_normal((50, learner.latent))
        wanted = learner.generator(noise.astype(np.float32), training=False).numpy()
    np.testing.assert_allclose(samples, wanted, atol=1e-4)


def test_an_autoencoder_says_its_error(executed):
    assert "Validation split: {'loss': " in executed["autoencoder"]["printed"]


def test_a_hostile_name_ends_no_comment_and_no_cell():
    name = 'run"""\n\'\\{}#🦜\u2028import os\r<script>alert(1)</script>'
    config = RunConfig(model="linear", dataset="iris")
    sections = write_program(Subject(name, config, config.spec))
    first = ast.parse(as_script(sections)).body[0]
    assert ast.unparse(first) == "import keras"
    text = nbformat.reads(as_notebook(sections), as_version=4).cells[0].source
    assert "<script>" not in text
    assert "alert(1)" in text


REFUSED = {
    "a GAN with averaged weights": {"ema_momentum": 0.9},
    "accumulated gradients and early stopping": {
        "gradient_accumulation_steps": 2,
        "early_stopping": {"monitor": "val_generator_loss"},
    },
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_has_no_plain_code_is_refused_with_a_sentence(store, tmp_path, what):
    run = store.create(RunConfig(model="gan", dataset="digits", **REFUSED[what]))
    for kind in ("train.py", "train.ipynb"):
        sentence = why_never(run, kind)
        assert what in sentence
        assert sentence.endswith("Download savedmodel.zip instead.")
        with pytest.raises(ExportError, match="cannot be written as plain code"):
            export(run, kind, tmp_path / kind)


def test_a_run_that_was_extended_after_early_stopping_is_refused():
    config = RunConfig(model="linear", dataset="iris", early_stopping={"patience": 1})
    settings = (Scheduled(8, SetEpochs(epochs=20)),)
    assert "extended" in why_extended(config, settings, 4)
    assert why_extended(config, settings, 5) is None
    assert why_extended(RunConfig(model="linear", dataset="iris"), settings, 4) is None


def test_a_run_that_has_not_begun_says_what_to_do(store, tmp_path):
    run = store.create(RunConfig(model="linear", dataset="iris"))
    with pytest.raises(ExportError, match="Start the run first"):
        export(run, "train.py", tmp_path / "train.py")
