"""Early stopping and reloading on a plateau, as options of a run."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class EarlyStopping(BaseModel):
    """Ends a run that no longer improves."""

    model_config = _STRICT

    monitor: str | None = Field(None, description="What to watch, such as val_loss; val_loss or loss if left out.")
    patience: int = Field(5, ge=1, le=100_000, description="Epochs without improvement before the run ends.")
    min_delta: float = Field(0.0, ge=0, description="An improvement must be larger than this.")
    restore_best: bool = Field(True, description="End with the weights of the best epoch.")


class ReloadOnPlateau(BaseModel):
    """Goes back to the best epoch's state, with a smaller learning rate, where a run no longer improves."""

    model_config = _STRICT

    monitor: str | None = Field(None, description="What to watch, such as val_loss; val_loss or loss if left out.")
    patience: int = Field(3, ge=1, le=100_000, description="Epochs without improvement before going back.")
    min_delta: float = Field(0.0, ge=0, description="An improvement must be larger than this.")
    factor: float = Field(0.5, gt=0, le=1, description="What the learning rate is multiplied by.")
    restore_best: bool = Field(True, description="Reload the best state; else only the learning rate changes.")
