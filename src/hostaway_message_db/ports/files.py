"""The files that were sent with messages."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import quote


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
UNKNOWN_TYPE = "application/octet-stream"
SERVED_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"})
"""What a file may be served as; everything else is bytes."""


def plain_name(name: str) -> str:
    """Return a file's name in letters that are safe in a header and on a disk."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    return plain.lstrip(".")[-MAX_NAME_CHARACTERS:] or "file"


def disposition(name: str) -> str:
    """Return the header that makes a file a download under its name (RFC 6266).

    A name in other letters than those of a header goes along in its own (RFC 8187), without
    what a path or a terminal would obey.
    """
    plain = plain_name(name)
    header = f'attachment; filename="{plain}"'
    own = "".join("_" if c in '/\\:*?"<>|' or not c.isprintable() else c for c in name)
    own = own.lstrip(".")[-MAX_NAME_CHARACTERS:]
    if own in {"", plain}:
        return header
    return f"{header}; filename*=UTF-8''{quote(own, safe='', errors='replace')}"


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
        is_known = self.content_type in SERVED_TYPES
        return {
            "Content-Type": self.content_type if is_known else UNKNOWN_TYPE,
            "Content-Length": str(self.size_bytes),
            "Content-Disposition": disposition(self.name),
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

    async def open(self, file_id: str, account_id: str | None = None) -> StoredFile | None:
        """Open a stored file that a message, or a former version of one, was sent with."""
        ...
