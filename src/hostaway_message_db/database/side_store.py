"""The collections that messages are enriched with, and the quarantine."""

import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from pymongo.asynchronous.database import AsyncDatabase

from hostaway_message_db.database.documents import (
    Document,
    conversation_document,
    conversation_from,
    listing_document,
    listing_from,
    quarantined_document,
    quarantined_from,
    record_id,
    reservation_document,
    reservation_from,
)
from hostaway_message_db.database.failures import guarded, translated
from hostaway_message_db.database.indexes import (
    CONVERSATIONS,
    LISTINGS,
    QUARANTINE,
    RESERVATIONS,
)
from hostaway_message_db.database.upserts import upsert
from hostaway_message_db.models.records import (
    Conversation,
    Listing,
    Quarantined,
    Reservation,
)
from hostaway_message_db.ports import LoadOutcome

STREAM_BATCH = 20
_ADDRESS = re.compile(r'"url": "[^"]*"')
WITHOUT_SOURCE = {"source": 0}
"""What messages are enriched with does not need the rest of a record: `source` comes empty."""


class MongoSideStore:
    """Conversations, reservations and listings; see `ports.SideStore`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._conversations = database[CONVERSATIONS]
        self._reservations = database[RESERVATIONS]
        self._listings = database[LISTINGS]

    async def load_conversations(
        self, conversations: Sequence[Conversation], now: datetime
    ) -> LoadOutcome:
        """Insert, update or leave conversations."""
        documents = [conversation_document(c) for c in conversations]
        return await upsert(self._conversations, "_id", documents, now)

    async def load_reservations(
        self, reservations: Sequence[Reservation], now: datetime
    ) -> LoadOutcome:
        """Insert, update or leave reservations."""
        documents = [reservation_document(r) for r in reservations]
        return await upsert(self._reservations, "_id", documents, now)

    async def load_listings(self, listings: Sequence[Listing], now: datetime) -> LoadOutcome:
        """Insert, update or leave listings."""
        return await upsert(self._listings, "_id", [listing_document(x) for x in listings], now)

    @guarded
    async def conversation(self, account_id: str, conversation_id: str) -> Conversation | None:
        """Return a stored conversation."""
        found = await self._conversations.find_one(
            {"_id": record_id(account_id, conversation_id)}, WITHOUT_SOURCE
        )
        return conversation_from(found) if found else None

    @guarded
    async def conversations(self, account_id: str, ids: Sequence[str]) -> dict[str, Conversation]:
        """Return the stored conversations among `ids`."""
        keys = [record_id(account_id, identity) for identity in ids]
        found = self._conversations.find({"_id": {"$in": keys}}, WITHOUT_SOURCE)
        return {d["conversation_id"]: conversation_from(d) async for d in found}

    @guarded
    async def reservations(self, account_id: str, ids: Sequence[str]) -> dict[str, Reservation]:
        """Return the stored reservations among `ids`."""
        keys = [record_id(account_id, identity) for identity in ids]
        found = self._reservations.find({"_id": {"$in": keys}}, WITHOUT_SOURCE)
        return {d["reservation_id"]: reservation_from(d) async for d in found}

    @guarded
    async def listings(self, account_id: str, ids: Sequence[str]) -> dict[str, Listing]:
        """Return the stored listings among `ids`."""
        keys = [record_id(account_id, identity) for identity in ids]
        found = self._listings.find({"_id": {"$in": keys}}, WITHOUT_SOURCE)
        return {d["listing_id"]: listing_from(d) async for d in found}


class MongoQuarantineStore:
    """Malformed raw records with their reasons; see `ports.QuarantineStore`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._quarantine = database[QUARANTINE]

    async def put(self, records: Sequence[Quarantined], run_id: str, now: datetime) -> int:
        """Keep malformed records with their reasons; return how many are new.

        A record that comes again unchanged is left untouched: same identity, or for one
        without an identity the same raw text.
        """
        documents = [quarantined_document(record, _identity(record)) for record in records]
        outcome = await upsert(
            self._quarantine,
            "_id",
            documents,
            now,
            first_fields={"run_id": run_id},
            comparable=_comparable,
        )
        return outcome.inserted

    @guarded
    async def release(self, account_id: str, entity: str, record_ids: Sequence[str]) -> int:
        """Forget records that could be understood after all."""
        result = await self._quarantine.delete_many(
            {"account_id": account_id, "entity": entity, "record_id": {"$in": list(record_ids)}}
        )
        return result.deleted_count

    async def stream(self, account_id: str) -> AsyncIterator[Quarantined]:
        """Stream what is in quarantine, in a fixed order."""
        after = ""
        while True:
            with translated():
                found = self._quarantine.find({"account_id": account_id, "_id": {"$gt": after}})
                batch = await found.sort("_id").limit(STREAM_BATCH).to_list(STREAM_BATCH)
            for document in batch:
                yield quarantined_from(document)
            if len(batch) < STREAM_BATCH:
                return
            after = batch[-1]["_id"]

    @guarded
    async def forget(self, record: Quarantined) -> None:
        """Forget one record that could be understood after all."""
        await self._quarantine.delete_one({"_id": _identity(record)})

    @guarded
    async def count(self, account_id: str) -> int:
        """Count what is in quarantine."""
        return await self._quarantine.count_documents({"account_id": account_id})

    @guarded
    async def count_by_conversation(self, account_id: str, ids: Sequence[str]) -> dict[str, int]:
        """Count each conversation's messages in quarantine that have an identity."""
        wanted = {
            "account_id": account_id,
            "entity": "message",
            "conversation_id": {"$in": list(ids)},
            "record_id": {"$ne": None},
        }
        groups = await self._quarantine.aggregate(
            [{"$match": wanted}, {"$group": {"_id": "$conversation_id", "n": {"$sum": 1}}}]
        )
        return {group["_id"]: group["n"] async for group in groups}


def _steady(raw: str) -> str:
    """Leave out addresses: a private attachment's is new at each read (API reference 7.4)."""
    return _ADDRESS.sub('"url": null', raw)


def _comparable(document: Document) -> Document:
    return {**document, "raw": _steady(document["raw"])}


def _identity(record: Quarantined) -> str:
    within = record.record_id
    if within is None:
        # One record without an identity per place and content.
        digest = hashlib.sha256(_steady(record.raw).encode()).hexdigest()[:24]
        within = f"{record.conversation_id or ''}#{digest}"
    return f"{record.entity}:{record_id(record.account_id, within)}"
