"""The result of a run in words."""

import streamlit as st

from pages.ui.catalogue import dataset_label, is_gone
from pages.ui.numbers import format_number
from pages.ui.run.units import unit_of
from pages.ui.text import escape_markdown, format_duration
from trainer import LOSSES, METRICS, MODELS, OPTIMIZERS, Run
from trainer.training.baselines import has_learned
from trainer.training.plateau import is_higher_better


def summary(run: Run) -> None:
    """Draws what a run reached and its recipe."""
    config = run.config
    st.markdown(headline(run))
    if warning := warn_unlearned(run):
        st.warning(warning, icon=":material/sentiment_dissatisfied:")
    st.caption(
        f"{MODELS[config.model].label} on {escape_markdown(dataset_label(run))}{_size(run)} · "
        f"{OPTIMIZERS[config.optimizer].label} · {LOSSES[config.loss].label} · seed {config.seed} · "
        f"{format_duration(run.seconds)} of training"
    )
    if is_gone(run):
        digest = run.spec.sha256 if run.spec else ""
        st.warning(
            "The data set of this run was deleted. Curves and downloads remain. To resume the run, upload the same "
            "file again" + (f" (SHA-256 {escape_markdown(digest)})." if digest else "."),
            icon=":material/database_off:",
        )
    fingerprint = run.fingerprint
    # A damaged run.json may lack a name.
    if {"tensorflow", "threads", "jit_compile"} <= fingerprint.keys():
        st.caption(
            "The same configuration gives bit-identical results on this machine "
            f"(TensorFlow {fingerprint['tensorflow']}, {fingerprint['threads']} threads, "
            f"{'XLA' if fingerprint['jit_compile'] else 'no XLA'}). On another machine, with another number of "
            "threads or on a GPU, the last digits may differ."
            + (
                f" The gradient norm is measured every {run.grad_norm_stride} steps."
                if run.grad_norm_stride > 1
                else ""
            )
        )


def _size(run: Run) -> str:
    spec = run.spec or (None if "path" in run.config.dataset_options else run.config.spec)
    return f" ({escape_markdown(spec.summary)})" if spec else ""


def warn_unlearned(run: Run) -> str | None:
    """Returns what to try if a run has ended without beating its baseline; else None."""
    best = run.metrics["best"]
    if run.is_live or not best or not run.spec or has_learned(best, run.spec.baselines) is not False:
        return None
    guess = "the most frequent class" if run.spec.task == "classification" else "the mean"
    return (
        f"This model has not learned: its best epoch is no better than always guessing {guess}. "
        "Try another learning rate or more epochs, and check on the Data page that the inputs are related to the "
        "target."
    )


def headline(run: Run) -> str:
    """Returns the score of the best epoch and of the newest weights.

    Each number comes with the step of the weights that it was measured on.
    """
    config, metrics = run.config, run.metrics
    best, last = metrics["best"], metrics["last"]
    if not best:
        return "The first epoch is not finished yet."
    if config.best_by == "epoch":
        return (
            f"Trained for **{best['epoch']:,} of {run.epochs:,} epochs**. The losses of competing networks do "
            "not measure image quality: look at the images."
        )
    name = next((name for name in config.metrics if f"val_{name}" in best or name in best), "loss")
    split, key = ("validation", f"val_{name}") if f"val_{name}" in best else ("training", name)
    label = "loss" if name == "loss" else METRICS[name].label.lower()
    unit = escape_markdown(unit_of(name, config))
    most = "highest" if is_higher_better(config.best_by) else "lowest"
    sentences = [
        f"Reached **{format_number(best[key])} {split} {label}**{f' {unit}' if unit else ''} at epoch "
        f"{best['epoch']:,} of {run.epochs:,} (step {best['step']:,}), with the {most} {config.best_by}."
    ]
    baselines = run.spec.baselines if run.spec else {}
    if key in baselines:
        guess = "the most frequent class" if run.spec.task == "classification" else "the mean"
        sentences.append(f"Baseline, always guessing {guess}: {format_number(baselines[key])}.")
    test = f"test_{name}"
    is_newest_best = best["step"] == last["step"]
    if test in best:
        sentences.append(
            f"The same weights reach **{format_number(best[test])}** on the test split, which training never used."
        )
    elif test in last:
        whose = "The same weights" if is_newest_best else f"The newest weights (step {last['step']:,})"
        sentences.append(f"{whose} reach **{format_number(last[test])}** on the test split.")
    if not is_newest_best and key in last:
        tested = f" and {format_number(last[test])} on the test split" if test in best and test in last else ""
        sentences.append(
            f"Newest: {format_number(last[key])} at epoch {last['epoch']:,} (step {last['step']:,}){tested}."
        )
    return " ".join(sentences)
