"""The command line: the same engine, no browser.

Exit code 0: done; 1: the run failed; 2: bad input; 130: Ctrl-C, after a checkpoint
(143 after SIGTERM, 129 after SIGHUP).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from trainer.cli.choices import list_choices
from trainer.cli.following import follow
from trainer.cli.printing import catalog_lines, report_lines, run_line, run_lines
from trainer.cli.signals import record_signals
from trainer.config.environment import check_settings
from trainer.config.run_config import RunConfig
from trainer.errors import TrainerError
from trainer.runs.cluster.connection import connection
from trainer.runs.state import Where
from trainer.runs.store import RunStore

app = typer.Typer(
    name="trainer",
    help="Train models and watch, resume, inspect and export their runs.\n\n"
    "Exit codes: 0 done, 1 the run failed, 2 bad input, 130 after Ctrl-C, which saves a checkpoint first.",
    add_completion=False,
    no_args_is_help=False,
    rich_markup_mode=None,
)

RunsDir = Annotated[Path, typer.Option("--runs-dir", envvar="TRAINDECK_RUNS", help="The folder that holds the runs.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Target = Annotated[
    Where | None, typer.Option(help="Train in this process (local) or on the cluster that TRAINDECK_RAY names.")
]
RunId = Annotated[str, typer.Argument(help="The run's id; `list` shows all ids.")]


@app.command()
def run(
    config: Annotated[
        Path, typer.Argument(help="A JSON file with the configuration; `catalog` lists what it can set.")
    ],
    runs_dir: RunsDir = Path("runs"),
    name: Annotated[str | None, typer.Option(help="The run's name. Default: a random name.")] = None,
    where: Target = "local",
) -> None:
    """Train a configuration from the beginning, as soon as a slot of its device is free.

    Shows a progress bar on stderr. The run's id is the last line of stdout.
    """
    recipe = RunConfig.from_file(config)
    if where == "cluster":
        connection().wait()
    signals = record_signals()
    created = RunStore(runs_dir).create(recipe, name, where=where)
    created.start()
    follow(created, signals)


@app.command()
def resume(
    run_id: RunId,
    runs_dir: RunsDir = Path("runs"),
    source: Annotated[
        str,
        typer.Option(
            "--from",
            help="The checkpoint to continue from: latest, best, or a step. Later steps and checkpoints are deleted.",
        ),
    ] = "latest",
    epochs: Annotated[
        int | None, typer.Option(help="The new number of epochs in total. With more epochs a completed run continues.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The learning rate from here on.")] = None,
    where: Target = None,
) -> None:
    """Continue a run from a checkpoint, exactly where it left off.

    The run must be paused, stopped, interrupted or failed, or completed if --epochs adds epochs or --from names an
    earlier checkpoint. It trains where it trained last, unless --where names another place. The run's id is the last
    line of stdout.
    """
    found = RunStore(runs_dir).get(run_id)
    if (where or found.where) == "cluster":
        connection().wait()
    signals = record_signals()
    outcome = found.resume(source=source, epochs=epochs, learning_rate=learning_rate, where=where)
    if not outcome.acted:
        refuse(f"{outcome.message} Resume a paused, stopped, interrupted or failed run, or set more --epochs.")
    follow(found, signals)


@app.command("list")
def list_runs(runs_dir: RunsDir = Path("runs"), as_json: AsJson = False) -> None:
    """List all runs, newest first.

    In JSON, `place` is the run's place in the queue (0: next), or null.
    """
    store = RunStore(runs_dir)
    runs = store.list()
    if as_json:
        places = {waiting.id: place for place, waiting in enumerate(store.queue())}
        fields = ("id", "name", "status", "reason", "created", "step", "epoch", "tags")
        described = [{field: getattr(found, field) for field in fields} for found in runs]
        print(json.dumps([found | {"place": places.get(found["id"])} for found in described], indent=2))
        return
    if not runs:
        print("No runs yet. Start one with: python -m trainer run CONFIG.json")
    for found in runs:
        print(run_line(found))


@app.command()
def show(run_id: RunId, runs_dir: RunsDir = Path("runs"), as_json: AsJson = False) -> None:
    """Show one run: status, metrics, checkpoints.

    The digest is the SHA-256 of the newest checkpoint's state: equal digests mean bit-identical runs.
    """
    described = RunStore(runs_dir).get(run_id).describe()
    print(json.dumps(described, indent=2) if as_json else "\n".join(run_lines(described)))


@app.command()
def export(
    run_id: RunId,
    kind: Annotated[str, typer.Argument(help="What to write, such as model.keras; `catalog` lists the kinds.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write; an existing file is replaced.")],
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="The checkpoint to export: best, latest, or a step. Default: best; for checkpoint.zip latest.",
        ),
    ] = None,
    runs_dir: RunsDir = Path("runs"),
    with_data: Annotated[bool, typer.Option(help="Put the uploaded data file into capsule.zip.")] = False,
) -> None:
    """Write a run's model or history to a file.

    The kinds include model.keras, checkpoint.zip, history.csv and config.json; `catalog` lists all of them.
    """
    from trainer.export import export as write_export

    write_export(RunStore(runs_dir).get(run_id), kind, output, source, with_data)


@app.command("import")
def import_run(
    capsule: Annotated[Path, typer.Argument(help="A capsule.zip that another installation made.")],
    runs_dir: RunsDir = Path("runs"),
) -> None:
    """Add the run in a capsule to the runs folder, to show, compare and resume it.

    The run's id is the last line of stdout.
    """
    from trainer.export.capsule.unpack import import_capsule

    imported = import_capsule(RunStore(runs_dir), capsule)
    print(f"Imported {imported.name}: {imported.status} at step {imported.step:,}.")
    print(imported.id)


@app.command()
def predict(
    run_id: RunId,
    input: Annotated[Path, typer.Argument(help="A CSV, Parquet, NPZ, NPY, PNG or JPEG file.")],
    source: Annotated[
        str, typer.Option("--from", help="The checkpoint that predicts: best, latest, or a step.")
    ] = "best",
    as_json: AsJson = False,
    runs_dir: RunsDir = Path("runs"),
) -> None:
    """Predict new examples with a run's model.

    Prints one line per example: its class and probability, or its value. In JSON a list of one object per example:
    row, and class, probability and probabilities; or labels and probabilities; or value; or error and output. Notes
    on values that are missing, unknown or changed go to stderr.
    """
    found = RunStore(runs_dir).get(run_id)
    from trainer.analysis.predictions.predict import predict as predict_input

    predictions = predict_input(found, input, source)
    for note in predictions.notes:
        print(f"note: {' '.join(note.split())}", file=sys.stderr)
    if as_json:
        print(json.dumps(predictions.to_json()))
        return
    for line in predictions.lines():
        print(line)


@app.command()
def sweep(
    source: Annotated[
        str, typer.Argument(metavar="SWEEP", help="A JSON file with the sweep, or the id of a sweep to continue.")
    ],
    runs_dir: RunsDir = Path("runs"),
    name: Annotated[str | None, typer.Option(help="The sweep's name, a tag of its runs. Default: random.")] = None,
    where: Target = "local",
) -> None:
    """Train many runs of one recipe with some options varied, to find the best.

    Shows a progress bar on stderr. The sweep's id is the last line of stdout, the best run's id the line before.
    """
    from trainer.cli.sweeping import follow_sweep
    from trainer.sweeps.spec import SweepSpec
    from trainer.sweeps.sweeps import Sweeps

    store = RunStore(runs_dir)
    sweeps = Sweeps.of(store)
    if not Path(source).exists() and (sweeps.path / Path(source).name).is_dir():
        found, spec = sweeps.get(source), None
    else:
        found, spec = None, SweepSpec.from_file(source)
    if (found.state.where if found else where) == "cluster":
        connection().wait()
    signals = record_signals()
    found = found or sweeps.create(spec, name, where)
    outcome = found.start()
    if not outcome.acted:
        refuse(f"{outcome.message} Start a new sweep with a JSON file.")
    follow_sweep(found, signals)


@app.command()
def inspect(
    path: Annotated[str, typer.Argument(help="A CSV, Parquet, NPZ or NPY file, or a zip of one folder per class.")],
    as_json: AsJson = False,
) -> None:
    """Report what a data file contains.

    The exit code is 0 if a model can be trained on it, else 2.
    """
    from trainer.data import uploads

    shape = "{desc} {percentage:3.0f}%|{bar}| {elapsed}"
    with tqdm(total=1.0, file=sys.stderr, dynamic_ncols=True, delay=1, leave=False, bar_format=shape) as bar:

        def progress(fraction: float, text: str) -> None:
            bar.set_description_str(text, refresh=False)
            bar.update(min(fraction, 1.0) - bar.n)

        report = uploads.inspect(uploads.resolve(path), progress=progress)
    print(json.dumps(report.to_json(), indent=2) if as_json else "\n".join(report_lines(report, path)))
    report.refuse_errors()


@app.command()
def catalog(as_json: AsJson = False) -> None:
    """List what a configuration can name.

    These are models, data sets, optimizers, losses, metrics, schedules and settings, each with its options; also
    export kinds and devices.
    """
    choices = list_choices()
    print(json.dumps(choices, indent=2) if as_json else "\n".join(catalog_lines(choices)))


def refuse(sentence: str) -> None:
    """Prints an error on one line and ends with exit code 2."""
    print(f"trainer: {' '.join(sentence.split())}", file=sys.stderr)
    raise SystemExit(2)


def main() -> None:
    """Runs the command line; bad input is one line on stderr and exit code 2, never a traceback."""
    try:
        check_settings()
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        refuse(f"{error.format_message()} See python -m trainer --help.")
    except TrainerError as error:
        refuse(str(error))
    except OSError as error:
        place = error.filename or "a file"
        refuse(f"Cannot use {place}: {error.strerror or error}. Give a path that can be read and written.")
    except (typer.Abort, KeyboardInterrupt):
        raise SystemExit(130) from None
    raise SystemExit(code or 0)


if __name__ == "__main__":
    main()
