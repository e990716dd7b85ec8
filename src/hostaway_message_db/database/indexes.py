"""Every index, each with the query it serves.

The four on `messages` that the user's document fixes are the first four. The text index
and that of the search terms are heavy (most of the cost of an insert), so a first load
builds them at its end; whatever is missing is built by the next run.
"""

from dataclasses import dataclass, field
from typing import Any

from pymongo import ASCENDING, DESCENDING, TEXT

from hostaway_message_db.models.entities import ENTITIES, Entity, Parent

MESSAGES = "messages"
MESSAGE_VERSIONS = "message_versions"
CONVERSATIONS = "conversations"
RESERVATIONS = "reservations"
LISTINGS = "listings"
QUARANTINE = "quarantine"
SYNC_RUNS = "sync_runs"
SYNC_STATE = "sync_state"
ERASURES = "erasures"
MESSAGE_FACTS = "message_facts"
OUTDATED_FACTS = "outdated_facts"
REVIEWS = "reviews"
API_AUDIT = "api_audit"
ATTACHMENT_QUEUE = "attachment_queue"
FILES = "fs.files"
FILE_PARTS = "fs.chunks"

EMBEDDINGS = "embeddings"

TEXT_INDEX_NAME = "content_text"
TERMS_INDEX_NAME = "search_terms_timestamp"


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """One index: where, on what, and which query it serves."""

    collection: str
    name: str
    keys: tuple[tuple[str, Any], ...]
    serves: str
    options: dict[str, Any] = field(default_factory=dict)
    is_heavy: bool = False
    """It has many keys for each document, so a first load builds it at its end."""


