"""What goes along with the loading of messages: former versions, files to be downloaded.

Both are written before the messages, so that a crash in between loses neither. And what is
made of the text goes where the text does.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hostaway_message_db.database.attachment_queue import AttachmentQueue
from hostaway_message_db.database.documents import Document, with_stored_files
from hostaway_message_db.database.message_history import MessageHistory, Supersession
from hostaway_message_db.database.reading_documents import renewed_message, search_fields
from hostaway_message_db.database.vectors import Vectors


@dataclass(frozen=True, slots=True)
class MessageKeeper:
    """Keeps what one load of messages would lose otherwise."""

    history: MessageHistory
    queue: AttachmentQueue | None
    vectors: Vectors
    mark_outdated: Callable[[Iterable[str]], Awaitable[None]] | None = None
    """Notes that the figures' rows of these conversations will be outdated."""

    def with_stored_files(self, document: Document, stored: Document) -> Document:
        """Return a message's new form with the files that are stored of its attachments."""
        return with_stored_files(document, stored)

    def renewed(self, document: Document, differing: Collection[str]) -> Document:
        """Return what else is written where these fields of a message change."""
        return renewed_message(document, differing)

    def derived(self, document: Document) -> Document:
        """Return what is made of a message and written with it, but never compared."""
        return search_fields(document)

    async def before_change(self, documents: Sequence[Document]) -> None:
        """Note that something of these messages is about to change."""
        if self.mark_outdated is not None:
            await self.mark_outdated(document["conversation_id"] for document in documents)

    async def before_write(
        self,
        superseded: Sequence[Supersession],
        documents: Sequence[Document],
        stored: Mapping[str, Document],
    ) -> frozenset[str]:
        """Keep former versions, enlist files that are not stored, drop vectors of former texts.

        Returns the hashes of those texts, for `after_write`.
        """
        await self.history.keep(superseded)
        former = {
            message_id: stored[message_id]["content_hash"]
            for document in documents
            if (message_id := document["message_id"]) in stored
            and (stored[message_id].get("content_hash") or document["content_hash"])
            != document["content_hash"]
        }
        await self.vectors.drop_unused(set(former.values()), leaving=former)
        if self.queue is not None:
            await self.queue.enlist(documents, stored)
        return frozenset(former.values())

    async def after_write(self, former_texts: Collection[str]) -> None:
        """Drop the vectors again that a labelling stored between the look and the write."""
        await self.vectors.drop_unused(former_texts)
