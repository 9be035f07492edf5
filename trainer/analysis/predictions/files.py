"""Reads a file of new examples: its first bytes decide what it is, whatever its name says."""

from __future__ import annotations

from pathlib import Path

from trainer.analysis.predictions.arrays import read_npy, read_npz
from trainer.analysis.predictions.examples import Examples
from trainer.analysis.predictions.pictures import read_image
from trainer.analysis.predictions.tables import read_table, take_rows
from trainer.analysis.predictor import Predictor
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import plain_name
from trainer.data.uploads.signatures import HEAD_BYTES, detect, read_head, refuse_other_content
from trainer.errors import DataError

_IMAGES = (b"\x89PNG", b"\xff\xd8\xff")
_OTHER_IMAGES = {
    b"GIF8": "GIF", b"BM": "BMP", b"II*\x00": "TIFF", b"MM\x00*": "TIFF", b"\x00\x00\x01\x00": "ICO", b"8BPS": "PSD",
}  # fmt: skip
_HDF5 = b"\x89HDF"


def read_examples(path: Path, predictor: Predictor) -> Examples:
    """Returns the examples in a CSV, Parquet, NPZ, NPY, PNG or JPEG file.

    Raises:
        DataError: it is another kind of file, or does not fit the model; the message says what to do.
    """
    path = Path(path)
    read_head(path)  # Says why a file cannot be read.
    Limits.from_environment().check("bytes", path.stat().st_size, "The file must be")
    return take_file(path.read_bytes(), path.name, predictor)


def take_file(content: bytes, name: str, predictor: Predictor) -> Examples:
    """Returns the examples in a file's bytes.

    Args:
        content: of the file.
        name: of the file, for messages.
        predictor: of the run.

    Raises:
        DataError: see `read_examples`.
    """
    shown, spec = plain_name(name), predictor.data
    if not content:
        raise DataError(f"{shown} is empty: it has 0 bytes. Give a file with examples in it.")
    _refuse_models(content, shown)
    if content.startswith(_IMAGES):
        return read_uploaded_image(content, name, predictor)
    _refuse_other_images(content, shown)
    kind = detect(content[:HEAD_BYTES])
    if kind in ("npz", "npy"):
        if spec.columns and predictor.spec.task != "generation":
            raise DataError(
                f"{shown} holds an array, and this model takes a table's columns. Give a CSV or Parquet file."
            )
        return (read_npz if kind == "npz" else read_npy)(content, shown, predictor.input_shape)
    _refuse_for_noise(predictor, shown)
    if kind != "parquet":
        refuse_other_content(content[:HEAD_BYTES], shown)
    if spec.is_image:
        raise DataError(
            f"{shown} is a table, and this model takes images. Give a PNG or JPEG file, or an NPZ of arrays."
        )
    table, notes = read_table(content, shown, spec)
    examples = take_rows(table, spec, shown)
    return Examples(examples.x, (*notes, *examples.notes), table)


def read_uploaded_image(content: bytes, name: str, predictor: Predictor, *, is_inverted: bool = False) -> Examples:
    """Returns the image in a file's bytes, resized as the run's own images were; see `read_image`."""
    shown = plain_name(name)
    _refuse_for_noise(predictor, shown)
    _refuse_other_images(content, shown)
    resize = predictor.config.dataset_options.get("resize") or "stretch"
    return read_image(content, shown, predictor.data, resize, is_inverted=is_inverted)


def _refuse_models(content: bytes, name: str) -> None:
    is_keras = content.startswith(b"PK") and b"model.weights.h5" in content
    if is_keras or content.startswith(_HDF5) or name.lower().endswith((".keras", ".h5", ".pb", ".pkl", ".pickle")):
        raise DataError(
            f"{name} is a model or a pickle, not examples. Such files can run code when they are opened, so they never "
            "are here. Give a CSV, Parquet, NPZ, NPY, PNG or JPEG file; the run's own model does the prediction."
        )


def _refuse_other_images(content: bytes, name: str) -> None:
    kind = next((kind for head, kind in _OTHER_IMAGES.items() if content.startswith(head)), "")
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        kind = "WebP"
    # Two letters may also begin a table.
    if kind and not (kind == "BMP" and content[:64].isascii() and b"\0" not in content[:64]):
        raise DataError(f"{name} is a {kind} image, and only PNG and JPEG are read. Save it as PNG.")


def _refuse_for_noise(predictor: Predictor, name: str) -> None:
    if predictor.spec.task == "generation":
        raise DataError(
            f"{name} holds examples, and this model makes new ones from noise. Give an NPZ with noise of shape "
            f"(n, {predictor.input_shape[0]})."
        )
