"""Transform: raw records become values of ours, or quarantined records with reasons.

Pure and total: whatever JSON comes in, an answer comes out; no I/O, no clock, no dice.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeVar

from hostaway_message_db.enrichment.nationality import Nationality, find_nationality
from hostaway_message_db.enrichment.plain_text import to_plain_text
from hostaway_message_db.enrichment.reading import read_text
from hostaway_message_db.enrichment.stage import find_stage
from hostaway_message_db.models.raw_rows import row_identity
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
from hostaway_message_db.pipeline.raw_records import (
    RawAttachment,
    RawConversation,
    RawListing,
    RawMessage,
    RawRecord,
    RawReservation,
    fits_decimal128,
)

MAX_RECORD_BYTES = 2 * 1024 * 1024
"""A raw record larger than this is refused: BSON, up to six times as long, ends at 16 MiB."""
MAX_QUARANTINED_CHARACTERS = 12 * 1024 * 1024
MAX_DEPTH = 40
_INT64 = range(-(2**63), 2**63)

SECRET_KEYS: Final = frozenset(
    {
        "doorSecurityCode", "wifiPassword", "wifiUsername", "keyPickup",
        "doorCode", "doorCodeVendor", "doorCodeInstruction",
        "ccName", "ccNumber", "ccNumberEndingDigits", "ccExpirationYear",
        "ccExpirationMonth", "cvc", "stripeGuestId", "stripeMessage",
        "braintreeGuestId", "braintreeMessage", "guestAuthHash", "guestPortalUrl",
        "guestPortalRevampUrl", "icalKey", "verificationCode",
    }
)  # fmt: skip
"""Keys that are dropped wherever they stand: door codes, wifi passwords, cards, and
links that open a guest's page without a login (API reference 9.3, 10)."""

CHANNEL_NAMES: Final = {
    2000: "direct", 2001: "airbnb", 2002: "homeaway", 2005: "bookingcom", 2007: "expedia",
    2009: "homeawayical", 2010: "vrboical", 2013: "bookingengine", 2015: "customIcal",
    2016: "tripadvisorical", 2017: "wordpress", 2018: "airbnbOfficial", 2019: "marriott",
    2020: "partner", 2021: "gds", 2022: "google",
}  # fmt: skip
"""Names of the channels (API reference 9.5)."""

_MESSAGE_KEYS: Final = frozenset(
    {
        "id", "accountId", "conversationId", "listingMapId", "reservationId", "channelId",
        "body", "communicationType", "status", "isIncoming", "isSeen", "attachments",
    }
)  # fmt: skip
_ATTACHMENT_KEYS: Final = frozenset(
    {"id", "name", "url", "extension", "mimeType", "isImage", "isPublic"}
)
_CONVERSATION_KEYS: Final = frozenset(
    {
        "id", "accountId", "reservationId", "recipientName", "recipientEmail",
        "hasUnreadMessages", "messageSentOn", "messageReceivedOn",
        "conversationMessages", "Reservation",
    }
)  # fmt: skip
_RESERVATION_KEYS: Final = frozenset(
    {
        "id", "accountId", "listingMapId", "channelId", "channelName", "guestName",
        "guestEmail", "phone", "guestCountry", "totalPrice", "currency", "status",
        "arrivalDate", "departureDate", "updatedOn",
    }
)  # fmt: skip
_LISTING_KEYS: Final = frozenset({"id", "accountId", "name", "timeZoneName", "specialStatus"})

_Raw = TypeVar("_Raw", bound=RawRecord)


def read_record(
    kind: type[_Raw],
    row: Any,
    *,
    account_id: str,
    entity: str,
    conversation_id: str | None = None,
) -> _Raw | Quarantined:
    """Read a raw row as a record of this kind, or say every reason why it cannot be."""
    reasons = unstorable_reasons(row)
    record = None
    if isinstance(row, dict):
        record, found = kind.read(row)
        reasons += found
        if isinstance(record, RawMessage) and record.moment is None:
            reasons.append("date: none of sentChannelDate, date and insertedOn is present")
    if record is not None and not reasons:
        return record
    return Quarantined(
        account_id=account_id,
        entity=entity,
        record_id=row_identity(row),
        conversation_id=conversation_id,
        reasons=tuple(reasons),
        raw=raw_text(row),
    )


