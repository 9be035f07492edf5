"""Early stopping and reloading on a plateau, as options of a run."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class EarlyStopping(BaseModel):
    """Ends a run that no longer improves."""

    model_config = _STRICT

    monitor: str | None = Field(
        None, description="The quantity to watch, such as val_accuracy. Null: val_loss, or loss without validation."
    )
    patience: int = Field(5, ge=1, le=100_000, description="Epochs without improvement before the run ends.")
    min_delta: float = Field(0.0, ge=0, title="Minimum improvement", description="Smaller improvements do not count.")
    restore_best: bool = Field(True, title="Restore best", description="End with the weights of the best epoch.")


class ReloadOnPlateau(BaseModel):
    """Returns to the best epoch's state, with a smaller learning rate, when a run no longer improves."""

    model_config = _STRICT

    monitor: str | None = Field(
        None, description="The quantity to watch, such as val_accuracy. Null: val_loss, or loss without validation."
    )
    patience: int = Field(3, ge=1, le=100_000, description="Epochs without improvement before the state is reloaded.")
    min_delta: float = Field(0.0, ge=0, title="Minimum improvement", description="Smaller improvements do not count.")
    factor: float = Field(0.5, gt=0, le=1, description="The learning rate is multiplied by this at each reload.")
    restore_best: bool = Field(
        True,
        title="Restore best",
        description="Reload the state of the best epoch. Off: only the learning rate changes.",
    )
