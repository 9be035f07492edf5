"""Predictions: what a model answers for some examples, in the terms of its task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.analysis.evaluation.predictions import class_scores
from trainer.config.data_spec import DataSpec

#: From this probability on, an example has a label of a multilabel task.
THRESHOLD = 0.5


@dataclass(frozen=True)
class Predictions:
    """The model's answers for n examples.

    Attributes:
        spec: of the data, with the model's own task.
        outputs: float32 (n, …), exactly as the exported model gives them.
        step: of the checkpoint that answered.
        notes: sentences about the examples; see `Examples`.
        errors: float32 (n,): of a reconstruction, the mean squared difference from its scaled input; else None.
    """

    spec: DataSpec
    outputs: np.ndarray
    step: int
    notes: tuple[str, ...] = ()
    errors: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.outputs)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes or labels, in the order of `probabilities`; else empty."""
        return self.spec.class_labels if self.spec.task in ("classification", "multilabel") else ()

    @property
    def probabilities(self) -> np.ndarray:
        """float32 (n, classes); (n, 0) where nothing is classified."""
        if not self.classes:
            return np.zeros((len(self), 0), np.float32)
        return class_scores(self.outputs) if self.spec.task == "classification" else self.outputs

    @property
    def labels(self) -> list[str] | list[tuple[str, ...]]:
        """The class of each example; of a multilabel task a tuple of its labels; else empty."""
        if self.spec.task == "classification":
            return [self.classes[place] for place in self.probabilities.argmax(axis=1)]
        return [
            tuple(name for name, one in zip(self.classes, row, strict=True) if one >= THRESHOLD)
            for row in self.probabilities[:, : len(self.classes)]
            if self.classes
        ]

    @property
    def values(self) -> np.ndarray:
        """Of a regression the numbers in the target's own units, float32 (n,); of other tasks `outputs`."""
        return self.outputs.reshape(-1) if self.spec.task == "regression" else self.outputs

    def to_json(self) -> list[dict[str, Any]]:
        """Returns one JSON-ready object per example; `row` counts from 1.

        Classification: `class`, `probability`, `probabilities` by class. Multilabel: `labels`, `probabilities`.
        Regression: `value`. Reconstruction: `error`, `output`. Generation: `output`.
        """
        described = []
        for place in range(len(self)):
            found: dict[str, Any] = {"row": place + 1}
            if self.classes:
                by_class = dict(zip(self.classes, map(float, self.probabilities[place]), strict=True))
                if self.spec.task == "classification":
                    found |= {"class": self.labels_of(place), "probability": max(by_class.values())}
                else:
                    found["labels"] = list(self.labels_of(place))
                found["probabilities"] = by_class
            elif self.spec.task == "regression":
                found["value"] = float(self.values[place])
            else:
                found |= {} if self.errors is None else {"error": float(self.errors[place])}
                found["output"] = self.outputs[place].tolist()
            described.append(found)
        return described

    def labels_of(self, place: int) -> str | tuple[str, ...]:
        """Returns the class or the labels of one example."""
        return self.part(place, place + 1).labels[0]

    def part(self, first: int, end: int) -> Predictions:
        """Returns the answers for some examples, from index `first` up to but not including `end`."""
        errors = None if self.errors is None else self.errors[first:end]
        return Predictions(self.spec, self.outputs[first:end], self.step, self.notes, errors)

    def lines(self) -> Iterator[str]:
        """Yields one line per example: its class and probability, its value, or its error."""
        for place in range(len(self)):
            if self.spec.task == "classification":
                row = self.probabilities[place]
                yield f"{self.classes[row.argmax()]}  {row.max():.4f}"
            elif self.spec.task == "multilabel":
                chosen = self.labels_of(place)
                row = dict(zip(self.classes, self.probabilities[place], strict=True))
                yield "  ".join(f"{name} {row[name]:.4f}" for name in chosen) or f"no label ({max(row.values()):.4f})"
            elif self.spec.task == "regression":
                yield f"{self.values[place]:.7g}"
            elif self.errors is not None:
                yield f"error {self.errors[place]:.6g}"
            else:
                output = self.outputs[place]
                yield f"output {output.shape}: from {output.min():.4g} to {output.max():.4g}"
