"""The transform is total: whatever JSON comes in, an answer comes out that can be stored."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import bson
from hypothesis import example, given
from hypothesis import strategies as st

from hostaway_message_db.api.protocol import read_json
from hostaway_message_db.database.documents import (
    conversation_document,
    listing_document,
    message_document,
    reservation_document,
    to_bson,
)
from hostaway_message_db.errors import TransportFailed
from hostaway_message_db.models.records import (
    Conversation,
    Listing,
    Message,
    Quarantined,
    Reservation,
)
from hostaway_message_db.pipeline.raw_records import (
    RawConversation,
    RawListing,
    RawMessage,
    RawRecord,
    RawReservation,
)
from hostaway_message_db.pipeline.transform import (
    SECRET_KEYS,
    raw_text,
    read_record,
    storable,
    to_conversation,
    to_listing,
    to_message,
    to_reservation,
    unstorable_reasons,
)

CHARACTERS = st.characters()
TEXT = st.text(
    CHARACTERS | st.sampled_from(["\0", "\ud83d", "<", "&", "$", ".", "\u202e"]), max_size=30
)
NUMBERS = (
    st.integers()
    | st.integers(-(2**70), 2**70)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from([Decimal("NaN"), Decimal("Infinity"), Decimal("1E-7000"), Decimal("1E+7000")])
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
KINDS: list[type[RawRecord]] = [RawMessage, RawConversation, RawReservation, RawListing]
MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(  # noqa: DTZ001 - written without a zone
    lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}"
)
PLAUSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "id": st.integers(1, 2**63 - 1) | st.integers(1, 10**18).map(str),
    "isIncoming": st.sampled_from([0, 1, "0", "1"]),
    "date": MOMENTS,
}


def keys_of(kind: type[RawRecord]) -> list[str]:
    return [str(field.alias) for field in kind.model_fields.values()]


def rows_of(kind: type[RawRecord]) -> st.SearchStrategy[dict[str, Any]]:
    """Rows whose known keys hold plausible values, or anything at all."""
    some_keys = st.sampled_from([*keys_of(kind), *sorted(SECRET_KEYS)[:3]]) | TEXT
    anything = st.dictionaries(some_keys, JSON, max_size=6)
    plausible = st.fixed_dictionaries(PLAUSIBLE)
    return st.builds(lambda a, b, first: {**a, **b} if first else {**b, **a},
                     plausible, anything, st.booleans())  # fmt: skip


@given(st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), rows_of(kind) | JSON)))
def test_reading_gives_a_record_or_its_reasons_whatever_comes(
    case: tuple[type[RawRecord], Any],
) -> None:
    kind, row = case
    read = read_record(kind, row, account_id="1", entity="any", conversation_id="2")
    if isinstance(read, Quarantined):
        assert read.reasons
        assert all(reason.strip() for reason in read.reasons)
        json.loads(read.raw)
        bson.encode({"raw": read.raw, "reasons": list(read.reasons), "record_id": read.record_id})
    else:
        assert isinstance(read, kind)


CONVERSATION = Conversation(
    account_id="1",
    conversation_id="2",
    reservation_id=None,
    recipient_name=None,
    recipient_email=None,
    has_unread_messages=None,
    message_sent_on=None,
    message_received_on=None,
    stamp=to_conversation({"id": 2}, "1").stamp,  # type: ignore[union-attr]
    source={},
)


@given(rows_of(RawMessage), rows_of(RawReservation), rows_of(RawListing))
def test_every_message_that_is_read_becomes_a_message_that_mongodb_takes(
    row: dict[str, Any], stay_row: dict[str, Any], listing_row: dict[str, Any]
) -> None:
    raw = read_record(RawMessage, row, account_id="1", entity="message")
    stay, place = to_reservation(stay_row, "1"), to_listing(listing_row, "1")
    if isinstance(raw, Quarantined):
        return
    message = to_message(
        raw,
        row,
        CONVERSATION,
        stay if isinstance(stay, Reservation) else None,
        place if isinstance(place, Listing) else None,
    )
    assert isinstance(message, Message)
    document = message_document(message)
    bson.encode(document)
    assert message.timestamp.tzinfo is UTC
    assert "\0" not in message.content


@given(rows_of(RawReservation), rows_of(RawListing), rows_of(RawConversation))
def test_every_side_entity_that_is_read_becomes_a_document_that_mongodb_takes(
    stay_row: dict[str, Any], listing_row: dict[str, Any], conversation_row: dict[str, Any]
) -> None:
    stay = to_reservation(stay_row, "1")
    place = to_listing(listing_row, "1")
    thread = to_conversation(conversation_row, "1")
    if isinstance(stay, Reservation):
        bson.encode(reservation_document(stay))
        if stay.price is not None:
            stored = reservation_document(stay)["price"].to_decimal()
            assert stored.as_tuple() == stay.price.as_tuple()
    if isinstance(place, Listing):
        bson.encode(listing_document(place))
    if isinstance(thread, Conversation):
        bson.encode(conversation_document(thread))


@given(st.dictionaries(TEXT, JSON, max_size=6))
@example({"$ref": 1, "a.b": {"$set": 2}, "": 3})
def test_what_is_called_storable_can_be_encoded(row: dict[str, Any]) -> None:
    if not unstorable_reasons(row):
        bson.encode({"source": to_bson(storable(row))})


@given(JSON)
def test_storing_twice_what_is_storable_changes_nothing(value: Any) -> None:
    once = storable(value)
    assert json.dumps(storable(once), default=str) == json.dumps(once, default=str)


@given(st.dictionaries(st.sampled_from(sorted(SECRET_KEYS)) | TEXT, JSON, max_size=5))
def test_no_secret_key_survives(row: dict[str, Any]) -> None:
    def keys(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*(keys(part) for part in value.values()))
        if isinstance(value, list):
            return set().union(*(keys(part) for part in value))
        return set()

    assert not keys(storable(row)) & SECRET_KEYS
    assert not keys(json.loads(raw_text(row))) & SECRET_KEYS


@given(JSON)
def test_json_that_was_written_is_read_back_with_its_own_digits(value: Any) -> None:
    def written(part: Any) -> str:
        if isinstance(part, Decimal):
            return str(part)
        if isinstance(part, dict):
            return "{" + ",".join(f"{json.dumps(k)}:{written(v)}" for k, v in part.items()) + "}"
        if isinstance(part, list):
            return "[" + ",".join(written(x) for x in part) + "]"
        return json.dumps(part)

    read = read_json(written(value).encode())
    assert written(read) == written(value)


@given(st.binary(max_size=200))
@example(b'{"a":' * 5000)
def test_any_bytes_are_json_or_a_failed_transport(body: bytes) -> None:
    try:
        read_json(body)
    except TransportFailed:
        return
