"""What erasure, subject access and retention need of the collections; see `ports.PrivacyStore`."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import pymongo
from pymongo import ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from hostaway_message_db.database.documents import (
    ENRICHED_FIELDS,
    Document,
    conversation_from,
    from_bson,
    message_document,
    message_from,
    record_id,
    reservation_from,
)
from hostaway_message_db.database.erasure_ledger import MongoErasureLedger
from hostaway_message_db.database.failures import guarded, translated
from hostaway_message_db.database.figure_store import mark_outdated
from hostaway_message_db.database.indexes import (
    CONVERSATIONS,
    MESSAGES,
    RESERVATIONS,
    SYNC_RUNS,
    SYNC_STATE,
)
from hostaway_message_db.database.reading_documents import search_fields
from hostaway_message_db.database.vectors import Vectors
from hostaway_message_db.models.records import Conversation, Erasure, Message, Reservation
from hostaway_message_db.ports import Contact, Holding, Subject, TombstoneKind, Treatment

BATCH_SIZE = 500
SCAN_SECONDS = 3600
"""A guest is looked for in every document; no index serves what is asked so rarely."""
ERASED_WORDS = "erased"


class MongoPrivacyStore(MongoErasureLedger):
    """The whole of `ports.PrivacyStore` on one database."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database)
        self._database = database
        self._messages = database[MESSAGES]
        self._conversations = database[CONVERSATIONS]
        self._reservations = database[RESERVATIONS]
        self._vectors = Vectors(database)
        self._state = database[SYNC_STATE]

    # --- whose records ---------------------------------------------------------------------

    async def contacts(self, account_id: str) -> AsyncIterator[Contact]:
        """Stream by what the stored reservations and conversations can be known."""
        query = {"account_id": account_id}
        async for batch in _batches(self._reservations, query, {"reservation_id": 1, "guest": 1}):
            for found in batch:
                guest, identity = found["guest"], found["reservation_id"]
                yield Contact(
                    TombstoneKind.RESERVATION, identity, identity, guest["email"], guest["phone"]
                )
        shown = {"conversation_id": 1, "reservation_id": 1, "recipient_email": 1}
        async for batch in _batches(self._conversations, query, shown):
            for found in batch:
                identity, stay = found["conversation_id"], found["reservation_id"]
                email = found["recipient_email"]
                yield Contact(TombstoneKind.CONVERSATION, identity, stay, email, None)

    @guarded
    async def linked(self, account_id: str, subject: Subject) -> Subject:
        """Return the subject with what its reservations and conversations lead to."""
        stays = {"$in": sorted(subject.reservation_ids)}
        threads = {"$in": sorted(subject.conversation_ids)}
        conversations = self._conversations, self._state, self._messages
        with pymongo.timeout(SCAN_SECONDS):
            found: set[str] = set()
            for collection in conversations:
                path = "reservation.id" if collection is self._messages else "reservation_id"
                query = {"account_id": account_id, path: stays}
                found |= await _distinct(collection, query, "conversation_id")
            led: set[str] = set()
            for collection in conversations:
                path = "reservation.id" if collection is self._messages else "reservation_id"
                query = {"account_id": account_id, "conversation_id": threads}
                led |= await _distinct(collection, query, path)
        return subject | Subject(frozenset(led), frozenset(found))

    @guarded
    async def message_ids(self, account_id: str, conversation_ids: Sequence[str]) -> frozenset[str]:
        """Return the ids of the conversations' messages."""
        query = {"conversation_id": {"$in": list(conversation_ids)}, "account_id": account_id}
        return frozenset(await _distinct(self._messages, query, "message_id"))

    @guarded
    async def aged(
        self, account_id: str, departed_before: str, active_before: datetime, limit: int
    ) -> Subject:
        """Return reservations and conversations old enough to be erased and not erased yet."""
        departed = self._reservations.find(
            {
                "account_id": account_id,
                "erasure": None,
                "departure_date": {"$lt": departed_before},
            },
            {"reservation_id": 1},
        )
        stays = [d["reservation_id"] async for d in departed.sort("departure_date").limit(limit)]
        query = {"account_id": account_id, "reservation_id": {"$in": stays}}
        threads = await _distinct(self._state, query, "conversation_id")
        silent = await self._conversations.aggregate(
            [
                {"$match": _silent_since(account_id, active_before)},
                {"$set": {"stay_id": {"$concat": ["$account_id", ":", "$reservation_id"]}}},
                {
                    "$lookup": {
                        "from": RESERVATIONS,
                        "localField": "stay_id",
                        "foreignField": "_id",
                        "as": "stay",
                    }
                },
                # One with a departure goes with its stay, when that is old enough.
                {
                    "$match": {
                        "$or": [
                            {"stay": []},
                            {"stay.departure_date": None},
                            {"stay.departure_date": {"$lt": departed_before}},
                        ]
                    }
                },
                {"$limit": limit},
                {"$project": {"conversation_id": 1, "reservation_id": 1}},
            ]
        )
        async for document in silent:
            threads.add(document["conversation_id"])
            stays += [document["reservation_id"]] if document["reservation_id"] else []
        return Subject(frozenset(stays), frozenset(threads))

    # --- what is stored of them ------------------------------------------------------------

    @guarded
    async def count(self, account_id: str, holding: Holding, subject: Subject) -> int:
        """Count the records of a collection that an erasure would still touch."""
        query = _records(account_id, holding, subject)
        if holding.treatment is Treatment.PSEUDONYMISE:
            query["erasure"] = {"$ne": str(Erasure.REQUEST)}
        elif holding.collection == SYNC_STATE:
            query["last_error"] = {"$nin": [None, ERASED_WORDS]}
        elif holding.collection == SYNC_RUNS:
            failure = {"subject": {"$in": _failed(subject)}, "reason": {"$ne": ERASED_WORDS}}
            query = {"account_id": account_id, "report.failures": {"$elemMatch": failure}}
        with pymongo.timeout(SCAN_SECONDS):
            return await self._database[holding.collection].count_documents(query)

    @guarded
    async def documents(
        self, account_id: str, holding: Holding, subject: Subject, limit: int
    ) -> list[dict[str, Any]]:
        """Return the records of a collection, as plain values."""
        with pymongo.timeout(SCAN_SECONDS):
            found = self._database[holding.collection].find(_records(account_id, holding, subject))
            return [_plain(from_bson(d)) for d in await found.sort("_id").to_list(limit)]

    @guarded
    async def delete(self, account_id: str, holding: Holding, subject: Subject) -> int:
        """Delete the records of a collection, with their parts."""
        query, collection = _records(account_id, holding, subject), holding.collection
        with pymongo.timeout(SCAN_SECONDS):
            if holding.is_shared:
                query = await self._disowned(holding, query, subject)
            if holding.parts:
                owners = [
                    d["_id"] async for d in self._database[collection].find(query, {"_id": 1})
                ]
                await self._database[holding.parts].delete_many({"files_id": {"$in": owners}})
            return (await self._database[collection].delete_many(query)).deleted_count

    async def _disowned(self, holding: Holding, query: Document, subject: Subject) -> Document:
        """Take the subject out of shared records; match those that are nobody's any more."""
        collection = self._database[holding.collection]
        owned = [d["_id"] async for d in collection.find(query, {"_id": 1})]
        places = (
            (holding.conversation_paths, subject.conversation_ids),
            (holding.message_paths, subject.message_ids),
        )
        gone = {path: {"$in": sorted(ids)} for paths, ids in places for path in paths}
        await collection.update_many({"_id": {"$in": owned}}, {"$pull": gone})
        nobodys: Document = {path: [] for path in holding.message_paths}
        return {"_id": {"$in": owned}, **nobodys}

    @guarded
    async def strip(self, account_id: str, holding: Holding, subject: Subject) -> int:
        """Take out words that may quote a guest."""
        if holding.collection == SYNC_STATE:
            query = _records(account_id, holding, subject)
            query["last_error"] = {"$nin": [None, ERASED_WORDS]}
            change = {"$set": {"last_error": ERASED_WORDS}}
            return (await self._state.update_many(query, change)).modified_count
        subjects = _failed(subject)
        stripped = await self._database[holding.collection].update_many(
            {"account_id": account_id, "report.failures.subject": {"$in": subjects}},
            {"$set": {"report.failures.$[failure].reason": ERASED_WORDS}},
            array_filters=[{"failure.subject": {"$in": subjects}}],
        )
        return stripped.modified_count

    async def messages(
        self, account_id: str, conversation_ids: Sequence[str], erasure: Erasure, until: datetime
    ) -> AsyncIterator[list[Message]]:
        """Stream batches of the messages that are not erased to this degree yet."""
        query = {
            "conversation_id": {"$in": list(conversation_ids)},
            "account_id": account_id,
            **_not_yet(erasure),
        }
        if erasure is Erasure.RETENTION:
            query["timestamp"] = {"$lte": until}
        async for batch in _batches(self._messages, query, None):
            yield [message_from(document) for document in batch]

    @guarded
    async def rewrite_messages(self, messages: Sequence[Message], now: datetime) -> int:
        """Put erased messages in place of the stored ones, whole.

        Whole, so that what later versions of ours add to a message does not outlive it.
        """
        documents = {m.message_id: message_document(m) for m in messages}
        kept = {"created_at": 1, "is_unsent": 1, "message_id": 1, "content_hash": 1}
        found = await self._messages.find({"message_id": {"$in": list(documents)}}, kept).to_list()
        texts = {d["content_hash"] for d in found if d.get("content_hash")}
        await self._vectors.drop_unused(texts, leaving=documents)
        operations = [
            ReplaceOne(
                {"_id": d["_id"]},
                {
                    "_id": d["_id"],
                    **documents[d["message_id"]],
                    **search_fields(documents[d["message_id"]]),
                    **ENRICHED_FIELDS,
                    "is_unsent": d["is_unsent"],
                    "created_at": d["created_at"],
                    "updated_at": now,
                },
            )
            for d in found
        ]
        if operations:
            await mark_outdated(self._database, (m.conversation_id for m in messages))
            await self._messages.bulk_write(operations, ordered=False)
        # Again: a labelling may have stored one in between.
        await self._vectors.drop_unused(texts)
        return len(operations)

    @guarded
    async def conversations(
        self, account_id: str, ids: Sequence[str], erasure: Erasure
    ) -> list[Conversation]:
        """Return the stored conversations that are not erased to this degree yet."""
        keys = [record_id(account_id, identity) for identity in ids]
        found = self._conversations.find({"_id": {"$in": keys}, **_not_yet(erasure)})
        return [conversation_from(document) async for document in found]

    @guarded
    async def reservations(
        self, account_id: str, ids: Sequence[str], erasure: Erasure
    ) -> list[Reservation]:
        """Return the stored reservations that are not erased to this degree yet."""
        keys = [record_id(account_id, identity) for identity in ids]
        found = self._reservations.find({"_id": {"$in": keys}, **_not_yet(erasure)})
        return [reservation_from(document) async for document in found]


