"""The files that were sent with messages."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFile:
    """A file that is still to be downloaded."""

    key: str
    account_id: str
    conversation_id: str
    message_id: str
    attachment_id: str
    name: str | None
    url: str = field(repr=False)
    mime_type: str | None
    extension: str | None
    tries: int


MAX_NAME_CHARACTERS = 100


def plain_name(name: str) -> str:
    """Return a file's name in letters that are safe in a header and on a disk."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    return plain.lstrip(".")[-MAX_NAME_CHARACTERS:] or "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A stored file, to be read in parts; `content_type` is safe to be served."""

    name: str
    content_type: str
    size_bytes: int
    sha256: str
    parts: AsyncIterator[bytes]

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers under which it may be served: always as a download."""
        return {
            "Content-Type": self.content_type,
            "Content-Length": str(self.size_bytes),
            "Content-Disposition": f'attachment; filename="{plain_name(self.name)}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "ETag": f'"{self.sha256}"',
        }


class FileStore(Protocol):
    """GridFS, and the collection `attachment_queue`."""

    async def due(self, account_id: str, now: datetime, limit: int) -> list[WantedFile]:
        """Return files whose time to be tried has come."""
        ...

    async def keep(self, wanted: WantedFile, content: bytes, content_type: str) -> bool:
        """Store a file for its message; False if the same content was stored already."""
        ...

    async def postpone(self, wanted: WantedFile, error: str, next_try_at: datetime) -> None:
        """Note that a download failed, and when it is tried again."""
        ...

    async def refuse(self, wanted: WantedFile, reason: str) -> None:
        """Note that a file is not to be downloaded, ever."""
        ...

    def parts_of(self, file_id: str) -> AsyncIterator[bytes]:
        """Stream a stored file by its own identity."""
        ...

    async def open(self, message_id: str, attachment_id: str) -> StoredFile | None:
        """Open a stored file of a message."""
        ...
