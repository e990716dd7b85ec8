"""The dry run: the transform on bundled sample pages, without Hostaway and without a store."""

import json
from decimal import Decimal
from importlib import resources
from typing import Any

from hostaway_message_db.models.records import Conversation, Listing, Message, Reservation
from hostaway_message_db.pipeline.raw_records import RawMessage
from hostaway_message_db.pipeline.transform import (
    read_record,
    referred_listing,
    referred_reservation,
    to_conversation,
    to_listing,
    to_message,
    to_reservation,
)

_SHOWN_CHARACTERS = 60


def run_dry(account_id: str) -> dict[str, Any]:
    """Transform the sample pages and say what would be stored; calls and writes nothing."""
    listings = [to_listing(row, account_id) for row in _page("listings")]
    reservations = [to_reservation(row, account_id) for row in _page("reservations")]
    conversations = [to_conversation(row, account_id) for row in _page("conversations")]
    by_listing = {x.listing_id: x for x in listings if isinstance(x, Listing)}
    by_reservation = {r.reservation_id: r for r in reservations if isinstance(r, Reservation)}
    by_conversation = {c.conversation_id: c for c in conversations if isinstance(c, Conversation)}
    rows = _page("messages")
    messages: list[Message] = []
    for row in rows:
        raw = read_record(RawMessage, row, account_id=account_id, entity="message")
        if isinstance(raw, RawMessage):
            conversation = by_conversation[str(row["conversationId"])]
            reservation = by_reservation.get(referred_reservation(raw, conversation) or "")
            listing = by_listing.get(referred_listing(raw, reservation) or "")
            messages.append(to_message(raw, row, conversation, reservation, listing))
    return {
        "mode": "dry-run",
        "is_complete": True,
        "request_count": 0,
        "retry_count": 0,
        "refused_count": 0,
        "duration_seconds": 0.0,
        "conversations": {
            "listed": len(conversations),
            "changed": len(conversations),
            "read": len(conversations),
            "failed": 0,
        },
        "messages": {
            "extracted": len(rows),
            "inserted": len(messages),
            "updated": 0,
            "unchanged": 0,
            "quarantined": len(rows) - len(messages),
        },
        "latest_message_at": max(m.timestamp for m in messages),
        "would_store": [_shown(message) for message in messages],
    }


def _page(name: str) -> list[Any]:
    page = resources.files(__package__) / "sample_pages" / f"{name}.json"
    rows = json.loads(page.read_text(encoding="utf-8"), parse_float=Decimal)
    return list(rows)


def _shown(message: Message) -> dict[str, Any]:
    content = " ".join(message.content.split())
    return {
        "message_id": message.message_id,
        "conversation_id": message.conversation_id,
        "timestamp": message.timestamp,
        "direction": str(message.direction),
        "property": message.property_name,
        "guest": message.guest.name,
        "nationality": message.guest.nationality,
        "price": message.reservation.price if message.reservation else None,
        "stage": message.stage,
        "content": content[:_SHOWN_CHARACTERS],
    }
