"""Following a run in the foreground: a progress bar, signals, and the exit code at the end."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import NoReturn

import typer
from tqdm import tqdm

from trainer.runs.endings.webhook import finish_messages
from trainer.runs.run import Run
from trainer.training.engine.start_up import stderr_handle


def follow(run: Run, signals: list[int]) -> NoReturn:
    """Shows a bar until the run has ended, then ends the process; a signal makes the run save first.

    The bar tells why a run waits for its turn.

    Args:
        run: a run that was started.
        signals: those received so far, as `record_signals` returns them.
    """
    first, is_asked = run.step, False
    with tqdm(unit=" steps", file=sys.stderr, dynamic_ncols=True, mininterval=0.2) as bar:
        while not run.wait(0.1):
            if signals and not is_asked:
                # Ctrl-C cancels a run that waits; after any other signal it keeps its place in the queue.
                cancels = run.is_waiting and signals[0] == signal.SIGINT
                is_asked = (run.stop() if cancels else run.interrupt()).acted
            # TensorFlow takes seconds to load and compile. Before the first step there is nothing to save.
            if len(signals) > 2 or (len(signals) == 2 and run.step == first):
                end_at_once(run, signals[0])
            with contextlib.suppress(OSError):  # The terminal may be closed.
                update_bar(bar, run)
        update_bar(bar, run)
    for note in run.notes:
        print(note, file=sys.stderr)
    print(f"{run.name}: {run.status}. {run.reason}".strip(), file=sys.stderr)
    print(run.id)
    finish_messages()
    if signals and run.status in ("interrupted", "stopped", "queued"):
        print(how_to_continue(run), file=sys.stderr)
        raise typer.Exit(128 + signals[0])
    raise typer.Exit(1 if run.status == "failed" else 0)


def end_at_once(run: Run, number: int) -> NoReturn:
    """Ends the process without waiting for the run, which is marked as interrupted when somebody reads it next."""
    with contextlib.suppress(OSError):  # The terminal may be closed.
        os.write(stderr_handle(), f"\n{how_to_continue(run)}\n".encode())
        print(run.id, flush=True)
    os._exit(128 + number)


def how_to_continue(run: Run) -> str:
    """Returns the command that continues a run."""
    return f"Continue with: python -m trainer resume {run.id}"


def update_bar(bar: tqdm, run: Run) -> None:
    """Moves the bar to the run's current step."""
    bar.total = run.total_steps
    bar.n = run.step
    history = run.history
    if run.phase:
        bar.set_description_str(run.phase, refresh=False)
    elif len(history):
        bar.set_description_str(f"epoch {run.epoch}", refresh=False)
        bar.set_postfix(loss=f"{history.rows(len(history) - 1, len(history))['loss'][0]:.4g}", refresh=False)
    bar.refresh()
