"""What figures are computed from, as it is kept beside the messages."""

import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

BUCKETS: Final = 512
"""Rows of figures are kept by so many buckets of conversations."""


def bucket_of(conversation_id: str) -> int:
    """Return the bucket of a conversation."""
    return zlib.crc32(conversation_id.encode()) % BUCKETS


@dataclass(frozen=True, slots=True)
class Segment:
    """The rows of one bucket of conversations, by column, as bytes; and the lists of names."""

    layout: int
    columns: Mapping[str, bytes]
    names: Mapping[str, Sequence[str | None]]


@dataclass(frozen=True, slots=True)
class Outdated:
    """A conversation whose rows are to be made anew; `mark` tells this change from later ones."""

    conversation_id: str
    mark: str


class FigureStore(Protocol):
    """The collections `message_facts` and `outdated_facts`."""

    async def outdated(self, limit: int) -> list[Outdated]:
        """Return conversations whose rows are to be made anew, bucket by bucket."""
        ...

    async def settle(self, outdated: Sequence[Outdated]) -> None:
        """Note that the rows of these are current, unless they changed again meanwhile."""
        ...

    async def mark_all(self, layout: int) -> None:
        """Mark every conversation when nothing, or something of another layout, is kept."""
        ...

    async def threads(self, conversation_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Return the messages of conversations, oldest first, with what figures need of them."""
        ...

    async def zones(self) -> dict[str, str]:
        """Return the time zones of the listings by id."""
        ...

    async def segment(self, bucket: int) -> Segment | None:
        """Return the rows of a bucket."""
        ...

    async def put_segment(self, bucket: int, segment: Segment) -> None:
        """Keep the rows of a bucket in place of what was there."""
        ...

    def segments(self, columns: Sequence[str], layout: int) -> AsyncIterator[Segment]:
        """Stream all buckets with these columns alone."""
        ...

    async def store_records(self) -> dict[str, Any]:
        """Return what figures about the copy itself need: runs, counts, ratings."""
        ...
