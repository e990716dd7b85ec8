"""What figures are computed from: rows of messages by bucket, and which are outdated."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DeleteOne, UpdateOne, WriteConcern
from pymongo.asynchronous.database import AsyncDatabase

from hostaway_message_db.database.documents import Document, from_bson
from hostaway_message_db.database.failures import guarded, translated
from hostaway_message_db.database.indexes import (
    CONVERSATIONS,
    LISTINGS,
    MESSAGE_FACTS,
    MESSAGES,
    OUTDATED_FACTS,
    QUARANTINE,
    RESERVATIONS,
    REVIEWS,
    SYNC_RUNS,
    SYNC_STATE,
)
from hostaway_message_db.ports import Outdated, Segment, bucket_of

BATCH_SIZE = 1_000
MOST_RUNS = 500
NEEDED: Document = {
    "_id": 0,
    **dict.fromkeys(
        (
            "account_id", "message_id", "conversation_id",
            "property.id", "guest.nationality", "timestamp",
            "direction", "reservation.id", "reservation.status", "reservation.arrival_date",
            "reservation.departure_date", "message_type", "status", "channel.name",
            "is_automated", "is_unsent", "attachments.id", "stage", "language", "sentiment",
            "topics", "needs_reply", "versions_count", "created_at", "source.insertedOn",
            "source.sentUsingHostaway", "source.listingTimeZoneName",
        ),
        1,
    ),
}  # fmt: skip
"""What figures need of a message."""
LAYOUT_MARK = "facts"


async def mark_outdated(database: AsyncDatabase[Document], conversation_ids: Iterable[str]) -> None:
    """Note, before messages of these conversations change, that their rows will be outdated.

    Not waited for on the disk: the journal keeps the order, so whenever the change itself is
    durable, the mark before it is.
    """
    marks = database.get_collection(OUTDATED_FACTS, write_concern=WriteConcern(w=1, j=False))
    changes = [
        UpdateOne({"_id": _mark_id(i)}, {"$set": {"mark": ObjectId()}}, upsert=True)
        for i in sorted(set(conversation_ids))
    ]
    if changes:
        await marks.bulk_write(changes, ordered=False)


async def mark_all_outdated(database: AsyncDatabase[Document]) -> None:
    """Note that all rows are to be made anew: what `mark_all` does when nothing is kept."""
    await database[SYNC_STATE].delete_one({"_id": LAYOUT_MARK})


def _mark_id(conversation_id: str) -> str:
    return f"{bucket_of(conversation_id):03d}:{conversation_id}"


class MongoFigureStore:
    """Rows and marks in MongoDB; see `ports.FigureStore`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self._facts = database[MESSAGE_FACTS]
        self._marks = database[OUTDATED_FACTS]

    @guarded
    async def outdated(self, limit: int) -> list[Outdated]:
        """Return conversations whose rows are to be made anew, bucket by bucket."""
        found = self._marks.find({"_id": {"$regex": "^[0-9]"}}).sort("_id").limit(limit)
        return [
            Outdated(d["_id"].partition(":")[2], str(d["mark"])) for d in await found.to_list(limit)
        ]

    @guarded
    async def settle(self, outdated: Sequence[Outdated]) -> None:
        """Note that the rows of these are current, unless they changed again meanwhile."""
        done = [
            DeleteOne({"_id": _mark_id(one.conversation_id), "mark": ObjectId(one.mark)})
            for one in outdated
        ]
        if done:
            await self._marks.bulk_write(done, ordered=False)

    @guarded
    async def mark_all(self, layout: int) -> None:
        """Mark every conversation when nothing, or something of another layout, is kept."""
        known = await self._database[SYNC_STATE].find_one({"_id": LAYOUT_MARK})
        if known is not None and known["layout"] == layout:
            return
        groups = await self._database[MESSAGES].aggregate([{"$group": {"_id": "$conversation_id"}}])
        ids: list[str] = []
        async for group in groups:
            ids.append(group["_id"])
            if len(ids) >= BATCH_SIZE:
                await mark_outdated(self._database, ids)
                ids = []
        await mark_outdated(self._database, ids)
        await self._facts.delete_many({"layout": {"$ne": layout}})
        await self._database[SYNC_STATE].replace_one(
            {"_id": LAYOUT_MARK}, {"layout": layout}, upsert=True
        )

    @guarded
    async def threads(self, conversation_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Return the messages of conversations, oldest first, with what figures need of them."""
        found = self._database[MESSAGES].find(
            {"conversation_id": {"$in": list(conversation_ids)}}, NEEDED
        )
        threads: dict[str, list[dict[str, Any]]] = {}
        async for message in found:
            threads.setdefault(message["conversation_id"], []).append(message)
        for messages in threads.values():
            messages.sort(key=lambda m: (m["timestamp"], m["message_id"]))
        return threads

    @guarded
    async def zones(self) -> dict[str, str]:
        """Return the time zones of the listings by id."""
        listings = self._database[LISTINGS].find({}, {"listing_id": 1, "time_zone_name": 1})
        return {d["listing_id"]: d["time_zone_name"] async for d in listings}

    @guarded
    async def segment(self, bucket: int) -> Segment | None:
        """Return the rows of a bucket."""
        found = await self._facts.find_one({"_id": bucket})
        return _segment(found) if found else None

    @guarded
    async def put_segment(self, bucket: int, segment: Segment) -> None:
        """Keep the rows of a bucket in place of what was there."""
        document: Document = {
            "layout": segment.layout,
            "columns": dict(segment.columns),
            "names": {name: list(values) for name, values in segment.names.items()},
        }
        await self._facts.replace_one({"_id": bucket}, document, upsert=True)

    async def segments(self, columns: Sequence[str], layout: int) -> AsyncIterator[Segment]:
        """Stream all buckets with these columns alone."""
        shown = {f"{part}.{name}": 1 for name in columns for part in ("columns", "names")}
        with translated():
            found = self._facts.find({"layout": layout}, {"layout": 1, **shown})
            for document in await found.sort("_id", ASCENDING).to_list():
                yield _segment(document)

    @guarded
    async def store_records(self) -> dict[str, Any]:
        """Return what figures about the copy itself need: runs, counts, ratings."""
        runs = self._database[SYNC_RUNS].find().sort("started_at", -1).limit(MOST_RUNS)
        reviews = self._database[REVIEWS].find({}, {"reservation_id": 1, "rating": 1})
        counted = (MESSAGES, CONVERSATIONS, RESERVATIONS, LISTINGS, QUARANTINE)
        return {
            "runs": [from_bson(run) for run in await runs.to_list(MOST_RUNS)],
            "counts": {n: await self._database[n].estimated_document_count() for n in counted},
            "ratings": {
                d["reservation_id"]: float(from_bson(d["rating"]))
                async for d in reviews
                if d.get("rating") is not None and d.get("reservation_id")
            },
        }


def _segment(document: Document) -> Segment:
    return Segment(document["layout"], document.get("columns", {}), document.get("names", {}))
