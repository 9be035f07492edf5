"""Examples from arrays in memory, and from NPZ and NPY files; a pickle is never opened."""

from __future__ import annotations

import io
import zipfile

import numpy as np

from trainer.analysis.predictions.examples import Examples
from trainer.data.uploads.archives import check_directory, count_members, not_a_zip
from trainer.data.uploads.arrays.file import ArrayFile, Header, read_header, read_values
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.quoting import listed, quoted
from trainer.errors import DataError

#: Names that say that an array holds inputs, in this order.
_NAMES = ("x", "X", "x_test", "X_test", "images", "inputs", "data", "noise")
_NUMBERS = "biuf"


def take_array(x, shape: tuple[int, ...], name: str = "x") -> Examples:
    """Returns an array as float32 (n, *shape).

    Args:
        x: anything that numpy can convert to an array: (n, *shape), one example, or examples as flat rows; images
            may lack a single channel, or have their channels first.
        shape: of one example.
        name: of the array, for messages.

    Raises:
        DataError: another shape or type, or a value that is not finite.
    """
    try:
        x = np.asarray(x)
    except ValueError:
        raise DataError(f"{name} must hold examples of the same shape {shape}. Received: a ragged list.") from None
    _refuse_type(x.dtype, name)
    x, notes = _fit(x, shape, name)
    if not len(x):
        raise DataError(f"{name} must hold at least one example. Received: none.")
    with np.errstate(over="ignore"):
        x = np.ascontiguousarray(x, np.float32)
    wrong = np.flatnonzero(~np.isfinite(x.reshape(len(x), -1)).all(axis=1))
    if len(wrong):
        raise DataError(
            f"{name} must hold finite numbers that float32 can hold. Row {wrong[0] + 1} has one that is not, such as "
            "NaN. Correct or remove the row."
        )
    return Examples(x, tuple(notes))


def read_npz(content: bytes, name: str, shape: tuple[int, ...]) -> Examples:
    """Returns the examples in the bytes of an NPZ file.

    Raises:
        DataError: it is damaged or unpacks to too much, or has no array of such examples.
    """
    limits = Limits.from_environment()
    count_members(io.BytesIO(content), len(content), limits)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise not_a_zip(str(error) or "it ends too early") from None
    with archive:
        check_directory(archive.infolist(), len(content), limits)
        file = ArrayFile(archive)
        header = _choose(file.headers, name, shape)
        _check(header, limits)
        return take_array(file.read(header), shape, quoted(header.name))


def read_npy(content: bytes, name: str, shape: tuple[int, ...]) -> Examples:
    """Returns the examples in the bytes of an NPY file.

    Raises:
        DataError: it is damaged, or holds no such examples.
    """
    stream = io.BytesIO(content)
    header = read_header(stream, name, len(content))
    _check(header, Limits.from_environment())
    values = read_values(stream, header, header.shape[0])
    order = header.shape[::-1] if header.is_fortran else header.shape
    return take_array(values.reshape(order).T if header.is_fortran else values.reshape(order), shape, name)


def _check(header: Header, limits: Limits) -> None:
    _refuse_type(header.dtype, quoted(header.name))
    if not header.shape or 0 in header.shape:
        raise DataError(f"{quoted(header.name)} must hold at least one example. Received: shape {header.shape}.")
    limits.check("rows", header.shape[0], f"{quoted(header.name)} must hold", remedy="Use a part of them")
    limits.check("expanded_bytes", header.bytes, f"{quoted(header.name)} must take")


def _choose(headers: list[Header], name: str, shape: tuple[int, ...]) -> Header:
    """Returns the array of the examples: the one that is called x, the only one, or the only one of this shape."""
    by_name = {header.name: header for header in headers}
    fitting = [header for header in headers if tuple(header.shape[1:]) == shape]
    chosen = [by_name[one] for one in _NAMES if one in by_name] or (headers if len(headers) == 1 else fitting)
    if not chosen or (len(chosen) > 1 and chosen is fitting):
        found = listed(headers, 5, lambda header: f"{quoted(header.name)} {header.shape}") if headers else "no array"
        raise DataError(
            f"{name} must hold the examples in an array x of shape (n, {', '.join(map(str, shape))}). Received: "
            f"{found}. Save them with numpy.savez(path, x=x)."
        )
    return chosen[0]


def _refuse_type(dtype: np.dtype, name: str) -> None:
    if dtype.hasobject:
        raise DataError(f"{name} holds Python objects, which are never opened. Save numbers: x.astype('float32').")
    if dtype.kind not in _NUMBERS or dtype.names or dtype.subdtype:
        raise DataError(f"{name} must hold numbers. Received: {str(dtype)[:60]}. Save x.astype('float32').")


def _fit(x: np.ndarray, shape: tuple[int, ...], name: str) -> tuple[np.ndarray, list[str]]:
    """Returns an array as (n, *shape) and a note where its axes were moved or added."""
    if x.shape[1:] == shape and x.ndim == len(shape) + 1:
        return x, []
    if x.shape == shape:
        return x[None], []
    is_image = len(shape) == 3
    if is_image and shape[-1] == 1 and x.shape[-2:] == shape[:2] and x.ndim in (2, 3):
        return x.reshape(-1, *shape), []
    if is_image and x.ndim == 4 and x.shape[1:] == (shape[2], *shape[:2]):
        return np.moveaxis(x, 1, -1), ["The channels came first and were moved to the end."]
    size = int(np.prod(shape))
    if (x.ndim == 2 and x.shape[1] == size) or x.shape == (size,):
        note = f"Each row of {size:,} numbers is taken as an example of shape {shape}."
        return x.reshape(-1, *shape), [note] if len(shape) > 1 else []
    raise DataError(
        f"{name} must have the shape (n, {', '.join(map(str, shape))}): n examples of the shape that the model was "
        f"trained on. Received: {x.shape}. Reshape or resize it."
    )
