"""The collection `erasures`: tombstones, receipts, and the salt of contact hashes."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from hostaway_message_db.database.documents import Document
from hostaway_message_db.database.failures import guarded
from hostaway_message_db.database.indexes import ERASURES
from hostaway_message_db.models.records import Erasure
from hostaway_message_db.ports import Receipt, Subject, Tombstone, TombstoneKey, TombstoneKind

BATCH_SIZE = 500
_RECEIPTS = {"$gte": "receipt:", "$lt": "receipt;"}


class MongoErasureLedger:
    """What remembers the forgotten, without anything of them; part of `ports.PrivacyStore`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._erasures = database[ERASURES]

    @guarded
    async def tombstones(
        self, account_id: str, keys: Sequence[TombstoneKey]
    ) -> dict[TombstoneKey, Tombstone]:
        """Return the tombstones among `keys`."""
        if not keys:
            return {}
        wanted = [_tombstone_id(account_id, key) for key in keys]
        found = self._erasures.find({"_id": {"$in": wanted}})
        stones = [_tombstone_from(document) async for document in found]
        return {stone.key: stone for stone in stones}

    @guarded
    async def bury(self, tombstones: Sequence[Tombstone]) -> None:
        """Write tombstones; one on request is never replaced by one of retention."""
        for start in range(0, len(tombstones), BATCH_SIZE):
            batch = tombstones[start : start + BATCH_SIZE]
            await self._erasures.bulk_write([_burial(stone) for stone in batch], ordered=False)

    @guarded
    async def salt(self, account_id: str) -> bytes | None:
        """Return the salt of the account's contact hashes, if there ever was one."""
        found = await self._erasures.find_one({"_id": f"salt:{account_id}"})
        return bytes(found["salt"]) if found else None

    @guarded
    async def new_salt(self, account_id: str, fresh: bytes) -> bytes:
        """Return the account's salt; `fresh` becomes it if there is none."""
        await self._erasures.update_one(
            {"_id": f"salt:{account_id}"},
            {"$setOnInsert": {"kind": "salt", "account_id": account_id, "salt": fresh}},
            upsert=True,
        )
        found = await self._erasures.find_one({"_id": f"salt:{account_id}"}) or {"salt": fresh}
        return bytes(found["salt"])

    @guarded
    async def begin(self, receipt: Receipt) -> None:
        """Write a receipt before the erasure, so that a killed one is finished later."""
        await self._erasures.insert_one(_receipt_document(receipt))

    @guarded
    async def finish(self, receipt: Receipt) -> None:
        """Complete a receipt."""
        await self._erasures.replace_one(
            {"_id": f"receipt:{receipt.receipt_id}"}, _receipt_document(receipt), upsert=True
        )

    @guarded
    async def receipts(self, account_id: str, ids: Sequence[str]) -> list[Receipt]:
        """Return the receipts among `ids`, oldest first."""
        found = self._erasures.find(
            {"_id": {"$in": [f"receipt:{i}" for i in ids]}, "account_id": account_id}
        )
        return [_receipt_from(document) async for document in found.sort("erased_at")]

    @guarded
    async def unfinished(self, account_id: str) -> list[Receipt]:
        """Return receipts of erasures that were killed."""
        found = self._erasures.find(
            # By the range of `_id`: receipts are few among the tombstones of years.
            {"_id": _RECEIPTS, "account_id": account_id, "finished_at": None}
        )
        return [_receipt_from(document) async for document in found]

    @guarded
    async def note_reopened(self, account_id: str, newest: Mapping[str, datetime]) -> None:
        """Note the newest message that came to a conversation after its retention erasure."""
        for conversation_id, moment in newest.items():
            key = _tombstone_id(account_id, (TombstoneKind.CONVERSATION, conversation_id))
            await self._erasures.update_one({"_id": key}, {"$max": {"reopened_at": moment}})

    @guarded
    async def reopened(self, account_id: str, before: datetime, limit: int) -> frozenset[str]:
        """Return the reopened conversations whose newest message is old enough by now."""
        found = self._erasures.find(
            {"account_id": account_id, "reopened_at": {"$lt": before}}, {"identity": 1}
        )
        return frozenset([document["identity"] async for document in found.limit(limit)])


def _tombstone_id(account_id: str, key: TombstoneKey) -> str:
    kind, identity = key
    return f"{kind}:{account_id}:{identity}"


def _burial(stone: Tombstone) -> UpdateOne:
    document: Document = {
        "kind": str(stone.kind),
        "account_id": stone.account_id,
        "identity": stone.identity,
        "erasure": str(stone.erasure),
        "since": stone.since,
        "receipt_id": stone.receipt_id,
    }
    key = {"_id": _tombstone_id(stone.account_id, stone.key)}
    if stone.erasure is Erasure.REQUEST:
        return UpdateOne(key, {"$set": document, "$unset": {"reopened_at": ""}}, upsert=True)
    kept = {"$eq": ["$erasure", str(Erasure.REQUEST)]}
    written = {
        name: {"$cond": [kept, f"${name}", {"$literal": value}]} for name, value in document.items()
    }
    return UpdateOne(key, [{"$set": written}, {"$unset": "reopened_at"}], upsert=True)


def _tombstone_from(document: Document) -> Tombstone:
    return Tombstone(
        account_id=document["account_id"],
        kind=TombstoneKind(document["kind"]),
        identity=document["identity"],
        erasure=Erasure(document["erasure"]),
        since=document["since"],
        receipt_id=document["receipt_id"],
    )


def _receipt_document(receipt: Receipt) -> Document:
    return {
        "_id": f"receipt:{receipt.receipt_id}",
        "kind": "receipt",
        "account_id": receipt.account_id,
        "receipt_id": receipt.receipt_id,
        "selected_by": list(receipt.selected_by),
        "reservation_ids": sorted(receipt.subject.reservation_ids),
        "conversation_ids": sorted(receipt.subject.conversation_ids),
        "erased_at": receipt.erased_at,
        "finished_at": receipt.finished_at,
        "counts": dict(receipt.counts),
        "version": receipt.version,
        "remains": list(receipt.remains),
        "backups": receipt.backups,
    }


def _receipt_from(document: Document) -> Receipt:
    return Receipt(
        receipt_id=document["receipt_id"],
        account_id=document["account_id"],
        selected_by=tuple(document["selected_by"]),
        subject=Subject(
            frozenset(document["reservation_ids"]), frozenset(document["conversation_ids"])
        ),
        erased_at=document["erased_at"],
        finished_at=document["finished_at"],
        counts=document["counts"],
        version=document["version"],
        remains=tuple(document["remains"]),
        backups=document["backups"],
    )
