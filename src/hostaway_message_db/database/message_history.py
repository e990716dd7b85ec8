"""Former versions of messages: what was said before Hostaway showed something else.

The version is written before the message is changed, under an identity made of the message
and the number of its version: a crash between the two writes leaves a version that the next
run writes again, and that nobody is shown, because the message does not count it yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection

from hostaway_message_db.database.documents import Document, record_id

KEPT_FIELDS = ("content", "content_html", "status", "attachments")
"""What a version holds."""


@dataclass(frozen=True, slots=True)
class Supersession:
    """A former version, and what else the message that replaces it bears."""

    version: Document
    fields: Document

    @property
    def version_before(self) -> str | None:
        """Return the identity of the version before this one, if there is one."""
        number = self.version["number"]
        return version_id(self.version, number - 1) if number else None


def _shown(message: Document) -> tuple[Any, ...]:
    """Return what Hostaway showed: the body as it came, not the plain text we make of it.

    Of files, which ones: their addresses change at each read (API reference 7.4).
    """
    body = message["content_html"]
    if body is None:
        body = message["content"]
    files = [(part["id"], part["name"]) for part in message["attachments"] or ()]
    return body, message["status"], files


def version_id(message: Document, number: int) -> str:
    """Return the `_id` of a message's former version."""
    return f"{record_id(message['account_id'], message['message_id'])}:{number}"


@dataclass(frozen=True, slots=True)
class MessageHistory:
    """Keeps what one load of messages supersedes."""

    versions: AsyncCollection[Document]
    run_id: str
    now: datetime

    def supersession(self, stored: Document, document: Document) -> Supersession | None:
        """Return the version that a document supersedes; None if nothing kept changed.

        Pure. An erased message has no former versions, neither before nor after its erasure.
        """
        if "erasure" in stored or "erasure" in document:
            return None
        if _shown(stored) == _shown(document):
            return None
        number = stored.get("versions_count", 0)
        version = {
            "_id": version_id(stored, number),
            "account_id": stored["account_id"],
            "message_id": stored["message_id"],
            "conversation_id": stored["conversation_id"],
            "number": number,
            **{name: stored.get(name) for name in KEPT_FIELDS},
            "from": stored["created_at"],
            "until": self.now,
            "run_id": self.run_id,
        }
        return Supersession(version, {"versions_count": number + 1})

    async def keep(self, superseded: Sequence[Supersession]) -> None:
        """Write former versions; one that a killed run wrote already is written over."""
        if not superseded:
            return
        before = [key for change in superseded if (key := change.version_before)]
        found = self.versions.find({"_id": {"$in": before}}, {"until": 1}) if before else None
        ends = {v["_id"]: v["until"] async for v in found} if found is not None else {}
        operations: list[ReplaceOne[Document]] = []
        for change in superseded:
            began = ends.get(change.version_before or "", change.version["from"])
            version = {**change.version, "from": began}
            operations.append(ReplaceOne({"_id": version["_id"]}, version, upsert=True))
        await self.versions.bulk_write(operations, ordered=False)
