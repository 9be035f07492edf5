"""Downloads: one file is one family of entries of `EXPORTS`; an entry's name is the file's name.

An entry's function takes (run, path), or (run, path, source) if it has the trait `source`, and writes the file.
Traits: `trainer.config.traits.ExportTraits`.
"""

import errno
import os
from pathlib import Path

from trainer.config.registry import EXPORTS
from trainer.errors import ExportError
from trainer.export.suitability import why_never

__all__ = ["EXPORTS", "export", "why_never"]


def export(run, kind: str, path: str | Path, source: str | int | None = None, with_data: bool = False) -> Path:
    """Writes one download of a run.

    Args:
        run: a `Run`, of any status.
        kind: an entry of `EXPORTS`, such as "model.keras".
        path: the file to write; its folder must exist.
        source: "best", "latest" or a checkpoint's step; None: the kind's own default. Ignored for
            files that do not depend on a checkpoint, such as the history.
        with_data: whether the uploaded data file goes along, in a capsule; otherwise ignored.

    Returns:
        The path.

    Raises:
        ConfigError: there is no such kind, or no such checkpoint.
        ExportError: this download is impossible for the run, or not possible yet.
        OSError: the file cannot be written.
    """
    entry, path = EXPORTS[kind], Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    if reason := why_never(run, kind):
        raise ExportError(reason)
    default = entry.traits.source
    arguments = (run, path, source or default) if default else (run, path)
    entry.build(*arguments, **({"with_data": with_data} if entry.traits.can_include_data else {}))
    return path
