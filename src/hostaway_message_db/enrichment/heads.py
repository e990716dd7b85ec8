"""The trained part: small networks over vectors, kept as numbers in a JSON file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]

_FILE: Final = "heads.json"


@dataclass(frozen=True, slots=True)
class Head:
    """Layers of weights and biases, with what is below zero cut off between two layers."""

    layers: tuple[tuple[Numbers, Numbers], ...]

    @classmethod
    def read(cls, layers: Sequence[Mapping[str, Any]]) -> "Head":
        """Make one of what the JSON file holds: `weights` (a row an input) and `bias`."""
        return cls(
            tuple(
                (
                    np.asarray(layer["weights"], dtype=np.float32),
                    np.asarray(layer["bias"], dtype=np.float32),
                )
                for layer in layers
            )
        )

    def apply(self, rows: Numbers) -> Numbers:
        """Return the last layer's values, a row for each row."""
        for number, (weights, bias) in enumerate(self.layers):
            if number:
                rows = np.maximum(rows, 0)
            rows = rows @ weights + bias
        return rows


def softmax(values: Numbers) -> Numbers:
    """Return rows that add up to one."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def logistic(values: Numbers) -> Numbers:
    """Return each value as a probability."""
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -60, 60))), dtype=np.float32)


def read_heads() -> dict[str, Any]:
    """Read the shipped file, which `make train` writes."""
    text = files(__package__).joinpath("data", _FILE).read_text(encoding="utf-8")
    heads: dict[str, Any] = json.loads(text)
    return heads