def _not_yet(erasure: Erasure) -> Document:
    """Match what is not erased to this degree: a request goes further than retention."""
    if erasure is Erasure.REQUEST:
        return {"erasure": {"$ne": str(Erasure.REQUEST)}}
    return {"erasure": None}


def _silent_since(account_id: str, active_before: datetime) -> Document:
    recent = {"$gte": active_before}
    return {
        "account_id": account_id,
        "erasure": None,
        "$nor": [{"message_sent_on": recent}, {"message_received_on": recent}],
        "$or": [{"message_sent_on": {"$ne": None}}, {"message_received_on": {"$ne": None}}],
    }


def _records(account_id: str, holding: Holding, subject: Subject) -> Document:
    """Match the subject's records in a collection."""
    places = (
        (holding.reservation_paths, subject.reservation_ids),
        (holding.conversation_paths, subject.conversation_ids),
        (holding.message_paths, subject.message_ids),
    )
    ways = [{path: {"$in": sorted(ids)}} for paths, ids in places for path in paths]
    # Ids are Hostaway's and unique over accounts; what is deleted need not name the account.
    owner = {} if holding.treatment is Treatment.DELETE else {"account_id": account_id}
    return {**owner, "$or": ways}


def _failed(subject: Subject) -> list[str]:
    """Return what a run's report calls the subject's records."""
    return [
        *(f"conversation {identity}" for identity in sorted(subject.conversation_ids)),
        *(f"reservation {identity}" for identity in sorted(subject.reservation_ids)),
    ]


async def _distinct(collection: AsyncCollection[Document], query: Document, path: str) -> set[str]:
    groups = await collection.aggregate([{"$match": query}, {"$group": {"_id": f"${path}"}}])
    return {group["_id"] async for group in groups if group["_id"] is not None}


async def _batches(
    collection: AsyncCollection[Document], query: Document, shown: Document | None
) -> AsyncIterator[list[Document]]:
    """Stream documents by short queries, each from where the last one ended."""
    after: Document = {}
    while True:
        with translated():
            found = collection.find({**query, **after}, shown)
            batch = await found.sort("_id").limit(BATCH_SIZE).to_list(BATCH_SIZE)
        if batch:
            yield batch
        if len(batch) < BATCH_SIZE:
            return
        after = {"_id": {"$gt": batch[-1]["_id"]}}


def _plain(value: Any) -> Any:
    """Return a value without types of the database's own."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value.hex() if isinstance(value, bytes) else value
