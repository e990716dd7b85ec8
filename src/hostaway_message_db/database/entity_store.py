"""The collections of the further entities; see `ports.EntityStore`."""

from collections.abc import Sequence
from datetime import datetime

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.database import AsyncDatabase

from hostaway_message_db.database.documents import SCHEMA_VERSION, Document, record_id, to_bson
from hostaway_message_db.database.failures import guarded
from hostaway_message_db.database.indexes import (
    LISTINGS,
    RESERVATIONS,
    SYNC_STATE,
    indexes_of_entity,
)
from hostaway_message_db.database.upserts import upsert
from hostaway_message_db.models.entities import Entity, EntityRecord
from hostaway_message_db.ports import LoadOutcome
from hostaway_message_db.ports.entities import ChangedReservation


def entity_document(record: EntityRecord) -> Document:
    """Return the stored form of a record."""
    return {
        "_id": record_id(record.account_id, record.key),
        "account_id": record.account_id,
        "key": record.key,
        "reservation_id": record.reservation_id,
        "property_id": record.property_id,
        "changed_on": record.changed_on,
        **to_bson(dict(record.fields)),
        "source": to_bson(dict(record.source)),
        "schema_version": SCHEMA_VERSION,
    }


class MongoEntityStore:
    """One collection for each entity, and when each was last read."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self._state = database[SYNC_STATE]
        self._reservations = database[RESERVATIONS]
        self._listings = database[LISTINGS]

    @guarded
    async def prepare(self, entity: Entity) -> None:
        """Build the indexes of an entity's collection, if they are missing."""
        for plan in indexes_of_entity(entity):
            await self._database[plan.collection].create_index(list(plan.keys), name=plan.name)

    async def load(
        self, entity: Entity, records: Sequence[EntityRecord], now: datetime
    ) -> LoadOutcome:
        """Insert what is new, update what differs, leave the rest untouched."""
        documents = [entity_document(record) for record in records]
        return await upsert(self._database[entity.name], "_id", documents, now)

    @guarded
    async def read_at(self, account_id: str) -> dict[str, datetime]:
        """Return when each entity was last read, by name."""
        prefix = f"entity:{account_id}:"
        found = self._state.find({"_id": {"$gte": prefix, "$lt": f"{prefix}~"}})
        return {state["name"]: state["read_at"] async for state in found}

    @guarded
    async def note_read(self, account_id: str, name: str, now: datetime, outcome: str) -> None:
        """Note that an entity was read, or that it may not be."""
        await self._state.update_one(
            {"_id": f"entity:{account_id}:{name}"},
            {
                "$set": {
                    "kind": "entity",
                    "account_id": account_id,
                    "name": name,
                    "read_at": now,
                    "outcome": outcome,
                }
            },
            upsert=True,
        )

    @guarded
    async def listing_ids(self, account_id: str) -> list[str]:
        """Return the listings that are not archived."""
        found = self._listings.find(
            {"account_id": account_id, "is_archived": False}, {"listing_id": 1}
        )
        return [document["listing_id"] async for document in found.sort("_id")]

    @guarded
    async def changed_reservations(self, account_id: str, limit: int) -> list[ChangedReservation]:
        """Return reservations that changed since their logs were read, newest change first."""
        found = self._reservations.find(
            {
                "account_id": account_id,
                "erasure": None,
                "$expr": {"$ne": ["$updated_on", "$logs_read_for"]},
            },
            {"reservation_id": 1, "updated_on": 1},
        )
        found = found.sort([("updated_on", DESCENDING), ("_id", ASCENDING)]).limit(limit)
        return [
            ChangedReservation(document["reservation_id"], document["updated_on"])
            async for document in found
        ]

    @guarded
    async def note_logs_read(self, account_id: str, reservation: ChangedReservation) -> None:
        """Note up to which change a reservation's logs are read."""
        await self._reservations.update_one(
            {"_id": record_id(account_id, reservation.reservation_id)},
            {"$set": {"logs_read_for": reservation.updated_on}},
        )