def unstorable_reasons(row: Any) -> list[str]:
    """Say why a row could not be stored as it is, whatever it means."""
    if not isinstance(row, dict):
        return ["record: is no object"]
    if _depth(row) > MAX_DEPTH:
        return ["record: is nested too deeply"]
    try:
        size = len(json.dumps(row, ensure_ascii=False, default=str).encode())
    except UnicodeEncodeError:
        return ["record: holds broken Unicode"]
    return ["record: is too large"] if size > MAX_RECORD_BYTES else []


def _depth(value: Any) -> int:
    """Measure nesting, up to just past the bound."""
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        depth += 1
        inner: list[Any] = []
        for part in level:
            if type(part) is dict:
                inner.extend(part.values())
            elif type(part) is list:
                inner.extend(part)
        level = inner
    return depth


def raw_text(row: Any) -> str:
    """Write a raw row as ASCII JSON without secrets; numbers keep their digits as strings."""
    try:
        text = json.dumps(without_secrets(row), default=str)
    except (ValueError, RecursionError):
        text = '"nested too deeply to be kept"'
    return text[:MAX_QUARANTINED_CHARACTERS]


def read_raw_text(text: str) -> Any:
    """Read what `raw_text` wrote; None when it was cut off, or changed by another hand."""
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        return None


def without_secrets(value: Any) -> Any:
    """Return a copy without the keys of `SECRET_KEYS`, at any depth."""
    if isinstance(value, dict):
        return {k: without_secrets(v) for k, v in value.items() if k not in SECRET_KEYS}
    if isinstance(value, list):
        return [without_secrets(part) for part in value]
    return value


def storable(value: Any) -> Any:
    """Return JSON as MongoDB can hold it: no secrets, no number that would lose digits."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is int:
        return value if value in _INT64 else str(value)
    if kind is dict:
        return {
            key.replace("\0", "\ufffd"): storable(part)
            for key, part in value.items()
            if key not in SECRET_KEYS
        }
    if kind is list:
        return [storable(part) for part in value]
    if kind is Decimal:
        return value if fits_decimal128(value) else str(value)
    return value


def _source(row: Mapping[str, Any], represented: frozenset[str]) -> dict[str, Any]:
    return {k: v for k, v in storable(row).items() if k not in represented}


def to_listing(row: Any, account_id: str) -> Listing | Quarantined:
    """Transform a raw listing."""
    raw = read_record(RawListing, row, account_id=account_id, entity="listing")
    if isinstance(raw, Quarantined):
        return raw
    return Listing(
        account_id=account_id,
        listing_id=raw.id,
        name=raw.name,
        time_zone_name=raw.time_zone_name,
        is_archived=raw.special_status == "archived",
        source=_source(row, _LISTING_KEYS),
    )


def to_reservation(row: Any, account_id: str) -> Reservation | Quarantined:
    """Transform a raw reservation; the price keeps the JSON's own digits."""
    raw = read_record(RawReservation, row, account_id=account_id, entity="reservation")
    if isinstance(raw, Quarantined):
        return raw
    return Reservation(
        account_id=account_id,
        reservation_id=raw.id,
        listing_id=raw.listing_map_id,
        guest_name=raw.guest_name,
        guest_email=raw.guest_email,
        guest_phone=raw.phone,
        guest_country=raw.guest_country,
        price=raw.total_price,
        currency=raw.currency,
        status=raw.status,
        # Without dates both are set to yesterday (API reference 9.3); kept in `source`.
        arrival_date=None if raw.is_dates_unspecified else raw.arrival_date,
        departure_date=None if raw.is_dates_unspecified else raw.departure_date,
        channel=_channel(raw.channel_id, raw.channel_name),
        updated_on=raw.updated_on,
        source=_source(row, _RESERVATION_KEYS - _dates_kept(raw)),
    )


def _dates_kept(raw: RawReservation) -> frozenset[str]:
    return frozenset({"arrivalDate", "departureDate"} if raw.is_dates_unspecified else ())


