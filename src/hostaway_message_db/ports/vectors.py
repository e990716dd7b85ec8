"""What a search by meaning needs: vectors of texts, and who says them."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any, Protocol

from hostaway_message_db.models.query import Query


class VectorStore(Protocol):
    """The collection `embeddings`, and the messages that say its texts."""

    async def nearest(
        self, model: str, numbers: bytes, limit: int, allowed: Collection[str] | None
    ) -> list[tuple[str, float]] | None:
        """Return the nearest allowed texts with their nearness from -1 to 1, nearest first.

        None where the store cannot search vectors itself; `vectors` has them all.
        """
        ...

    async def state(self, model: str) -> str:
        """Return what changes whenever a vector of this model is stored or deleted."""
        ...

    async def text_hashes(self, model: str) -> set[str]:
        """Return the hashes of all texts that have a vector of this model."""
        ...

    def vectors(
        self, model: str, hashes: Collection[str]
    ) -> AsyncIterator[Sequence[tuple[str, bytes]]]:
        """Stream batches of these texts' vectors: numbers of 32 bits, little-endian."""
        ...

    async def hashes_of(self, query: Query) -> set[str]:
        """Return the hashes of the texts of all messages that a query means."""
        ...

    async def messages_saying(
        self, query: Query, hashes: Collection[str]
    ) -> dict[str, dict[str, Any]]:
        """Return for each text the newest message that says it and that the query means."""
        ...
