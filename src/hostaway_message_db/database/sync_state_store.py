"""What runs leave for each other: states of conversations, leases, the run ledger."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from hostaway_message_db.database.documents import (
    Document,
    stamp_document,
    stamp_from,
    to_bson,
)
from hostaway_message_db.database.failures import guarded, translated
from hostaway_message_db.database.indexes import SYNC_RUNS, SYNC_STATE
from hostaway_message_db.ports import AccountState, ConversationMark, ConversationState

STREAM_BATCH = 200
SAMPLE_MARK = "sample"
MAX_ERROR_CHARACTERS = 500


def _conversation_key(account_id: str, conversation_id: str) -> str:
    return f"conversation:{account_id}:{conversation_id}"


def _state_from(document: Document) -> ConversationState:
    return ConversationState(
        conversation_id=document["conversation_id"],
        reservation_id=document["reservation_id"],
        listed_stamp=stamp_from(document["listed_stamp"]),
        read_stamp=stamp_from(document.get("read_stamp")),
        read_at=document.get("read_at"),
        is_pending=document["is_pending"],
        failed_runs=document.get("failed_runs", 0),
        message_count=document.get("message_count", 0),
    )


class MongoSyncStateStore:
    """States of accounts and conversations; see `ports.SyncStateStore`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._state = database[SYNC_STATE]

    @guarded
    async def account(self, account_id: str) -> AccountState:
        """Return what is known of the account."""
        found = await self._state.find_one({"_id": f"account:{account_id}"}) or {}
        return AccountState(
            reservations_watermark=found.get("reservations_watermark"),
            first_load_completed_at=found.get("first_load_completed_at"),
        )

    @guarded
    async def settle_account(self, account_id: str, state: AccountState) -> None:
        """Record a complete run's watermark."""
        await self._state.update_one(
            {"_id": f"account:{account_id}"},
            {
                "$set": {
                    "kind": "account",
                    "account_id": account_id,
                    "reservations_watermark": state.reservations_watermark,
                    "first_load_completed_at": state.first_load_completed_at,
                }
            },
            upsert=True,
        )

    @guarded
    async def conversations(
        self, account_id: str, ids: Sequence[str]
    ) -> dict[str, ConversationState]:
        """Return the states among `ids`."""
        keys = [_conversation_key(account_id, identity) for identity in ids]
        found = self._state.find({"_id": {"$in": keys}})
        return {d["conversation_id"]: _state_from(d) async for d in found}

    @guarded
    async def count_conversations(self, account_id: str) -> int:
        """Count the conversations ever listed."""
        return await self._state.count_documents({"kind": "conversation", "account_id": account_id})

    def all_conversations(
        self, account_id: str, after: str | None = None
    ) -> AsyncIterator[ConversationState]:
        """Stream every state in a fixed order, from just after one of them."""
        start = _conversation_key(account_id, after) if after else ""
        return self._stream({"account_id": account_id, "kind": "conversation"}, start)

    @guarded
    async def verified_up_to(self, account_id: str) -> str | None:
        """Return where an interrupted deep proof stopped."""
        found = await self._state.find_one({"_id": f"verify:{account_id}"}) or {}
        return found.get("conversation_id")

    @guarded
    async def note_verified(self, account_id: str, conversation_id: str | None) -> None:
        """Note how far a deep proof is; None when it is through."""
        await self._state.update_one(
            {"_id": f"verify:{account_id}"},
            {"$set": {"kind": "verify", "conversation_id": conversation_id}},
            upsert=True,
        )

    @guarded
    async def mark_pending(self, account_id: str, ids: Sequence[str]) -> int:
        """Mark these conversations as waiting to be read."""
        keys = [_conversation_key(account_id, identity) for identity in ids]
        return await self._mark_pending({"_id": {"$in": keys}})

    def pending(self, account_id: str) -> AsyncIterator[ConversationState]:
        """Stream the conversations that wait to be read, each once."""
        return self._stream({"account_id": account_id, "is_pending": True})

    async def _stream(self, query: Document, after: str = "") -> AsyncIterator[ConversationState]:
        # Short queries, each from where the last one ended: no cursor of the server's has
        # to outlive a first load of hours.
        while True:
            with translated():
                found = self._state.find({**query, "_id": {"$gt": after}})
                batch = await found.sort("_id").limit(STREAM_BATCH).to_list(STREAM_BATCH)
            for document in batch:
                yield _state_from(document)
            if len(batch) < STREAM_BATCH:
                return
            after = batch[-1]["_id"]

    @guarded
    async def mark(self, account_id: str, marks: Sequence[ConversationMark]) -> None:
        """Write what the listing step noted."""
        operations = [
            UpdateOne(
                {"_id": _conversation_key(account_id, mark.conversation_id)},
                {
                    "$set": {
                        "kind": "conversation",
                        "account_id": account_id,
                        "conversation_id": mark.conversation_id,
                        "reservation_id": mark.reservation_id,
                        "listed_stamp": stamp_document(mark.listed_stamp),
                        "last_active_at": mark.last_active_at,
                        "is_pending": mark.is_pending,
                    }
                },
                upsert=True,
            )
            for mark in marks
        ]
        if operations:
            await self._state.bulk_write(operations, ordered=False)

    @guarded
    async def mark_pending_by_reservation(
        self, account_id: str, reservation_ids: Sequence[str]
    ) -> int:
        """Mark the conversations of changed reservations as waiting to be read."""
        return await self._mark_pending(
            {"account_id": account_id, "reservation_id": {"$in": list(reservation_ids)}}
        )

    @guarded
    async def mark_recent_pending(
        self, account_id: str, active_since: datetime, read_before: datetime
    ) -> int:
        """Mark recently active conversations whose last read is too old."""
        return await self._mark_pending(
            {
                "account_id": account_id,
                "last_active_at": {"$gte": active_since},
                "read_at": {"$lt": read_before},
            }
        )

    @guarded
    async def mark_all_pending(self, account_id: str) -> int:
        """Mark every conversation as waiting to be read (`--full`)."""
        return await self._mark_pending({"account_id": account_id})

    async def _mark_pending(self, query: Document) -> int:
        result = await self._state.update_many(
            {**query, "kind": "conversation", "is_pending": False}, {"$set": {"is_pending": True}}
        )
        return result.modified_count

    @guarded
    async def count_pending(self, account_id: str) -> int:
        """Count the conversations that wait to be read."""
        return await self._state.count_documents({"account_id": account_id, "is_pending": True})

    @guarded
    async def settle_conversation(
        self, account_id: str, state: ConversationState, message_count: int, now: datetime
    ) -> None:
        """Record a complete read under the stamp that was listed before it."""
        listed = stamp_document(state.listed_stamp)
        await self._state.update_one(
            {"_id": _conversation_key(account_id, state.conversation_id)},
            [
                {
                    "$set": {
                        "read_stamp": {"$literal": listed},
                        "read_at": now,
                        # Listed anew while we read: it stays pending.
                        "is_pending": {"$ne": ["$listed_stamp", {"$literal": listed}]},
                        "message_count": message_count,
                        "failed_runs": 0,
                        "last_error": None,
                    }
                }
            ],
        )

    @guarded
    async def note_failure(
        self, account_id: str, conversation_id: str, error: str, *, gives_up: bool
    ) -> None:
        """Count a run in which this conversation could not be read; giving up, it waits no more."""
        change = {"last_error": error[:MAX_ERROR_CHARACTERS]}
        await self._state.update_one(
            {"_id": _conversation_key(account_id, conversation_id)},
            {
                "$inc": {"failed_runs": 1},
                "$set": {**change, **({"is_pending": False} if gives_up else {})},
            },
        )

    @guarded
    async def revive(self, account_id: str, ids: Sequence[str]) -> int:
        """Let conversations that were given up wait to be read again."""
        keys = [_conversation_key(account_id, identity) for identity in ids]
        result = await self._state.update_many(
            {"_id": {"$in": keys}}, {"$set": {"is_pending": True, "failed_runs": 0}}
        )
        return result.modified_count

    @guarded
    async def announce_keys(self, account_id: str, keys: Sequence[str]) -> list[str]:
        """Remember unknown keys of Hostaway's records; return the ones never seen before."""
        key = f"drift:{account_id}"
        found = await self._state.find_one({"_id": key}) or {}
        new = sorted(set(keys) - set(found.get("keys", ())))
        if new:
            await self._state.update_one(
                {"_id": key},
                {"$set": {"kind": "drift"}, "$addToSet": {"keys": {"$each": new}}},
                upsert=True,
            )
        return new


