"""Class weights as a Keras user gives them: {label: weight}."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.data.splits import Split
from trainer.errors import ConfigError


def weights_by_label(given: Mapping[int | str, float], split: Split, labels: tuple[int, int] | None) -> list[float]:
    """Returns one weight per label from 0 on; labels without a weight count 1.

    Args:
        given: weight of each label, a number or the text that it stands for.
        split: of the data.
        labels: the lowest and the highest label, where they are known.

    Raises:
        ConfigError: a label that the data does not have.
    """
    places = {name: place for place, name in enumerate(split.class_names)}
    known = {places.get(label, label): float(weight) for label, weight in given.items()}
    highest = labels[1] if labels else split.y.shape[-1] - 1 if len(split.y.shape) > 1 else int(split.y.max())
    for label in known:
        if not isinstance(label, int) or not 0 <= label <= highest:
            raise ConfigError(
                f"class_weight must name labels of the data, up to {highest}. Received: {label!r}. Correct the label.",
                "class_weight",
            )
    return [known.get(label, 1.0) for label in range(highest + 1)]
