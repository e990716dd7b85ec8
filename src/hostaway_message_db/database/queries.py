"""What is asked of the store: text search, threads, the overview."""

from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from hostaway_message_db.database.documents import Document, from_bson
from hostaway_message_db.database.failures import guarded
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
from hostaway_message_db.database.sync_state_store import SAMPLE_MARK
from hostaway_message_db.errors import DatabaseUnavailable
from hostaway_message_db.ports import StoreOverview

SEARCH_TIME_LIMIT_MS = 20_000
MAX_THREAD_MESSAGES = 20_000
_TEXT_INDEX_MISSING = 27
_COUNTED = (MESSAGES, CONVERSATIONS, RESERVATIONS, LISTINGS, QUARANTINE, SYNC_RUNS, FILES)


class MongoQueries:
    """Questions to one database; see `ports.MessageQueries`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database

    @guarded
    async def search_text(
        self, text: str, limit: int, account_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the messages that hold the words, best match first.

        Raises `DatabaseUnavailable` when the text index is not built yet.
        """
        score = {"score": {"$meta": "textScore"}}
        query = {"$text": {"$search": text}, **_of(account_id)}
        found = self._database[MESSAGES].find(query, {**score, "_id": 0, "source": 0})
        found = found.sort([("score", {"$meta": "textScore"}), ("timestamp", DESCENDING)])
        try:
            hits = await found.limit(limit).max_time_ms(SEARCH_TIME_LIMIT_MS).to_list(limit)
        except OperationFailure as error:
            if error.code != _TEXT_INDEX_MISSING:
                raise
            raise DatabaseUnavailable(
                "The text index is not built yet.", "Run `sync` to its end: it builds the index."
            ) from error
        return [from_bson(hit) for hit in hits]

    @guarded
    async def thread(
        self, conversation_id: str, account_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Return a conversation's messages, oldest first."""
        query = {"conversation_id": conversation_id, **_of(account_id)}
        found = self._database[MESSAGES].find(query, {"_id": 0})
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
        failing = state.find(
            {"is_pending": True, "failed_runs": {"$gt": 0}, **own},
            {"_id": 0, "account_id": 1, "conversation_id": 1, "failed_runs": 1, "last_error": 1},
        )
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
            messages_without_labels=await MongoLabelStore(self._database).count_waiting(),
            is_sample=await state.find_one({"_id": SAMPLE_MARK}) is not None,
            files_not_stored=await self._files_not_stored(own),
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
