"""What the store must hold, worked out from the simulator's truth and the contract alone.

Written from DESIGN 3.3 and the API reference, not from the product's transform: the two
can only agree by both being right. Plain text, nationality and stage are the product's
own functions, which have tests of their own; so are core, language and need of an answer.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from bson.decimal128 import Decimal128
from pymongo.database import Database

from hostaway_message_db.enrichment.core_text import core_text
from hostaway_message_db.enrichment.language import detect_language
from hostaway_message_db.enrichment.nationality import find_nationality
from hostaway_message_db.enrichment.plain_text import to_plain_text
from hostaway_message_db.enrichment.reading import text_hash
from hostaway_message_db.enrichment.reply import find_reply_need
from hostaway_message_db.enrichment.stage import find_stage
from hostaway_message_db.simulator import ControlClient

Document = dict[str, Any]

SECRETS: Final = frozenset(
    {
        "doorSecurityCode", "wifiPassword", "wifiUsername", "keyPickup",
        "doorCode", "doorCodeVendor", "doorCodeInstruction",
        "ccName", "ccNumber", "ccNumberEndingDigits", "ccExpirationYear",
        "ccExpirationMonth", "cvc", "stripeGuestId", "stripeMessage",
        "braintreeGuestId", "braintreeMessage", "guestAuthHash", "guestPortalUrl",
        "guestPortalRevampUrl", "icalKey", "verificationCode",
    }
)  # fmt: skip
CHANNELS: Final = {
    2000: "direct", 2001: "airbnb", 2002: "homeaway", 2005: "bookingcom", 2007: "expedia",
    2013: "bookingengine", 2018: "airbnbOfficial",
}  # fmt: skip
OWN_MESSAGE_KEYS: Final = {
    "id", "accountId", "conversationId", "listingMapId", "reservationId", "channelId", "body",
    "communicationType", "status", "isIncoming", "isSeen", "attachments",
}  # fmt: skip
OWN_CONVERSATION_KEYS: Final = {
    "id", "accountId", "reservationId", "recipientName", "recipientEmail", "hasUnreadMessages",
    "messageSentOn", "messageReceivedOn", "conversationMessages", "Reservation",
}  # fmt: skip
OWN_RESERVATION_KEYS: Final = {
    "id", "accountId", "listingMapId", "channelId", "channelName", "guestName", "guestEmail",
    "phone", "guestCountry", "totalPrice", "currency", "status", "arrivalDate",
    "departureDate", "updatedOn",
}  # fmt: skip
OWN_LISTING_KEYS: Final = {"id", "accountId", "name", "timeZoneName", "specialStatus"}
# What a reservation's row lacks in a list read without `includeResources` (API reference 2).
WITHOUT_RESOURCES: Final[Document] = {
    "customFieldValues": [],
    "reservationFees": [],
    "reservationUnit": [],
    "hostProxyEmail": None,
}
OF_STORED_FILES = ("file_id", "sha256", "size_bytes")
NOT_OF_HOSTAWAY = ("_id", "created_at", "updated_at")


def _identity(value: Any) -> str | None:
    return None if value is None else str(int(value))


def _moment(text: str | None) -> datetime | None:
    return datetime.strptime(f"{text}+0000", "%Y-%m-%d %H:%M:%S%z") if text else None


def _flag(value: Any) -> bool | None:
    return None if value is None else bool(int(value))


def as_stored(value: Any) -> Any:
    """Return JSON as MongoDB must hold it: exact numbers, no secrets at any depth."""
    if isinstance(value, Decimal):
        return Decimal128(value)
    if isinstance(value, dict):
        return {key: as_stored(part) for key, part in value.items() if key not in SECRETS}
    if isinstance(value, list):
        return [as_stored(part) for part in value]
    return value


def _rest(row: Mapping[str, Any], own: set[str]) -> Document:
    return {key: as_stored(v) for key, v in row.items() if key not in own and key not in SECRETS}


def _money(value: Any) -> Decimal128 | None:
    return None if value is None else Decimal128(Decimal(value))


class Truth:
    """One look at everything the account holds."""

    def __init__(self, control: ControlClient) -> None:
        def rows(noun: str) -> dict[str, Document]:
            read = (json.loads(x, parse_float=Decimal) for x in control.truth_lines(noun))
            return {str(row["id"]): row for row in read}

        self.message_rows = rows("messages")
        self.conversation_rows = rows("conversations")
        self.reservation_rows = rows("reservations")
        self.listing_rows = rows("listings")

    def messages_of(self, conversation_id: str) -> set[str]:
        """Return the ids of a conversation's messages."""
        return {
            identity
            for identity, row in self.message_rows.items()
            if str(row["conversationId"]) == conversation_id
        }

    def collections(self) -> dict[str, dict[str, Document]]:
        """Return what each collection must hold, by identity."""
        return {
            "messages": {i: self.message(row) for i, row in self.message_rows.items()},
            "conversations": {i: self.conversation(r) for i, r in self.conversation_rows.items()},
            "reservations": {i: self.reservation(r) for i, r in self.reservation_rows.items()},
            "listings": {i: self.listing(r) for i, r in self.listing_rows.items()},
        }

    def message(self, row: Document) -> Document:
        """Return the stored form of a message (contract 3.3)."""
        conversation = self.conversation_rows[str(row["conversationId"])]
        reservation_id = _identity(row["reservationId"] or conversation["reservationId"])
        stay = self.reservation_rows.get(reservation_id or "", {})
        listing_id = _identity(row["listingMapId"] or stay.get("listingMapId"))
        listing = self.listing_rows.get(listing_id or "", {})
        moment = _moment(row["sentChannelDate"] or row["date"] or row["insertedOn"])
        if moment is None:
            raise ValueError(f"message {row['id']} of the truth has no date")
        arrival, departure = _dates(stay)
        content = to_plain_text(row["body"])
        nationality = find_nationality(stay.get("guestCountry"), stay.get("phone"))
        is_incoming = bool(int(row["isIncoming"]))
        automation = row["communicationId"] or row.get("communicationEvent")
        way = row.get("communicationType") or ("channel" if row["channelId"] else "email")
        return {
            "message_id": str(row["id"]),
            "account_id": str(row["accountId"]),
            "conversation_id": str(row["conversationId"]),
            "property": {"id": listing_id, "name": listing.get("name")},
            "guest": {
                "name": stay.get("guestName") or conversation["recipientName"],
                "email": stay.get("guestEmail") or conversation["recipientEmail"],
                "phone": stay.get("phone"),
                "nationality": nationality.country_code if nationality else None,
                "nationality_basis": nationality.basis if nationality else None,
            },
            "content": content,
            "content_html": None if content == row["body"] else row["body"],
            **_reading(content, is_incoming=is_incoming, has_files=bool(row["attachments"])),
            "timestamp": moment,
            "direction": "inbound" if is_incoming else "outbound",
            "reservation": {
                "id": reservation_id,
                "price": _money(stay.get("totalPrice")),
                "currency": stay.get("currency"),
                "status": stay.get("status"),
                "arrival_date": arrival,
                "departure_date": departure,
            },
            "message_type": way,
            "status": row["status"],
            "channel": _channel(row["channelId"] or stay.get("channelId")),
            "is_automated": not is_incoming and bool(automation),
            "is_read": _flag(row["isSeen"]),
            "is_unsent": False,
            "attachments": [_attachment(part) for part in row["attachments"]],
            "stage": find_stage(
                moment,
                stay.get("status"),
                date.fromisoformat(arrival) if arrival else None,
                date.fromisoformat(departure) if departure else None,
                row["listingTimeZoneName"],
            ),
            "source": _rest(row, OWN_MESSAGE_KEYS),
            "schema_version": 1,
            "sentiment": None,
            "topics": [],
            "enrichment_version": None,
        }

    def conversation(self, row: Document) -> Document:
        """Return the stored form of a conversation."""
        latest = row["conversationMessages"]
        return {
            "conversation_id": str(row["id"]),
            "account_id": str(row["accountId"]),
            "reservation_id": _identity(row["reservationId"]),
            "recipient_name": row["recipientName"],
            "recipient_email": row["recipientEmail"],
            "has_unread_messages": _flag(row["hasUnreadMessages"]),
            "message_sent_on": _moment(row["messageSentOn"]),
            "message_received_on": _moment(row["messageReceivedOn"]),
            "latest_message_id": str(latest[0]["id"]) if latest else None,
            "source": _rest(row, OWN_CONVERSATION_KEYS),
            "schema_version": 1,
        }

    def reservation(self, row: Document) -> Document:
        """Return the stored form of a reservation, as the list without resources shows it."""
        arrival, departure = _dates(row)
        kept = {"arrivalDate", "departureDate"} if int(row["isDatesUnspecified"]) else set()
        return {
            "reservation_id": str(row["id"]),
            "account_id": next(iter(self.conversation_rows.values()))["accountId"].__str__(),
            "property_id": _identity(row["listingMapId"]),
            "guest": {
                "name": row["guestName"],
                "email": row["guestEmail"],
                "phone": row["phone"],
                "country": row["guestCountry"],
            },
            "price": _money(row["totalPrice"]),
            "currency": row["currency"],
            "status": row["status"],
            "arrival_date": arrival,
            "departure_date": departure,
            "channel": _channel(row["channelId"]),
            "updated_on": _moment(row["updatedOn"]),
            "source": _rest({**row, **WITHOUT_RESOURCES}, OWN_RESERVATION_KEYS - kept),
            "schema_version": 1,
        }

    def listing(self, row: Document) -> Document:
        """Return the stored form of a listing."""
        return {
            "listing_id": str(row["id"]),
            "account_id": next(iter(self.conversation_rows.values()))["accountId"].__str__(),
            "name": row["name"],
            "time_zone_name": row["timeZoneName"],
            "is_archived": row["specialStatus"] == "archived",
            "source": _rest(row, OWN_LISTING_KEYS),
            "schema_version": 1,
        }


