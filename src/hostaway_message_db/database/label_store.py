"""Labels of messages and vectors of texts; see `ports.LabelStore`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import DESCENDING, UpdateMany, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from hostaway_message_db.database.documents import Document
from hostaway_message_db.database.failures import guarded
from hostaway_message_db.database.figure_store import mark_outdated
from hostaway_message_db.database.indexes import EMBEDDINGS, MESSAGES
from hostaway_message_db.database.reading_documents import UNLABELLED
from hostaway_message_db.database.vector_search import stored_vector
from hostaway_message_db.database.vectors import Vectors, vector_id
from hostaway_message_db.ports import LanguageVotes, MessageLabels, StoredText, TextVector

_SHOWN: Document = {
    "message_id": 1, "conversation_id": 1, "content": 1, "content_core": 1, "content_hash": 1,
    "direction": 1, "is_automated": 1, "language": 1, "language_basis": 1, "updated_at": 1,
}  # fmt: skip


class MongoLabelStore:
    """What the labelling reads and writes.

    Labels are no change of a message: `updated_at` stays, so a read of the same message from
    Hostaway writes nothing.
    """

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self._messages = database[MESSAGES]
        self._embeddings = database[EMBEDDINGS]
        self._vectors = Vectors(database)

    @guarded
    async def count_waiting(self, version: str | None = None, account_id: str | None = None) -> int:
        """Count the messages without labels; with a version, also those of another one."""
        waits: Document = {"enrichment_version": {"$ne": version} if version else None}
        own = {} if account_id is None else {"account_id": account_id}
        return await self._messages.count_documents(waits | own)

    @guarded
    async def waiting(self, version: str, limit: int) -> list[StoredText]:
        """Return messages that wait for labels: the newest without any first."""
        new = self._messages.find({"enrichment_version": None}, _SHOWN)
        found = await new.sort("timestamp", DESCENDING).limit(limit).to_list(limit)
        if not found:
            old = self._messages.find({"enrichment_version": {"$ne": version}}, _SHOWN)
            found = await old.limit(limit).to_list(limit)
        return [_text_from(document) for document in found]

    @guarded
    async def let_all_wait(self) -> int:
        """Make all labels void; they stay until they are replaced."""
        voided = await self._messages.update_many(
            {"enrichment_version": {"$ne": None}}, {"$set": {"enrichment_version": None}}
        )
        return voided.modified_count

    @guarded
    async def votes(self, conversation_ids: Collection[str]) -> dict[str, LanguageVotes]:
        """Return in which languages the conversations are, by the texts that tell it."""
        is_guests = {"$cond": [{"$eq": ["$direction", "inbound"]}, 1, 0]}
        groups = await self._messages.aggregate(
            [
                {
                    "$match": {
                        "conversation_id": {"$in": sorted(conversation_ids)},
                        "language_basis": "text",
                    }
                },
                {
                    "$group": {
                        "_id": {"thread": "$conversation_id", "language": "$language"},
                        "guests": {"$sum": is_guests},
                        "all": {"$sum": 1},
                    }
                },
            ]
        )
        found: dict[str, dict[str, tuple[int, int]]] = {}
        async for group in groups:
            key = group["_id"]
            found.setdefault(key["thread"], {})[key["language"]] = group["guests"], group["all"]
        return dict(found)

    @guarded
    async def write_language(self, labels: Sequence[MessageLabels]) -> None:
        """Write languages that the texts tell, ahead of the labels."""
        changes = [UpdateOne(_unchanged(each), {"$set": _language(each)}) for each in labels]
        if changes:
            await self._mark_outdated(labels)
            await self._messages.bulk_write(changes, ordered=False)

    @guarded
    async def write(self, labels: Sequence[MessageLabels], version: str) -> frozenset[str]:
        """Write labels; return the messages that had changed meanwhile and got none."""
        changes = [
            UpdateOne(
                _unchanged(each),
                {
                    "$set": {
                        **UNLABELLED,
                        **_language(each),
                        "sentiment": each.sentiment,
                        "topics": list(each.topics),
                        "enrichment_version": version,
                    }
                },
            )
            for each in labels
        ]
        if not changes:
            return frozenset()
        await self._mark_outdated(labels)
        written = await self._messages.bulk_write(changes, ordered=False)
        if written.matched_count == len(changes):
            return frozenset()
        ids = [each.message_id for each in labels]
        bears = self._messages.find(
            {"message_id": {"$in": ids}, "enrichment_version": version}, {"message_id": 1}
        )
        return frozenset(ids) - {document["message_id"] async for document in bears}

    async def _mark_outdated(self, labels: Sequence[MessageLabels]) -> None:
        """Note that figures of these conversations are to be made anew."""
        await mark_outdated(self._database, (each.conversation_id for each in labels))

    @guarded
    async def let_wait(self, languages: Mapping[str, str | None]) -> int:
        """Void the labels of messages that have another language than their conversation now."""
        changes = [
            UpdateMany(
                {
                    "conversation_id": conversation_id,
                    "language_basis": {"$ne": "text"},
                    "language": {"$ne": language},
                    "content_hash": {"$ne": None},
                    "enrichment_version": {"$ne": None},
                },
                {"$set": {"enrichment_version": None}},
            )
            for conversation_id, language in languages.items()
        ]
        if not changes:
            return 0
        return (await self._messages.bulk_write(changes, ordered=False)).modified_count

    @guarded
    async def known_vectors(self, hashes: Collection[str], model: str) -> frozenset[str]:
        """Return the hashes whose vectors of this model are stored."""
        keys = [vector_id(text_hash, model) for text_hash in hashes]
        found = self._embeddings.find({"_id": {"$in": keys}}, {"text_hash": 1})
        return frozenset([document["text_hash"] async for document in found])

    @guarded
    async def put_vectors(self, vectors: Sequence[TextVector], now: datetime) -> int:
        """Store vectors, each once; return how many are new."""
        changes = [
            UpdateOne(
                {"_id": vector_id(each.text_hash, each.model)},
                {
                    "$setOnInsert": {
                        "text_hash": each.text_hash,
                        "model": each.model,
                        "vector": stored_vector(each.vector),
                        "stored_at": now,
                    }
                },
                upsert=True,
            )
            for each in vectors
        ]
        if not changes:
            return 0
        return (await self._embeddings.bulk_write(changes, ordered=False)).upserted_count

    @guarded
    async def drop_unused_vectors(self, hashes: Collection[str]) -> int:
        """Delete the vectors among these that no message's text has any more."""
        return await self._vectors.drop_unused(hashes)


def _text_from(document: Document) -> StoredText:
    core = document.get("content_core")
    return StoredText(
        message_id=document["message_id"],
        conversation_id=document["conversation_id"],
        text=document["content"] if core is None else core,
        text_hash=document.get("content_hash"),
        is_of_guest=document["direction"] == "inbound" and not document["is_automated"],
        language=document.get("language"),
        language_basis=document.get("language_basis"),
        updated_at=document["updated_at"],
    )


def _unchanged(labels: MessageLabels) -> Document:
    """Match the message as it was read."""
    return {"message_id": labels.message_id, "updated_at": labels.updated_at}


def _language(labels: MessageLabels) -> dict[str, Any]:
    return {
        "language": labels.language,
        "language_confidence": labels.language_confidence,
        "language_basis": labels.language_basis,
    }