class MongoRunStore:
    """The ledger of runs; see `ports.RunStore`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._runs = database[SYNC_RUNS]
        self._state = database[SYNC_STATE]

    @guarded
    async def mark_as_sample(self) -> None:
        """Mark the whole database as sample data."""
        await self._state.update_one(
            {"_id": SAMPLE_MARK}, {"$set": {"kind": "sample"}}, upsert=True
        )

    @guarded
    async def start(
        self, run_id: str, account_id: str, kind: str, mode: str, now: datetime
    ) -> None:
        """Record that a run began; the account's former ones that never ended are lost."""
        await self._runs.update_many(
            {"account_id": account_id, "outcome": "running"},
            {"$set": {"outcome": "lost", "finished_at": now}},
        )
        await self._runs.insert_one(
            {
                "_id": run_id,
                "account_id": account_id,
                "kind": kind,
                "mode": mode,
                "outcome": "running",
                "started_at": now,
                "finished_at": None,
                "report": None,
            }
        )

    @guarded
    async def finish(
        self, run_id: str, outcome: str, report: dict[str, Any], now: datetime
    ) -> None:
        """Record how a run ended."""
        await self._runs.update_one(
            {"_id": run_id},
            {"$set": {"outcome": outcome, "finished_at": now, "report": to_bson(report)}},
        )