INDEXES: tuple[IndexPlan, ...] = (
    IndexPlan(
        MESSAGES,
        TEXT_INDEX_NAME,
        (("content", TEXT),),
        "full text search",
        # With the defaults, a document whose field `language` says "zh" would be refused
        # and one that says "en" be stemmed; so the override names a field that never exists.
        {"default_language": "none", "language_override": "text_index_language"},
        is_heavy=True,
    ),
    IndexPlan(
        MESSAGES,
        "property_timestamp",
        (("property.id", ASCENDING), ("timestamp", ASCENDING)),
        "messages of a property over time",
    ),
    IndexPlan(
        MESSAGES,
        "nationality_timestamp",
        (("guest.nationality", ASCENDING), ("timestamp", ASCENDING)),
        "messages of a nationality over time",
    ),
    IndexPlan(
        MESSAGES,
        "message_id_unique",
        (("message_id", ASCENDING),),
        "one document per message; upserts",
        {"unique": True},
    ),
    IndexPlan(
        MESSAGES,
        "conversation_timestamp",
        (("conversation_id", ASCENDING), ("timestamp", ASCENDING)),
        "one thread in order; what a complete read no longer contains",
    ),
    IndexPlan(
        MESSAGES,
        "timestamp",
        (("timestamp", DESCENDING),),
        "the newest messages of all; freshness",
    ),
    IndexPlan(
        MESSAGES,
        TERMS_INDEX_NAME,
        (("search_terms", ASCENDING), ("timestamp", DESCENDING)),
        "`search`: words in every script, and guests' names, newest message first; some 590"
        " bytes a message, as much as the text index",
        is_heavy=True,
    ),
    IndexPlan(
        MESSAGE_VERSIONS,
        "versions_of_a_conversation",
        (("conversation_id", ASCENDING), ("message_id", ASCENDING), ("number", ASCENDING)),
        "former versions of a thread's messages; their erasure",
    ),
    IndexPlan(
        MESSAGES,
        "labels_timestamp",
        (("enrichment_version", ASCENDING), ("timestamp", DESCENDING)),
        "the messages that wait for labels, newest first",
    ),
    IndexPlan(
        MESSAGES,
        "content_hash",
        (("content_hash", ASCENDING),),
        "the messages that say the same: whose vector may go, whom a vector stands for",
    ),
    IndexPlan(
        EMBEDDINGS,
        "embeddings_by_text",
        (("text_hash", ASCENDING),),
        "the vectors of a text; their erasure",
    ),
    IndexPlan(
        EMBEDDINGS,
        "embeddings_by_model",
        (("model", ASCENDING), ("stored_at", ASCENDING), ("text_hash", ASCENDING)),
        "search by meaning: which texts have vectors, and whether new ones came",
    ),
    IndexPlan(
        SYNC_STATE,
        "pending_conversations",
        (("account_id", ASCENDING), ("_id", ASCENDING)),
        "the conversations that wait to be read",
        {"partialFilterExpression": {"is_pending": True}},
    ),
    IndexPlan(
        SYNC_STATE,
        "state_by_reservation",
        (("account_id", ASCENDING), ("reservation_id", ASCENDING)),
        "the conversations of a changed reservation",
    ),
    IndexPlan(
        SYNC_STATE,
        "state_by_activity",
        (("account_id", ASCENDING), ("last_active_at", DESCENDING)),
        "the recently active conversations",
    ),
    IndexPlan(
        RESERVATIONS,
        "reservations_by_departure",
        (("account_id", ASCENDING), ("erasure", ASCENDING), ("departure_date", ASCENDING)),
        "the stays that are old enough to be erased and are not yet",
    ),
    IndexPlan(
        CONVERSATIONS,
        "conversations_by_erasure",
        (("account_id", ASCENDING), ("erasure", ASCENDING)),
        "the silent conversations that are not erased yet",
    ),
    IndexPlan(
        ERASURES,
        "reopened_conversations",
        (("account_id", ASCENDING), ("reopened_at", ASCENDING)),
        "messages that came after their conversation was erased by age, when old enough",
        {"partialFilterExpression": {"reopened_at": {"$exists": True}}},
    ),
    IndexPlan(
        QUARANTINE,
        "quarantine_by_record",
        (("account_id", ASCENDING), ("entity", ASCENDING), ("record_id", ASCENDING)),
        "release of a record that could be understood after all",
    ),
    IndexPlan(
        SYNC_RUNS,
        "runs_by_start",
        (("account_id", ASCENDING), ("started_at", DESCENDING)),
        "the last runs",
    ),
    IndexPlan(
        ATTACHMENT_QUEUE,
        "files_to_download",
        (("account_id", ASCENDING), ("next_try_at", ASCENDING)),
        "the files whose time to be tried has come",
    ),
    IndexPlan(
        FILES,
        "files_of_messages",
        (("metadata.message_ids", ASCENDING),),
        "the files of a message; their erasure",
    ),
    IndexPlan(
        API_AUDIT,
        "audit_by_time",
        (("at", DESCENDING),),
        "the last API calls, of all or since a moment",
    ),
    IndexPlan(
        API_AUDIT,
        "audit_by_run",
        (("run_id", ASCENDING), ("at", DESCENDING)),
        "the API calls of a run",
    ),
    IndexPlan(
        API_AUDIT,
        "audit_expiry",
        (("expires_at", ASCENDING),),
        "MongoDB deletes each record when AUDIT_RETENTION_DAYS are over",
        {"expireAfterSeconds": 0},
    ),
)


def indexes_of_entity(entity: Entity) -> tuple[IndexPlan, ...]:
    """Return the indexes of an entity's collection; built when it is first read."""
    plans: list[IndexPlan] = []
    if entity.holds_guests:
        keys = (("account_id", ASCENDING), ("reservation_id", ASCENDING))
        serves = "the records of a reservation; their erasure"
        plans.append(IndexPlan(entity.name, "by_reservation", keys, serves))
    if entity.parent is Parent.LISTING:
        further = (("date", ASCENDING),) if entity.has_window else ()
        keys = (("account_id", ASCENDING), ("property_id", ASCENDING), *further)
        plans.append(IndexPlan(entity.name, "by_property", keys, "the records of a property"))
    return tuple(plans)


ENTITY_INDEXES: tuple[IndexPlan, ...] = tuple(
    plan for entity in ENTITIES for plan in indexes_of_entity(entity)
)
"""The indexes of the further entities, where these are read."""
