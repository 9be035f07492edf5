"""Augmentation, as options of a run: how far training images are changed at random."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

#: Where to start: enough to help, and right for letters and digits too.
FIRST = {"rotate": 10.0, "zoom": 0.1, "shift": 0.1}


class Augmentation(BaseModel):
    """How far each training image may be changed; 0 or False: not at all."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    flip: bool = Field(False, description="Mirror half of the images left to right. Not for letters and digits.")
    rotate: float = Field(0.0, ge=0, le=180, description="Turn by up to so many degrees either way. Try 10.")
    zoom: float = Field(0.0, ge=0, le=0.9, description="Grow or shrink by up to this part. Try 0.1.")
    shift: float = Field(0.0, ge=0, le=0.9, description="Move by up to this part of the size. Try 0.1.")
    contrast: float = Field(0.0, ge=0, le=0.99, description="Strengthen or weaken contrast by up to this part.")
    noise: float = Field(0.0, ge=0, le=1, description="Add noise of up to this part of the full brightness.")
