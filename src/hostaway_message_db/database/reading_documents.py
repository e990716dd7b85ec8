"""What a message's text tells, and its labels, as fields of its document."""

from collections.abc import Collection
from typing import Any

from hostaway_message_db.enrichment.search_terms import search_terms
from hostaway_message_db.models.records import Reading

Document = dict[str, Any]

UNLABELLED: Document = {"sentiment": None, "topics": [], "enrichment_version": None}
"""The labels that the language models give, before they did."""
LANGUAGE_FIELDS = ("language", "language_confidence", "language_basis")
"""Where the text does not tell the language, the labelling writes the conversation's here."""
LABELLED_BY = ("content_hash", "direction", "is_automated")
"""What labels are made of: where one of these changes, the labels are void."""


def reading_document(reading: Reading) -> Document:
    """Return the fields of what a message's own text tells."""
    return {
        "content_core": reading.core,
        "content_hash": reading.text_hash,
        "language": reading.language,
        "language_confidence": reading.language_confidence,
        "language_basis": "text" if reading.language else None,
        "needs_reply": reading.needs_reply,
        "needs_reply_reason": reading.needs_reply_reason,
    }


def reading_from(document: Document) -> Reading:
    """Return what a stored message's own text tells."""
    is_its_own = document.get("language_basis") == "text"
    return Reading(
        core=document.get("content_core"),
        text_hash=document.get("content_hash"),
        language=document.get("language") if is_its_own else None,
        language_confidence=document.get("language_confidence") if is_its_own else None,
        needs_reply=document.get("needs_reply"),
        needs_reply_reason=document.get("needs_reply_reason"),
    )


def renewed_message(document: Document, differing: Collection[str]) -> Document:
    """Return what else is written where these fields of a message change.

    Another text has another language and no labels yet; every other change leaves them alone.
    """
    if not any(name in differing for name in LABELLED_BY):
        return {}
    return {**{name: document[name] for name in LANGUAGE_FIELDS}, **UNLABELLED}


def search_fields(document: Document) -> Document:
    """Return the terms that a stored message is found by, made of its text and its guest."""
    guest = document["guest"]
    return {"search_terms": search_terms(document["content"], (guest["name"], guest["email"]))}
