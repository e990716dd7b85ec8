"""What the labelling needs: stored texts without labels, and models that give them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

LanguageVotes = Mapping[str, tuple[int, int]]
"""Of one conversation: how many messages of the guest, and of all, are in each language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredText:
    """A stored message, as far as its labels depend on it."""

    message_id: str
    conversation_id: str
    text: str = field(repr=False)
    text_hash: str | None
    is_of_guest: bool
    """Written by the guest: only then it has an attitude that counts."""
    language: str | None
    language_basis: str | None
    updated_at: datetime


class Attitude(Protocol):
    """The attitude of a text to the stay, the host or the platform."""

    @property
    def label(self) -> str:
        """Return `negative`, `neutral` or `positive`."""
        ...

    @property
    def score(self) -> float:
        """Return a number from -1, bad, to 1, good."""
        ...

    @property
    def alert(self) -> bool:
        """Tell whether somebody is likely needed now."""
        ...


class Numbers(Protocol):
    """A vector of numbers of 32 bits."""

    def tobytes(self) -> bytes:
        """Return the numbers, little-endian."""
        ...


class TextLabels(Protocol):
    """What the models say of one text."""

    @property
    def sentiment(self) -> Attitude | None:
        """Return the attitude; None for what is not by a guest."""
        ...

    @property
    def language(self) -> str | None:
        """Return the language that was given or found."""
        ...

    @property
    def topics(self) -> Collection[str]:
        """Return what the text is about."""
        ...

    @property
    def vector(self) -> Numbers:
        """Return where the text stands among all texts."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLabels:
    """What is written to one message."""

    message_id: str
    conversation_id: str
    updated_at: datetime
    """The message as it was read; one that changed meanwhile keeps waiting."""
    language: str | None
    language_confidence: float | None
    language_basis: str | None
    sentiment: dict[str, Any] | None
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextVector:
    """The vector of a text, known by the text's hash."""

    text_hash: str
    model: str
    vector: bytes = field(repr=False)


class TextLabeller(Protocol):
    """The language models, loaded."""

    @property
    def version(self) -> str:
        """Return what changes whenever the same text may get other labels."""
        ...

    @property
    def vector_model(self) -> str:
        """Return the name of the model that makes the vectors."""
        ...

    def label(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None] | None = None,
        by_guests: Sequence[bool] | None = None,
    ) -> Sequence[TextLabels]:
        """Return the labels of each text; slow, and never raises because of a text.

        Only texts by guests get a sentiment; without `by_guests` all are theirs.
        """
        ...


class LabelStore(Protocol):
    """The labels in the collection `messages`, and the collection `embeddings`."""

    async def count_waiting(self, version: str | None = None, account_id: str | None = None) -> int:
        """Count the messages without labels; with a version, also those of another one."""
        ...

    async def waiting(self, version: str, limit: int) -> list[StoredText]:
        """Return messages that wait for labels: the newest without any first."""
        ...

    async def let_all_wait(self) -> int:
        """Make all labels void; they stay until they are replaced."""
        ...

    async def votes(self, conversation_ids: Collection[str]) -> dict[str, LanguageVotes]:
        """Return in which languages the conversations are, by the texts that tell it."""
        ...

    async def write_language(self, labels: Sequence[MessageLabels]) -> None:
        """Write languages that the texts tell, ahead of the labels."""
        ...

    async def write(self, labels: Sequence[MessageLabels], version: str) -> frozenset[str]:
        """Write labels; return the messages that had changed meanwhile and got none."""
        ...

    async def let_wait(self, languages: Mapping[str, str | None]) -> int:
        """Void the labels of messages that have another language than their conversation now."""
        ...

    async def known_vectors(self, hashes: Collection[str], model: str) -> frozenset[str]:
        """Return the hashes whose vectors of this model are stored."""
        ...

    async def put_vectors(self, vectors: Sequence[TextVector], now: datetime) -> int:
        """Store vectors, each once; return how many are new."""
        ...

    async def drop_unused_vectors(self, hashes: Collection[str]) -> int:
        """Delete the vectors among these that no message's text has any more."""
        ...
