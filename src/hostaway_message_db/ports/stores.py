"""The stores of what Hostaway sent."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hostaway_message_db.models.records import (
    Conversation,
    Listing,
    Message,
    Quarantined,
    Reservation,
)


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


class MessageStore(Protocol):
    """The collection `messages`."""

    async def load(
        self, messages: Sequence[Message], now: datetime, run_id: str = ""
    ) -> LoadOutcome:
        """Insert what is new, update what differs, leave the rest untouched.

        What another text, status or set of files replaces is kept as a former version.
        """
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

    async def build_indexes(self, *, with_heavy: bool) -> None:
        """Build the indexes that are missing; the heavy ones only on wish."""
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

    async def conversations(self, account_id: str, ids: Sequence[str]) -> dict[str, Conversation]:
        """Return the stored conversations among `ids`."""
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

    def stream(self, account_id: str) -> AsyncIterator[Quarantined]:
        """Stream what is in quarantine."""
        ...

    async def forget(self, record: Quarantined) -> None:
        """Forget one record that could be understood after all."""
        ...

    async def count(self, account_id: str) -> int:
        """Count what is in quarantine."""
        ...

    async def count_by_conversation(self, account_id: str, ids: Sequence[str]) -> dict[str, int]:
        """Count each conversation's messages in quarantine that have an identity."""
        ...
