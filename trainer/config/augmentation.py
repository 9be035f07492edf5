"""Augmentation, as options of a run: random changes of training images."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

#: First values in the form: enough to help, and safe for letters and digits.
FIRST = {"rotate": 10.0, "zoom": 0.1, "shift": 0.1}


class Augmentation(BaseModel):
    """How much each training image may be changed; 0 or False: not at all."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    flip: bool = Field(False, description="Mirror half of the images left to right. Not for letters and digits.")
    rotate: float = Field(0.0, ge=0, le=180, description="Turn by up to this many degrees, either way. Try 10.")
    zoom: float = Field(0.0, ge=0, le=0.9, description="Enlarge or shrink by up to this fraction. Try 0.1.")
    shift: float = Field(0.0, ge=0, le=0.9, description="Move by up to this fraction of the size. Try 0.1.")
    contrast: float = Field(
        0.0, ge=0, le=0.99, description="Raise or lower the contrast by up to this fraction. Try 0.2."
    )
    noise: float = Field(
        0.0, ge=0, le=1, description="Add random noise of this fraction of the full brightness. Try 0.05."
    )
