"""Tables of numbers as one binary message.

    uint32   length of the header in bytes, a multiple of 8, less 4
    bytes    the header: JSON, padded with spaces
    arrays   the columns one after the other, little-endian, each padded to 8 bytes

The header holds the values of the caller plus `arrays`: `[name, dtype, length]` in
order, dtype one of `<f4 <f8 <i4`. Arrays start at multiples of 8, so a browser
can lay typed arrays over the message without copying it.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

DTYPES = ("<f4", "<f8", "<i4")


def encode_frame(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Packs a header and named columns into one message.

    Args:
        header: JSON values without NaN; the key `arrays` is set here.
        arrays: one-dimensional; float64 and int32 stay, other integers become
            int32, everything else float32.

    Returns:
        The message.
    """
    columns = {name: _narrow(array) for name, array in arrays.items()}
    listing = [[name, column.dtype.str, len(column)] for name, column in columns.items()]
    text = json.dumps({**header, "arrays": listing}, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-(len(text) + 4) % 8)
    parts = [len(text).to_bytes(4, "little"), text]
    for column in columns.values():
        parts += [column.tobytes(), b"\0" * (-column.nbytes % 8)]
    return b"".join(parts)


def decode_frame(message: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Unpacks a message, the way the browser does.

    Args:
        message: what `encode_frame` made.

    Returns:
        The header, and the columns by name.

    Raises:
        ValueError: the message is cut short or holds an unknown dtype.
    """
    start = 4 + int.from_bytes(message[:4], "little")
    header = json.loads(message[4:start])
    columns = {}
    for name, dtype, length in header["arrays"]:
        if dtype not in DTYPES:
            raise ValueError(f"dtype must be one of {DTYPES}. Received: {dtype!r}.")
        columns[name] = np.frombuffer(message, dtype, length, start)
        start += -(-columns[name].nbytes // 8) * 8
    return header, columns


def _narrow(array: np.ndarray) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype.kind in "iub":
        return array.astype("<i4")
    return array.astype("<f8" if array.dtype == np.float64 else "<f4", copy=False)
