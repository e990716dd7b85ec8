"""The attitude of a guest's message to the stay, the host or the platform."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from hostaway_message_db.enrichment.heads import Head, Numbers, softmax

Attitude = Literal["negative", "neutral", "positive"]
ATTITUDES: Final[tuple[Attitude, ...]] = ("negative", "neutral", "positive")

URGENT_TOPICS: Final = frozenset(
    ("access", "accessibility", "checkin", "climate", "pests", "safety_damage", "water")
)
"""What spoils a stay by the hour: a complaint about it cannot wait until tomorrow."""
_SURELY_NEGATIVE: Final = -0.9


@dataclass(frozen=True, slots=True)
class Sentiment:
    """A label, a score from -1 (bad) to 1 (good), and whether a human is likely needed now."""

    label: Attitude
    score: float
    alert: bool


class SentimentModel:
    """Two heads: one over the fast vectors for every text, one over the slow for the unsure.

    `slow_vectors` encodes texts with the slow encoder, or is null where there is none.
    """

    def __init__(
        self, heads: Mapping[str, Any], slow_vectors: Callable[[list[str]], Numbers] | None
    ) -> None:
        self._fast = Head.read(heads["fast"])
        self._slow = Head.read(heads["slow"])
        self._slow_share = float(heads["slow_share"])
        self._unsure_below = float(heads["unsure_below"])
        self._slow_vectors = slow_vectors
        self.judged_count = 0
        self.unsure_count = 0

    def judge(
        self, texts: Sequence[str], rows: Numbers, topics: Sequence[Collection[str]]
    ) -> list[Sentiment]:
        """Return the sentiment of each text; the same text has the same, whatever beside it.

        `rows` are vectors `with_cues`.
        """
        if not texts:
            return []
        shares = softmax(self._fast.apply(rows))
        unsure = find_unsure(shares, self._unsure_below)
        self.judged_count += len(texts)
        self.unsure_count += len(unsure)
        if self._slow_vectors is not None and unsure:
            second = self._slow_vectors([texts[number] for number in unsure])
            slow = softmax(self._slow.apply(second))
            shares[unsure] += self._slow_share * (slow - shares[unsure])
        return [_sentiment(row, about) for row, about in zip(shares, topics, strict=True)]


def find_unsure(shares: Numbers, below: float) -> list[int]:
    """Return the rows whose two likeliest labels are closer than `below`."""
    ordered = np.sort(shares, axis=1)
    return [int(number) for number in np.flatnonzero(ordered[:, -1] - ordered[:, -2] < below)]


def _sentiment(shares: Numbers, topics: Collection[str]) -> Sentiment:
    label = ATTITUDES[int(shares.argmax())]
    score = round(float(shares[2] - shares[0]), 3)
    is_urgent = score <= _SURELY_NEGATIVE or not URGENT_TOPICS.isdisjoint(topics)
    return Sentiment(label, score, alert=label == "negative" and is_urgent)
