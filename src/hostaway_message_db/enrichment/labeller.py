"""All that models tell of a text: its language, sentiment, topics and vector."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from hostaway_message_db.enrichment.cues import with_cues
from hostaway_message_db.enrichment.encoder import FastEncoder, SlowEncoder
from hostaway_message_db.enrichment.heads import Heads, read_heads
from hostaway_message_db.enrichment.language import detect_language
from hostaway_message_db.enrichment.lexicon import Lexicon
from hostaway_message_db.enrichment.sentiment import Sentiment, SentimentModel
from hostaway_message_db.enrichment.topics import Source, TopicModel
from hostaway_message_db.enrichment.word_slots import slots_of
from hostaway_message_db.errors import ModelsMissing

BATCH: Final = 256
"""Texts that are worked on at once: what memory is bounded by."""
_REMEMBERED: Final = 8192
"""Texts whose labels are kept: templates repeat."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What one text was found to say."""

    language: str | None
    sentiment: Sentiment | None
    topics: dict[str, Source]
    vector: NDArray[np.float32]


class Labeller:
    """The models, loaded once; labels depend on the text and its language alone.

    Not for several threads at once.
    """

    vector_model: Final = FastEncoder.name

    def __init__(self, lexicon: Lexicon, heads: Heads) -> None:
        self._fast = FastEncoder()
        self._slow = _slow_encoder()
        self._lexicon = lexicon
        self._topics = TopicModel(heads)
        self._sentiment = SentimentModel(heads, self._slow.encode if self._slow else None)
        # Heads are small: a second thread would only spin beside the first.
        self._threads = ThreadpoolController()
        self._known: dict[bytes, Labels] = {}
        parts = (heads.digest, lexicon.digest, "both" if self._slow else "fast")
        self.version = hashlib.blake2b("/".join(parts).encode(), digest_size=6).hexdigest()
        """Changes with everything that labels depend on: stored as `enrichment_version`."""

    @classmethod
    def load(cls, topics_folder: Path | None = None) -> "Labeller":
        """Load encoders, heads and words, about a second and 200 MB.

        Raises ModelsMissing without the extra `nlp`, ConfigurationError when a file of
        `topics_folder` is wrong.
        """
        return cls(Lexicon.load(topics_folder), read_heads())

    @property
    def slow_share(self) -> float:
        """Return the share of the texts judged so far that were put to the slow encoder."""
        return self._sentiment.unsure_count / max(1, self._sentiment.judged_count)

    def label(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None] | None = None,
        by_guests: Sequence[bool] | None = None,
    ) -> list[Labels]:
        """Return the labels of each text, in order; total, any str has an answer.

        A language that is given holds; without any, each text's own is detected. Texts that
        are not by guests get no sentiment; without `by_guests` all are.
        """
        codes = [detect_language(t).code for t in texts] if languages is None else languages
        flags = [True] * len(texts) if by_guests is None else by_guests
        asked = [_Asked(*row) for row in zip(texts, codes, flags, strict=True)]
        keys = [row.key() for row in asked]
        new = {key: row for key, row in zip(keys, asked, strict=True) if key not in self._known}
        found = dict(zip(new, self._label_new(list(new.values())), strict=True))
        answers = [found[key] if key in found else self._known[key] for key in keys]
        self._remember(found)
        return answers

    def _label_new(self, new: list["_Asked"]) -> list[Labels]:
        found: list[Labels] = []
        for start in range(0, len(new), BATCH):
            with self._threads.limit(limits=1, user_api="blas"):
                found += self._label_batch(new[start : start + BATCH])
        return found

    def _label_batch(self, batch: list["_Asked"]) -> Iterator[Labels]:
        texts = [row.text for row in batch]
        vectors = self._fast.encode(texts)
        hits = [self._lexicon.find(row.text, row.language) for row in batch]
        rows = with_cues(texts, vectors, hits)
        slots = [slots_of(text) for text in texts]
        topics = self._topics.find(rows, slots, hits)
        guests = [number for number, row in enumerate(batch) if row.is_by_guest]
        sentiments = self._sentiment.judge(
            [texts[n] for n in guests],
            rows[guests],
            [slots[n] for n in guests],
            [topics[n] for n in guests],
        )
        judged = dict(zip(guests, sentiments, strict=True))
        for number, row in enumerate(batch):
            vector = vectors[number].copy()
            yield Labels(row.language, judged.get(number), topics[number], vector)

    def _remember(self, found: dict[bytes, Labels]) -> None:
        """Keep the newest labels, a bounded number of them."""
        self._known.update(found)
        for key in list(self._known)[: max(0, len(self._known) - _REMEMBERED)]:
            del self._known[key]


def _slow_encoder() -> SlowEncoder | None:
    try:
        return SlowEncoder()
    except ModelsMissing:
        return None


class _Asked(NamedTuple):
    """One text with what its labels depend on."""

    text: str
    language: str | None
    is_by_guest: bool

    def key(self) -> bytes:
        written = f"{self.language} {self.is_by_guest} {self.text}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(written, digest_size=16).digest()
