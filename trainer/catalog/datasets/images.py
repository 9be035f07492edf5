"""Images that users bring as a zip with a folder for each class."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trainer.config.data_spec import DataSpec
from trainer.config.registry import DATASETS
from trainer.data.progress import report


def describe(path: str, height: int, width: int, colour: str, resize: str) -> DataSpec:
    """Returns what the archive holds; it is decoded once for each choice of options.

    Raises:
        DataError: it is not there, or cannot be trained on.
    """
    return read(path, height=height, width=width, colour=colour, resize=resize).spec


def read(path: str, **options):
    """Returns the archive as `Prepared`, without errors."""
    from trainer.data.uploads.images.reader import prepare_images
    from trainer.data.uploads.store import resolve

    return prepare_images(resolve(path), options, progress=lambda done, text: report(text, done)).ready()


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
    return read(path, height=height, width=width, colour=colour, resize=resize).arrays
