"""Search: a query becomes a page of messages, with the words marked."""

import base64
import binascii
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.marking import marks
from hostaway_message_db.insights.query_language import (
    from_json,
    read_query,
    to_json,
    to_text,
)
from hostaway_message_db.insights.relevance import scores
from hostaway_message_db.insights.semantic import MAX_NEAREST, Meaning, fused
from hostaway_message_db.models.query import (
    Condition,
    Notice,
    Operator,
    Query,
    Reading,
    Term,
    Vocabulary,
)
from hostaway_message_db.ports import MessageQueries, Position

MAX_RESULTS = 1_000
MAX_RANKED = 3_000
"""Of more matches, the newest so many are ordered by relevance; the answer says so."""
_NAMING = {Operator.CHANNEL, Operator.TOPIC, Operator.TYPE}
WaitingIds = Callable[[], Awaitable[Sequence[str]]]


class Order(StrEnum):
    """How hits are ordered."""

    NEWEST = "newest"
    RELEVANCE = "relevance"
    SEMANTIC = "semantic"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found; `marks` are where the words stand in its content."""

    message: dict[str, Any]
    marks: list[tuple[int, int]]
    score: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        scored = {} if self.score is None else {"score": self.score}
        return {**self.message, "marks": [list(span) for span in self.marks], **scored}


@dataclass(frozen=True, slots=True)
class Found:
    """One page of hits."""

    typed: str
    reading: Reading
    order: Order
    hits: list[Hit]
    next_cursor: str | None
    ranked_count: int | None = None
    """How many matches were ranked, where not all were: the newest."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "query": self.typed,
            "parts": to_json(self.reading.query),
            "notices": notices_to_json(self.reading.notices),
            "order": str(self.order),
            "count": len(self.hits),
            "ranked_count": self.ranked_count,
            "next_cursor": self.next_cursor,
            "results": [hit.to_json() for hit in self.hits],
        }


def notices_to_json(notices: Sequence[Notice]) -> list[dict[str, Any]]:
    """Return notices as JSON-ready values."""
    return [
        {"about": n.about, "sentence": n.sentence, "suggestions": list(n.suggestions)}
        for n in notices
    ]


async def understand(
    queries: MessageQueries, asked: str | list[Any], now: datetime, account_id: str | None = None
) -> Reading:
    """Read a query, typed or of a program, for one account if it is named.

    What the store holds is asked for only where the query names something in it.
    """

    def read(vocabulary: Vocabulary) -> Reading:
        if isinstance(asked, str):
            return read_query(asked, now, vocabulary)
        return Reading(from_json(asked, now, vocabulary))

    reading = read(Vocabulary())
    named = {condition.operator for condition in reading.query.conditions}
    if named & _NAMING:
        reading = read(await queries.vocabulary())
    elif Operator.PROPERTY in named:
        reading = read(Vocabulary(properties=await queries.property_names()))
    reading = replace(reading, query=reading.query.of_account(account_id))
    if reading.query.texts and await queries.lacks_search_terms():
        notice = Notice(
            "",
            "Some messages were stored by an earlier version and are not found by words yet:"
            " run `sync`, which completes them.",
        )
        reading = replace(reading, notices=(*reading.notices, notice))
    return reading


async def resolve(query: Query, waiting_ids: WaitingIds) -> Query:
    """Put the conversations in place of `is:unanswered`: who waits is a matter of threads."""
    if not any(_asks_who_waits(condition) for condition in query.conditions):
        return query
    values = tuple(await waiting_ids())

    def named(term: Term) -> Term:
        if isinstance(term.of, Condition) and _asks_who_waits(term.of):
            condition = Condition(Operator.CONVERSATION, term.of.operand, values)
            return replace(term, of=condition)
        return term

    return Query(tuple(tuple(named(term) for term in clause) for clause in query.clauses))


