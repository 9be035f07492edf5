"""Uploaded images: a zip with one folder per class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS

if TYPE_CHECKING:
    from trainer.data.uploads import Loaded


def read(*, path: str, **options: Any) -> Loaded:
    """Returns the archive's spec and arrays; it is read once for each choice of options.

    Raises:
        DataError: it does not exist, or cannot be trained on.
    """
    from trainer.data.uploads import load, resolve

    return load(resolve(path), "images", options)


def describe(**options: Any) -> DataSpec:
    """Returns what the archive holds."""
    return read(**options).spec


@DATASETS.register(
    label="Zip of images",
    help="Your own images: a zip with a folder for each class, of PNG and JPEG files.",
    spec=describe,
    order=102,
)
def images(
    seed,
    *,
    path: Annotated[str, Field(description="The zip, such as one with cat/1.png and dog/1.png in it.")] = "",
    height: Annotated[int, Field(ge=0, le=1024, description="Pixels; 0: as most images, and at most 64.")] = 0,
    width: Annotated[int, Field(ge=0, le=1024, description="Pixels; 0: as most images, or as the height.")] = 0,
    colour: Annotated[
        Literal["auto", "grey", "rgb"], Field(description="auto: grey if all images are, otherwise rgb.")
    ] = "auto",
    resize: Annotated[
        Literal["stretch", "crop", "pad"],
        Field(description="How others get this size: stretched, cut at the edges, or padded with black."),
    ] = "stretch",
):
    """Returns x: uint8 (images, height, width, 1 or 3) in [0, 255]; y: the class folder; and test images."""
    return read(path=path, height=height, width=width, colour=colour, resize=resize).arrays
