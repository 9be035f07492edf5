"""Examples with the class that the model sees in each: images and sequences, also generated ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pages.ui.run.sees.thumbnails import Thumbnail, grid_html, picture_source, sequence_source

Arrays = Mapping[str, np.ndarray]
#: Inputs in a row, above their reconstructions.
IN_A_ROW = 10


def images_html(fixed: Arrays, frame: Arrays, classes: Sequence[str]) -> str:
    """Returns images with the predicted class and its probability; see `trainer.training.views.images`."""
    sources = map(picture_source, fixed["images"])
    return grid_html(_guesses(sources, fixed["targets"], frame["probabilities"], classes))


def sequences_html(fixed: Arrays, frame: Arrays, classes: Sequence[str]) -> str:
    """Returns sequences with the predicted class and its probability; see `trainer.training.views.sequences`."""
    values = fixed["sequences"]
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    sources = (sequence_source(one, low, high) for one in values)
    return grid_html(_guesses(sources, fixed["targets"], frame["probabilities"], classes), is_wide=True)


def reconstructions_html(fixed: Arrays, frame: Arrays) -> str:
    """Returns images in rows, and below each row what came back; see `trainer.training.views.reconstructions`."""
    shown = []
    for first in range(0, len(fixed["images"]), IN_A_ROW):
        for kind, images in (("input", fixed["images"]), ("reconstruction", frame["reconstructions"])):
            row = enumerate(images[first : first + IN_A_ROW], start=first + 1)
            shown += [Thumbnail(picture_source(one), f"{kind} {place}") for place, one in row]
    return grid_html(shown, columns=min(IN_A_ROW, len(fixed["images"])))


def generated_html(frame: Arrays) -> str:
    """Returns generated images; see `trainer.training.views.generated`."""
    shown = [Thumbnail(picture_source(one), f"generated image {place}") for place, one in enumerate(frame["images"], 1)]
    return grid_html(shown, columns=8)


def count_right(targets: np.ndarray, probabilities: np.ndarray) -> int:
    """Returns for how many examples the model is right: in all labels where there are several."""
    if targets.ndim == 1:
        return int((probabilities.argmax(axis=1) == targets).sum())
    return int(((probabilities >= 0.5) == (targets > 0.5)).all(axis=1).sum())


def _guesses(sources, targets: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]) -> list[Thumbnail]:
    one = _single if targets.ndim == 1 else _several
    return [one(source, *row, classes) for source, *row in zip(sources, targets, probabilities, strict=True)]


def _single(source: str, target: int, probabilities: np.ndarray, classes: Sequence[str]) -> Thumbnail:
    guess = int(probabilities.argmax())
    is_wrong, text = guess != target, f"{classes[guess]} · {_percent(probabilities[guess])}"
    truth = classes[int(target)]
    return Thumbnail(source, f"predicted {text}, true {truth}", text, is_wrong, f"is {truth}" if is_wrong else "")


def _several(source: str, target: np.ndarray, probabilities: np.ndarray, labels: Sequence[str]) -> Thumbnail:
    guess, truth = (
        ", ".join(label for label, is_set in zip(labels, row, strict=True) if is_set) or "none"
        for row in (probabilities >= 0.5, target > 0.5)
    )
    return Thumbnail(
        source, f"predicted {guess}, true {truth}", guess, guess != truth, f"is {truth}" if guess != truth else ""
    )


def _percent(probability: float) -> str:
    """Returns "98 %"; never "100 %" for less than certainty that rounds to it."""
    return f"{min(float(probability), 0.994 if probability < 1 else 1):.0%}".replace("%", " %")
