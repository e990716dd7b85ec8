"""Leases: the right to run, taken by single conditional writes."""

from datetime import datetime, timedelta

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from hostaway_message_db.database.documents import Document
from hostaway_message_db.database.failures import guarded
from hostaway_message_db.database.indexes import SYNC_STATE
from hostaway_message_db.errors import LeaseHeld
from hostaway_message_db.ports import LeaseHolder
from hostaway_message_db.utils.processes import ProcessIdentity, is_gone


class MongoLeaseStore:
    """Leases in `sync_state`; see `ports.LeaseStore`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._state = database[SYNC_STATE]

    @guarded
    async def acquire(self, name: str, holder: LeaseHolder, now: datetime, seconds: float) -> None:
        """Take or renew the lease in one conditional write; raises `LeaseHeld`.

        A lease that expired is free; so is one whose process has certainly ended.
        """
        key = f"lease:{name}"
        free = {"$or": [{"holder": holder.run_id}, {"expires_at": {"$lte": now}}]}
        taken = _document(holder, now + timedelta(seconds=seconds))
        try:
            await self._take(key, free, taken, upsert=True)
        except DuplicateKeyError as error:
            held = await self._state.find_one({"_id": key}) or {}
            if _is_orphaned(held):
                as_seen = {"holder": held["holder"], "expires_at": held["expires_at"]}
                if await self._take(key, as_seen, taken, upsert=False):
                    return
            raise _held(held) from error

    async def _take(
        self, key: str, condition: Document, taken: Document, *, upsert: bool
    ) -> Document | None:
        return await self._state.find_one_and_update(
            {"_id": key, **condition},
            {"$set": taken},
            upsert=upsert,
            return_document=ReturnDocument.AFTER,
        )

    @guarded
    async def release(self, name: str, holder: LeaseHolder) -> None:
        """Give the lease back, if it is still ours."""
        await self._state.delete_one({"_id": f"lease:{name}", "holder": holder.run_id})


def _document(holder: LeaseHolder, expires_at: datetime) -> Document:
    return {
        "kind": "lease",
        "holder": holder.run_id,
        "space": holder.process.space,
        "host_name": holder.process.host_name,
        "pid": holder.process.pid,
        "expires_at": expires_at,
    }


def _is_orphaned(held: Document) -> bool:
    space, pid = held.get("space"), held.get("pid")
    if not isinstance(space, str) or not isinstance(pid, int):
        return False
    return is_gone(ProcessIdentity(space, str(held.get("host_name")), pid))


def _held(held: Document) -> LeaseHeld:
    until = held.get("expires_at")
    if until is None:
        return LeaseHeld("Another run had the right to run a moment ago.")
    where = f" (process {held['pid']} on {held['host_name']})" if "pid" in held else ""
    return LeaseHeld(
        f"Another run has the right to run: {held['holder']}{where},"
        f" until {until:%Y-%m-%d %H:%M:%S} UTC at the latest."
    )
