"""What came out of a run, in words."""

import streamlit as st

from pages.ui.text import format_duration
from trainer import DATASETS, LOSSES, METRICS, MODELS, OPTIMIZERS, Run


def summary(run: Run) -> None:
    """Says what a run reached and what it was made of."""
    config = run.config
    st.markdown(headline(run))
    st.caption(
        f"{MODELS[config.model].label} on {DATASETS[config.dataset].label} ({config.spec.summary}) · "
        f"{OPTIMIZERS[config.optimizer].label} · {LOSSES[config.loss].label} · seed {config.seed} · "
        f"{format_duration(run.seconds)} of training"
    )
    if fingerprint := run.fingerprint:
        st.caption(
            "The same configuration gives the same bits on this machine "
            f"(TensorFlow {fingerprint['tensorflow']}, {fingerprint['threads']} threads, "
            f"{'XLA' if fingerprint['jit_compile'] else 'no XLA'}). Another machine, another number of threads or "
            "a GPU may differ in the last digits."
            + (
                f" The gradient norm is measured every {run.grad_norm_stride} steps."
                if run.grad_norm_stride > 1
                else ""
            )
        )


def headline(run: Run) -> str:
    """Returns one sentence on the best epoch: "Reached 0.97 validation accuracy at epoch 14 of 20."."""
    metrics = run.metrics
    best, last = metrics["best"], metrics["last"]
    if not best:
        return "The first epoch is not finished yet."
    name = next((name for name in run.config.metrics if f"val_{name}" in best or name in best), "loss")
    split, key = ("validation", f"val_{name}") if f"val_{name}" in best else ("training", name)
    sentence = f"Reached **{best[key]:.4g} {split} {METRICS[name].label.lower() if name != 'loss' else 'loss'}** "
    sentence += f"at epoch {best['epoch']} of {run.config.epochs}, the one with the lowest {split} loss."
    if f"test_{name}" in last:
        sentence += f" On the test split, which training never saw: **{last[f'test_{name}']:.4g}**."
    return sentence
