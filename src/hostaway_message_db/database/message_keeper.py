"""What goes along with the loading of messages: former versions, files to be downloaded.

Both are written before the messages, so that a crash in between loses neither. And what is
made of the text goes where the text does.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hostaway_message_db.database.attachment_queue import AttachmentQueue
from hostaway_message_db.database.documents import Document, with_stored_files
from hostaway_message_db.database.message_history import MessageHistory, Supersession
from hostaway_message_db.database.reading_documents import renewed_message


@dataclass(frozen=True, slots=True)
class MessageKeeper:
    """Keeps what one load of messages would lose otherwise."""

    history: MessageHistory
    queue: AttachmentQueue | None

    def with_stored_files(self, document: Document, stored: Document) -> Document:
        """Return a message's new form with the files that are stored of its attachments."""
        return with_stored_files(document, stored)

    def renewed(self, document: Document, differing: Collection[str]) -> Document:
        """Return what else is written where these fields of a message change."""
        return renewed_message(document, differing)

    async def before_write(
        self,
        superseded: Sequence[Supersession],
        documents: Sequence[Document],
        stored: Mapping[str, Document],
    ) -> None:
        """Keep the former versions, and enlist the attachments whose files are not stored."""
        await self.history.keep(superseded)
        if self.queue is not None:
            await self.queue.enlist(documents, stored)
