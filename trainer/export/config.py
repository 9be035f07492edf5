"""Download: the configuration."""

from __future__ import annotations

from pathlib import Path

from trainer.config.registry import EXPORTS


@EXPORTS.register(
    name="config.json",
    label="Configuration",
    help="The complete configuration. `python -m trainer run config.json` repeats the run.",
    media_type="application/json",
    group="code",
    order=5,
)
def config_json(run, path: Path) -> None:
    """Writes the RunConfig with all defaults filled in, and with the epochs and learning rate that were set last."""
    path.write_text(run.current_config.to_json(), encoding="utf-8")
