"""Vectors and the messages that say their texts; see `ports.VectorStore`."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.database import AsyncDatabase

from hostaway_message_db.database.documents import Document, from_bson
from hostaway_message_db.database.failures import guarded, translated
from hostaway_message_db.database.indexes import EMBEDDINGS, MESSAGES
from hostaway_message_db.database.queries import SHOWN
from hostaway_message_db.database.query_compiler import compile_query
from hostaway_message_db.database.vector_search import ServerVectorSearch, numbers_of
from hostaway_message_db.database.vectors import vector_id
from hostaway_message_db.models.query import Query

BATCH_SIZE = 2_000
ID_BATCH = 50_000


class MongoVectorStore:
    """Questions about vectors to one database."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._messages = database[MESSAGES]
        self._embeddings = database[EMBEDDINGS]
        self._search = ServerVectorSearch(self._embeddings)

    async def nearest(
        self, model: str, numbers: bytes, limit: int, allowed: Collection[str] | None
    ) -> list[tuple[str, float]] | None:
        """Return the nearest allowed texts, if the server can search vectors itself."""
        return await self._search.nearest(model, numbers, limit, allowed)

    @guarded
    async def state(self, model: str) -> str:
        """Return how many vectors there are and when the newest was stored, whatever that says."""
        newest = await self._embeddings.find_one(
            {"model": model}, {"_id": 0, "stored_at": 1}, sort=[("stored_at", DESCENDING)]
        )
        count = await self._embeddings.estimated_document_count()
        return f"{count} {(newest or {}).get('stored_at')}"

    @guarded
    async def text_hashes(self, model: str) -> set[str]:
        """Return the hashes of all texts that have a vector of this model."""
        found = self._embeddings.find({"model": model}, {"_id": 0, "text_hash": 1}).batch_size(
            ID_BATCH
        )
        return {document["text_hash"] async for document in found}

    async def vectors(
        self, model: str, hashes: Collection[str]
    ) -> AsyncIterator[Sequence[tuple[str, bytes]]]:
        """Stream batches of these texts' vectors: numbers of 32 bits, little-endian."""
        ordered = sorted(hashes)
        for start in range(0, len(ordered), BATCH_SIZE):
            keys = [vector_id(each, model) for each in ordered[start : start + BATCH_SIZE]]
            with translated():
                found = await self._embeddings.find({"_id": {"$in": keys}}).to_list()
            yield [(document["text_hash"], numbers_of(document["vector"])) for document in found]

    @guarded
    async def hashes_of(self, query: Query) -> set[str]:
        """Return the hashes of the texts of all messages that a query means."""
        shown = {"_id": 0, "content_hash": 1}
        found = self._messages.find(compile_query(query), shown).batch_size(ID_BATCH)
        return {hashed async for document in found if (hashed := document.get("content_hash"))}

    @guarded
    async def messages_saying(
        self, query: Query, hashes: Collection[str]
    ) -> dict[str, dict[str, Any]]:
        """Return for each text the newest message that says it and that the query means."""
        said = {"content_hash": {"$in": sorted(hashes)}}
        filters = [said, compile_query(query)] if query.clauses else [said]
        found = self._messages.find({"$and": filters}, SHOWN).sort("timestamp", ASCENDING)
        return {d["content_hash"]: from_bson(d) async for d in found}
