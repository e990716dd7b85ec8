"""Scheduled times and incidents in `sync_state`, each moved on by single conditional writes."""

import functools
from datetime import datetime, timedelta
from typing import Any

from pymongo import DESCENDING, ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from hostaway_message_db.database.documents import Document
from hostaway_message_db.database.failures import guarded
from hostaway_message_db.database.indexes import SYNC_STATE
from hostaway_message_db.ports import Incident, JobOutcome, JobRecord, ScheduledJob

KEPT = timedelta(days=400)
"""How long a scheduled time is remembered: a year and a month to look back on."""
_AFTER_EVERY_TIME = "~"


def _prefix(account_id: str, name: str) -> str:
    return f"job:{account_id}:{name}:"


def _key(job: ScheduledJob) -> str:
    return f"{_prefix(job.account_id, job.name)}{job.scheduled_for:%Y-%m-%dT%H:%MZ}"


def _record_from(document: Document) -> JobRecord:
    return JobRecord(
        scheduled_for=document["scheduled_for"],
        run_id=document["run_id"],
        attempts=document["attempts"],
        completed_at=document.get("completed_at"),
    )


class MongoJobStore:
    """Scheduled times of jobs; see `ports.JobStore`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._state = database[SYNC_STATE]

    @guarded
    async def latest(self, account_id: str, name: str) -> JobRecord | None:
        """Return the newest scheduled time that was ever claimed."""
        prefix = _prefix(account_id, name)
        keys = {"$gte": prefix, "$lt": prefix + _AFTER_EVERY_TIME}
        found = await self._state.find_one({"_id": keys}, sort=[("_id", DESCENDING)])
        return _record_from(found) if found else None

    @guarded
    async def claim(
        self, job: ScheduledJob, run_id: str, now: datetime, *, repeats: bool
    ) -> JobRecord | None:
        """Begin an attempt at a scheduled time; None is the refusal of a completed one.

        With `repeats` a completed one is begun again, and stays completed.
        """
        condition: dict[str, Any] = {"_id": _key(job)}
        if not repeats:
            condition["completed_at"] = {"$exists": False}
        attempt = {
            "$set": {"run_id": run_id, "outcome": "running", "started_at": now},
            "$inc": {"attempts": 1},
            "$setOnInsert": {
                "kind": "job",
                "account_id": job.account_id,
                "name": job.name,
                "scheduled_for": job.scheduled_for,
            },
        }
        begin = functools.partial(
            self._state.find_one_and_update,
            condition,
            attempt,
            return_document=ReturnDocument.AFTER,
        )
        try:
            begun = await begin(upsert=True)
        except DuplicateKeyError:
            # The unique identity refuses a second insert: that time is completed, or
            # somebody else inserted it at this very moment.
            begun = await begin()
        await self._forget_old(job, now)
        return _record_from(begun) if begun else None

    async def _forget_old(self, job: ScheduledJob, now: datetime) -> None:
        oldest = ScheduledJob(job.account_id, job.name, now - KEPT)
        prefix = _prefix(job.account_id, job.name)
        await self._state.delete_many({"_id": {"$gte": prefix, "$lt": _key(oldest)}})

    @guarded
    async def finish(
        self, job: ScheduledJob, run_id: str, outcome: JobOutcome, now: datetime, *, is_done: bool
    ) -> None:
        """Record how an attempt ended; `is_done` completes the scheduled time."""
        key = {"_id": _key(job)}
        if is_done:
            await self._state.update_one(key, {"$min": {"completed_at": now}})
        await self._state.update_one(
            {**key, "run_id": run_id}, {"$set": {"outcome": outcome.value, "finished_at": now}}
        )


class MongoIncidentMemory:
    """One document for each account that fails; see `ports.IncidentMemory`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._state = database[SYNC_STATE]

    @guarded
    async def begin(self, account_id: str, now: datetime) -> bool:
        """Note a failure; True if nobody was told of this incident yet, and now will be."""
        before = await self._state.find_one_and_update(
            _incident_key(account_id),
            {
                "$set": {"is_told": True},
                "$inc": {"failures": 1},
                "$setOnInsert": {
                    "kind": "incident",
                    "account_id": account_id,
                    "failing_since": now,
                },
            },
            upsert=True,
        )
        return before is None or not before["is_told"]

    @guarded
    async def end(self, account_id: str) -> Incident | None:
        """Note a success; return the incident that it ends."""
        ended = await self._state.find_one_and_delete(_incident_key(account_id))
        return Incident(ended["failing_since"], ended["failures"]) if ended else None

    @guarded
    async def untell(self, account_id: str) -> None:
        """Take back that somebody was told: it could not be delivered."""
        await self._state.update_one(_incident_key(account_id), {"$set": {"is_told": False}})

    @guarded
    async def restore(self, account_id: str, incident: Incident) -> None:
        """Take back the end of an incident: it could not be delivered."""
        await self._state.update_one(
            _incident_key(account_id),
            {
                "$setOnInsert": {
                    "kind": "incident",
                    "account_id": account_id,
                    "failing_since": incident.failing_since,
                    "failures": incident.failures,
                    "is_told": True,
                }
            },
            upsert=True,
        )


def _incident_key(account_id: str) -> Document:
    return {"_id": f"incident:{account_id}"}
