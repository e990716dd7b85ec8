"""What is asked of the store: searches, threads, the overview."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ExecutionTimeout

from hostaway_message_db.database.documents import Document, from_bson
from hostaway_message_db.database.failures import guarded, translated
from hostaway_message_db.database.indexes import (
    ATTACHMENT_QUEUE,
    CONVERSATIONS,
    FILES,
    LISTINGS,
    MESSAGE_VERSIONS,
    MESSAGES,
    QUARANTINE,
    RESERVATIONS,
    SYNC_RUNS,
    SYNC_STATE,
)
from hostaway_message_db.database.label_store import MongoLabelStore
from hostaway_message_db.database.message_store import MongoMessageStore
from hostaway_message_db.database.query_compiler import compile_query
from hostaway_message_db.database.sync_state_store import SAMPLE_MARK
from hostaway_message_db.models.query import Query, Vocabulary
from hostaway_message_db.ports import Position, StoreOverview

SEARCH_TIME_LIMIT_MS = 20_000
MAX_THREAD_MESSAGES = 20_000
VOCABULARY_SAMPLE = 500
ID_BATCH = 50_000
STREAM_BATCH = 2_000
COUNT_TIME_LIMIT_MS = 3_000
SHOWN: Document = {"_id": 0, "source": 0, "search_terms": 0}
"""A message as it is shown: without what is there for the store alone."""
_COUNTED = (MESSAGES, CONVERSATIONS, RESERVATIONS, LISTINGS, QUARANTINE, SYNC_RUNS, FILES)


class MongoQueries:
    """Questions to one database; see `ports.MessageQueries`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database

    @guarded
    async def newest(
        self, query: Query, limit: int, after: Position | None = None
    ) -> list[dict[str, Any]]:
        """Return the messages that a query means, newest first, from a position on."""
        wanted = compile_query(query)
        if after is not None:
            seen = {"message_id": {"$nin": list(after.message_ids)}}
            wanted = {"$and": [wanted, {"timestamp": {"$lte": after.timestamp}}, seen]}
        found = self._database[MESSAGES].find(wanted, SHOWN).sort("timestamp", DESCENDING)
        hits = await found.limit(limit).max_time_ms(SEARCH_TIME_LIMIT_MS).to_list(limit)
        return [from_bson(hit) for hit in hits]

    @guarded
    async def messages(self, message_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return these messages, in no order."""
        found = self._database[MESSAGES].find({"message_id": {"$in": list(message_ids)}}, SHOWN)
        return [from_bson(d) for d in await found.to_list()]

    @guarded
    async def contents(self, query: Query, limit: int) -> dict[str, str]:
        """Return the texts by id of the messages that a query means, newest first."""
        found = self._database[MESSAGES].find(
            compile_query(query), {"_id": 0, "message_id": 1, "content": 1}
        )
        found = found.sort("timestamp", DESCENDING).limit(limit)
        texts = await found.max_time_ms(SEARCH_TIME_LIMIT_MS).to_list(limit)
        return {d["message_id"]: d["content"] for d in texts}

    @guarded
    async def property_names(self) -> dict[str, str]:
        """Return the names of the listings by id."""
        listings = self._database[LISTINGS].find({}, {"listing_id": 1, "name": 1})
        return {d["listing_id"]: d["name"] or "" async for d in listings}

    @guarded
    async def vocabulary(self) -> Vocabulary:
        """Return what the store holds that a query can name.

        Properties come from the listings; the rest is what the newest messages hold.
        """
        names = await self.property_names()
        held = self._database[MESSAGES].find(
            {}, {"_id": 0, "channel.name": 1, "topics": 1, "message_type": 1}
        )
        newest = await held.sort("timestamp", DESCENDING).limit(VOCABULARY_SAMPLE).to_list()
        return Vocabulary(
            properties=names,
            channels=_distinct(d["channel"]["name"] for d in newest),
            topics=_distinct(topic for d in newest for topic in d.get("topics") or ()),
            types=_distinct(d["message_type"] for d in newest),
        )

    @guarded
    async def lacks_search_terms(self) -> bool:
        """Tell whether messages are stored that a search for words cannot find yet."""
        lacking = await self._database[MESSAGES].find_one({"search_terms": None}, {"_id": 1})
        return lacking is not None

    @guarded
    async def last_guest_messages(
        self, conversation_ids: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        """Return the last sent guest message of each conversation."""
        wanted = {
            "conversation_id": {"$in": list(conversation_ids)},
            "direction": "inbound",
            "status": {"$in": ["sent", None]},
            "is_unsent": False,
        }
        found = self._database[MESSAGES].find(wanted, {**SHOWN, "content_html": 0})
        last: dict[str, dict[str, Any]] = {}
        async for message in found.sort([("timestamp", ASCENDING), ("message_id", ASCENDING)]):
            last[message["conversation_id"]] = from_bson(message)
        return last

    async def stream(self, query: Query) -> AsyncIterator[list[dict[str, Any]]]:
        """Stream batches of the messages that a query means, newest first."""
        with translated():
            found = self._database[MESSAGES].find(
                compile_query(query), SHOWN, batch_size=STREAM_BATCH, allow_disk_use=True
            )
            batch: list[dict[str, Any]] = []
            async for message in found.sort("timestamp", DESCENDING):
                batch.append(from_bson(message))
                if len(batch) >= STREAM_BATCH:
                    yield batch
                    batch = []
            if batch:
                yield batch

    @guarded
    async def count(self, query: Query) -> int | None:
        """Count what a query means; None when that would take long."""
        if not query.clauses:
            return await self._database[MESSAGES].estimated_document_count()
        try:
            return await self._database[MESSAGES].count_documents(
                compile_query(query), maxTimeMS=COUNT_TIME_LIMIT_MS
            )
        except ExecutionTimeout:
            return None

    @guarded
    async def matching_ids(self, query: Query) -> list[str]:
        """Return the ids of all messages that a query means, in no order."""
        found = self._database[MESSAGES].find(compile_query(query), {"_id": 0, "message_id": 1})
        return [d["message_id"] async for d in found.batch_size(ID_BATCH)]

    @guarded
    async def thread(
        self, conversation_id: str, account_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Return a conversation's messages, oldest first."""
        query = {"conversation_id": conversation_id, **_of(account_id)}
        found = self._database[MESSAGES].find(query, {"_id": 0, "search_terms": 0})
        found = found.sort([("timestamp", ASCENDING), ("message_id", ASCENDING)])
        return [from_bson(m) for m in await found.to_list(MAX_THREAD_MESSAGES)]

    @guarded
    async def former_versions(self, conversation_id: str) -> dict[str, list[dict[str, Any]]]:
        """Return the former versions of a conversation's messages by id, oldest first.

        One that its message does not count is of a run that was killed before the change.
        """
        changed = self._database[MESSAGES].find(
            {"conversation_id": conversation_id, "versions_count": {"$gt": 0}},
            {"message_id": 1, "versions_count": 1},
        )
        counts = {m["message_id"]: m["versions_count"] async for m in changed}
        found = self._database[MESSAGE_VERSIONS].find(
            {"conversation_id": conversation_id}, {"_id": 0}
        )
        found = found.sort([("message_id", ASCENDING), ("number", ASCENDING)])
        versions: dict[str, list[dict[str, Any]]] = {}
        for version in await found.to_list(MAX_THREAD_MESSAGES):
            if version["number"] < counts.get(version["message_id"], 0):
                versions.setdefault(version["message_id"], []).append(from_bson(version))
        return versions

    @guarded
    async def overview(self, account_id: str | None = None) -> StoreOverview:
        """Return what the store can tell of itself, or of one account."""
        state, runs = self._database[SYNC_STATE], self._database[SYNC_RUNS]
        own = _of(account_id)
        newest = self._database[MESSAGES].find({"status": {"$in": ["sent", None]}, **own})
        latest = await newest.sort("timestamp", DESCENDING).limit(1).to_list(1)
        last_runs = await runs.find(own).sort("started_at", DESCENDING).limit(5).to_list(5)
        complete = await runs.find_one(
            {"kind": "sync", "outcome": "complete", **own}, sort=[("started_at", DESCENDING)]
        )
        is_failing = {"is_pending": True, "failed_runs": {"$gt": 0}, **own}
        shown = {"account_id": 1, "conversation_id": 1, "failed_runs": 1, "last_error": 1}
        failing = state.find(is_failing, {"_id": 0, **shown})
        aside = self._database[QUARANTINE].find(
            own, {"_id": 0, "entity": 1, "record_id": 1, "conversation_id": 1, "reasons": 1}
        )
        return StoreOverview(
            counts=await self._counts(account_id),
            pending_conversations=await state.count_documents({"is_pending": True, **own}),
            failing_conversations=await failing.limit(20).to_list(20),
            quarantine=await aside.limit(20).to_list(20),
            latest_message_at=latest[0]["timestamp"] if latest else None,
            last_complete_run_at=complete["finished_at"] if complete else None,
            missing_indexes=await MongoMessageStore(self._database).missing_indexes(),
            last_runs=[from_bson(run) for run in last_runs],
            messages_without_labels=await MongoLabelStore(self._database).count_waiting(
                account_id=account_id
            ),
            is_sample=await state.find_one({"_id": SAMPLE_MARK}) is not None,
            files_not_stored=await self._files_not_stored(own),
            failing_count=await state.count_documents(is_failing),
            files_not_stored_count=await self._database[ATTACHMENT_QUEUE].count_documents(
                {"error": {"$ne": None}, **own}
            ),
            api=await self._api_figures(own),
        )

    async def _counts(self, account_id: str | None) -> dict[str, int]:
        if account_id is None:
            return {n: await self._database[n].estimated_document_count() for n in _COUNTED}
        owner = {FILES: "metadata.account_id"}
        return {
            name: await self._database[name].count_documents(
                {owner.get(name, "account_id"): account_id}
            )
            for name in _COUNTED
        }

    async def _files_not_stored(self, own: Document) -> list[dict[str, Any]]:
        shown = {"_id": 0, "message_id": 1, "attachment_id": 1, "name": 1, "error": 1, "tries": 1}
        found = self._database[ATTACHMENT_QUEUE].find({"error": {"$ne": None}, **own}, shown)
        return await found.sort("_id").limit(20).to_list(20)

    async def _api_figures(self, own: Document) -> dict[str, Any]:
        """Add up what the runs asked of Hostaway, and what they did not have to ask."""
        sums = {
            name: {"$sum": f"$report.{key}"}
            for name, key in (
                ("requests", "request_count"),
                ("retries", "retry_count"),
                ("refused", "refused_count"),
                ("saved", "requests_saved"),
            )
        }
        groups = await self._database[SYNC_RUNS].aggregate(
            [{"$match": own}, {"$group": {"_id": None, "since": {"$min": "$started_at"}, **sums}}]
        )
        found = await groups.to_list(1)
        return {k: v for k, v in found[0].items() if k != "_id"} if found else {}


def _of(account_id: str | None) -> Document:
    """Match what is of an account; of all of them if none is named."""
    return {} if account_id is None else {"account_id": account_id}


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))
