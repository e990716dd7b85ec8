"""Which kinds of files are kept, and as what they may be served. Pure."""

import mimetypes
from collections.abc import Sequence
from typing import Final

from hostaway_message_db.ports import WantedFile
from hostaway_message_db.ports.files import UNKNOWN_TYPE

_FIRST_BYTES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)


def declared_type(wanted: WantedFile) -> str:
    """Return what Hostaway says the file is, else what its name says."""
    if wanted.mime_type:
        return wanted.mime_type.partition(";")[0].strip().lower()
    name = wanted.name or f"file.{wanted.extension or ''}"
    return mimetypes.guess_type(name)[0] or UNKNOWN_TYPE


def type_refusal(wanted: WantedFile, allowed: Sequence[str]) -> str | None:
    """Say why a file of this kind is not kept; None if it is. `image/*` allows all images."""
    kind = declared_type(wanted)
    family = f"{kind.partition('/')[0]}/*"
    if kind in allowed or family in allowed:
        return None
    return f"files of the kind {kind[:80]} are not kept (ATTACHMENT_TYPES)"


def safe_type(wanted: WantedFile, content: bytes) -> str:
    """Return the type under which a file may be served.

    A picture or PDF is one only if its first bytes say so too; everything else is bytes to
    be downloaded, whatever it calls itself: nothing that a browser would run.
    """
    found = next((kind for start, kind in _FIRST_BYTES if content.startswith(start)), None)
    if found is None and content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        found = "image/webp"
    return found if found and found == declared_type(wanted) else UNKNOWN_TYPE
