"""The collection `embeddings`: vectors of texts, one for all messages that say the same."""

from collections.abc import Collection
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from hostaway_message_db.database.indexes import EMBEDDINGS, MESSAGES

Document = dict[str, Any]


def vector_id(text_hash: str, model: str) -> str:
    """Return the `_id` of a text's vector."""
    return f"{text_hash}:{model}"


class Vectors:
    """The vectors, as far as they must go when nobody says their text any more.

    They go before the text does, so that a crash in between leaves none that nobody looks for;
    a vector too few is made again with the next labels of its text.
    """

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._messages = database[MESSAGES]
        self._embeddings = database[EMBEDDINGS]

    async def drop_unused(self, hashes: Collection[str], leaving: Collection[str] = ()) -> int:
        """Delete the vectors of these texts, but of those that a message still has.

        `leaving` names messages that do not count: they are about to lose their text.
        """
        if not hashes:
            return 0
        keeps = {"content_hash": {"$in": sorted(hashes)}, "message_id": {"$nin": sorted(leaving)}}
        groups = await self._messages.aggregate(
            [{"$match": keeps}, {"$group": {"_id": "$content_hash"}}]
        )
        unused = sorted(set(hashes) - {group["_id"] async for group in groups})
        if not unused:
            return 0
        return (await self._embeddings.delete_many({"text_hash": {"$in": unused}})).deleted_count
