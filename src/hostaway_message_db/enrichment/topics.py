"""What a message is about: several topics, found by words and by meaning."""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from hostaway_message_db.enrichment.cues import TOPICS
from hostaway_message_db.enrichment.heads import Heads, Numbers, logistic
from hostaway_message_db.enrichment.lexicon import Hits
from hostaway_message_db.enrichment.word_slots import Slots

OTHER: Final = "other"
"""What a message is about when nothing else was found."""
LEAST_CHANCE: Final = 0.05
"""Chance from which the likeliest topic is told where none is likely."""
_SURE: Final = 4.6
"""Value, a chance of 0.99, past which no head is believed: each can be overruled by the other."""

Source = Literal["words", "meaning"]


class TopicModel:
    """Weighs a text's words and its vector together.

    A word alone misleads ("park the discussion"), a vector alone is vague: one head has seen both,
    and learned how far the listed words of each topic can be trusted; the other has learned which
    further words tell a topic.
    """

    def __init__(self, heads: Heads) -> None:
        self._heads = heads

    def find(
        self, rows: Numbers, slots: Sequence[Slots], hits: Sequence[Hits]
    ) -> list[dict[str, Source]]:
        """Return each text's topics, likeliest first, with what told them; never none.

        `rows` are vectors `with_cues`, `slots` those of `slots_of`.
        """
        chances = weigh_chances(
            self._heads.topics.apply(rows), self._heads.topics_words.apply(slots)
        )
        return [self._choose(row, found) for row, found in zip(chances, hits, strict=True)]

    def _choose(self, chances: Numbers, hits: Hits) -> dict[str, Source]:
        names = likely(chances, self._heads.threshold)
        # The words that a user added are not weighed: they hold.
        names += sorted(hits.own.difference(names))
        names = names or [likeliest(chances)]
        return {name: "words" if name in hits.topics else "meaning" for name in names}


def weigh_chances(by_meaning: Numbers, by_words: Numbers) -> Numbers:
    """Return the chance of each topic, of what the two heads give: both count the same."""
    values = np.stack([by_meaning, by_words]).clip(-_SURE, _SURE)
    return logistic(values.mean(axis=0, dtype=np.float32))


def likely(chances: Numbers, threshold: float) -> list[str]:
    """Return the topics that pass the threshold, likeliest first; `other` is none."""
    order = [int(number) for number in np.argsort(-chances)]
    return [TOPICS[n] for n in order if chances[n] >= threshold and TOPICS[n] != OTHER]


def likeliest(chances: Numbers) -> str:
    """Return the topic of a message for which none is likely: mostly the best guess is right."""
    best = int(chances.argmax())
    return TOPICS[best] if chances[best] >= LEAST_CHANCE else OTHER
