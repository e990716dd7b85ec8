"""The trained part: small networks over vectors and weights of words, kept as numbers in a file."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hostaway_message_db.enrichment.word_slots import Slots

Numbers = NDArray[np.float32]

_FILE: Final = "heads.npz"


@dataclass(frozen=True, slots=True)
class Head:
    """Layers of weights and biases, with what is below zero cut off between two layers."""

    layers: tuple[tuple[Numbers, Numbers], ...]

    def apply(self, rows: Numbers) -> Numbers:
        """Return the last layer's values, a row for each row."""
        for number, (weights, bias) in enumerate(self.layers):
            if number:
                rows = np.maximum(rows, 0)
            rows = rows @ weights + bias
        return rows


@dataclass(frozen=True, slots=True)
class WordHead:
    """A row of weights for each slot of words (`slots_of`), and a bias."""

    weights: Numbers
    bias: Numbers

    def apply(self, slots: Sequence[Slots]) -> Numbers:
        """Return a row for each text: its slots' weights, a long text no louder."""
        values = [self.weights[some].sum(axis=0) / max(1, len(some)) ** 0.5 for some in slots]
        return np.array(values, np.float32).reshape(-1, len(self.bias)) + self.bias


@dataclass(frozen=True, slots=True)
class Heads:
    """All that was trained: for sentiment a fast, a slow and a word head, for topics two.

    `unsure_below` is the margin below which the slow head is asked, `threshold` the chance from
    which a topic is told; `digest` changes with any number.
    """

    sentiment_fast: Head
    sentiment_slow: Head
    sentiment_words: WordHead
    topics: Head
    topics_words: WordHead
    unsure_below: float
    threshold: float
    digest: str


def softmax(values: Numbers) -> Numbers:
    """Return rows that add up to one."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def logistic(values: Numbers) -> Numbers:
    """Return each value as a probability."""
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -60, 60))), dtype=np.float32)


def read_heads() -> Heads:
    """Read the shipped file, which `make train` writes."""
    written = files(__package__).joinpath("data", _FILE).read_bytes()
    with np.load(BytesIO(written), allow_pickle=False) as arrays:
        return Heads(
            sentiment_fast=_head(arrays, "sentiment_fast"),
            sentiment_slow=_head(arrays, "sentiment_slow"),
            sentiment_words=_word_head(arrays, "sentiment_words"),
            topics=_head(arrays, "topics"),
            topics_words=_word_head(arrays, "topics_words"),
            unsure_below=float(arrays["unsure_below"]),
            threshold=float(arrays["threshold"]),
            digest=hashlib.blake2b(written, digest_size=8).hexdigest(),
        )


def _head(arrays: Mapping[str, Numbers], name: str) -> Head:
    layers = ((_array(arrays, name, n, "weights"), _array(arrays, name, n, "bias")) for n in (0, 1))
    return Head(tuple(layers))


def _word_head(arrays: Mapping[str, Numbers], name: str) -> WordHead:
    return WordHead(_array(arrays, name, 0, "weights"), _array(arrays, name, 0, "bias"))


def _array(arrays: Mapping[str, Numbers], name: str, layer: int, part: str) -> Numbers:
    """Return one array; the file keeps weights in half the bits."""
    return arrays[array_name(name, layer, part)].astype(np.float32)


def array_name(head: str, layer: int, part: str) -> str:
    """Return under which name the file has an array of a head."""
    return f"{head}.{layer}.{part}"
