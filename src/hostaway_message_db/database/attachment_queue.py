"""The collection `attachment_queue`: files of messages that are still to be downloaded."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection

from hostaway_message_db.database.documents import Document, record_id
from hostaway_message_db.database.failures import guarded
from hostaway_message_db.ports.files import WantedFile

LINK_LIFE = timedelta(days=7)
"""A private attachment's address dies so long after it was made (API reference 7.4)."""


class AttachmentQueue:
    """Enlists what is to be downloaded, hands it out, and strikes it off."""

    def __init__(self, queue: AsyncCollection[Document], now: datetime) -> None:
        self._queue = queue
        self._now = now

    async def enlist(self, documents: Sequence[Document], stored: Mapping[str, Document]) -> None:
        """Enlist the attachments whose files are not stored; a new address renews an entry.

        Unchanged messages whose files are stored cost nothing.
        """
        operations: list[UpdateOne] = []
        for document in documents:
            if not document["attachments"]:
                continue
            known = stored.get(document["message_id"], {}).get("attachments") or ()
            have = {part["id"] for part in known if "file_id" in part}
            operations += [
                self._entry(document, part)
                for part in document["attachments"]
                if part["id"] and part["url"] and part["id"] not in have
            ]
        if operations:
            await self._queue.bulk_write(operations, ordered=False)

    def _entry(self, message: Document, part: Document) -> UpdateOne:
        key = record_id(message["account_id"], f"{message['message_id']}:{part['id']}")
        return UpdateOne(
            {"_id": key},
            {
                "$set": {"url": part["url"], "link_dies_at": self._now + LINK_LIFE},
                "$setOnInsert": {
                    "account_id": message["account_id"],
                    "conversation_id": message["conversation_id"],
                    "message_id": message["message_id"],
                    "attachment_id": part["id"],
                    "name": part["name"],
                    "mime_type": part["mime_type"],
                    "extension": part["extension"],
                    "added_at": self._now,
                    "tries": 0,
                    "next_try_at": self._now,
                    "error": None,
                    "is_refused": False,
                },
            },
            upsert=True,
        )

    @guarded
    async def due(self, account_id: str, limit: int) -> list[WantedFile]:
        """Return files whose time to be tried has come, oldest first."""
        found = self._queue.find(
            {
                "account_id": account_id,
                "is_refused": False,
                "next_try_at": {"$lte": self._now},
                "link_dies_at": {"$gt": self._now},
            }
        )
        found = found.sort([("next_try_at", ASCENDING), ("_id", ASCENDING)]).limit(limit)
        return [_wanted(entry) for entry in await found.to_list(limit)]


def _wanted(entry: Document) -> WantedFile:
    return WantedFile(
        key=entry["_id"],
        account_id=entry["account_id"],
        conversation_id=entry["conversation_id"],
        message_id=entry["message_id"],
        attachment_id=entry["attachment_id"],
        name=entry["name"],
        url=entry["url"],
        mime_type=entry["mime_type"],
        extension=entry["extension"],
        tries=entry["tries"],
    )
