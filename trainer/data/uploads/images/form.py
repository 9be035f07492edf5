"""The size and colours that all images of a data set are given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Resize = Literal["stretch", "crop", "pad"]
#: Twice the side is four times the work in each step; more than this is used only if it is asked for.
LONGEST_SIDE = 64
SHORTEST_SIDE = 8


@dataclass(frozen=True)
class Look:
    """What an image's header says.

    Attributes:
        height, width: in pixels, upright.
        is_grey: whether it has no colour.
    """

    height: int
    width: int
    is_grey: bool


@dataclass(frozen=True)
class Form:
    """What all images are made into.

    Attributes:
        height, width: in pixels.
        channels: 1 (grey) or 3 (red, green, blue).
        resize: how others get this size.
    """

    height: int
    width: int
    channels: int
    resize: Resize = "stretch"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one image."""
        return self.height, self.width, self.channels


def choose_form(looks: Sequence[Look], options: Mapping) -> Form:
    """Returns the size and colour of all images: as asked for, else as most of them are, but not too large."""
    channels = {"grey": 1, "rgb": 3}.get(options["colour"]) or (1 if all(look.is_grey for look in looks) else 3)
    height, width = options["height"] or options["width"], options["width"] or options["height"]
    if not height:
        (height, width), _ = Counter((look.height, look.width) for look in looks).most_common(1)[0]
        shrink = min(1.0, LONGEST_SIDE / max(height, width))
        height, width = (max(SHORTEST_SIDE, round(side * shrink)) for side in (height, width))
    return Form(height, width, channels, options["resize"])
