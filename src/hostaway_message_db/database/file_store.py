"""Files of messages in GridFS, each content once; see `ports.FileStore`."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime

from bson import ObjectId
from gridfs.asynchronous import AsyncGridFSBucket
from pymongo import ASCENDING
from pymongo.asynchronous.database import AsyncDatabase

from hostaway_message_db.database.attachment_queue import AttachmentQueue
from hostaway_message_db.database.documents import Document
from hostaway_message_db.database.failures import guarded, translated
from hostaway_message_db.database.indexes import (
    ATTACHMENT_QUEUE,
    FILE_PARTS,
    FILES,
    MESSAGE_VERSIONS,
    MESSAGES,
)
from hostaway_message_db.errors import DatabaseUnavailable, NotFound
from hostaway_message_db.ports.files import UNKNOWN_TYPE, StoredFile, WantedFile

PART_BYTES = 255 * 1024
PARTS_AT_ONCE = 4
"""Of a file that is read: the driver's own batch of 16 MB for each reader is much for many."""
MAX_ERROR_CHARACTERS = 200


def file_identity(account_id: str, sha256: str) -> ObjectId:
    """Return the identity of a content: the same one for the same bytes of an account.

    So a content is stored once, whoever finds it, and a half-written one is found again.
    """
    return ObjectId(hashlib.sha256(f"{account_id}:{sha256}".encode()).digest()[:12])


class MongoFileStore:
    """Files in GridFS; a file knows the messages that it was sent with."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self._files = database[FILES]
        self._parts = database[FILE_PARTS]
        self._queue = database[ATTACHMENT_QUEUE]
        self._messages = database[MESSAGES]
        self._versions = database[MESSAGE_VERSIONS]
        self._turn = asyncio.Lock()

    async def due(self, account_id: str, now: datetime, limit: int) -> list[WantedFile]:
        """Return files whose time to be tried has come."""
        return await AttachmentQueue(self._queue, now).due(account_id, limit)

    @guarded
    async def keep(self, wanted: WantedFile, content: bytes, content_type: str) -> bool:
        """Store a file for its message; False if the same content was stored already.

        The file and its owners first, then the message, then the queue: a crash in between
        is made good by the next try, which finds the content and stores nothing twice.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        identity = file_identity(wanted.account_id, sha256)
        async with self._turn:
            is_new = not await self._add_owner(identity, wanted)
            if is_new:
                await self._upload(identity, wanted, content, content_type, sha256)
        fields = {"file_id": identity, "sha256": sha256, "size_bytes": len(content)}
        for collection in (self._messages, self._versions):
            await collection.update_many(
                {"message_id": wanted.message_id, "attachments.id": wanted.attachment_id},
                {"$set": {f"attachments.$[part].{name}": value for name, value in fields.items()}},
                array_filters=[{"part.id": wanted.attachment_id}],
            )
        await self._queue.delete_one({"_id": wanted.key})
        return is_new

    async def _add_owner(self, identity: ObjectId, wanted: WantedFile) -> bool:
        owned = await self._files.update_one(
            {"_id": identity},
            {
                "$addToSet": {
                    "metadata.message_ids": wanted.message_id,
                    "metadata.conversation_ids": wanted.conversation_id,
                }
            },
        )
        return owned.matched_count > 0

    async def _upload(
        self, identity: ObjectId, wanted: WantedFile, content: bytes, kind: str, sha256: str
    ) -> None:
        # What a killed run left of it: parts without a file.
        await self._parts.delete_many({"files_id": identity})
        bucket = AsyncGridFSBucket(self._database, chunk_size_bytes=PART_BYTES)
        await bucket.upload_from_stream_with_id(
            identity,
            wanted.name or wanted.attachment_id,
            content,
            metadata={
                "account_id": wanted.account_id,
                "sha256": sha256,
                "content_type": kind,
                "message_ids": [wanted.message_id],
                "conversation_ids": [wanted.conversation_id],
            },
        )

    @guarded
    async def postpone(self, wanted: WantedFile, error: str, next_try_at: datetime) -> None:
        """Note that a download failed, and when it is tried again."""
        await self._queue.update_one(
            {"_id": wanted.key},
            {
                "$set": {"error": error[:MAX_ERROR_CHARACTERS], "next_try_at": next_try_at},
                "$inc": {"tries": 1},
            },
        )

    @guarded
    async def refuse(self, wanted: WantedFile, reason: str) -> None:
        """Note that a file is not to be downloaded, ever."""
        await self._queue.update_one(
            {"_id": wanted.key},
            {"$set": {"error": reason[:MAX_ERROR_CHARACTERS], "is_refused": True}},
        )

    async def parts_of(self, file_id: str) -> AsyncIterator[bytes]:
        """Stream a stored file by its own identity."""
        identity = ObjectId(file_id)
        with translated():
            file = await self._files.find_one({"_id": identity}, {"length": 1})
        if file is None:
            raise NotFound("No such file is stored.")
        async for part in self._parts_from(identity, file["length"]):
            yield part

    async def _parts_from(self, identity: ObjectId, size_bytes: int) -> AsyncIterator[bytes]:
        """Read a file a few parts at a time; raises `DatabaseUnavailable` if one is missing."""
        shown = {"_id": 0, "n": 1, "data": 1}
        number, missing_bytes = 0, size_bytes
        with translated():
            found = self._parts.find({"files_id": identity}, shown).sort("n", ASCENDING)
            async for part in found.batch_size(PARTS_AT_ONCE):
                if part["n"] != number:
                    break
                number, missing_bytes = number + 1, missing_bytes - len(part["data"])
                yield part["data"]
        if missing_bytes:
            raise DatabaseUnavailable(
                "A stored file is not whole.", "Restore the collection fs.chunks from a backup."
            )

    @guarded
    async def open(self, file_id: str, account_id: str | None = None) -> StoredFile | None:
        """Open a stored file that a message, or a former version of one, was sent with.

        None if there is none, if it is of another account, or if nothing refers to it.
        """
        if not ObjectId.is_valid(file_id):
            return None
        identity = ObjectId(file_id)
        own = {} if account_id is None else {"metadata.account_id": account_id}
        file = await self._files.find_one({"_id": identity, **own})
        if file is None:
            return None
        metadata = file["metadata"]
        wanted = {
            "message_id": {"$in": metadata["message_ids"]},
            "attachments.file_id": identity,
        }
        for collection in (self._messages, self._versions):
            owner = await collection.find_one(wanted, {"attachments": 1})
            if owner is None:
                continue
            sent = next(p for p in owner["attachments"] if p.get("file_id") == identity)
            return StoredFile(
                name=sent["name"] or sent["id"],
                content_type=str(metadata.get("content_type", UNKNOWN_TYPE)),
                size_bytes=file["length"],
                sha256=str(metadata.get("sha256", "")),
                parts=self._parts_from(identity, file["length"]),
            )
        return None
