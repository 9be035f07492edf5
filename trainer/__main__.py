"""The command line: the same engine, no browser.

Exit code 0: done; 1: the run failed; 2: bad input; 130: Ctrl-C, after a checkpoint
(143 after SIGTERM, 129 after SIGHUP).
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from trainer.cli.choices import list_choices
from trainer.cli.signals import note_signals
from trainer.config.environment import check_settings
from trainer.config.run_config import RunConfig
from trainer.data.uploads import Report, plain_name
from trainer.errors import TrainerError
from trainer.runs.run import Run
from trainer.runs.store import RunStore
from trainer.training.engine.start_up import stderr_handle

app = typer.Typer(
    name="trainer",
    help="Train, resume, look at and export runs.",
    add_completion=False,
    no_args_is_help=False,
    rich_markup_mode=None,
)

RunsDir = Annotated[Path, typer.Option("--runs-dir", envvar="TRAINDECK_RUNS", help="The folder of runs.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RunId = Annotated[str, typer.Argument(help="The run's id, as `list` shows it.")]


@app.command()
def run(
    config: Annotated[Path, typer.Argument(help="A JSON file with the configuration.")],
    runs_dir: RunsDir = Path("runs"),
    name: Annotated[str | None, typer.Option(help="A name for the run.")] = None,
) -> None:
    """Train a configuration; the run's id is the last line printed."""
    recipe = RunConfig.from_file(config)
    came = note_signals()
    created = RunStore(runs_dir).create(recipe, name)
    created.start()
    follow(created, came)


@app.command()
def resume(
    run_id: RunId,
    runs_dir: RunsDir = Path("runs"),
    source: Annotated[str, typer.Option("--from", help="latest, best, or the step of a checkpoint.")] = "latest",
    epochs: Annotated[
        int | None, typer.Option(help="Train for so many epochs in total; this also continues a completed run.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Use this learning rate from here on.")] = None,
) -> None:
    """Continue a run that was paused, stopped, interrupted or failed, or a completed one with more --epochs."""
    found = RunStore(runs_dir).get(run_id)
    came = note_signals()
    outcome = found.resume(source=source, epochs=epochs, learning_rate=learning_rate)
    if not outcome.acted:
        refuse(f"{outcome.message} Resume a paused, stopped, interrupted or failed run, or set more --epochs.")
    follow(found, came)


@app.command("list")
def list_runs(runs_dir: RunsDir = Path("runs"), as_json: AsJson = False) -> None:
    """List the runs, newest first."""
    runs = RunStore(runs_dir).list()
    if as_json:
        fields = ("id", "name", "status", "reason", "created", "step", "epoch")
        print(json.dumps([{field: getattr(found, field) for field in fields} for found in runs], indent=2))
        return
    if not runs:
        print("No runs yet. Start one with: python -m trainer run CONFIG.json")
    for found in runs:
        print(f"{found.id}  {found.status:<11}  step {found.step:<8}  {recipe_of(found)}  {found.name}")


def recipe_of(found: Run) -> str:
    """Returns "digits/mlp", or what stands for it where the recipe cannot be read."""
    try:
        return f"{found.config.dataset}/{found.config.model}"
    except TrainerError:
        return "unreadable"


@app.command()
def show(run_id: RunId, runs_dir: RunsDir = Path("runs"), as_json: AsJson = False) -> None:
    """Show one run: status, numbers, checkpoints, digest."""
    found = RunStore(runs_dir).get(run_id)
    described = found.describe()
    if as_json:
        print(json.dumps(described, indent=2))
        return
    for key in ("id", "name", "status", "reason", "step", "epoch", "steps_per_second", "digest"):
        print(f"{key:<17} {described[key]}")
    for which in ("last", "best"):
        values = ", ".join(f"{name} {value:.4g}" for name, value in described["metrics"][which].items())
        print(f"{which:<17} {values}")
    for checkpoint in described["checkpoints"]:
        print(f"{'checkpoint':<17} step {checkpoint['step']}  {checkpoint['path']}")


@app.command()
def export(
    run_id: RunId,
    kind: Annotated[str, typer.Argument(help="What to write, such as model.keras; `catalog` lists the kinds.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")],
    source: Annotated[
        str | None,
        typer.Option(
            "--from", help="best, latest, or the step of a checkpoint. Default: best; for checkpoint.zip latest."
        ),
    ] = None,
    runs_dir: RunsDir = Path("runs"),
) -> None:
    """Write a run's model, checkpoint, history or configuration to a file."""
    from trainer.export import export as write_export

    write_export(RunStore(runs_dir).get(run_id), kind, output, source)