def _reading(content: str, *, is_incoming: bool, has_files: bool) -> Document:
    """Return what the message's own text tells, each by the function whose job it is."""
    core = core_text(content)
    language = detect_language(core)
    told = language if language.is_reliable else None
    need = find_reply_need(core, has_files=has_files) if is_incoming else None
    return {
        "content_core": core if core != content else None,
        "content_hash": text_hash(core),
        "language": told.code if told else None,
        "language_confidence": told.confidence if told else None,
        "language_basis": "text" if told else None,
        "needs_reply": need.is_needed if need else None,
        "needs_reply_reason": str(need.reason) if need else None,
    }


def _dates(stay: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the days of a stay; without dates Hostaway sets both to yesterday (9.3)."""
    if int(stay.get("isDatesUnspecified") or 0):
        return None, None
    return stay.get("arrivalDate"), stay.get("departureDate")


def _channel(value: Any) -> Document:
    identity = None if value is None else int(value)
    return {"id": identity, "name": CHANNELS.get(identity or 0)}


def _attachment(part: Mapping[str, Any]) -> Document:
    return {
        "id": str(part["id"]),
        "name": part["name"],
        "url": part["url"],
        "extension": part["extension"],
        "mime_type": part["mimeType"],
        "is_image": _flag(part["isImage"]),
        "is_public": _flag(part["isPublic"]),
        "source": {
            key: value for key, value in part.items() if key not in ATTACHMENT_KEYS_REPRESENTED
        },
    }


ATTACHMENT_KEYS_REPRESENTED: Final = frozenset(
    {"id", "name", "url", "extension", "mimeType", "isImage", "isPublic"}
)

IDENTITIES: Final = {
    "messages": "message_id",
    "conversations": "conversation_id",
    "reservations": "reservation_id",
    "listings": "listing_id",
}


def stored(database: Database[Document]) -> dict[str, dict[str, Document]]:
    """Return everything that was brought in, by identity, time stamps included."""
    return {
        name: {document[key]: document for document in database[name].find()}
        for name, key in IDENTITIES.items()
    }


def differences_to(
    truth: Truth, database: Database[Document], *, unless: frozenset[str] = frozenset()
) -> list[str]:
    """Say in which fields the store differs from the truth; `unless` names messages left out."""
    found: list[str] = []
    kept = stored(database)
    for name, expected in truth.collections().items():
        wanted = {i: d for i, d in expected.items() if name != "messages" or i not in unless}
        there = kept[name]
        found += [f"{name} {identity}: not stored" for identity in wanted.keys() - there.keys()]
        found += [f"{name} {i}: not in the truth" for i in there.keys() - expected.keys()]
        for identity in wanted.keys() & there.keys():
            document = dict(there[identity])
            created, updated = document["created_at"], document["updated_at"]
            if not isinstance(created, datetime) or not created <= updated:
                found.append(f"{name} {identity}: created {created!r}, updated {updated!r}")
            for field in NOT_OF_HOSTAWAY:
                del document[field]
            if name == "messages" and not isinstance(document.pop("search_terms", None), list):
                found.append(f"{name} {identity}: no search terms")
            document.pop("versions_count", None)
            document.pop("logs_read_for", None)
            if name == "messages":
                for part in document["attachments"]:
                    for field in OF_STORED_FILES:
                        part.pop(field, None)
            found += _compare(f"{name} {identity}", wanted[identity], document)
    return found


def _compare(place: str, expected: Any, document: Any) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(document, dict):
        is_private = expected.get("is_public") is False
        for key in expected.keys() | document.keys():
            if key == "url" and is_private and document.get(key):
                continue  # made anew at each reading
            if key not in expected or key not in document:
                yield f"{place}.{key}: {'missing' if key in expected else 'not expected'}"
            else:
                yield from _compare(f"{place}.{key}", expected[key], document[key])
    elif isinstance(expected, list) and isinstance(document, list):
        if len(expected) != len(document):
            yield f"{place}: {len(expected)} expected, {len(document)} stored"
        for number, (one, other) in enumerate(zip(expected, document, strict=False)):
            yield from _compare(f"{place}[{number}]", one, other)
    elif expected != document or isinstance(expected, bool) != isinstance(document, bool):
        yield f"{place}: {expected!r} expected, {document!r} stored"


def utc(year: int, month: int, day: int) -> datetime:
    """Return a day's midnight."""
    return datetime(year, month, day, tzinfo=UTC)


def keys_of(value: Any) -> Iterator[str]:
    """Yield every key at any depth."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from keys_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from keys_of(part)


def values_of(value: Any) -> Iterator[Any]:
    """Yield every plain value at any depth."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from values_of(part)
    else:
        yield value
