"""The rest of the account: one table that says of each further entity how it is read and kept.

To add one, add its row here and its sample to the simulator. Endpoints, paging and identity
are those of the API reference, section 10 (reservation logs: 9.1); what it marks as unknown
is not relied on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

SLACK = 0.9
"""A beat counts as over a little early: a daily job does not start at the same second."""


class Paging(StrEnum):
    """How a list comes."""

    OFFSET = "offset"
    """`limit` and `offset` are documented."""
    WHOLE = "whole"
    """No paging is documented: asked for without it, and gone on with only if it proves cut."""
    KEYED = "keyed"
    """An object keyed by code instead of an array, whole."""


class Parent(StrEnum):
    """Of what a list is read."""

    ACCOUNT = "account"
    LISTING = "listing"
    """One list for each listing that is not archived."""
    RESERVATION = "reservation"
    """One list for each reservation that changed since its list was read."""


class Kind(StrEnum):
    """What a named field holds; one that cannot be understood is null, its raw form in `source`."""

    ID = "id"
    TEXT = "text"
    NUMBER = "number"
    MOMENT = "moment"
    DAY = "day"
    FLAG = "flag"


Fields = Mapping[str, tuple[str, Kind]]
"""Our name of a field: Hostaway's, and what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One kind of record: where it is read, how often, and what is stored of it."""

    name: str
    """Also the name of its collection."""
    path: str
    """Where it is read; `{parent}` stands for the listing or reservation."""
    paging: Paging
    beat_hours: int
    """It is read again once so many hours have passed."""
    key: tuple[str, ...] = ("id",)
    """The keys that identify a row, within its parent if that is among them."""
    changed: str | None = None
    """The row's own mark of its last change, where one is documented."""
    parent: Parent = Parent.ACCOUNT
    has_window: bool = False
    """It is asked for with a window of days."""
    holds_guests: bool = False
    """Rows with a `reservationId` are a guest's: they go when the guest is forgotten."""
    secrets: frozenset[str] = frozenset()
    """Keys of its rows that are never stored; each is in `SECRET_KEYS`."""
    fields: Fields = field(default_factory=dict)

    def is_due(self, read_at: datetime | None, now: datetime) -> bool:
        """Tell whether it is time to read it again."""
        if read_at is None:
            return True
        return (now - read_at).total_seconds() >= self.beat_hours * 3600 * SLACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a list was asked for: the rows must answer it (API reference 0 no. 2)."""

    parent_id: str | None = None
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityRecord:
    """One row of a further entity, in the form in which it is stored."""

    account_id: str
    collection: str
    key: str
    reservation_id: str | None
    property_id: str | None
    changed_on: datetime | None
    fields: Mapping[str, Any]
    source: Mapping[str, Any] = field(repr=False)


DAILY, WEEKLY, MONTHLY = 24, 7 * 24, 30 * 24

ENTITIES: tuple[Entity, ...] = (
    Entity(
        name="reviews", path="/reviews", paging=Paging.OFFSET, beat_hours=DAILY,
        holds_guests=True,
        fields={
            "type": ("type", Kind.TEXT), "status": ("status", Kind.TEXT),
            "rating": ("rating", Kind.NUMBER), "public_review": ("publicReview", Kind.TEXT),
            "channel_id": ("channelId", Kind.ID), "submitted_at": ("submittedAt", Kind.MOMENT),
            "departure_date": ("departureDate", Kind.DAY),
        },
    ),
    Entity(
        name="users", path="/users", paging=Paging.WHOLE, beat_hours=WEEKLY,
        secrets=frozenset({"icalKey", "verificationCode"}),
        fields={
            "email": ("email", Kind.TEXT), "first_name": ("firstName", Kind.TEXT),
            "last_name": ("lastName", Kind.TEXT), "is_admin": ("isAdmin", Kind.FLAG),
        },
    ),
    Entity(
        name="user_groups", path="/userGroups", paging=Paging.WHOLE, beat_hours=WEEKLY,
        fields={"name": ("name", Kind.TEXT)},
    ),
    Entity(
        name="tasks", path="/tasks", paging=Paging.OFFSET, beat_hours=DAILY, holds_guests=True,
        fields={
            "title": ("title", Kind.TEXT), "status": ("status", Kind.TEXT),
            "can_start_from": ("canStartFrom", Kind.MOMENT),
            "should_end_by": ("shouldEndBy", Kind.MOMENT),
            "completed_at": ("completedAt", Kind.MOMENT),
        },
    ),
    Entity(
        name="expenses", path="/expenses", paging=Paging.OFFSET, beat_hours=DAILY,
        changed="updatedOn", holds_guests=True,
        fields={
            "type": ("type", Kind.TEXT), "concept": ("concept", Kind.TEXT),
            "amount": ("amount", Kind.NUMBER), "expense_date": ("expenseDate", Kind.DAY),
            "is_deleted": ("isDeleted", Kind.FLAG),
        },
    ),
    Entity(
        name="guest_charges", path="/guestPayments/charges", paging=Paging.OFFSET,
        beat_hours=DAILY, holds_guests=True,
        fields={
            "type": ("type", Kind.TEXT), "status": ("status", Kind.TEXT),
            "amount": ("amount", Kind.NUMBER), "currency": ("currency", Kind.TEXT),
            "charge_date": ("chargeDate", Kind.MOMENT),
        },
    ),
    Entity(
        name="auto_payments", path="/guestPayments/autoPayment", paging=Paging.WHOLE,
        beat_hours=WEEKLY, changed="updatedOn",
        fields={"title": ("title", Kind.TEXT), "type": ("type", Kind.TEXT)},
    ),
    Entity(
        name="coupons", path="/coupons", paging=Paging.WHOLE, beat_hours=WEEKLY,
        fields={"name": ("name", Kind.TEXT), "is_active": ("isActive", Kind.FLAG)},
    ),
    Entity(
        name="reservation_coupons", path="/reservationCoupons", paging=Paging.WHOLE,
        beat_hours=DAILY, holds_guests=True,
        fields={"coupon_id": ("couponId", Kind.ID), "coupon_name": ("couponName", Kind.TEXT)},
    ),
    Entity(
        name="custom_fields", path="/customFields", paging=Paging.OFFSET, beat_hours=WEEKLY,
        fields={"name": ("name", Kind.TEXT), "object_type": ("objectType", Kind.TEXT)},
    ),
    Entity(
        name="message_templates", path="/messageTemplates", paging=Paging.WHOLE,
        beat_hours=DAILY,
        fields={"name": ("name", Kind.TEXT), "message": ("message", Kind.TEXT)},
    ),
    Entity(
        name="owner_statements", path="/ownerStatements", paging=Paging.WHOLE, beat_hours=DAILY,
        fields={"name": ("statementName", Kind.TEXT)},
    ),
    Entity(
        name="seasonal_rules", path="/seasonalRules", paging=Paging.OFFSET, beat_hours=WEEKLY,
        fields={"title": ("title", Kind.TEXT), "channel_id": ("channelId", Kind.ID)},
    ),
    Entity(
        name="cancellation_policies", path="/cancellationPolicies", paging=Paging.WHOLE,
        beat_hours=WEEKLY, fields={"name": ("name", Kind.TEXT)},
    ),
    Entity(
        # The `id` is unique within its `source` only (API reference 9.1).
        name="reservation_logs", path="/reservations/{parent}/logs", paging=Paging.WHOLE,
        beat_hours=DAILY, key=("reservationId", "source", "id"), changed="updatedOn",
        parent=Parent.RESERVATION, holds_guests=True,
        fields={
            "field": ("updatedField", Kind.TEXT), "by": ("updatedByUserName", Kind.TEXT),
            "logged_at": ("insertedOn", Kind.MOMENT),
        },
    ),
    Entity(
        name="listing_units", path="/listingUnits/{parent}", paging=Paging.WHOLE,
        beat_hours=WEEKLY, parent=Parent.LISTING,
        fields={"name": ("name", Kind.TEXT), "unit_number": ("unitNumber", Kind.TEXT)},
    ),
    Entity(
        name="calendars", path="/listings/{parent}/calendar", paging=Paging.WHOLE,
        beat_hours=DAILY, key=("listingMapId", "date"), parent=Parent.LISTING, has_window=True,
        fields={
            "date": ("date", Kind.DAY), "status": ("status", Kind.TEXT),
            "is_available": ("isAvailable", Kind.FLAG), "price": ("price", Kind.NUMBER),
            "minimum_stay": ("minimumStay", Kind.NUMBER),
        },
    ),
    *(
        Entity(
            name=name, path=path, paging=paging, beat_hours=MONTHLY,
            fields={"name": ("name", Kind.TEXT)},
        )
        for name, path, paging in (
            ("amenities", "/amenities", Paging.WHOLE),
            ("bed_types", "/bedTypes", Paging.WHOLE),
            ("property_types", "/propertyTypes", Paging.WHOLE),
            ("countries", "/countries", Paging.KEYED),
            ("currencies", "/currencies", Paging.KEYED),
            ("languages", "/languages", Paging.KEYED),
            ("timezones", "/timezones", Paging.KEYED),
            ("payment_methods", "/reservations/paymentMethods", Paging.KEYED),
        )
    ),
)  # fmt: skip
"""Every further entity of an account."""

MESSAGES_WORD, ALL_WORD = "messages", "all"
"""What else can be named where entities are: the messages themselves; everything there is."""


def entity_named(name: str) -> Entity:
    """Return the entity of a name; raises `KeyError`."""
    return {entity.name: entity for entity in ENTITIES}[name]