@app.command()
def inspect(
    path: Annotated[str, typer.Argument(help="A CSV, Parquet, NPZ or NPY file, or a zip of one folder per class.")],
    as_json: AsJson = False,
) -> None:
    """Say what a data file holds, and whether it can be trained on: exit code 0, else 2."""
    from trainer.data.uploads import inspect, resolve

    shape = "{desc} {percentage:3.0f}%|{bar}| {elapsed}"
    with tqdm(total=1.0, file=sys.stderr, dynamic_ncols=True, delay=1, leave=False, bar_format=shape) as bar:

        def progress(fraction: float, text: str) -> None:
            bar.set_description_str(text, refresh=False)
            bar.update(min(fraction, 1.0) - bar.n)

        report = inspect(resolve(path), progress=progress)
    print(json.dumps(report.to_json(), indent=2) if as_json else describe_report(report, path))
    report.refuse_errors()


def describe_report(report: Report, path: str) -> str:
    """Returns a report on the file at `path` as lines: what it is, its columns if it has any, and what was found."""
    lines = [report.summary]
    columns = report.details["columns"] if report.dataset == "csv" and report.details else []
    widest = min(40, max([len(column["name"]) for column in columns], default=0))
    for column in columns:
        name, missing = plain_name(column["name"], 40), f"{column['missing']:,} missing" if column["missing"] else ""
        lines.append(f"  {name:<{widest}}  {column['kind']:<10}  {column['unique']:>9,} different  {missing}".rstrip())
    lines += [f"{finding.level}: {finding}" for finding in report.findings]
    if report.is_ready:
        options = {"path": path, **{key: value for key, value in report.options.items() if value}}
        lines.append(f'Ready. Train with "dataset": "{report.dataset}", "dataset_options": {json.dumps(options)}')
    return "\n".join(lines)


@app.command()
def catalog(as_json: AsJson = False) -> None:
    """List models, data sets, optimizers, losses, metrics, schedules, settings, exports and devices."""
    choices = list_choices()
    if as_json:
        print(json.dumps(choices, indent=2))
        return
    for plural, entries in choices.items():
        print(plural)
        for entry in entries:
            limit = f" {entry['allowed']} (default {entry['default']})" if "allowed" in entry else ""
            print(f"  {entry['name']:<32} {entry['label'] if plural == 'devices' else entry['help']}{limit}")
            for option in entry.get("options", ()):
                print(f"    {option['name']:<30} {option['allowed']} (default {option['default']})")


def follow(training: Run, came: list[int]) -> None:
    """Shows a bar until the run has ended, then ends the process; a signal has the run save first.

    Args:
        training: a run that was started.
        came: the signals so far, as `note_signals` returns them.
    """
    first, is_asked = training.step, False
    with tqdm(unit=" steps", file=sys.stderr, dynamic_ncols=True, mininterval=0.2) as bar:
        while not training.wait(0.1):
            if came and not is_asked:
                is_asked = training.interrupt().acted
            # TensorFlow takes seconds to load and compile: until a step is made, there is nothing to save.
            if len(came) > 2 or (len(came) == 2 and training.step == first):
                leave(training, came[0])
            with contextlib.suppress(OSError):  # the terminal may be closed
                update_bar(bar, training)
        update_bar(bar, training)
    for note in training.notes:
        print(note, file=sys.stderr)
    print(f"{training.name}: {training.status}. {training.reason}".strip(), file=sys.stderr)
    print(training.id)
    if came and training.status == "interrupted":
        print(f"Go on with: python -m trainer resume {training.id}", file=sys.stderr)
        raise typer.Exit(128 + came[0])
    raise typer.Exit(1 if training.status == "failed" else 0)


def leave(training: Run, number: int) -> None:
    """Ends the process without waiting for the run; whoever looks at it next finds it interrupted."""
    with contextlib.suppress(OSError):  # the terminal may be closed
        os.write(stderr_handle(), f"\nGo on with: python -m trainer resume {training.id}\n".encode())
        print(training.id, flush=True)
    os._exit(128 + number)


def update_bar(bar: tqdm, training: Run) -> None:
    """Moves the bar to where the run is."""
    bar.total = training.total_steps
    bar.n = training.step
    history = training.history
    if training.phase:
        bar.set_description_str(training.phase, refresh=False)
    elif len(history):
        bar.set_description_str(f"epoch {training.epoch}", refresh=False)
        bar.set_postfix(loss=f"{history.rows(len(history) - 1, len(history))['loss'][0]:.4g}", refresh=False)
    bar.refresh()


def refuse(sentence: str) -> None:
    """Says what is wrong in one line and ends with exit code 2."""
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
