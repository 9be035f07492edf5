"""Examples that are in the training split and in another split."""

from __future__ import annotations

import numpy as np

from trainer.data.dataset import Dataset
from trainer.data.splits import Split
from trainer.data.values import blocks


def note_copies(dataset: Dataset) -> tuple[str, ...]:
    """Returns a sentence for each split that shares examples with the training split."""
    parts = {"validation": dataset.validation, "test": dataset.test}
    parts = {name: split for name, split in parts.items() if split is not None}
    if not parts:
        return ()
    seen = set(hashes(dataset.train))
    counts = {name: sum(value in seen for value in hashes(split)) for name, split in parts.items()}
    return tuple(
        f"{count:,} of {len(parts[name]):,} {name} examples are also in the training split, so {name} scores may look "
        "too good. Remove the copies from the file."
        for name, count in counts.items()
        if count
    )


def hashes(split: Split) -> list[int]:
    """Returns one hash for each example, inputs and target together."""
    found = []
    for first, block in blocks(split.x):
        y = split.y[first : first + len(block)]
        # Adding 0 turns -0 into 0. Bytes of both are hashed as one.
        parts = [(part + part.dtype.type(0)).reshape(len(block), -1).view(np.uint8) for part in (block, y)]
        rows = np.concatenate(parts, axis=1)
        content, width = rows.tobytes(), rows.shape[1]
        found += [hash(content[start : start + width]) for start in range(0, len(content), width)]
    return found
