"""The collection `messages`, and the building of all indexes."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import pymongo
from pymongo import DESCENDING, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from hostaway_message_db.database.attachment_queue import AttachmentQueue
from hostaway_message_db.database.documents import (
    ENRICHED_FIELDS,
    Document,
    comparable_message,
    message_document,
)
from hostaway_message_db.database.failures import guarded
from hostaway_message_db.database.figure_store import mark_all_outdated, mark_outdated
from hostaway_message_db.database.indexes import (
    ATTACHMENT_QUEUE,
    INDEXES,
    MESSAGE_VERSIONS,
    MESSAGES,
)
from hostaway_message_db.database.message_history import MessageHistory
from hostaway_message_db.database.message_keeper import MessageKeeper
from hostaway_message_db.database.reading_documents import search_fields
from hostaway_message_db.database.upserts import differing_fields, upsert
from hostaway_message_db.database.vectors import Vectors
from hostaway_message_db.models.records import Message
from hostaway_message_db.ports import LoadOutcome

INDEX_BUILD_SECONDS = 4 * 3600
TERMS_BATCH_SIZE = 1_000


class MongoMessageStore:
    """Messages in MongoDB; see `ports.MessageStore`."""

    def __init__(self, database: AsyncDatabase[Document], *, wants_files: bool = True) -> None:
        self._database = database
        self._wants_files = wants_files
        self._messages = database[MESSAGES]
        self._versions = database[MESSAGE_VERSIONS]
        self._is_first_load = False
        """Until its end nothing is marked for the figures; then everything is."""

    async def load(
        self, messages: Sequence[Message], now: datetime, run_id: str = ""
    ) -> LoadOutcome:
        """Insert what is new, update what differs, leave the rest untouched.

        What another text, status or set of files replaces is kept as a former version.
        """
        wanted = self._database[ATTACHMENT_QUEUE]
        queue = AttachmentQueue(wanted, now) if self._wants_files else None
        return await upsert(
            self._messages,
            "message_id",
            [message_document(message) for message in messages],
            now,
            first_fields=ENRICHED_FIELDS,
            comparable=comparable_message,
            keeper=MessageKeeper(
                MessageHistory(self._versions, run_id, now),
                queue,
                Vectors(self._database),
                None if self._is_first_load else partial(mark_outdated, self._database),
            ),
        )

    @guarded
    async def mark_unsent(
        self, account_id: str, conversation_id: str, listed_ids: set[str], now: datetime
    ) -> int:
        """Mark what a complete read no longer contains; its text is kept."""
        gone = await self.unlisted(account_id, conversation_id, listed_ids)
        if not gone:
            return 0
        await mark_outdated(self._database, [conversation_id])
        result = await self._messages.update_many(
            {"message_id": {"$in": gone}}, {"$set": {"is_unsent": True, "updated_at": now}}
        )
        return result.modified_count

    @guarded
    async def unlisted(
        self, account_id: str, conversation_id: str, listed_ids: set[str]
    ) -> list[str]:
        """Return the stored messages, the unsent ones left out, that are not listed."""
        stored = self._messages.find(
            {"conversation_id": conversation_id, "account_id": account_id, "is_unsent": False},
            {"message_id": 1},
        )
        return [d["message_id"] async for d in stored if d["message_id"] not in listed_ids]

    @guarded
    async def count_by_conversation(self, account_id: str, ids: Sequence[str]) -> dict[str, int]:
        """Count each conversation's stored messages, the unsent ones left out."""
        wanted = {
            "conversation_id": {"$in": list(ids)},
            "account_id": account_id,
            "is_unsent": False,
        }
        groups = await self._messages.aggregate(
            [{"$match": wanted}, {"$group": {"_id": "$conversation_id", "n": {"$sum": 1}}}]
        )
        return {group["_id"]: group["n"] async for group in groups}

    @guarded
    async def differences(self, messages: Sequence[Message]) -> dict[str, tuple[str, ...]]:
        """Name the fields in which the store differs; none named: it is not stored."""
        documents = {m.message_id: message_document(m) for m in messages}
        found = self._messages.find({"message_id": {"$in": list(documents)}})
        stored = {d["message_id"]: d async for d in found}
        differing: dict[str, tuple[str, ...]] = {}
        for message_id, document in documents.items():
            known = stored.get(message_id)
            if known is None:
                differing[message_id] = ()
            elif names := differing_fields(known, document, comparable_message):
                differing[message_id] = names
        return differing

    @guarded
    async def rename_property(
        self, account_id: str, property_id: str, name: str | None, now: datetime
    ) -> int:
        """Give all messages of a property its new name."""
        result = await self._messages.update_many(
            {"property.id": property_id, "account_id": account_id, "property.name": {"$ne": name}},
            {"$set": {"property.name": name, "updated_at": now}},
        )
        return result.modified_count

    @guarded
    async def latest_moment(self, account_id: str) -> datetime | None:
        """Return the moment of the newest message that was really sent or received."""
        newest = self._messages.find(
            {"account_id": account_id, "status": {"$in": ["sent", None]}}, {"timestamp": 1}
        )
        found = await newest.sort("timestamp", DESCENDING).limit(1).to_list(1)
        return found[0]["timestamp"] if found else None

    @guarded
    async def missing_indexes(self) -> list[str]:
        """Name every planned index that is not there."""
        missing: list[str] = []
        for collection in sorted({plan.collection for plan in INDEXES}):
            present = await self._database[collection].index_information()
            missing += [
                f"{collection}.{plan.name}"
                for plan in INDEXES
                if plan.collection == collection and plan.name not in present
            ]
        return missing

    @guarded
    async def build_indexes(self, *, with_heavy: bool) -> None:
        """Build the indexes that are missing; the heavy ones only on wish.

        With these, messages that were stored without search terms get theirs first. Leaving
        the heavy ones out is how a first load begins: it ends with the call that builds them.
        """
        if with_heavy:
            await self._complete_search_terms()
            if self._is_first_load:
                await mark_all_outdated(self._database)
        self._is_first_load = not with_heavy
        missing = await self.missing_indexes()
        with pymongo.timeout(INDEX_BUILD_SECONDS):
            for plan in INDEXES:
                if f"{plan.collection}.{plan.name}" not in missing:
                    continue
                if plan.is_heavy and not with_heavy:
                    continue
                keys: list[tuple[str, Any]] = list(plan.keys)
                await self._database[plan.collection].create_index(
                    keys, name=plan.name, **plan.options
                )

    async def _complete_search_terms(self) -> None:
        """Give search terms to the messages that an earlier version stored without them.

        In batches, each durable: stopped in between, the next run goes on.
        """
        shown = {"content": 1, "guest.name": 1, "guest.email": 1}
        while True:
            lacking = self._messages.find({"search_terms": None}, shown)
            batch = await lacking.limit(TERMS_BATCH_SIZE).to_list(TERMS_BATCH_SIZE)
            if not batch:
                return
            changes = [UpdateOne({"_id": d["_id"]}, {"$set": search_fields(d)}) for d in batch]
            await self._messages.bulk_write(changes, ordered=False)
