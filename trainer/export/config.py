"""The recipe."""

from __future__ import annotations

from pathlib import Path

from trainer.config.registry import EXPORTS


@EXPORTS.register(
    name="config.json",
    label="Configuration",
    help="Every choice of this run; `python -m trainer run config.json` repeats it.",
    media_type="application/json",
    order=5,
)
def config_json(run, path: Path) -> None:
    """Writes the RunConfig with all defaults filled in."""
    path.write_text(run.config.to_json(), encoding="utf-8")
