"""What is asked of the store."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


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
    messages_without_labels: int = 0
    files_not_stored: Sequence[dict[str, Any]] = ()
    """Files of messages that could not be downloaded so far, the first of them."""
    api: dict[str, Any] = field(default_factory=dict)
    """Requests, retries, refusals (429) and requests saved, over all recorded runs."""


class MessageQueries(Protocol):
    """What is asked of the store; documents come as plain Python values."""

    async def search_text(
        self, text: str, limit: int, account_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the messages that hold the words, best match first."""
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
