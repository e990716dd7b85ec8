"""Search by the server itself: what it is asked, and what a server without it does."""

import struct
from collections.abc import Collection

import pytest
from bson.binary import BinaryVectorDtype
from pymongo import AsyncMongoClient

from hostaway_message_db.database.vector_search import (
    MOST_ALLOWED,
    ServerVectorSearch,
    index_definition,
    numbers_of,
    pipeline,
    stored_vector,
)
from support.truth import Document

NUMBERS = struct.pack("<3f", 0.5, -1.0, 0.25)


def test_a_vector_is_stored_in_the_form_that_a_server_can_index() -> None:
    stored = stored_vector(NUMBERS)
    vector = stored.as_vector()
    assert vector.dtype is BinaryVectorDtype.FLOAT32
    assert vector.data == [0.5, -1.0, 0.25]
    assert numbers_of(stored) == NUMBERS


@pytest.mark.parametrize(
    ("allowed", "filtered"),
    [
        (None, {"model": "m-1"}),
        ({"b", "a"}, {"$and": [{"model": "m-1"}, {"text_hash": {"$in": ["a", "b"]}}]}),
        ([], {"$and": [{"model": "m-1"}, {"text_hash": {"$in": []}}]}),
    ],
)
def test_filters_apply_before_the_ranking(
    allowed: Collection[str] | None, filtered: Document
) -> None:
    search, shown = pipeline("m-1", NUMBERS, 200, allowed)
    asked = search["$vectorSearch"]
    assert asked["filter"] == filtered
    assert asked["limit"] == 200 < asked["numCandidates"] <= 10_000
    assert asked["queryVector"].as_vector().data == [0.5, -1.0, 0.25]
    assert shown["$project"]["score"] == {"$meta": "vectorSearchScore"}


def test_what_is_filtered_by_is_in_the_index() -> None:
    fields = {field["path"]: field["type"] for field in index_definition(3)["fields"]}
    assert fields == {"vector": "vector", "model": "filter", "text_hash": "filter"}


async def test_a_server_without_it_is_asked_once_and_left_alone(mongodb_uri: str) -> None:
    async with AsyncMongoClient[Document](mongodb_uri) as client:
        collection = client["test_vector_search"]["embeddings"]
        search = ServerVectorSearch(collection)
        assert await search.nearest("m-1", NUMBERS, 5, None) is None
        await client.close()
        # Nothing is asked any more: the client is closed.
        assert await search.nearest("m-1", NUMBERS, 5, None) is None


async def test_a_filter_of_very_many_texts_is_not_put_to_the_server(mongodb_uri: str) -> None:
    async with AsyncMongoClient[Document](mongodb_uri) as client:
        search = ServerVectorSearch(client["test_vector_search"]["embeddings"])
        await client.close()
        many = {str(number) for number in range(MOST_ALLOWED + 1)}
        assert await search.nearest("m-1", NUMBERS, 5, many) is None
