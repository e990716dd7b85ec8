"""Model ↔ document: the stored form of every value (contract 3.3).

Moments are UTC datetimes, dates of a stay are ISO strings (they have no time zone),
money is Decimal128 with the JSON's own digits. Field order is fixed.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bson import Decimal128, ObjectId

from hostaway_message_db.database.reading_documents import (
    LANGUAGE_FIELDS,
    UNLABELLED,
    reading_document,
    reading_from,
)
from hostaway_message_db.models.records import (
    Attachment,
    Channel,
    Conversation,
    Direction,
    Erasure,
    Guest,
    Listing,
    Message,
    Quarantined,
    Reservation,
    Stamp,
)

SCHEMA_VERSION = 1
Document = dict[str, Any]


ENRICHED_FIELDS: Document = {**UNLABELLED, "versions_count": 0}
"""Fields that are not made from Hostaway's record, and what they hold at first."""


FILE_FIELDS = frozenset({"file_id", "sha256", "size_bytes"})
"""What an attachment bears once its file is stored; Hostaway does not send it."""


def to_bson(value: Any) -> Any:
    """Return a value whose every number and sequence MongoDB can hold."""
    kind = type(value)
    if kind is str or value is None or kind is int or kind is bool:
        return value
    if kind is dict:
        return {key: to_bson(part) for key, part in value.items()}
    if kind is list or kind is tuple:
        return [to_bson(part) for part in value]
    return Decimal128(value) if kind is Decimal else value


def from_bson(value: Any) -> Any:
    """Return a stored value as plain Python: money as `Decimal`, identities as text."""
    if isinstance(value, Decimal128):
        return value.to_decimal()
    if isinstance(value, ObjectId):
        return str(value)
    if isinstance(value, dict):
        return {key: from_bson(part) for key, part in value.items()}
    if isinstance(value, list):
        return [from_bson(part) for part in value]
    return value


def record_id(account_id: str, identity: str) -> str:
    """Return the `_id` of a side entity: unique over all accounts."""
    return f"{account_id}:{identity}"


def message_document(message: Message) -> Document:
    """Return the stored form of a message, without the fields that enrichment owns."""
    reservation = message.reservation
    return {
        "message_id": message.message_id,
        "account_id": message.account_id,
        "conversation_id": message.conversation_id,
        "property": {"id": message.property_id, "name": message.property_name},
        "guest": {
            "name": message.guest.name,
            "email": message.guest.email,
            "phone": message.guest.phone,
            "nationality": message.guest.nationality,
            "nationality_basis": message.guest.nationality_basis,
        },
        "content": message.content,
        "content_html": message.content_html,
        **reading_document(message.reading),
        "timestamp": message.timestamp,
        "direction": str(message.direction),
        "reservation": {
            "id": message.reservation_id,
            "price": to_bson(reservation.price) if reservation else None,
            "currency": reservation.currency if reservation else None,
            "status": reservation.status if reservation else None,
            "arrival_date": _iso(reservation.arrival_date) if reservation else None,
            "departure_date": _iso(reservation.departure_date) if reservation else None,
        },
        "message_type": message.message_type,
        "status": message.status,
        "channel": {"id": message.channel.id, "name": message.channel.name},
        "is_automated": message.is_automated,
        "is_read": message.is_read,
        "is_unsent": False,
        "attachments": [_attachment_document(part) for part in message.attachments],
        "stage": message.stage,
        "source": to_bson(message.source),
        "schema_version": SCHEMA_VERSION,
        **_erasure_document(message.erasure),
    }