def to_conversation(row: Any, account_id: str) -> Conversation | Quarantined:
    """Transform a row of the conversation list.

    Its `listingMapId` stays in `source`: it is the account's id (API reference 0 no. 15).
    """
    raw = read_record(RawConversation, row, account_id=account_id, entity="conversation")
    if isinstance(raw, Quarantined):
        return raw
    latest = raw.conversation_messages[0] if raw.conversation_messages else None
    return Conversation(
        account_id=account_id,
        conversation_id=raw.id,
        reservation_id=raw.reservation_id,
        recipient_name=raw.recipient_name,
        recipient_email=raw.recipient_email,
        has_unread_messages=raw.has_unread_messages,
        message_sent_on=raw.message_sent_on,
        message_received_on=raw.message_received_on,
        stamp=Stamp(
            message_sent_on=_written(raw.message_sent_on),
            message_received_on=_written(raw.message_received_on),
            latest_message_id=latest.id if latest else None,
        ),
        source=_source(row, _CONVERSATION_KEYS),
    )


def _written(moment: Any) -> str | None:
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else None


def to_message(
    raw: RawMessage,
    row: Mapping[str, Any],
    conversation: Conversation,
    reservation: Reservation | None,
    listing: Listing | None,
) -> Message:
    """Transform a message that was read, with what is known around it (contract 3.3)."""
    moment = raw.moment
    if moment is None:
        raise ValueError("read_record lets no message without a date through")
    body = raw.body or ""
    content = to_plain_text(body)
    is_automated = not raw.is_incoming and bool(raw.communication_id or raw.communication_event)
    return Message(
        account_id=conversation.account_id,
        message_id=raw.id,
        conversation_id=conversation.conversation_id,
        property_id=referred_listing(raw, reservation),
        property_name=listing.name if listing else None,
        guest=_guest(conversation, reservation),
        content=content,
        content_html=None if body == content else body.replace("\0", "\ufffd"),
        timestamp=moment,
        direction=Direction.INBOUND if raw.is_incoming else Direction.OUTBOUND,
        reservation_id=referred_reservation(raw, conversation),
        reservation=reservation,
        message_type=raw.communication_type or ("channel" if raw.channel_id else "email"),
        status=raw.status,
        channel=_message_channel(raw, reservation),
        is_automated=is_automated,
        is_read=raw.is_seen,
        attachments=tuple(map(_attachment, raw.attachments or (), row.get("attachments") or ())),
        stage=find_stage(
            moment,
            reservation.status if reservation else None,
            reservation.arrival_date if reservation else None,
            reservation.departure_date if reservation else None,
            raw.listing_time_zone_name or (listing.time_zone_name if listing else None),
        ),
        source=_source(row, _MESSAGE_KEYS),
        reading=read_text(
            content,
            body=body,
            is_inbound=bool(raw.is_incoming),
            has_files=bool(raw.attachments),
        ),
    )


def referred_reservation(raw: RawMessage, conversation: Conversation) -> str | None:
    """Return the id of the reservation that a message belongs to."""
    return raw.reservation_id or conversation.reservation_id


def referred_listing(raw: RawMessage, reservation: Reservation | None) -> str | None:
    """Return the listing's id: the message's, else the reservation's, never another."""
    return raw.listing_map_id or (reservation.listing_id if reservation else None)


def _guest(conversation: Conversation, reservation: Reservation | None) -> Guest:
    country = reservation.guest_country if reservation else None
    phone = reservation.guest_phone if reservation else None
    nationality = _nationality(country, phone)
    return Guest(
        name=(reservation.guest_name if reservation else None) or conversation.recipient_name,
        email=(reservation.guest_email if reservation else None) or conversation.recipient_email,
        phone=phone,
        nationality=nationality.country_code if nationality else None,
        nationality_basis=nationality.basis if nationality else None,
    )


@lru_cache(maxsize=4096)
def _nationality(country: str | None, phone: str | None) -> Nationality | None:
    return find_nationality(country, phone)


def _channel(channel_id: int | None, name: str | None) -> Channel:
    return Channel(channel_id, name or CHANNEL_NAMES.get(channel_id or 0))


def _message_channel(raw: RawMessage, reservation: Reservation | None) -> Channel:
    """Name the message's own channel, else that of the stay (null for mail from a guest)."""
    if reservation and raw.channel_id in {None, reservation.channel.id}:
        return reservation.channel
    return _channel(raw.channel_id, None)


def _attachment(raw: RawAttachment, row: Mapping[str, Any]) -> Attachment:
    return Attachment(
        id=raw.id,
        name=raw.name,
        url=raw.url,
        extension=raw.extension,
        mime_type=raw.mime_type,
        is_image=raw.is_image,
        is_public=raw.is_public,
        source=_source(row, _ATTACHMENT_KEYS),
    )
