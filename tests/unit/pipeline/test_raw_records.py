"""How raw records are read: lenient where the API drifts, strict everywhere else."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from hostaway_message_db.models.raw_rows import row_identity
from hostaway_message_db.models.records import Quarantined
from hostaway_message_db.pipeline.raw_records import (
    RawConversation,
    RawListing,
    RawMessage,
    RawRecord,
    RawReservation,
    fits_decimal128,
)
from hostaway_message_db.pipeline.transform import read_record

MESSAGE = {"id": 7, "isIncoming": 1, "body": "Hello", "date": "2026-05-02 16:05:00"}
PRIVATE = "Anna-Private-Value"


def read_message(**keys: Any) -> RawMessage | Quarantined:
    return read_record(RawMessage, {**MESSAGE, **keys}, account_id="1", entity="message")


def understood(**keys: Any) -> RawMessage:
    raw = read_message(**keys)
    assert isinstance(raw, RawMessage), raw
    return raw


def reasons_of(kind: type[RawRecord], row: Any) -> tuple[str, ...]:
    read = read_record(kind, row, account_id="1", entity="any")
    assert isinstance(read, Quarantined), read
    return read.reasons


NO_ID: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    "",
    "0",
    "-7",
    "7.0",
    "+7",
    " 7",
    "x",
    2**63,
    "9" * 20,
    [7],
    {},
    "\uff17",
)
NO_OPTIONAL_ID: tuple[Any, ...] = (
    True,
    -1,
    "-7",
    "7.0",
    "x",
    2**63,
    "9" * 20,
    [7],
    {},
    Decimal("7.5"),
    "\uff17",
)
NO_FLAG: tuple[Any, ...] = (2, -1, "", "yes", "true", [], {}, Decimal(1), Decimal("NaN"), PRIVATE)
NO_MOMENT: tuple[Any, ...] = (
    0, "", "2026-05-02", "2026-05-02T16:05:00", "2026-05-02 16:05", "2026-13-02 16:05:00",
    "2026-02-30 16:05:00", "2026-05-02 25:05:00", "2026-05-02 16:05:00Z", "0000-00-00 00:00:00",
    "2026-05-02 16:05:00\n", "\uff12\uff1026-05-02 16:05:00", True, [], {}, PRIVATE,
)  # fmt: skip
NO_DATE: tuple[Any, ...] = (
    20260502,
    "",
    "2026-5-2",
    "2026-02-30",
    "20260502",
    "2026-05-02 00:00:00",
    True,
    [],
    {},
)
NO_TEXT: tuple[Any, ...] = (
    5,
    True,
    [],
    {},
    Decimal("0.1"),
    [PRIVATE],
    {"a": PRIVATE},
    "x" * 10_001,
)
NO_MONEY: tuple[Any, ...] = (
    True, "", "ten", "NaN", "-Infinity", [], {}, [0, [1, 2], -1], "1_000", "1,5", "١٢",
    Decimal("NaN"), Decimal("Infinity"), Decimal("1E+6112"), Decimal("1E-6177"),
    Decimal("0." + "1" * 35), 10**34 + 1, PRIVATE,
)  # fmt: skip

MALFORMED: list[tuple[type[RawRecord], str, tuple[Any, ...]]] = [
    (RawMessage, "id", NO_ID),
    (RawMessage, "isIncoming", (None, *NO_FLAG)),
    (RawMessage, "isSeen", NO_FLAG),
    (RawMessage, "body", (5, True, [], {}, [PRIVATE], "x" * 1_000_001)),
    (RawMessage, "status", (5, True, [], {})),
    (RawMessage, "communicationType", (5, True, [], {})),
    (RawMessage, "communicationId", NO_OPTIONAL_ID),
    (RawMessage, "communicationEvent", NO_TEXT),
    (RawMessage, "channelId", (True, -1, 0, "x", [], {}, Decimal("7.5"))),
    (RawMessage, "listingMapId", NO_OPTIONAL_ID),
    (RawMessage, "reservationId", NO_OPTIONAL_ID),
    (RawMessage, "sentChannelDate", NO_MOMENT),
    (RawMessage, "date", NO_MOMENT),
    (RawMessage, "insertedOn", NO_MOMENT),
    (RawMessage, "listingTimeZoneName", NO_TEXT),
    (RawMessage, "attachments", (5, "x", {}, [5], ["x"], [{"name": 5}], [{"isPublic": 2}])),
    (RawConversation, "id", NO_ID),
    (RawConversation, "reservationId", NO_OPTIONAL_ID),
    (RawConversation, "recipientName", NO_TEXT),
    (RawConversation, "recipientEmail", NO_TEXT),
    (RawConversation, "hasUnreadMessages", NO_FLAG),
    (RawConversation, "messageSentOn", NO_MOMENT),
    (RawConversation, "messageReceivedOn", NO_MOMENT),
    (RawConversation, "conversationMessages", (5, "x", {}, [5], [{"id": "x"}])),
    (RawReservation, "id", NO_ID),
    (RawReservation, "listingMapId", NO_OPTIONAL_ID),
    (RawReservation, "channelId", (True, -1, 0, "x", [], {})),
    (RawReservation, "channelName", NO_TEXT),
    (RawReservation, "guestName", NO_TEXT),
    (RawReservation, "guestEmail", NO_TEXT),
    (RawReservation, "phone", NO_TEXT),
    (RawReservation, "guestCountry", NO_TEXT),
    (RawReservation, "totalPrice", NO_MONEY),
    (RawReservation, "currency", NO_TEXT),
    (RawReservation, "status", NO_TEXT),
    (RawReservation, "arrivalDate", NO_DATE),
    (RawReservation, "departureDate", NO_DATE),
    (RawReservation, "isDatesUnspecified", NO_FLAG),
    (RawReservation, "updatedOn", NO_MOMENT),
    (RawListing, "id", NO_ID),
    (RawListing, "name", NO_TEXT),
    (RawListing, "timeZoneName", NO_TEXT),
    (RawListing, "specialStatus", NO_TEXT),
]
GOOD_KEYS: dict[type[RawRecord], dict[str, Any]] = {RawMessage: MESSAGE}


@pytest.mark.parametrize(
    ("kind", "key", "values"), MALFORMED, ids=[f"{k.__name__}.{key}" for k, key, _ in MALFORMED]
)
def test_a_malformed_value_is_a_reason_that_names_the_key_and_never_the_value(
    kind: type[RawRecord], key: str, values: tuple[Any, ...]
) -> None:
    for value in values:
        reasons = reasons_of(kind, {"id": 7, **GOOD_KEYS.get(kind, {}), key: value})
        assert any(reason.split(":")[0].split(".")[0] == key for reason in reasons), (
            value,
            reasons,
        )
        assert not any(PRIVATE in reason for reason in reasons)


def test_every_field_that_is_read_stands_in_the_table_of_malformed_values() -> None:
    for kind in (RawMessage, RawConversation, RawReservation, RawListing):
        keys = {field.alias for field in kind.model_fields.values()}
        assert keys == {key for of, key, _ in MALFORMED if of is kind}


@pytest.mark.parametrize("missing", ["id", "isIncoming"])
def test_a_key_that_must_be_there_is_missed_by_name(missing: str) -> None:
    row = {key: value for key, value in MESSAGE.items() if key != missing}
    assert f"{missing}: is missing" in reasons_of(RawMessage, row)


def test_all_reasons_are_given_at_once() -> None:
    reasons = reasons_of(RawMessage, {"id": "x", "isIncoming": 9, "date": "soon", "attachments": 5})
    assert {reason.split(":")[0] for reason in reasons} == {
        "id",
        "isIncoming",
        "date",
        "attachments",
    }


@pytest.mark.parametrize("row", [None, 5, "text", [], [{}], True, Decimal("0.1")])
def test_a_row_that_is_no_object_is_malformed(row: Any) -> None:
    assert reasons_of(RawMessage, row) == ("record: is no object",)


def test_a_message_without_any_of_its_three_dates_is_malformed() -> None:
    reasons = reasons_of(RawMessage, {"id": 7, "isIncoming": 1, "date": None})
    assert reasons == ("date: none of sentChannelDate, date and insertedOn is present",)


@pytest.mark.parametrize("value", [7, "7", "0007"])
def test_an_id_is_read_from_a_number_or_from_its_digits(value: Any) -> None:
    assert understood(id=value).id == "7"


@pytest.mark.parametrize("value", [7, "7", "0007", 2**63 - 1])
def test_a_row_has_the_same_identity_before_and_after_it_was_read(value: Any) -> None:
    assert row_identity({"id": value}) == understood(id=value).id


@pytest.mark.parametrize("value", [None, 0, "0", ""])
def test_an_optional_id_of_nought_is_none(value: Any) -> None:
    assert understood(reservationId=value).reservation_id is None


@pytest.mark.parametrize(
    ("value", "read"), [(0, False), (1, True), ("0", False), ("1", True), (True, True)]
)
def test_a_flag_is_nought_or_one_as_a_number_or_as_text(value: Any, read: bool) -> None:
    raw = understood(isIncoming=value, isSeen=value)
    assert (raw.is_incoming, raw.is_seen) == (read, read)


def test_the_moment_is_the_first_present_of_the_three_dates() -> None:
    dates = {
        "sentChannelDate": "2026-05-02 16:05:01",
        "date": "2026-05-02 16:05:02",
        "insertedOn": "2026-05-02 16:05:03",
    }

    def second_of(**keys: Any) -> int:
        raw = understood(**{**dates, **keys})
        assert raw.moment is not None
        return raw.moment.second

    assert second_of() == 1
    assert second_of(sentChannelDate=None) == 2
    assert second_of(sentChannelDate=None, date=None) == 3


def test_a_moment_is_utc_and_a_date_has_no_time() -> None:
    assert understood().moment == datetime(2026, 5, 2, 16, 5, tzinfo=UTC)
    reservation, _ = RawReservation.read({"id": 1, "arrivalDate": "2026-05-02"})
    assert reservation is not None
    assert reservation.arrival_date == date(2026, 5, 2)


@pytest.mark.parametrize(
    "written", ["0.1", "99999.99", "1E+3", "120.00", "-5", "1E-6176", "1E+6111", "9" * 34]
)
def test_money_keeps_every_digit_from_a_number_or_from_text(written: str) -> None:
    for value in (Decimal(written), written):
        reservation, reasons = RawReservation.read({"id": 1, "totalPrice": value})
        assert reservation is not None, reasons
        assert reservation.total_price is not None
        assert reservation.total_price.as_tuple() == Decimal(written).as_tuple()


def test_whole_money_is_exact_too() -> None:
    reservation, _ = RawReservation.read({"id": 1, "totalPrice": 1200})
    assert reservation is not None
    assert str(reservation.total_price) == "1200"


@pytest.mark.parametrize(
    ("amount", "fits"),
    [("9" * 34, True), ("9" * 35, False), ("1E-6177", False), ("NaN", False), ("-Infinity", False)],
)
def test_decimal128_holds_34_digits(amount: str, fits: bool) -> None:
    assert fits_decimal128(Decimal(amount)) is fits


def test_unknown_keys_are_no_reason_for_anything() -> None:
    assert understood(brandNewKey={"a": [1]}, anotherOne=None).id == "7"


@pytest.mark.parametrize(
    ("row", "identity"),
    [
        ({"id": 7}, "7"),
        ({"id": "7"}, "7"),
        ({"id": "x" * 100}, "x" * 64),
        ({"id": "\ud83d"}, "?"),
        ({"id": ""}, None),
        ({"id": None}, None),
        ({"id": True}, None),
        ({"id": [7]}, None),
        ({"id": Decimal("7.5")}, None),
        ({}, None),
        (None, None),
        ("7", None),
    ],
)
def test_a_row_has_an_identity_as_soon_as_it_has_an_id(row: Any, identity: str | None) -> None:
    assert row_identity(row) == identity
