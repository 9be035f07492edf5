"""NPZ files, read by one thread at a time.

numpy parses array headers with `ast`, whose state Python 3.11 shares between threads. Parallel reads could raise
"SystemError: AST constructor recursion depth mismatch".
"""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

#: Locked while a header is parsed.
header_lock = threading.Lock()


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Returns all arrays of an NPZ file by name.

    Raises:
        OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile: it cannot be read.
    """
    with header_lock, np.load(path, allow_pickle=False) as file:
        return {key: file[key] for key in file.files}
