"""Raw records become values of ours, to the letter of the contract."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import bson
import pytest

from hostaway_message_db.database.documents import to_bson
from hostaway_message_db.models.records import (
    Channel,
    Conversation,
    Direction,
    Listing,
    Message,
    Quarantined,
    Reservation,
    Stamp,
)
from hostaway_message_db.pipeline.raw_records import RawMessage
from hostaway_message_db.pipeline.transform import (
    CHANNEL_NAMES,
    MAX_DEPTH,
    MAX_RECORD_BYTES,
    SECRET_KEYS,
    raw_text,
    read_record,
    storable,
    to_conversation,
    to_listing,
    to_message,
    to_reservation,
    without_secrets,
)

LISTING = {"id": 70101, "name": "Harbour Loft", "timeZoneName": "Europe/Lisbon"}
RESERVATION = {
    "id": 9100001,
    "listingMapId": 70101,
    "channelId": 2018,
    "channelName": "airbnbOfficial",
    "guestName": "Anna Weber",
    "guestEmail": "anna@example.org",
    "phone": "+49 30 901820",
    "guestCountry": "DE",
    "totalPrice": Decimal("840.50"),
    "currency": "EUR",
    "status": "new",
    "arrivalDate": "2026-05-03",
    "departureDate": "2026-05-07",
    "updatedOn": "2026-05-01 10:00:00",
}
CONVERSATION = {
    "id": 4400001,
    "listingMapId": 61234,
    "reservationId": 9100001,
    "recipientName": "Anna",
    "recipientEmail": "recipient@example.org",
    "hasUnreadMessages": 1,
    "messageSentOn": "2026-05-02 16:05:10",
    "messageReceivedOn": "2026-05-03 09:12:40",
    "conversationMessages": [{"id": 800000004, "sentToChannelDate": None}],
    "Reservation": {"id": 9100001, "guestName": "Anna"},
}
MESSAGE = {
    "id": 800000001,
    "accountId": 61234,
    "listingMapId": 70101,
    "reservationId": 9100001,
    "conversationId": 4400001,
    "channelId": 2018,
    "body": "Good evening",
    "communicationType": "channel",
    "isIncoming": 1,
    "isSeen": 0,
    "status": "sent",
    "date": "2026-05-02 16:05:00",
}


def reservation(**keys: Any) -> Reservation:
    made = to_reservation({**RESERVATION, **keys}, "61234")
    assert isinstance(made, Reservation), made
    return made


def conversation(**keys: Any) -> Conversation:
    made = to_conversation({**CONVERSATION, **keys}, "61234")
    assert isinstance(made, Conversation), made
    return made


def listing(**keys: Any) -> Listing:
    made = to_listing({**LISTING, **keys}, "61234")
    assert isinstance(made, Listing), made
    return made


def message(
    *,
    stay: Reservation | None = None,
    thread: Conversation | None = None,
    place: Listing | None = None,
    **keys: Any,
) -> Message:
    row = {**MESSAGE, **keys}
    raw = read_record(RawMessage, row, account_id="61234", entity="message")
    assert isinstance(raw, RawMessage), raw
    return to_message(raw, row, thread or conversation(), stay, place)


def test_a_message_has_every_field_of_the_contract() -> None:
    made = message(stay=reservation(), place=listing())
    assert made.account_id == "61234"
    assert made.message_id == "800000001"
    assert made.conversation_id == "4400001"
    assert (made.property_id, made.property_name) == ("70101", "Harbour Loft")
    assert (made.guest.name, made.guest.email) == ("Anna Weber", "anna@example.org")
    assert made.guest.phone == "+49 30 901820"
    assert (made.guest.nationality, made.guest.nationality_basis) == ("DE", "country")
    assert (made.content, made.content_html) == ("Good evening", None)
    assert made.timestamp == datetime(2026, 5, 2, 16, 5, tzinfo=UTC)
    assert made.direction is Direction.INBOUND
    assert made.reservation_id == "9100001"
    assert made.reservation is not None
    assert made.reservation.price == Decimal("840.50")
    assert made.message_type == "channel"
    assert made.status == "sent"
    assert made.channel == Channel(2018, "airbnbOfficial")
    assert made.is_read is False
    assert made.attachments == ()
    assert made.stage == "pre_arrival"


@pytest.mark.parametrize(
    ("of_message", "of_reservation", "found"),
    [(1, 2, "1"), (None, 2, "2"), (0, 2, "2"), (None, None, None)],
)
def test_the_property_is_the_messages_else_the_reservations_never_the_conversations(
    of_message: int | None, of_reservation: int | None, found: str | None
) -> None:
    stay = reservation(listingMapId=of_reservation)
    assert message(stay=stay, listingMapId=of_message).property_id == found


def test_without_a_reservation_the_conversations_listing_is_no_property_either() -> None:
    assert message(listingMapId=None).property_id is None


def test_the_conversations_listing_is_kept_in_its_source_only() -> None:
    made = conversation()
    assert made.source == {"listingMapId": 61234}


@pytest.mark.parametrize("empty", [None, ""])
def test_the_guest_falls_back_to_the_conversations_recipient(empty: str | None) -> None:
    guest = message(stay=reservation(guestName=empty, guestEmail=empty)).guest
    assert (guest.name, guest.email) == ("Anna", "recipient@example.org")


def test_without_a_reservation_the_guest_is_the_recipient_without_phone_or_nationality() -> None:
    guest = message().guest
    assert (guest.name, guest.email) == ("Anna", "recipient@example.org")
    assert (guest.phone, guest.nationality, guest.nationality_basis) == (None, None, None)


@pytest.mark.parametrize(
    ("country", "phone", "found"),
    [
        ("Australia", None, ("AU", "country")),
        ("FR", "+49 30 901820", ("FR", "country")),
        (None, "+49 30 901820", ("DE", "phone")),
        ("Nowhere at all", "+49 30 901820", ("DE", "phone")),
        (None, None, (None, None)),
    ],
)
def test_nationality_comes_from_the_country_else_from_the_phone(
    country: str | None, phone: str | None, found: tuple[str | None, str | None]
) -> None:
    guest = message(stay=reservation(guestCountry=country, phone=phone)).guest
    assert (guest.nationality, guest.nationality_basis) == found


@pytest.mark.parametrize(
    ("kind", "channel_id", "found"),
    [
        ("whatsapp", 2018, "whatsapp"),
        ("sms", None, "sms"),
        (None, 2005, "channel"),
        (None, None, "email"),
    ],
)
def test_the_message_type_is_the_communication_type_else_told_by_the_channel(
    kind: str | None, channel_id: int | None, found: str
) -> None:
    assert message(communicationType=kind, channelId=channel_id).message_type == found


@pytest.mark.parametrize(("is_incoming", "direction"), [(1, "inbound"), (0, "outbound")])
def test_the_direction_is_told_by_is_incoming(is_incoming: int, direction: str) -> None:
    assert message(isIncoming=is_incoming).direction == direction


@pytest.mark.parametrize(
    ("is_incoming", "communication_id", "event", "automated"),
    [
        (0, 31, "arrival", True),
        (0, 31, None, True),
        (0, None, "arrival", True),
        (0, None, None, False),
        (0, 0, "", False),
        (1, 31, "arrival", False),
    ],
)
def test_automated_is_what_the_host_did_not_write_by_hand(
    is_incoming: int, communication_id: int | None, event: str | None, automated: bool
) -> None:
    made = message(
        isIncoming=is_incoming, communicationId=communication_id, communicationEvent=event
    )
    assert made.is_automated is automated


def test_html_becomes_plain_text_and_the_original_is_kept() -> None:
    body = "<p>Welcome!&nbsp;</p><p>See you</p>"
    made = message(body=body)
    assert made.content == "Welcome!\n\nSee you"
    assert made.content_html == body


@pytest.mark.parametrize("body", [None, ""])
def test_an_empty_body_is_an_empty_text_without_an_original(body: str | None) -> None:
    made = message(body=body)
    assert (made.content, made.content_html) == ("", None)


def test_a_nul_never_reaches_the_store() -> None:
    odd: dict[str, Any] = {"odd\0key": 1}
    made = message(body="a\0b", **odd)
    assert "\0" not in made.content
    assert made.content_html == "a\ufffdb"
    assert made.source["odd\ufffdkey"] == 1


def test_the_source_holds_every_other_key_unknown_ones_included() -> None:
    made = message(
        hash="abc",
        userId=5,
        brandNew={"a": [1, {"b": None}]},
        imagesUrls=["x"],
        date=MESSAGE["date"],
    )
    assert made.source == {
        "hash": "abc",
        "userId": 5,
        "brandNew": {"a": [1, {"b": None}]},
        "imagesUrls": ["x"],
        "date": MESSAGE["date"],
    }


def test_no_key_that_a_field_of_ours_represents_stands_in_the_source_again() -> None:
    assert reservation().source == {}
    assert listing(specialStatus=None).source == {}
    assert message().source == {"date": MESSAGE["date"]}


@pytest.mark.parametrize("key", sorted(SECRET_KEYS))
def test_a_secret_is_dropped_at_any_depth(key: str) -> None:
    secrets: dict[str, Any] = {key: "0000-door"}
    nested = {**secrets, "inner": [{**secrets, "deeper": {**secrets, "kept": 1}}]}
    made = (
        message(**secrets, other=nested),
        reservation(**secrets, other=nested),
        listing(**secrets, other=nested),
        conversation(**secrets, other=nested),
    )
    for record in made:
        assert "0000-door" not in json.dumps(record.source, default=str)
        assert record.source["other"] == {"inner": [{"deeper": {"kept": 1}}]}
    assert "0000-door" not in raw_text({**secrets, "other": nested})
    assert without_secrets(nested) == {"inner": [{"deeper": {"kept": 1}}]}


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 300, 480, 900])
def test_a_secret_is_dropped_from_a_record_that_is_nested_too_deeply(depth: int) -> None:
    row = {**MESSAGE, "doorCode": "0000-door", "deep": json.loads("[" * depth + "]" * depth)}
    read = read_record(RawMessage, row, account_id="1", entity="message")
    assert isinstance(read, Quarantined)
    assert read.reasons == ("record: is nested too deeply",)
    assert "0000-door" not in read.raw


def test_nesting_up_to_the_bound_is_kept() -> None:
    deep = json.loads("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))
    assert message(deep=deep).source["deep"] == deep


def test_a_record_with_broken_unicode_anywhere_is_malformed() -> None:
    for row in (
        {**MESSAGE, "x": ["\ud83d"]},
        {**MESSAGE, "\udfff": 1},
        {**MESSAGE, "body": "\ud83d"},
    ):
        read = read_record(RawMessage, row, account_id="1", entity="message")
        assert isinstance(read, Quarantined)
        assert "record: holds broken Unicode" in read.reasons
        assert read.raw.isascii()


def test_a_record_that_is_too_large_is_malformed() -> None:
    row = {**MESSAGE, "x": "y" * MAX_RECORD_BYTES}
    read = read_record(RawMessage, row, account_id="1", entity="message")
    assert isinstance(read, Quarantined)
    assert read.reasons == ("record: is too large",)


def test_a_record_that_passes_fits_into_a_document_however_it_is_made_up() -> None:
    row = {**MESSAGE, "x": [0] * (MAX_RECORD_BYTES // 3 - 200)}
    read = read_record(RawMessage, row, account_id="1", entity="message")
    if isinstance(read, RawMessage):
        assert len(bson.encode({"source": to_bson(storable(row))})) < 16 * 1024 * 1024


def test_a_quarantined_record_says_what_and_where_it_is() -> None:
    row = {"id": 5, "isIncoming": 7, "body": "x", "totalPrice": Decimal("0.10"), "doorCode": "1"}
    read = read_record(RawMessage, row, account_id="61234", entity="message", conversation_id="44")
    assert isinstance(read, Quarantined)
    assert (read.account_id, read.entity, read.record_id) == ("61234", "message", "5")
    assert read.conversation_id == "44"
    assert json.loads(read.raw) == {
        "id": 5, "isIncoming": 7, "body": "x", "totalPrice": "0.10",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (2**63, str(2**63)),
        (2**63 - 1, 2**63 - 1),
        (-(2**63) - 1, str(-(2**63) - 1)),
        (Decimal("0.10"), Decimal("0.10")),
        (Decimal("NaN"), "NaN"),
        (Decimal("1." + "1" * 40), "1." + "1" * 40),
        ([True, None, "x"], [True, None, "x"]),
        ({"a": [{"cvc": 1, "b": 2**64}]}, {"a": [{"b": str(2**64)}]}),
    ],
)
def test_a_number_that_mongodb_cannot_hold_is_kept_as_its_digits(value: Any, stored: Any) -> None:
    assert storable(value) == stored
    assert type(storable(value)) is type(stored)


def test_the_dates_of_a_stay_without_dates_are_hostaways_invention_and_kept_in_the_source() -> None:
    made = reservation(isDatesUnspecified=1)
    assert (made.arrival_date, made.departure_date) == (None, None)
    assert made.source == {
        "isDatesUnspecified": 1, "arrivalDate": "2026-05-03", "departureDate": "2026-05-07",
    }  # fmt: skip
    dated = reservation(isDatesUnspecified=0)
    assert (dated.arrival_date, dated.departure_date) == (date(2026, 5, 3), date(2026, 5, 7))


@pytest.mark.parametrize(
    ("of_message", "of_stay", "name_of_stay", "found"),
    [
        (2018, 2018, "airbnbOfficial", Channel(2018, "airbnbOfficial")),
        (None, 2005, "bookingcom", Channel(2005, "bookingcom")),
        (None, 2005, None, Channel(2005, "bookingcom")),
        (2018, 2005, "bookingcom", Channel(2018, "airbnbOfficial")),
        ("2018", 2005, "bookingcom", Channel(2018, "airbnbOfficial")),
        (9999, 2005, "bookingcom", Channel(9999, None)),
        (2005, 2005, "Booking.com B.V.", Channel(2005, "Booking.com B.V.")),
    ],
)
def test_the_channel_is_the_messages_own_else_that_of_the_stay(
    of_message: Any, of_stay: int, name_of_stay: str | None, found: Channel
) -> None:
    stay = reservation(channelId=of_stay, channelName=name_of_stay)
    assert message(stay=stay, channelId=of_message).channel == found


def test_mail_without_a_reservation_has_no_channel() -> None:
    assert message(channelId=None).channel == Channel(None, None)


def test_all_documented_channels_have_their_name() -> None:
    assert len(CHANNEL_NAMES) == 16
    for channel_id, name in CHANNEL_NAMES.items():
        assert message(channelId=channel_id).channel.name == name


def test_the_reservation_of_a_message_is_its_own_else_the_conversations() -> None:
    assert message(reservationId=5).reservation_id == "5"
    assert message(reservationId=None).reservation_id == "9100001"
    assert (
        message(reservationId=None, thread=conversation(reservationId=None)).reservation_id is None
    )


def test_an_attachment_keeps_what_is_known_of_it() -> None:
    made = message(attachments=[{"id": "12", "name": "a.pdf", "url": "https://x", "isPublic": 0}])
    (attachment,) = made.attachments
    assert (attachment.id, attachment.name, attachment.url) == ("12", "a.pdf", "https://x")
    assert (attachment.is_public, attachment.is_image, attachment.mime_type) == (False, None, None)


def test_a_conversations_stamp_is_its_two_moments_and_its_latest_message() -> None:
    assert conversation().stamp == Stamp("2026-05-02 16:05:10", "2026-05-03 09:12:40", "800000004")
    empty = conversation(messageSentOn=None, messageReceivedOn=None, conversationMessages=None)
    assert empty.stamp == Stamp(None, None, None)
    assert conversation(conversationMessages=[]).stamp.latest_message_id is None


@pytest.mark.parametrize("change", ["messageSentOn", "messageReceivedOn", "conversationMessages"])
def test_each_part_of_the_stamp_moves_it(change: str) -> None:
    moved = [{"id": 1}] if change == "conversationMessages" else "2026-05-04 00:00:00"
    assert conversation(**{change: moved}).stamp != conversation().stamp


def test_a_conversation_was_last_active_at_the_later_of_its_moments() -> None:
    assert conversation().last_active_at == datetime(2026, 5, 3, 9, 12, 40, tzinfo=UTC)
    assert conversation(messageReceivedOn=None).last_active_at == datetime(
        2026, 5, 2, 16, 5, 10, tzinfo=UTC
    )
    assert conversation(messageReceivedOn=None, messageSentOn=None).last_active_at is None


@pytest.mark.parametrize(("status", "archived"), [("archived", True), (None, False), ("x", False)])
def test_a_listing_is_archived_when_its_special_status_says_so(
    status: str | None, archived: bool
) -> None:
    assert listing(specialStatus=status).is_archived is archived


def test_the_day_of_the_stage_is_the_listings_own() -> None:
    late: dict[str, Any] = {"date": "2026-05-02 23:30:00", "isIncoming": 1}
    stay = reservation()
    assert message(stay=stay, place=listing(), **late).stage == "arrival_day"
    assert message(stay=stay, place=listing(timeZoneName="UTC"), **late).stage == "pre_arrival"
    assert (
        message(stay=stay, place=listing(), listingTimeZoneName="UTC", **late).stage
        == "pre_arrival"
    )


def test_a_value_never_shows_private_words_in_its_repr() -> None:
    made = message(stay=reservation(), body="my secret words", note="private note")
    assert "secret words" not in repr(made)
    assert "private note" not in repr(made)
