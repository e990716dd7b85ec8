"""What the use cases need of Hostaway."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

from hostaway_message_db.models.entities import Asked, Entity


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

    def entity_rows(self, entity: Entity, asked: Asked) -> AsyncIterator[Page]:
        """Read a list of a further entity, page by page."""
        ...

    async def download(self, url: str, max_bytes: int) -> bytes:
        """Return a file's bytes; raises `FileRefused` for what is not to be downloaded."""
        ...
