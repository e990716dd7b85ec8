"""What is asked of the store."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from hostaway_message_db.models.query import Query, Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOverview:
    """What the store can tell of itself; documents are plain Python values."""

    counts: dict[str, int]
    pending_conversations: int
    failing_conversations: Sequence[dict[str, Any]]
    """Conversations that could not be read, the first of them."""
    quarantine: Sequence[dict[str, Any]]
    latest_message_at: datetime | None
    last_complete_run_at: datetime | None
    missing_indexes: Sequence[str]
    last_runs: Sequence[dict[str, Any]]
    is_sample: bool
    messages_without_labels: int = 0
    files_not_stored: Sequence[dict[str, Any]] = ()
    """Files of messages that could not be downloaded so far, the first of them."""
    failing_count: int = 0
    files_not_stored_count: int = 0
    """How many there are of both, also past the first."""
    api: dict[str, Any] = field(default_factory=dict)
    """Requests, retries, refusals (429) and requests saved, over all recorded runs."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended, newest message first: its last moment, and what it showed of that."""

    timestamp: datetime
    message_ids: tuple[str, ...]


class MessageQueries(Protocol):
    """What is asked of the store; documents come as plain Python values."""

    async def newest(
        self, query: Query, limit: int, after: Position | None = None
    ) -> list[dict[str, Any]]:
        """Return the messages that a query means, newest first, from a position on."""
        ...

    async def messages(self, message_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return these messages, in no order."""
        ...

    async def contents(self, query: Query, limit: int) -> dict[str, str]:
        """Return the texts by id of the messages that a query means, newest first."""
        ...

    async def property_names(self) -> dict[str, str]:
        """Return the names of the listings by id."""
        ...

    async def vocabulary(self) -> Vocabulary:
        """Return what the store holds that a query can name."""
        ...

    async def lacks_search_terms(self) -> bool:
        """Tell whether messages are stored that a search for words cannot find yet."""
        ...

    async def last_guest_messages(
        self, conversation_ids: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        """Return the last sent guest message of each conversation."""
        ...

    def stream(self, query: Query) -> AsyncIterator[list[dict[str, Any]]]:
        """Stream batches of the messages that a query means, newest first."""
        ...

    async def count(self, query: Query) -> int | None:
        """Count what a query means; None when that would take long."""
        ...

    async def matching_ids(self, query: Query) -> list[str]:
        """Return the ids of all messages that a query means, in no order."""
        ...

    async def thread(
        self, conversation_id: str, account_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Return a conversation's messages, oldest first."""
        ...

    async def former_versions(self, conversation_id: str) -> dict[str, list[dict[str, Any]]]:
        """Return the former versions of a conversation's messages by id, oldest first."""
        ...

    async def overview(self, account_id: str | None = None) -> StoreOverview:
        """Return what the store can tell of itself, or of one account."""
        ...
