"""Download: the report."""

from __future__ import annotations

import json
import time
from pathlib import Path

from trainer.analysis.evaluation.classification import confusion
from trainer.analysis.evaluation.evaluating import evaluate
from trainer.analysis.evaluation.predicting import default_split, why_nothing
from trainer.analysis.evaluation.predictions import predicted_classes
from trainer.analysis.jobs import Job
from trainer.config.registry import DATASETS, EXPORTS, LOSSES, METRICS, MODELS, OPTIMIZERS
from trainer.errors import TrainerError
from trainer.export.report import figures, html
from trainer.runs.event_log import read_events

_MOST_EVENTS = 500


@EXPORTS.register(
    name="report.html",
    label="Report",
    help="One page that opens offline in any browser and prints well: curves, metrics, settings, environment.",
    media_type="text/html",
    order=7,
)
def report_html(run, path: Path) -> None:
    """Writes what was trained on what, and what came of it. Everything is in the file: it loads nothing."""
    parts = [_head(run), _curves(run), _metrics(run), _evaluation(run), _settings(run), _environment(run), _log(run)]
    path.write_text(html.page(f"{run.name} – Traindeck", [part for part in parts if part]), encoding="utf-8")


def _head(run) -> str:
    config, spec = run.config, run.spec
    data = DATASETS[config.dataset].label if config.dataset in DATASETS else config.dataset
    model = MODELS[config.model].label if config.model in MODELS else config.model
    began = time.strftime("%d %B %Y, %H:%M", time.localtime(run.created))
    total = f" of {run.total_steps:,}" if run.total_steps else ""
    return (
        f"<h1>{html.escape(run.name)}</h1>"
        + html.paragraph(f"{model} trained on {data}{f' ({spec.summary})' if spec else ''}.")
        + f'<p><span class="status">{html.escape(run.status)}</span> '
        + f'<span class="faint">at step {run.step:,}{total}, {run.seconds:,.1f} s of training, created {began}</span>'
        + "</p>"
        + (html.paragraph(run.reason, "faint") if run.reason else "")
        + (html.paragraph(run.note) if run.note else "")
    )


def _curves(run) -> str:
    history = run.history
    if not len(history):
        return html.section("Curves", html.paragraph("Nothing has been measured yet."))
    steps, epochs = history.rows(0, len(history)), history.epochs.rows(0, len(history.epochs))
    losses = MODELS[run.config.model].traits.losses
    names = [*(losses[1:] or losses), *run.config.metrics]
    drawn = [
        html.figure(
            f"curve-{place}",
            figures.curve_figure(steps, epochs, name, _label(name)),
            f"{_label(name)} of each batch over the steps" + (", and of the validation split." if epochs else "."),
        )
        for place, name in enumerate(names)
        if name in steps
    ]
    return html.section("Curves", *drawn)


def _metrics(run) -> str:
    best, last = run.metrics["best"], run.metrics["last"]
    if not last:
        return ""
    names = list(dict.fromkeys([*last, *best]))
    rows = [(_label(name), _number(best.get(name)), _number(last.get(name))) for name in names]
    text = f"Best: the epoch with the best {run.config.best_by}. Newest: the last epoch. "
    return html.section("Metrics", html.paragraph(text, "faint"), html.table(rows, ("", "Best", "Newest")))


def _evaluation(run) -> str:
    """Returns the confusion matrix or the residuals of the best checkpoint; a sentence where there is neither."""
    reason = why_nothing(run)
    split = None if reason else default_split(run)
    checkpoint = None if reason else run.find_checkpoint("best")
    try:
        found = evaluate(run, checkpoint.digest, split, Job((), lambda job: None)) if checkpoint and split else None
    except TrainerError as error:
        reason = str(error)
        found = None
    if found is None:
        return html.section("Evaluation", html.paragraph(reason or "There is nothing to evaluate."))
    y, output, task = found.finite.y, found.finite.output, found.finite.task
    where = f"on the {split} split, {len(found.finite):,} examples, weights of step {found.finite.step:,}"
    if task == "classification":
        counts = confusion(y, predicted_classes(output), len(found.names))
        drawn = html.figure("evaluation", figures.matrix_figure(counts, found.names), f"Confusion matrix {where}.")
    elif task == "regression":
        drawn = html.figure("evaluation", figures.residual_figure(y[:, 0], output[:, 0]), f"Predictions {where}.")
    else:
        return ""
    return html.section("Evaluation", drawn)


def _settings(run) -> str:
    config, now = run.config, run.current_config
    chosen = [
        ("Data set", DATASETS[config.dataset].label if config.dataset in DATASETS else config.dataset),
        ("Model", MODELS[config.model].label if config.model in MODELS else config.model),
        ("Optimizer", OPTIMIZERS[config.optimizer].label if config.optimizer in OPTIMIZERS else config.optimizer),
        ("Loss", LOSSES[config.loss].label if config.loss in LOSSES else config.loss),
        ("Epochs", now.epochs),
        ("Batch size", config.batch_size),
        ("Seed", config.seed),
    ]
    return html.section("Configuration", html.table(chosen), html.code(now.to_json()))


def _environment(run) -> str:
    if not run.fingerprint:
        return ""
    rows = [(name.replace("_", " "), _plain(value)) for name, value in run.fingerprint.items()]
    sentence = "The same configuration gives the same bits where all of these are the same."
    newest = run.checkpoints[0].digest if run.checkpoints else "none yet"
    return html.section(
        "Environment",
        html.paragraph(sentence, "faint"),
        html.table([*rows, ("digest of the newest checkpoint", newest)]),
    )


def _log(run) -> str:
    events = read_events(run.path)[-_MOST_EVENTS:]
    if not events:
        return ""
    rows = [
        (
            time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(event.get("time", 0))),
            event["event"].replace("_", " "),
            f"step {event['step']:,}",
            ", ".join(f"{key} {_plain(value)}" for key, value in event.items() if key not in ("event", "step", "time")),
        )
        for event in events
    ]
    return html.section("Commands", html.table(rows))


def _label(name: str) -> str:
    split, _, metric = name.partition("_") if name.startswith(("val_", "test_")) else ("", "", name)
    label = METRICS[metric].label if metric in METRICS else metric.replace("_", " ").capitalize()
    return f"{label} ({'validation' if split == 'val' else split})" if split else label


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:,.0f}" if value == int(value) else f"{value:.4g}"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