def _asks_who_waits(condition: Condition) -> bool:
    return condition.operator is Operator.IS and condition.values == ("unanswered",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One search, read once."""

    typed: str
    reading: Reading
    query: Query
    order: Order
    limit: int
    mark: str
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Search:
    """Searches one store."""

    queries: MessageQueries
    waiting_ids: WaitingIds
    meaning: Meaning

    async def run(
        self,
        asked: str | list[Any],
        now: datetime,
        *,
        order: Order = Order.NEWEST,
        limit: int = 20,
        cursor: str = "",
        account_id: str | None = None,
    ) -> Found:
        """Return a page of what a query means.

        Raises `UsageError` when the limit is out of bounds or the cursor is of another search.
        """
        if not 1 <= limit <= MAX_RESULTS:
            raise UsageError(f"The limit is {limit}: it must be from 1 to {MAX_RESULTS}.")
        reading = await understand(self.queries, asked, now, account_id)
        mark = _digest(reading.query, order)
        search = _Asked(
            typed=asked if isinstance(asked, str) else to_text(reading.query),
            reading=reading,
            query=await resolve(reading.query, self.waiting_ids),
            order=order,
            limit=limit,
            mark=mark,
            after=read_cursor(cursor, mark) if cursor else None,
        )
        if order is Order.RELEVANCE and search.query.texts:
            return await self._most_relevant(search)
        if order in {Order.SEMANTIC, Order.HYBRID}:
            return await self._nearest(search, self.meaning)
        return await self._newest(search)

    async def _newest(self, asked: _Asked) -> Found:
        position = None
        if asked.after is not None:
            moment = datetime.fromisoformat(asked.after["t"])
            position = Position(moment, tuple(asked.after["ids"]))
        messages = await self.queries.newest(asked.query, asked.limit + 1, position)
        page = messages[: asked.limit]
        next_cursor = None
        if len(messages) > asked.limit:
            last = page[-1]["timestamp"]
            seen = [m["message_id"] for m in page if m["timestamp"] == last]
            if position is not None and position.timestamp == last:
                seen = [*position.message_ids, *seen]
            next_cursor = write_cursor(asked.mark, {"t": last.isoformat(), "ids": seen})
        hits = [Hit(m, marks(asked.query, m["content"])) for m in page]
        return Found(asked.typed, asked.reading, asked.order, hits, next_cursor)

    async def _most_relevant(self, asked: _Asked) -> Found:
        contents = await self.queries.contents(asked.query, MAX_RANKED + 1)
        by_score = scores(asked.query, dict(list(contents.items())[:MAX_RANKED]))
        # The texts came newest first, and sorting keeps that among equals.
        ranking = sorted(by_score, key=lambda identity: -by_score[identity])
        start = _rank_after(asked.after, ranking, by_score)
        page = ranking[start : start + asked.limit]
        messages = {m["message_id"]: m for m in await self.queries.messages(page)}
        next_cursor = None
        if start + asked.limit < len(ranking):
            last = page[-1]
            next_cursor = write_cursor(asked.mark, {"score": by_score[last], "id": last})
        hits = [
            Hit(messages[i], marks(asked.query, messages[i]["content"]), by_score[i])
            for i in page
            if i in messages
        ]
        ranked_count = MAX_RANKED if len(contents) > MAX_RANKED else None
        return Found(asked.typed, asked.reading, asked.order, hits, next_cursor, ranked_count)

    async def _nearest(self, asked: _Asked, meaning: Meaning) -> Found:
        nearest = await meaning.rank(asked.query)
        by_id = {message["message_id"]: message for message, _ in nearest}
        by_score = {message["message_id"]: score for message, score in nearest}
        if asked.order is Order.HYBRID:
            contents = await self.queries.contents(asked.query, MAX_RANKED)
            by_words = scores(asked.query, contents)
            literal = sorted(by_words, key=lambda identity: -by_words[identity])[:MAX_NEAREST]
            by_score = dict(fused(list(by_score), literal))
            missing = [identity for identity in literal if identity not in by_id]
            by_id |= {m["message_id"]: m for m in await self.queries.messages(missing)}
        ranking = sorted((i for i in by_score if i in by_id), key=lambda i: -by_score[i])
        start = _rank_after(asked.after, ranking, by_score)
        page = ranking[start : start + asked.limit]
        next_cursor = None
        if start + asked.limit < len(ranking):
            last = page[-1]
            next_cursor = write_cursor(asked.mark, {"score": by_score[last], "id": last})
        hits = [Hit(by_id[i], marks(asked.query, by_id[i]["content"]), by_score[i]) for i in page]
        return Found(asked.typed, asked.reading, asked.order, hits, next_cursor)


def _rank_after(after: dict[str, Any] | None, ranking: list[str], by: dict[str, float]) -> int:
    """Return the rank from which a page starts; where its message is gone, by its score."""
    if after is None:
        return 0
    if after["id"] in ranking:
        return ranking.index(after["id"]) + 1
    return sum(1 for identity in ranking if by[identity] >= after["score"])


def _digest(query: Query, order: Order) -> str:
    asked = json.dumps([to_json(query), str(order)]).encode()
    return hashlib.sha256(asked).hexdigest()[:12]


def write_cursor(mark: str, position: dict[str, Any]) -> str:
    """Return a position in the answers to one search, as an opaque text."""
    text = json.dumps({"of": mark, **position}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str, mark: str) -> dict[str, Any]:
    """Return the position that a cursor says; raises `UsageError` if it is of another search."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        position = json.loads(base64.urlsafe_b64decode(padded.encode()))
    except (ValueError, binascii.Error, RecursionError):
        position = None
    if not isinstance(position, dict) or position.get("of") != mark or not _is_whole(position):
        raise UsageError(
            "The cursor is not of this search.",
            "Give the same query and order as in the call that returned it, or leave it out.",
        )
    return position


def _is_whole(position: dict[str, Any]) -> bool:
    moment, ids = position.get("t"), position.get("ids")
    if isinstance(moment, str) and isinstance(ids, list) and all(isinstance(i, str) for i in ids):
        try:
            return datetime.fromisoformat(moment).tzinfo is not None
        except ValueError:
            return False
    return isinstance(position.get("score"), float) and isinstance(position.get("id"), str)
