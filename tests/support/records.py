"""Records of ours, as the transform makes them, for tests of the stores."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hostaway_message_db.enrichment.reading import read_text
from hostaway_message_db.models.records import (
    Attachment,
    Channel,
    Conversation,
    Direction,
    Guest,
    Listing,
    Message,
    Quarantined,
    Reservation,
    Stamp,
)

ACCOUNT = "61234"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return a moment so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def stamp(latest: str | None = "1") -> Stamp:
    """Return a stamp that differs by its latest message."""
    return Stamp("2026-11-22 12:00:00", None, latest)


def reservation(identity: str = "7", **fields: Any) -> Reservation:
    """Return a reservation."""
    made: dict[str, Any] = {
        "account_id": ACCOUNT,
        "reservation_id": identity,
        "listing_id": "9",
        "guest_name": "Ana",
        "guest_email": "ana@example.com",
        "guest_phone": None,
        "guest_country": "PT",
        "price": Decimal("1234.50"),
        "currency": "EUR",
        "status": "new",
        "arrival_date": NOON.date(),
        "departure_date": NOON.date(),
        "channel": Channel(2018, "airbnbOfficial"),
        "updated_on": NOON,
        "source": {"nights": 2, "amount": Decimal("1E+3")},
    }
    return Reservation(**{**made, **fields})


def listing(identity: str = "9", name: str | None = "House") -> Listing:
    """Return a listing."""
    return Listing(
        account_id=ACCOUNT,
        listing_id=identity,
        name=name,
        time_zone_name="Europe/Lisbon",
        is_archived=False,
        source={"city": "Lisboa"},
    )


def conversation(identity: str = "5", latest: str = "1", **fields: Any) -> Conversation:
    """Return a conversation."""
    made: dict[str, Any] = {
        "account_id": ACCOUNT,
        "conversation_id": identity,
        "reservation_id": "7",
        "recipient_name": "Ana",
        "recipient_email": None,
        "has_unread_messages": False,
        "message_sent_on": NOON,
        "message_received_on": None,
        "stamp": stamp(latest),
        "source": {"type": "host-guest-email"},
    }
    return Conversation(**{**made, **fields})


def message(identity: str = "1", **fields: Any) -> Message:
    """Return a message."""
    made: dict[str, Any] = {
        "account_id": ACCOUNT,
        "message_id": identity,
        "conversation_id": "5",
        "property_id": "9",
        "property_name": "House",
        "guest": Guest(
            name="Ana", email=None, phone=None, nationality="PT", nationality_basis="country"
        ),
        "content": "Hello",
        "content_html": None,
        "timestamp": NOON,
        "direction": Direction.INBOUND,
        "reservation_id": "7",
        "reservation": reservation(),
        "message_type": "channel",
        "status": "sent",
        "channel": Channel(2018, "airbnbOfficial"),
        "is_automated": False,
        "is_read": True,
        "attachments": (),
        "stage": "in_stay",
        "source": {"hash": "abc", "rate": Decimal("0.1")},
    }
    made |= fields
    is_inbound, has_files = made["direction"] == Direction.INBOUND, bool(made["attachments"])
    made.setdefault(
        "reading",
        read_text(
            made["content"], body=made["content"], is_inbound=is_inbound, has_files=has_files
        ),
    )
    return Message(**made)


def attachment(url: str, *, is_public: bool) -> Attachment:
    """Return an attachment."""
    return Attachment(
        id="3",
        name="photo.jpeg",
        url=url,
        extension="jpeg",
        mime_type="image/jpeg",
        is_image=True,
        is_public=is_public,
    )


def quarantined(identity: str | None, raw: str = "{}", conversation_id: str = "5") -> Quarantined:
    """Return a quarantined record."""
    return Quarantined(
        account_id=ACCOUNT,
        entity="message",
        record_id=identity,
        conversation_id=conversation_id,
        reasons=("date: is missing",),
        raw=raw,
    )
