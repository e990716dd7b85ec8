"""A labeller that reads words, for tests of everything around the models."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Attitude:
    """An attitude."""

    label: str
    score: float
    alert: bool


@dataclass(frozen=True, slots=True)
class Vector:
    """Some numbers."""

    numbers: bytes

    def tobytes(self) -> bytes:
        """Return the numbers."""
        return self.numbers


@dataclass(frozen=True, slots=True)
class Labels:
    """What is said of a text."""

    sentiment: Attitude | None
    topics: dict[str, str]
    vector: Vector
    language: str | None = None


@dataclass(slots=True)
class WordLabeller:
    """Labels by a few words; notes what it was asked. A topic tells in which language it read."""

    version: str = "1"
    vector_model: str = "words-1"
    batches: list[list[str]] = field(default_factory=list)
    breaks_after: int | None = None

    def label(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None] | None = None,
        by_guests: Sequence[bool] | None = None,
    ) -> list[Labels]:
        """Return the labels of each text."""
        if self.breaks_after is not None and len(self.batches) >= self.breaks_after:
            raise KeyboardInterrupt
        self.batches.append(list(texts))
        codes = languages or [None] * len(texts)
        guests = by_guests or [True] * len(texts)
        return [self._labels(*row) for row in zip(texts, codes, guests, strict=True)]

    def _labels(self, text: str, code: str | None, is_by_guest: bool) -> Labels:
        label = "negative" if "broken" in text else "neutral"
        topics = {f"in_{code}": "lexicon"} | ({"wifi": "lexicon"} if "wifi" in text else {})
        score = -0.9 if label == "negative" else 0.1
        vector = Vector(sha256(text.encode()).digest())
        attitude = Attitude(label, score, alert=label == "negative")
        return Labels(attitude if is_by_guest else None, topics, vector, code)
