"""What is remembered of the unattended job, and of what people were told about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class JobOutcome(StrEnum):
    """How a call of a job ended."""

    COMPLETE = "complete"
    """All is stored; nothing was left."""
    ATTENTION = "attention"
    """All that could be understood is stored; the quarantine grew."""
    PARTIAL = "partial"
    """Something was left for the next run."""
    FAILED = "failed"
    """The run ended early, on an error."""
    INTERRUPTED = "interrupted"
    """Somebody stopped it; it can be resumed."""
    BUSY = "busy"
    """Another run had the right to run."""
    SKIPPED = "skipped"
    """The scheduled time was already completed."""


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """What identifies a run of a job: whose, which, and the time it was scheduled for."""

    account_id: str
    name: str
    scheduled_for: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """What is known of one scheduled time; `completed_at` stays once it is there."""

    scheduled_for: datetime
    run_id: str
    attempts: int
    completed_at: datetime | None


class JobStore(Protocol):
    """The scheduled times in the collection `sync_state`, each there once."""

    async def latest(self, account_id: str, name: str) -> JobRecord | None:
        """Return the newest scheduled time that was ever claimed."""
        ...

    async def claim(
        self, job: ScheduledJob, run_id: str, now: datetime, *, repeats: bool
    ) -> JobRecord | None:
        """Begin an attempt at a scheduled time; None is the refusal of a completed one.

        With `repeats` a completed one is begun again, and stays completed.
        """
        ...

    async def finish(
        self, job: ScheduledJob, run_id: str, outcome: JobOutcome, now: datetime, *, is_done: bool
    ) -> None:
        """Record how an attempt ended; `is_done` completes the scheduled time."""
        ...


@dataclass(frozen=True, slots=True)
class Incident:
    """Runs that failed one after the other."""

    failing_since: datetime
    failures: int


class IncidentMemory(Protocol):
    """Remembers since when runs fail, so that people are told once, and once of the end."""

    async def begin(self, account_id: str, now: datetime) -> bool:
        """Note a failure; True if nobody was told of this incident yet, and now will be."""
        ...

    async def end(self, account_id: str) -> Incident | None:
        """Note a success; return the incident that it ends."""
        ...

    async def untell(self, account_id: str) -> None:
        """Take back that somebody was told: it could not be delivered."""
        ...

    async def restore(self, account_id: str, incident: Incident) -> None:
        """Take back the end of an incident: it could not be delivered."""
        ...
