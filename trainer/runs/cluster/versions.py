"""What must be the same on every node: the numbers depend on it."""

from __future__ import annotations

import functools
import hashlib
import platform
from importlib import metadata
from pathlib import Path

import trainer
from trainer.errors import ClusterError

_PACKAGES = ("tensorflow", "keras", "numpy")


@functools.cache
def versions() -> dict[str, str]:
    """Returns the versions of Python, of the packages that compute, and of this program's own code."""
    return {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in _PACKAGES},
        "traindeck": hash_code(Path(trainer.__file__).parent),
    }


def hash_code(folder: Path) -> str:
    """Returns 12 hex digits of the SHA-256 over a package's Python files and their places."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        content = path.read_bytes()
        total.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()[:12]


def refuse_other_versions(node: str, theirs: dict[str, str], ours: dict[str, str]) -> None:
    """Refuses a node that would compute with other code.

    Args:
        node: its address.
        theirs, ours: as `versions` returns them there and here.

    Raises:
        ClusterError: something differs.
    """
    different = [f"{name} {theirs.get(name, 'missing')} there, {ours[name]} here" for name in ours
                 if theirs.get(name) != ours[name]]  # fmt: skip
    if different:
        raise ClusterError(
            f"The node {node} must have the same versions as this server. Received: {'; '.join(different)}. Install "
            "the same checkout and requirements.txt there, or train on this server."
        )
