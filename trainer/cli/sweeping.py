"""Following a sweep in the foreground: a progress bar, signals, and the exit code at the end."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections import Counter
from typing import NoReturn

import typer
from tqdm import tqdm

from trainer.runs.endings.webhook import finish_messages
from trainer.sweeps.driver import about_slots
from trainer.sweeps.space import describe_value
from trainer.sweeps.sweep import Sweep
from trainer.training.engine.start_up import stderr_handle


def follow_sweep(sweep: Sweep, signals: list[int]) -> NoReturn:
    """Shows a bar until the sweep has ended, then ends the process; a signal makes its runs save first.

    Args:
        sweep: a sweep that was started.
        signals: those received so far, as `record_signals` returns them.
    """
    if note := about_slots(sweep.spec.at_once, sweep.state.where):
        print(f"note: {note}", file=sys.stderr)
    is_asked = False
    with tqdm(total=sweep.spec.runs, unit=" runs", file=sys.stderr, dynamic_ncols=True, mininterval=0.2) as bar:
        while not sweep.wait(0.5):
            if signals and not is_asked:
                # After Ctrl-C a person decides whether it continues; after another signal the next server does.
                is_asked = (sweep.pause() if signals[0] == signal.SIGINT else sweep.interrupt()).acted
            if len(signals) > 1:
                _end_at_once(sweep, signals[0])
            with contextlib.suppress(OSError):  # The terminal may be closed.
                _update(bar, sweep)
        _update(bar, sweep)
    for line in describe(sweep):
        print(line, file=sys.stderr)
    best = sweep.best()
    if best is not None:
        print(best.run_id)
    print(sweep.id)
    finish_messages()
    if signals and sweep.status != "completed":
        print(_how_to_continue(sweep), file=sys.stderr)
        raise typer.Exit(128 + signals[0])
    # A sweep whose runs all failed found nothing.
    raise typer.Exit(0 if sweep.status == "completed" and best is not None else 1)


def describe(sweep: Sweep) -> list[str]:
    """Returns how a sweep ended and its best run, as lines."""
    outcomes = Counter(trial.outcome for trial in sweep.trials())
    counts = ", ".join(
        f"{outcomes[word]} {word}" for word in ("completed", "pruned", "failed", "open") if outcomes[word]
    )
    lines = [f"{sweep.name}: {sweep.status}. {counts or 'no runs'}. {sweep.reason}".strip()]
    best, spec = sweep.best(), sweep.spec
    if best is not None:
        chosen = ", ".join(f"{d.variable.name} {describe_value(best.values[d.path])}" for d in spec.dimensions)
        lines.append(f"Best: {spec.metric} {best.value:.4g} in {sweep.name}-{best.label} with {chosen}.")
    return lines


def _update(bar: tqdm, sweep: Sweep) -> None:
    trials = sweep.trials()
    bar.n = sum(trial.outcome != "open" for trial in trials)
    best = sweep.best()
    if sweep.reason:
        bar.set_description_str(sweep.reason, refresh=False)
    elif best is not None:
        bar.set_description_str(f"best {sweep.spec.metric} {best.value:.4g}", refresh=False)
    bar.refresh()


def _how_to_continue(sweep: Sweep) -> str:
    return f"Continue with: python -m trainer sweep {sweep.id}"


def _end_at_once(sweep: Sweep, number: int) -> NoReturn:
    """Ends the process without waiting for the runs."""
    with contextlib.suppress(OSError):
        os.write(stderr_handle(), f"\n{_how_to_continue(sweep)}\n".encode())
        print(sweep.id, flush=True)
    os._exit(128 + number)
