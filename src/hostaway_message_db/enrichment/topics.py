"""What a message is about: several topics, found by words and by meaning."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np

from hostaway_message_db.enrichment.cues import TOPICS
from hostaway_message_db.enrichment.heads import Head, Numbers, logistic
from hostaway_message_db.enrichment.lexicon import Hits

OTHER: Final = "other"
"""What a message is about when nothing else was found."""
LEAST_CHANCE: Final = 0.05
"""Chance from which the likeliest topic is told where none is likely."""

Source = Literal["words", "meaning"]


class TopicModel:
    """Weighs a text's words and its vector together.

    A word alone misleads ("park the discussion"), a vector alone is vague: the head has seen
    both, and learned how far the words of each topic can be trusted.
    """

    def __init__(self, heads: Mapping[str, Any]) -> None:
        self._head = Head.read(heads["layers"])
        self._threshold = float(heads["threshold"])

    def find(self, rows: Numbers, hits: Sequence[Hits]) -> list[dict[str, Source]]:
        """Return each text's topics, likeliest first, with what told them; never none.

        `rows` are vectors `with_cues`.
        """
        chances = logistic(self._head.apply(rows))
        return [self._choose(row, found) for row, found in zip(chances, hits, strict=True)]

    def _choose(self, chances: Numbers, hits: Hits) -> dict[str, Source]:
        names = likely(chances, self._threshold)
        # The words that a user added are not weighed: they hold.
        names += sorted(hits.own.difference(names))
        names = names or [likeliest(chances)]
        return {name: "words" if name in hits.topics else "meaning" for name in names}


def likely(chances: Numbers, threshold: float) -> list[str]:
    """Return the topics that pass the threshold, likeliest first; `other` is none."""
    order = [int(number) for number in np.argsort(-chances)]
    return [TOPICS[n] for n in order if chances[n] >= threshold and TOPICS[n] != OTHER]


def likeliest(chances: Numbers) -> str:
    """Return the topic of a message for which none is likely: mostly the best guess is right."""
    best = int(chances.argmax())
    return TOPICS[best] if chances[best] >= LEAST_CHANCE else OTHER
