"""What runs leave for each other."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from hostaway_message_db.models.records import (
    Stamp,
)
from hostaway_message_db.utils.processes import ProcessIdentity


@dataclass(frozen=True, slots=True)
class ConversationState:
    """How far one conversation is read."""

    conversation_id: str
    reservation_id: str | None
    listed_stamp: Stamp | None
    read_stamp: Stamp | None
    read_at: datetime | None
    is_pending: bool
    failed_runs: int = 0
    message_count: int = 0


@dataclass(frozen=True, slots=True)
class ConversationMark:
    """What the listing step notes of one conversation."""

    conversation_id: str
    reservation_id: str | None
    listed_stamp: Stamp
    last_active_at: datetime | None
    is_pending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """What is known of an account from its former runs."""

    reservations_watermark: datetime | None = None
    first_load_completed_at: datetime | None = None


class SyncStateStore(Protocol):
    """The collection `sync_state`: what the next run must know."""

    async def account(self, account_id: str) -> AccountState:
        """Return what is known of the account."""
        ...

    async def settle_account(self, account_id: str, state: AccountState) -> None:
        """Record a complete run's watermark."""
        ...

    async def conversations(
        self, account_id: str, ids: Sequence[str]
    ) -> dict[str, ConversationState]:
        """Return the states among `ids`."""
        ...

    async def count_conversations(self, account_id: str) -> int:
        """Count the conversations ever listed."""
        ...

    def all_conversations(
        self, account_id: str, after: str | None = None
    ) -> AsyncIterator[ConversationState]:
        """Stream every state in a fixed order, from just after one of them."""
        ...

    async def verified_up_to(self, account_id: str) -> str | None:
        """Return where an interrupted deep proof stopped."""
        ...

    async def note_verified(self, account_id: str, conversation_id: str | None) -> None:
        """Note how far a deep proof is; None when it is through."""
        ...

    async def mark_pending(self, account_id: str, ids: Sequence[str]) -> int:
        """Mark these conversations as waiting to be read."""
        ...

    async def mark(self, account_id: str, marks: Sequence[ConversationMark]) -> None:
        """Write what the listing step noted."""
        ...

    async def mark_pending_by_reservation(
        self, account_id: str, reservation_ids: Sequence[str]
    ) -> int:
        """Mark the conversations of changed reservations as waiting to be read."""
        ...

    async def mark_recent_pending(
        self, account_id: str, active_since: datetime, read_before: datetime
    ) -> int:
        """Mark recently active conversations whose last read is too old."""
        ...

    async def mark_all_pending(self, account_id: str) -> int:
        """Mark every conversation as waiting to be read (`--full`)."""
        ...

    async def count_pending(self, account_id: str) -> int:
        """Count the conversations that wait to be read."""
        ...

    def pending(self, account_id: str) -> AsyncIterator[ConversationState]:
        """Stream the conversations that wait to be read."""
        ...

    async def settle_conversation(
        self, account_id: str, state: ConversationState, message_count: int, now: datetime
    ) -> None:
        """Record a complete read under the stamp that was listed before it."""
        ...

    async def note_failure(
        self, account_id: str, conversation_id: str, error: str, *, gives_up: bool
    ) -> None:
        """Count a run in which this conversation could not be read; giving up, it waits no more."""
        ...

    async def revive(self, account_id: str, ids: Sequence[str]) -> int:
        """Let conversations that were given up wait to be read again."""
        ...

    async def announce_keys(self, account_id: str, keys: Sequence[str]) -> list[str]:
        """Remember unknown keys of Hostaway's records; return the ones never seen before."""
        ...


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """Who holds a lease: a run, in a process."""

    run_id: str
    process: ProcessIdentity


class LeaseStore(Protocol):
    """The right to run: held by one process at a time, until it expires."""

    async def acquire(self, name: str, holder: LeaseHolder, now: datetime, seconds: float) -> None:
        """Take or renew the lease in one conditional write; raises `LeaseHeld`.

        A lease that expired is free; so is one whose process has certainly ended.
        """
        ...

    async def release(self, name: str, holder: LeaseHolder) -> None:
        """Give the lease back, if it is still ours."""
        ...


class RunStore(Protocol):
    """The collection `sync_runs`."""

    async def start(
        self, run_id: str, account_id: str, kind: str, mode: str, now: datetime
    ) -> None:
        """Record that a run began."""
        ...

    async def finish(
        self, run_id: str, outcome: str, report: dict[str, Any], now: datetime
    ) -> None:
        """Record how a run ended."""
        ...

    async def mark_as_sample(self) -> None:
        """Mark the whole database as sample data."""
        ...
