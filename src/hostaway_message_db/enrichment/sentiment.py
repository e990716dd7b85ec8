"""The attitude of a guest's message to the stay, the host or the platform."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from hostaway_message_db.enrichment.heads import Heads, Numbers, softmax
from hostaway_message_db.enrichment.word_slots import Slots

Attitude = Literal["negative", "neutral", "positive"]
ATTITUDES: Final[tuple[Attitude, ...]] = ("negative", "neutral", "positive")

URGENT_TOPICS: Final = frozenset(
    ("access", "accessibility", "checkin", "climate", "pests", "safety_damage", "water")
)
"""What spoils a stay by the hour: a complaint about it cannot wait until tomorrow."""
_SURELY_NEGATIVE: Final = -0.9
_DOUBT: Final = 0.02
"""Added to every share: no head alone is certain."""
_WORDS_COUNT: Final = 0.7
"""How much words count beside the meaning."""
_LEANING: Final = np.log(np.array([1.2, 1.0, 1.0], np.float32))
"""A complaint that is missed costs more than one that was none: its share counts a fifth more."""

_LONG_CHARACTERS: Final = 200
_LONG_MARGIN: Final = 0.5


@dataclass(frozen=True, slots=True)
class Sentiment:
    """A label, a score from -1 (bad) to 1 (good), and whether a human is likely needed now."""

    label: Attitude
    score: float
    alert: bool


class SentimentModel:
    """A head over the fast vectors for every text, one over the slow too for the unsure; and words.

    `slow_vectors` encodes texts with the slow encoder, or is null where there is none.
    """

    def __init__(self, heads: Heads, slow_vectors: Callable[[list[str]], Numbers] | None) -> None:
        self._heads = heads
        self._slow_vectors = slow_vectors
        self.judged_count = 0
        self.unsure_count = 0

    def judge(
        self,
        texts: Sequence[str],
        rows: Numbers,
        slots: Sequence[Slots],
        topics: Sequence[Collection[str]],
    ) -> list[Sentiment]:
        """Return the sentiment of each text; the same text has the same, whatever beside it.

        `rows` are vectors `with_cues`, `slots` those of `slots_of`.
        """
        if not texts:
            return []
        by_words = softmax(self._heads.sentiment_words.apply(slots))
        shares = weigh_shares(softmax(self._heads.sentiment_fast.apply(rows)), by_words)
        unsure = find_unsure(shares, [len(t) for t in texts], self._heads.unsure_below)
        self.judged_count += len(texts)
        self.unsure_count += len(unsure)
        if self._slow_vectors is not None and unsure:
            both = np.hstack([rows[unsure], self._slow_vectors([texts[n] for n in unsure])])
            slow = softmax(self._heads.sentiment_slow.apply(both))
            shares[unsure] = weigh_shares(slow, by_words[unsure])
        return [_sentiment(row, about) for row, about in zip(shares, topics, strict=True)]


def weigh_shares(by_meaning: Numbers, by_words: Numbers) -> Numbers:
    """Return the shares of the labels, of what a head over vectors and the one of words give."""
    by_both = np.log(by_meaning + _DOUBT) + _WORDS_COUNT * np.log(by_words + _DOUBT)
    return softmax(by_both + _LEANING)


def find_unsure(shares: Numbers, lengths: Sequence[int], below: float) -> list[int]:
    """Return the rows whose doubt is worth what the slow encoder costs (`margins`)."""
    return [int(number) for number in np.flatnonzero(margins(shares, lengths) < below)]


def margins(shares: Numbers, lengths: ArrayLike) -> Numbers:
    """Return how far the likeliest label is ahead of the next, and more the longer the text.

    The slow encoder's time grows with the text: for one long text it reads several short ones.
    """
    ordered = np.sort(shares, axis=1)
    extra = np.minimum(lengths, _LONG_CHARACTERS) / _LONG_CHARACTERS * _LONG_MARGIN
    return np.asarray(ordered[:, -1] - ordered[:, -2] + extra, dtype=np.float32)


def _sentiment(shares: Numbers, topics: Collection[str]) -> Sentiment:
    label = ATTITUDES[int(shares.argmax())]
    score = round(float(shares[2] - shares[0]), 3) + 0.0  # no zero with a minus
    is_urgent = score <= _SURELY_NEGATIVE or not URGENT_TOPICS.isdisjoint(topics)
    return Sentiment(label, score, alert=label == "negative" and is_urgent)
