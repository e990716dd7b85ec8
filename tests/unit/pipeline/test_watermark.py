"""Which reservations are accounted for, and which conversations must be read."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hostaway_message_db.models.records import Channel, Conversation, Reservation, Stamp
from hostaway_message_db.pipeline.watermark import (
    changes_messages,
    is_suspiciously_empty,
    mark_of,
    newest_change,
    reaches_watermark,
)
from hostaway_message_db.ports import ConversationState

NOON = datetime(2026, 5, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STAMP = Stamp("2026-05-02 11:00:00", None, "5")
MOVED = Stamp("2026-05-02 11:00:00", "2026-05-02 11:30:00", "6")
STAY = Reservation(
    account_id="1",
    reservation_id="9",
    listing_id="70",
    guest_name="Anna",
    guest_email="a@example.org",
    guest_phone="+49",
    guest_country="DE",
    price=Decimal("1.0"),
    currency="EUR",
    status="new",
    arrival_date=date(2026, 5, 3),
    departure_date=date(2026, 5, 4),
    channel=Channel(2018, "airbnbOfficial"),
    updated_on=NOON,
    source={},
)
CONVERSATION = Conversation(
    account_id="1",
    conversation_id="4",
    reservation_id="9",
    recipient_name=None,
    recipient_email=None,
    has_unread_messages=None,
    message_sent_on=NOON,
    message_received_on=None,
    stamp=STAMP,
    source={},
)


def changed_at(*moments: datetime | None) -> list[Reservation]:
    return [replace(STAY, updated_on=moment) for moment in moments]


def state(**fields: Any) -> ConversationState:
    known = ConversationState("4", "9", STAMP, STAMP, NOON, is_pending=False)
    return replace(known, **fields)


def test_the_newest_change_is_the_servers_newest_whatever_the_order() -> None:
    assert newest_change(changed_at(NOON - HOUR, None, NOON, NOON - 2 * HOUR)) == NOON
    assert newest_change(changed_at(None)) is None
    assert newest_change([]) is None


@pytest.mark.parametrize(
    ("moments", "reached"),
    [
        ([NOON], False),
        ([NOON - HOUR], False),
        ([NOON - HOUR - timedelta(seconds=1)], True),
        ([NOON, NOON - 2 * HOUR], True),
        ([NOON - 2 * HOUR, NOON], True),
        ([None], False),
        ([], False),
    ],
)
def test_reading_ends_strictly_before_the_watermark_minus_the_overlap(
    moments: list[datetime | None], reached: bool
) -> None:
    assert reaches_watermark(changed_at(*moments), NOON, HOUR) is reached


def test_a_first_load_reads_to_the_end() -> None:
    assert not reaches_watermark(changed_at(NOON - 9999 * HOUR), None, HOUR)


@pytest.mark.parametrize(
    "change",
    [
        {"listing_id": "71"},
        {"guest_name": "Anna W."},
        {"guest_email": None},
        {"guest_phone": "+44"},
        {"guest_country": None},
        {"price": Decimal("1.00")},
        {"price": None},
        {"currency": "USD"},
        {"status": "cancelled"},
        {"arrival_date": None},
        {"departure_date": date(2026, 5, 9)},
        {"channel": Channel(2005, "bookingcom")},
    ],
)
def test_what_messages_are_stored_with_makes_them_be_read_again(change: dict[str, Any]) -> None:
    assert changes_messages(STAY, replace(STAY, **change))


@pytest.mark.parametrize("change", [{}, {"updated_on": None}, {"source": {"pets": 1}}])
def test_any_other_change_of_a_reservation_leaves_its_messages_alone(
    change: dict[str, Any],
) -> None:
    assert not changes_messages(STAY, replace(STAY, **change))


def test_a_new_reservation_changes_messages_that_were_stored_without_it() -> None:
    assert changes_messages(None, STAY)


def test_a_conversation_never_seen_is_read() -> None:
    mark = mark_of(CONVERSATION, None)
    assert mark is not None
    assert mark.is_pending
    assert (mark.conversation_id, mark.reservation_id, mark.listed_stamp) == ("4", "9", STAMP)
    assert mark.last_active_at == NOON


def test_a_conversation_whose_stamp_stands_is_left_alone() -> None:
    assert mark_of(CONVERSATION, state()) is None


def test_a_pending_conversation_whose_stamp_stands_stays_pending_without_a_write() -> None:
    assert mark_of(CONVERSATION, state(is_pending=True, read_stamp=None)) is None


def test_a_stamp_that_moved_is_read() -> None:
    mark = mark_of(replace(CONVERSATION, stamp=MOVED), state())
    assert mark is not None
    assert mark.is_pending
    assert mark.listed_stamp == MOVED


def test_a_stamp_that_moved_back_to_what_was_read_needs_no_reading() -> None:
    mark = mark_of(CONVERSATION, state(listed_stamp=MOVED))
    assert mark is not None
    assert not mark.is_pending


def test_a_conversation_that_waits_is_not_forgotten_when_its_stamp_moves_back() -> None:
    mark = mark_of(CONVERSATION, state(listed_stamp=MOVED, is_pending=True))
    assert mark is not None
    assert mark.is_pending


def test_a_conversation_that_got_another_reservation_is_noted() -> None:
    mark = mark_of(replace(CONVERSATION, reservation_id="10"), state())
    assert mark is not None
    assert mark.reservation_id == "10"


@pytest.mark.parametrize(
    ("listed", "known", "suspicious"),
    [(0, 0, False), (0, 1, True), (5, 10, False), (4, 10, True), (10, 10, False), (9, 0, False)],
)
def test_an_account_that_lost_more_than_half_is_suspicious(
    listed: int, known: int, suspicious: bool
) -> None:
    assert is_suspiciously_empty(listed, known) is suspicious
