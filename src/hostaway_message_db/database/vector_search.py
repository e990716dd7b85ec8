"""Vectors found by the server itself, where it can: `$vectorSearch` (Atlas, and its local form).

Other servers say so when they are asked for their search indexes; then nothing more is tried.
"""

from collections.abc import Collection
from typing import Final

from bson.binary import Binary, BinaryVectorDtype
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure
from pymongo.operations import SearchIndexModel

from hostaway_message_db.database.documents import Document
from hostaway_message_db.database.failures import translated

INDEX_NAME: Final = "vectors"
CANDIDATES_PER_RESULT: Final = 20
"""So many candidates for each result: the server's documentation asks for 20 and more."""
MOST_CANDIDATES: Final = 10_000
MOST_ALLOWED: Final = 5_000
"""A filter that names more texts is left to the exact search on this machine."""


def stored_vector(numbers: bytes) -> Binary:
    """Return 32-bit numbers, little-endian, in the form that a server can index."""
    dtype = BinaryVectorDtype.FLOAT32
    return Binary(dtype.value + b"\0" + numbers, subtype=9)


def numbers_of(vector: bytes) -> bytes:
    """Return the numbers of a stored vector."""
    return bytes(vector[2:])


def index_definition(dimensions: int) -> Document:
    """Return what the server indexes: the vectors, and what can be filtered by."""
    return {
        "fields": [
            {
                "type": "vector",
                "path": "vector",
                "numDimensions": dimensions,
                "similarity": "cosine",
            },
            {"type": "filter", "path": "model"},
            {"type": "filter", "path": "text_hash"},
        ]
    }


def pipeline(
    model: str, numbers: bytes, limit: int, allowed: Collection[str] | None
) -> list[Document]:
    """Return the stages that find the allowed texts nearest to a vector."""
    wanted: Document = {"model": model}
    if allowed is not None:
        wanted = {"$and": [wanted, {"text_hash": {"$in": sorted(allowed)}}]}
    return [
        {
            "$vectorSearch": {
                "index": INDEX_NAME,
                "path": "vector",
                "queryVector": stored_vector(numbers),
                "filter": wanted,
                "limit": limit,
                "numCandidates": min(limit * CANDIDATES_PER_RESULT, MOST_CANDIDATES),
            }
        },
        {"$project": {"_id": 0, "text_hash": 1, "score": {"$meta": "vectorSearchScore"}}},
    ]


class ServerVectorSearch:
    """The server's own search; absent on a server that has none."""

    def __init__(self, embeddings: AsyncCollection[Document]) -> None:
        self._embeddings = embeddings
        self._is_absent = False

    async def nearest(
        self, model: str, numbers: bytes, limit: int, allowed: Collection[str] | None
    ) -> list[tuple[str, float]] | None:
        """Return the nearest allowed texts with their cosine; None: search some other way.

        The first call on a server that can has the index built; until it is there, None.
        """
        is_filter_too_long = allowed is not None and len(allowed) > MOST_ALLOWED
        if self._is_absent or is_filter_too_long:
            return None
        with translated():
            try:
                if not await self._is_ready(len(numbers) // 4):
                    return None
                found = await self._embeddings.aggregate(pipeline(model, numbers, limit, allowed))
                # The server tells (1 + cosine) / 2.
                return [(d["text_hash"], 2 * d["score"] - 1) async for d in found]
            except OperationFailure:
                # However a server words it: it keeps no search indexes, or not for us.
                self._is_absent = True
                return None

    async def _is_ready(self, dimensions: int) -> bool:
        """Tell whether the index answers; has it built where there is none."""
        found = await (await self._embeddings.list_search_indexes(INDEX_NAME)).to_list(1)
        if not found:
            wanted = SearchIndexModel(index_definition(dimensions), INDEX_NAME, "vectorSearch")
            await self._embeddings.create_search_index(wanted)
            return False
        return bool(found[0].get("queryable"))