def message_from(document: Document) -> Message:
    """Return a stored message; of its reservation it knows what it was stored with."""
    stay = document["reservation"]
    channel = Channel(document["channel"]["id"], document["channel"]["name"])
    reservation = Reservation(
        account_id=document["account_id"],
        reservation_id=stay["id"] or "",
        listing_id=None,
        guest_name=None,
        guest_email=None,
        guest_phone=None,
        guest_country=None,
        price=from_bson(stay["price"]),
        currency=stay["currency"],
        status=stay["status"],
        arrival_date=_day(stay["arrival_date"]),
        departure_date=_day(stay["departure_date"]),
        channel=channel,
        updated_on=None,
        source={},
    )
    return Message(
        account_id=document["account_id"],
        message_id=document["message_id"],
        conversation_id=document["conversation_id"],
        property_id=document["property"]["id"],
        property_name=document["property"]["name"],
        guest=Guest(**document["guest"]),
        content=document["content"],
        content_html=document["content_html"],
        timestamp=document["timestamp"],
        direction=Direction(document["direction"]),
        reservation_id=stay["id"],
        reservation=reservation,
        message_type=document["message_type"],
        status=document["status"],
        channel=channel,
        is_automated=document["is_automated"],
        is_read=document["is_read"],
        attachments=tuple(_attachment_from(part) for part in document["attachments"]),
        stage=document["stage"],
        source=from_bson(document["source"]),
        reading=reading_from(document),
        erasure=erasure_from(document),
    )


def comparable_message(document: Document) -> Document:
    """Return what counts in "did this message change".

    Not a private attachment's address, which is made anew at each read (API reference 7.4), not
    that a file was stored, and not the language, which goes with the text and may be the
    conversation's.
    """
    document = {name: part for name, part in document.items() if name not in LANGUAGE_FIELDS}
    attachments = document.get("attachments")
    if not attachments:
        return document
    steady = [
        {
            name: value
            for name, value in part.items()
            if name not in FILE_FIELDS and (name != "url" or part.get("is_public"))
        }
        for part in attachments
    ]
    return {**document, "attachments": steady}


def with_stored_files(document: Document, stored: Document) -> Document:
    """Return a message's new form with the files that are stored of its attachments."""
    files = {
        part["id"]: {name: part[name] for name in FILE_FIELDS if name in part}
        for part in stored.get("attachments") or ()
        if "file_id" in part
    }
    if not files:
        return document
    parts = [{**part, **files.get(part["id"], {})} for part in document["attachments"]]
    return {**document, "attachments": parts}


def _attachment_document(attachment: Attachment) -> Document:
    return {
        "id": attachment.id,
        "name": attachment.name,
        "url": attachment.url,
        "extension": attachment.extension,
        "mime_type": attachment.mime_type,
        "is_image": attachment.is_image,
        "is_public": attachment.is_public,
        "source": to_bson(attachment.source),
    }


def _attachment_from(part: Document) -> Attachment:
    sent = {name: value for name, value in part.items() if name not in FILE_FIELDS}
    return Attachment(**{**sent, "source": from_bson(part.get("source", {}))})


def _erasure_document(erasure: Erasure | None) -> Document:
    """Return the mark of an erased record; one that is not erased has none."""
    return {} if erasure is None else {"erasure": str(erasure)}


def erasure_from(document: Document) -> Erasure | None:
    """Return why a stored record was erased, if it was."""
    mark = document.get("erasure")
    return Erasure(mark) if mark else None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def listing_document(listing: Listing) -> Document:
    """Return the stored form of a listing."""
    return {
        "_id": record_id(listing.account_id, listing.listing_id),
        "listing_id": listing.listing_id,
        "account_id": listing.account_id,
        "name": listing.name,
        "time_zone_name": listing.time_zone_name,
        "is_archived": listing.is_archived,
        "source": to_bson(listing.source),
        "schema_version": SCHEMA_VERSION,
    }


def listing_from(document: Document) -> Listing:
    """Return a stored listing."""
    return Listing(
        account_id=document["account_id"],
        listing_id=document["listing_id"],
        name=document["name"],
        time_zone_name=document["time_zone_name"],
        is_archived=document["is_archived"],
        source=from_bson(document.get("source", {})),
    )


