"""What Hostaway's records become once they were read: frozen, typed values.

Identities are strings in our schema (contract 3.3); money is `Decimal` with the
JSON's own digits; moments are UTC; dates of a stay are the listing's local dates.
`source` holds every key that Hostaway sent and that no field of ours represents.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

Source = Mapping[str, Any]


class Direction(StrEnum):
    """Who wrote: the guest (`inbound`) or the host (`outbound`)."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Erasure(StrEnum):
    """Why a record holds nothing of its guest any more."""

    REQUEST = "request"
    """Somebody asked that the guest be forgotten."""
    RETENTION = "retention"
    """The record reached the age at which guests are forgotten."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Where a reservation or message came from (API reference 9.5)."""

    id: int | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A place to stay; in the stored messages it appears as `property`."""

    account_id: str
    listing_id: str
    name: str | None
    time_zone_name: str | None
    is_archived: bool
    source: Source = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A stay, asked for or booked; inquiries are reservations too (API reference 9.4)."""

    account_id: str
    reservation_id: str
    listing_id: str | None
    guest_name: str | None
    guest_email: str | None
    guest_phone: str | None
    guest_country: str | None
    price: Decimal | None
    currency: str | None
    status: str | None
    arrival_date: date | None
    departure_date: date | None
    channel: Channel
    updated_on: datetime | None
    source: Source = field(repr=False)
    erasure: Erasure | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """A conversation's change mark: equal stamps mean that nothing was sent or received."""

    message_sent_on: str | None
    message_received_on: str | None
    latest_message_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A thread between host and guest, as the conversation list shows it."""

    account_id: str
    conversation_id: str
    reservation_id: str | None
    recipient_name: str | None
    recipient_email: str | None
    has_unread_messages: bool | None
    message_sent_on: datetime | None
    message_received_on: datetime | None
    stamp: Stamp
    source: Source = field(repr=False)
    erasure: Erasure | None = None

    @property
    def last_active_at(self) -> datetime | None:
        """Return the moment of the last message sent or received, if there was one."""
        moments = [m for m in (self.message_sent_on, self.message_received_on) if m]
        return max(moments, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """The person who writes."""

    name: str | None
    email: str | None
    phone: str | None
    nationality: str | None
    nationality_basis: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file sent with a message; a private `url` dies after 7 days (API reference 7.4)."""

    id: str | None
    name: str | None
    url: str | None
    extension: str | None
    mime_type: str | None
    is_image: bool | None
    is_public: bool | None
    source: Source = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a message's own text tells, without what was said before and after it."""

    core: str | None = field(default=None, repr=False)
    """The text without quoted mail and signature, where that differs from the text."""
    text_hash: str | None = None
    language: str | None = None
    language_confidence: float | None = None
    needs_reply: bool | None = None
    needs_reply_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a conversation, in the one schema of the store (contract 3.3)."""

    account_id: str
    message_id: str
    conversation_id: str
    property_id: str | None
    property_name: str | None
    guest: Guest
    content: str = field(repr=False)
    content_html: str | None = field(repr=False)
    timestamp: datetime
    direction: Direction
    reservation_id: str | None
    reservation: Reservation | None = field(repr=False)
    message_type: str
    status: str | None
    channel: Channel
    is_automated: bool
    is_read: bool | None
    attachments: tuple[Attachment, ...]
    stage: str | None
    source: Source = field(repr=False)
    reading: Reading
    erasure: Erasure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A raw record that cannot be understood, with what is wrong with it."""

    account_id: str
    entity: str
    record_id: str | None
    conversation_id: str | None
    reasons: tuple[str, ...]
    raw: str = field(repr=False)
