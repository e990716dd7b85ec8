"""Search by meaning on a real MongoDB; the model is a small one of ours, by concepts."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.enrichment.search_terms import words_of
from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.figures import Figures
from hostaway_message_db.insights.query_language import read_query
from hostaway_message_db.insights.search import Found, Order, Search
from hostaway_message_db.insights.semantic import Meaning, fused, split
from hostaway_message_db.insights.vector_file import VectorFile, forget_files, path_of, read_file
from hostaway_message_db.models.records import Message
from hostaway_message_db.ports import TextVector
from support.records import NOON, at, message
from support.word_labeller import Attitude, Labels, Vector

CONCEPTS = {
    "heating": 0, "calefaccion": 0, "heizung": 0, "broken": 1, "funciona": 1, "kaputt": 1,
    "towel": 2, "handtuch": 2, "parking": 3, "cold": 0,
}  # fmt: skip
SAID = {
    "1": "la calefacción no funciona", "2": "Die Heizung ist kaputt!", "3": "more towel please",
    "4": "parking near the house", "5": "it is cold here", "6": "heating broken",
    "7": "heating broken",
}  # fmt: skip


class ConceptLabeller:
    """A model that knows some words of three languages."""

    version = "1"
    vector_model = "concepts/1"

    def label(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None] | None = None,  # noqa: ARG002 - it knows by the words
        by_guests: Sequence[bool] | None = None,  # noqa: ARG002 - attitudes are not asked for
    ) -> list[Labels]:
        return [
            Labels(Attitude("neutral", 0.0, alert=False), {}, Vector(numbers(t))) for t in texts
        ]


def numbers(text: str) -> bytes:
    row = np.full(5, 0.01, dtype="<f4")
    for word in words_of(text):
        if word in CONCEPTS:
            row[CONCEPTS[word]] += 1
    return bytes((row / np.linalg.norm(row)).astype("<f4").data)


def messages() -> list[Message]:
    return [
        message(i, content=text, timestamp=at(int(i)), property_id="9" if int(i) < 3 else "10")
        for i, text in SAID.items()
    ]


@pytest.fixture
async def search(mongo: MongoDatabase, tmp_path: Path) -> Search:
    await mongo.stores().messages.load(messages(), NOON)
    await put_vectors(mongo, messages())
    return search_of(mongo, tmp_path)


def search_of(mongo: MongoDatabase, folder: Path) -> Search:
    meaning = Meaning(mongo.vectors(), ConceptLabeller, folder)
    figures = Figures(mongo.queries(), mongo.figures())
    return Search(mongo.queries(), figures.waiting_conversations, meaning)


async def put_vectors(mongo: MongoDatabase, of: list[Message], now: datetime = NOON) -> None:
    vectors = {
        m.reading.text_hash: TextVector(m.reading.text_hash, "concepts/1", numbers(m.content))
        for m in of
        if m.reading.text_hash
    }
    await mongo.labels().put_vectors(list(vectors.values()), now)


def ids(found: Found) -> list[str]:
    return [hit.message["message_id"] for hit in found.hits]


async def test_what_was_meant_is_found_in_other_languages(search: Search) -> None:
    found = await search.run("heating broken", NOON, order=Order.SEMANTIC, limit=4)
    # The two that say the same are one text: the newer of them.
    assert ids(found)[0] == "7"
    assert set(ids(found)[1:3]) == {"1", "2"}
    assert ids(found)[3] == "5"
    assert found.hits[0].score == pytest.approx(1, abs=1e-5)


async def test_filters_apply_before_the_ranking(search: Search) -> None:
    found = await search.run("heating broken property:9", NOON, order=Order.SEMANTIC)
    assert sorted(ids(found)) == ["1", "2"]
    found = await search.run("heating broken -kaputt property:9", NOON, order=Order.SEMANTIC)
    assert ids(found) == ["1"]


async def test_hybrid_ranks_what_both_find_first_and_pages_go_on(search: Search) -> None:
    whole = ids(await search.run("heating broken", NOON, order=Order.HYBRID))
    assert whole[0] == "7"
    assert "6" in whole
    paged: list[str] = []
    cursor = ""
    while True:
        page = await search.run("heating broken", NOON, order=Order.HYBRID, limit=2, cursor=cursor)
        paged += ids(page)
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert paged == whole


async def test_the_file_follows_the_store_and_holds_nothing_of_the_forgotten(
    mongo: MongoDatabase, search: Search, tmp_path: Path
) -> None:
    await search.run("towel", NOON, order=Order.SEMANTIC)
    path = path_of(tmp_path, "concepts/1")
    before = read_file(path)
    assert len(before.hashes) == 6
    assert path.stat().st_mode & 0o077 == 0
    new = message("8", content="towel towel", timestamp=at(8))
    await mongo.stores().messages.load([new], NOON)
    # One comes and one goes: only the time tells that the store has changed.
    await put_vectors(mongo, [new], NOON + timedelta(milliseconds=1))
    gone = next(m for m in messages() if m.message_id == "3").reading.text_hash
    await mongo.database["embeddings"].delete_one({"text_hash": gone})
    found = await search.run("towel", NOON, order=Order.SEMANTIC, limit=1)
    assert ids(found) == ["8"]
    assert gone not in read_file(path).hashes

    path.write_bytes(path.read_bytes()[:40])
    again = search_of(mongo, tmp_path)
    assert ids(await again.run("towel", NOON, order=Order.SEMANTIC, limit=1)) == ["8"]
    await mongo.database["embeddings"].delete_many({})
    assert ids(await again.run("towel", NOON, order=Order.SEMANTIC)) == []
    assert read_file(path).hashes == []
    forget_files(tmp_path)
    assert list(tmp_path.glob("*")) == []  # noqa: ASYNC240 - a folder of its own


async def test_an_unchanged_store_is_not_read_again(
    mongo: MongoDatabase, search: Search, tmp_path: Path
) -> None:
    await search.run("towel", NOON, order=Order.SEMANTIC)
    written = path_of(tmp_path, "concepts/1").stat().st_mtime_ns
    # The store's words for the texts are gone, its count and its newest time are as before.
    await mongo.database["embeddings"].update_many({}, {"$set": {"text_hash": "unread"}})
    for searched in (search, search_of(mongo, tmp_path)):
        found = await searched.run("towel", NOON, order=Order.SEMANTIC, limit=1)
        assert ids(found) == ["3"]
    assert path_of(tmp_path, "concepts/1").stat().st_mtime_ns == written


async def test_searches_at_once_write_one_file_and_load_the_models_once(
    mongo: MongoDatabase, search: Search, tmp_path: Path
) -> None:
    del search  # its store, not its models
    loads: list[str] = []
    company = threading.Barrier(2)

    @lru_cache(maxsize=1)
    def load() -> ConceptLabeller:
        loads.append("loaded")
        with suppress(threading.BrokenBarrierError):
            company.wait(timeout=0.2)  # for another one who loads
        return ConceptLabeller()

    meaning = Meaning(mongo.vectors(), load, tmp_path)
    query = read_query("towel", NOON).query
    ranked = await asyncio.gather(*(meaning.rank(query) for _ in range(4)))
    assert [ranking[0][0]["message_id"] for ranking in ranked] == ["3"] * 4
    assert loads == ["loaded"]
    assert [file.suffix for file in tmp_path.iterdir()] == [".f32"]  # noqa: ASYNC240


async def test_an_order_by_meaning_needs_words(search: Search) -> None:
    with pytest.raises(UsageError, match="needs words"):
        await search.run("from:guest", NOON, order=Order.SEMANTIC)


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 2**32 - 1), st.data())
@settings(max_examples=60, deadline=None)
def test_the_nearest_are_exactly_those_of_a_full_sort(
    rows: int, limit: int, seed: int, data: st.DataObject
) -> None:
    dice = np.random.default_rng(seed)
    matrix = dice.normal(size=(rows, 7)).astype("<f4")
    vector = dice.normal(size=7).astype("<f4")
    hashes = [str(n) for n in range(rows)]
    allowed = data.draw(st.none() | st.sets(st.sampled_from(hashes)))
    found = VectorFile(hashes, matrix).nearest(vector, limit, allowed)
    scores = matrix @ (vector / np.linalg.norm(vector))
    kept = [n for n in range(rows) if allowed is None or str(n) in allowed]
    expected = sorted(kept, key=lambda n: -scores[n])[:limit]
    assert [float(score) for _, score in found] == pytest.approx(
        [float(scores[n]) for n in expected], abs=1e-5
    )
    assert {h for h, _ in found} <= {str(n) for n in kept}


def test_ranks_are_fused() -> None:
    scores = fused(["a", "b", "c"], ["c", "d"])
    assert max(scores, key=lambda identity: scores[identity]) == "c"
    assert scores["a"] > scores["b"] == scores["d"]
    assert scores["c"] == pytest.approx(1 / 63 + 1 / 61)


def test_words_are_the_meaning_and_the_rest_filters() -> None:
    sentence, filters = split(read_query('heating "not working" from:guest -towel', NOON).query)
    assert sentence == "heating not working"
    assert len(filters.clauses) == 2