def reservation_document(reservation: Reservation) -> Document:
    """Return the stored form of a reservation."""
    return {
        "_id": record_id(reservation.account_id, reservation.reservation_id),
        "reservation_id": reservation.reservation_id,
        "account_id": reservation.account_id,
        "property_id": reservation.listing_id,
        "guest": {
            "name": reservation.guest_name,
            "email": reservation.guest_email,
            "phone": reservation.guest_phone,
            "country": reservation.guest_country,
        },
        "price": to_bson(reservation.price),
        "currency": reservation.currency,
        "status": reservation.status,
        "arrival_date": _iso(reservation.arrival_date),
        "departure_date": _iso(reservation.departure_date),
        "channel": {"id": reservation.channel.id, "name": reservation.channel.name},
        "updated_on": reservation.updated_on,
        "source": to_bson(reservation.source),
        "schema_version": SCHEMA_VERSION,
        **_erasure_document(reservation.erasure),
    }


def reservation_from(document: Document) -> Reservation:
    """Return a stored reservation."""
    guest = document["guest"]
    return Reservation(
        account_id=document["account_id"],
        reservation_id=document["reservation_id"],
        listing_id=document["property_id"],
        guest_name=guest["name"],
        guest_email=guest["email"],
        guest_phone=guest["phone"],
        guest_country=guest["country"],
        price=from_bson(document["price"]),
        currency=document["currency"],
        status=document["status"],
        arrival_date=_day(document["arrival_date"]),
        departure_date=_day(document["departure_date"]),
        channel=Channel(document["channel"]["id"], document["channel"]["name"]),
        updated_on=document["updated_on"],
        source=from_bson(document.get("source", {})),
        erasure=erasure_from(document),
    )


def conversation_document(conversation: Conversation) -> Document:
    """Return the stored form of a conversation."""
    return {
        "_id": record_id(conversation.account_id, conversation.conversation_id),
        "conversation_id": conversation.conversation_id,
        "account_id": conversation.account_id,
        "reservation_id": conversation.reservation_id,
        "recipient_name": conversation.recipient_name,
        "recipient_email": conversation.recipient_email,
        "has_unread_messages": conversation.has_unread_messages,
        "message_sent_on": conversation.message_sent_on,
        "message_received_on": conversation.message_received_on,
        "latest_message_id": conversation.stamp.latest_message_id,
        "source": to_bson(conversation.source),
        "schema_version": SCHEMA_VERSION,
        **_erasure_document(conversation.erasure),
    }


def conversation_from(document: Document) -> Conversation:
    """Return a stored conversation."""
    sent, received = document["message_sent_on"], document["message_received_on"]
    return Conversation(
        account_id=document["account_id"],
        conversation_id=document["conversation_id"],
        reservation_id=document["reservation_id"],
        recipient_name=document["recipient_name"],
        recipient_email=document["recipient_email"],
        has_unread_messages=document["has_unread_messages"],
        message_sent_on=sent,
        message_received_on=received,
        stamp=Stamp(_written(sent), _written(received), document["latest_message_id"]),
        source=from_bson(document.get("source", {})),
        erasure=erasure_from(document),
    )


def _written(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else None


def stamp_document(stamp: Stamp | None) -> Document | None:
    """Return the stored form of a stamp."""
    if stamp is None:
        return None
    return {
        "message_sent_on": stamp.message_sent_on,
        "message_received_on": stamp.message_received_on,
        "latest_message_id": stamp.latest_message_id,
    }


def stamp_from(document: Document | None) -> Stamp | None:
    """Return a stored stamp."""
    if document is None:
        return None
    return Stamp(
        document["message_sent_on"],
        document["message_received_on"],
        document["latest_message_id"],
    )


def quarantined_document(record: Quarantined, identity: str) -> Document:
    """Return the stored form of a quarantined record."""
    return {
        "_id": identity,
        "account_id": record.account_id,
        "entity": record.entity,
        "record_id": record.record_id,
        "conversation_id": record.conversation_id,
        "reasons": list(record.reasons),
        "raw": record.raw,
        "schema_version": SCHEMA_VERSION,
    }


def quarantined_from(document: Document) -> Quarantined:
    """Return a stored quarantined record."""
    return Quarantined(
        account_id=document["account_id"],
        entity=document["entity"],
        record_id=document["record_id"],
        conversation_id=document["conversation_id"],
        reasons=tuple(document["reasons"]),
        raw=document["raw"],
    )
