"""What the use cases need of the world: Hostaway, the store, an audience."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from hostaway_message_db.models.records import (
    Conversation,
    Listing,
    Message,
    Quarantined,
    Reservation,
    Stamp,
)


@dataclass(frozen=True, slots=True)
class Page:
    """One reply of a list: its raw rows and how many records Hostaway says there are."""

    rows: list[Any]
    count: int | None


@dataclass(slots=True)
class RequestCounts:
    """Requests sent so far; `refused` are the 429s among them."""

    requests: int = 0
    retries: int = 0
    refused: int = 0


class HostawaySource(Protocol):
    """A Hostaway account, read only. Every method may raise a `HostawayError`."""

    counts: RequestCounts

    def conversations(self) -> AsyncIterator[Page]:
        """Read the list of all conversations, page by page."""
        ...

    def messages(self, conversation_id: str) -> AsyncIterator[Page]:
        """Read a conversation's messages, page by page."""
        ...

    def reservations(self) -> AsyncIterator[Page]:
        """Read the reservations, newest change first, page by page."""
        ...

    def listings(self) -> AsyncIterator[Page]:
        """Read all listings, page by page."""
        ...

    async def reservation(self, reservation_id: str) -> Any:
        """Read one reservation; raises `NotFound`."""
        ...

    async def listing(self, listing_id: str) -> Any:
        """Read one listing; raises `NotFound`."""
        ...


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """What became of a batch: each record is in exactly one column."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "LoadOutcome") -> "LoadOutcome":
        return LoadOutcome(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
        )


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


class MessageStore(Protocol):
    """The collection `messages`."""

    async def load(self, messages: Sequence[Message], now: datetime) -> LoadOutcome:
        """Insert what is new, update what differs, leave the rest untouched."""
        ...

    async def mark_unsent(
        self, account_id: str, conversation_id: str, listed_ids: set[str], now: datetime
    ) -> int:
        """Mark what a complete read no longer contains; its text is kept."""
        ...

    async def rename_property(
        self, account_id: str, property_id: str, name: str | None, now: datetime
    ) -> int:
        """Give all messages of a property its new name."""
        ...

    async def count_by_conversation(self, account_id: str, ids: Sequence[str]) -> dict[str, int]:
        """Count each conversation's stored messages, the unsent ones left out."""
        ...

    async def differences(self, messages: Sequence[Message]) -> dict[str, tuple[str, ...]]:
        """Name the fields in which the store differs; none named: it is not stored."""
        ...

    async def unlisted(
        self, account_id: str, conversation_id: str, listed_ids: set[str]
    ) -> list[str]:
        """Return the stored messages, the unsent ones left out, that are not listed."""
        ...

    async def build_indexes(self, *, with_text: bool) -> None:
        """Build the indexes that are missing; the heavy text index only on wish."""
        ...

    async def latest_moment(self, account_id: str) -> datetime | None:
        """Return the moment of the newest message that was really sent or received."""
        ...


class SideStore(Protocol):
    """The collections that messages are enriched with; what is returned has no `source`."""

    async def load_conversations(
        self, conversations: Sequence[Conversation], now: datetime
    ) -> LoadOutcome:
        """Insert, update or leave conversations."""
        ...

    async def load_reservations(
        self, reservations: Sequence[Reservation], now: datetime
    ) -> LoadOutcome:
        """Insert, update or leave reservations."""
        ...

    async def load_listings(self, listings: Sequence[Listing], now: datetime) -> LoadOutcome:
        """Insert, update or leave listings."""
        ...

    async def conversation(self, account_id: str, conversation_id: str) -> Conversation | None:
        """Return a stored conversation."""
        ...

    async def stored_conversations(self, account_id: str, ids: Sequence[str]) -> set[str]:
        """Return which of `ids` are stored."""
        ...

    async def reservations(self, account_id: str, ids: Sequence[str]) -> dict[str, Reservation]:
        """Return the stored reservations among `ids`."""
        ...

    async def listings(self, account_id: str, ids: Sequence[str]) -> dict[str, Listing]:
        """Return the stored listings among `ids`."""
        ...


class QuarantineStore(Protocol):
    """The collection `quarantine`."""

    async def put(self, records: Sequence[Quarantined], run_id: str, now: datetime) -> int:
        """Keep malformed records with their reasons; return how many are new."""
        ...

    async def release(self, account_id: str, entity: str, record_ids: Sequence[str]) -> int:
        """Forget records that could be understood after all."""
        ...

    async def count(self, account_id: str) -> int:
        """Count what is in quarantine."""
        ...

    async def count_by_conversation(self, account_id: str, ids: Sequence[str]) -> dict[str, int]:
        """Count each conversation's messages in quarantine that have an identity."""
        ...


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

    async def note_failure(self, account_id: str, conversation_id: str, error: str) -> None:
        """Count a run in which this conversation could not be read."""
        ...


class LeaseStore(Protocol):
    """The right to run: held by one process at a time, until it expires."""

    async def acquire(self, name: str, holder: str, now: datetime, seconds: float) -> None:
        """Take or renew the lease in one conditional write; raises `LeaseHeld`."""
        ...

    async def release(self, name: str, holder: str) -> None:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOverview:
    """What the store can tell of itself; documents are plain Python values."""

    counts: dict[str, int]
    pending_conversations: int
    failing_conversations: Sequence[dict[str, Any]]
    quarantine: Sequence[dict[str, Any]]
    latest_message_at: datetime | None
    last_complete_run_at: datetime | None
    missing_indexes: Sequence[str]
    last_runs: Sequence[dict[str, Any]]
    is_sample: bool


class MessageQueries(Protocol):
    """What is asked of the store; documents come as plain Python values."""

    async def search_text(self, text: str, limit: int) -> list[dict[str, Any]]:
        """Return the messages that hold the words, best match first."""
        ...

    async def thread(self, conversation_id: str) -> list[dict[str, Any]]:
        """Return a conversation's messages, oldest first."""
        ...

    async def overview(self) -> StoreOverview:
        """Return what the store can tell of itself."""
        ...


@dataclass(frozen=True, slots=True)
class Stores:
    """All the collections a use case may touch."""

    messages: MessageStore
    sides: SideStore
    quarantine: QuarantineStore
    state: SyncStateStore
    leases: LeaseStore
    runs: RunStore


@dataclass(slots=True)
class ProgressNumbers:
    """How far a run is."""

    step: str = ""
    conversations_total: int = 0
    conversations_done: int = 0
    messages: int = 0
    requests: int = 0
    extra: dict[str, int] = field(default_factory=dict)


class Audience(Protocol):
    """Who watches a run: a progress bar, a log, or nobody."""

    def show(self, progress: ProgressNumbers) -> None:
        """Take note of how far the run is; must return at once."""
        ...
