"""Every collection of the database, and what becomes of a forgotten guest's records there.

A collection that is not in this table fails a test: whoever adds one says here how a guest
is found in it, or why nothing of a guest is in it.
"""

from collections.abc import Iterator

from hostaway_message_db.models.entities import ENTITIES
from hostaway_message_db.ports import Holding, Treatment

HOLDINGS: tuple[Holding, ...] = (
    Holding(
        collection="messages",
        treatment=Treatment.PSEUDONYMISE,
        why="guest, text, files and everything else that Hostaway sent go",
        conversation_paths=("conversation_id",),
    ),
    Holding(
        collection="embeddings",
        treatment=Treatment.KEEP,
        why="vectors of texts; one that no other message has goes before the text does",
    ),
    Holding(
        collection="message_versions",
        treatment=Treatment.DELETE,
        why="former texts of the guest's messages",
        conversation_paths=("conversation_id",),
        message_paths=("message_id",),
    ),
    Holding(
        collection="fs.files",
        treatment=Treatment.DELETE,
        why="files sent with the guest's messages; one that others were sent too stays theirs",
        conversation_paths=("metadata.conversation_ids",),
        message_paths=("metadata.message_ids",),
        parts="fs.chunks",
        is_shared=True,
    ),
    Holding(
        collection="fs.chunks",
        treatment=Treatment.KEEP,
        why="the bytes of fs.files; they go with their file",
    ),
    Holding(
        collection="attachment_queue",
        treatment=Treatment.DELETE,
        why="names and addresses of files that are still to be downloaded",
        conversation_paths=("conversation_id",),
        message_paths=("message_id",),
    ),
    Holding(
        collection="quarantine",
        treatment=Treatment.PSEUDONYMISE,
        why="the raw record goes; a stub with its id and reasons keeps the counts right",
    ),
    Holding(
        collection="webhook_inbox",
        treatment=Treatment.DELETE,
        why="raw events about the guest's reservations and messages",
        reservation_paths=("reservation_id",),
        conversation_paths=("conversation_id",),
        message_paths=("message_id",),
    ),
    *(
        Holding(
            collection=entity.name,
            treatment=Treatment.DELETE if entity.holds_guests else Treatment.KEEP,
            why="records of the guest's reservations; Hostaway keeps its own"
            if entity.holds_guests
            else "the host's own; no guest is in there",
            reservation_paths=("reservation_id",) if entity.holds_guests else (),
        )
        for entity in ENTITIES
    ),
    Holding(
        collection="sync_state",
        treatment=Treatment.STRIP,
        why="ids and stamps; the words of a conversation's last error are Hostaway's own",
        conversation_paths=("conversation_id",),
    ),
    Holding(
        collection="sync_runs",
        treatment=Treatment.STRIP,
        why="figures and ids; the words of a failure are Hostaway's own",
        conversation_paths=("report.failures.subject",),
    ),
    Holding(
        collection="conversations",
        treatment=Treatment.PSEUDONYMISE,
        why="the recipient's name and address, and everything else that Hostaway sent, go",
        conversation_paths=("conversation_id",),
    ),
    Holding(
        collection="reservations",
        treatment=Treatment.PSEUDONYMISE,
        why="the guest and everything else that Hostaway sent go",
        reservation_paths=("reservation_id",),
    ),
    Holding(
        collection="listings",
        treatment=Treatment.KEEP,
        why="the host's own places; no guest is in there",
    ),
    Holding(
        collection="api_audit",
        treatment=Treatment.KEEP,
        why="method, path with ids, masked parameters, status and duration of requests",
    ),
    Holding(
        collection="message_facts",
        treatment=Treatment.KEEP,
        why="numbers for figures, without text or guest; made anew for what was erased",
    ),
    Holding(
        collection="outdated_facts",
        treatment=Treatment.KEEP,
        why="ids of the conversations whose numbers are to be made anew",
    ),
    Holding(
        collection="erasures",
        treatment=Treatment.KEEP,
        why="receipts and tombstones: ids, moments, counts, salted hashes",
    ),
)
"""In the order of erasure: what an interrupted retention looks for stands last."""


def holding(collection: str) -> Holding:
    """Return the entry of a collection."""
    return next(entry for entry in HOLDINGS if entry.collection == collection)


def with_personal_data() -> Iterator[Holding]:
    """Yield the collections in which a guest's records may be."""
    return (entry for entry in HOLDINGS if entry.treatment is not Treatment.KEEP)
