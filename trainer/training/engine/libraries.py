"""Loads TensorFlow's shared libraries ahead of its import."""

from __future__ import annotations

import ctypes
import os
from importlib.util import find_spec
from pathlib import Path


def load_libraries() -> None:
    """Loads the two large libraries while other threads run; the import of TensorFlow then finds them loaded.

    The import would hold the GIL meanwhile: 0.4 s, or some seconds where the files are not in memory yet. Does nothing
    where the libraries are named otherwise, or cannot be loaded: the import then says why.
    """
    spec = find_spec("tensorflow")  # found without importing it
    if spec is None or not hasattr(os, "RTLD_NOW"):
        return
    loader = ctypes.CDLL(None)  # a call of one of its functions releases the GIL
    if not hasattr(loader, "dlopen"):
        return
    loader.dlopen.restype, loader.dlopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]
    folder = Path(spec.origin).parent
    for name in ("framework", "cc"):  # the second depends on the first
        for path in folder.glob(f"libtensorflow_{name}.so.*"):
            loader.dlopen(os.fsencode(path), os.RTLD_NOW | os.RTLD_LOCAL)
