"""R5-R8 by the platforms' rules: hand-computed answers."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from hostaway_message_db.insights.metrics import METRICS, Figure
from hostaway_message_db.insights.metrics.platforms import next_assessment
from hostaway_message_db.insights.metrics.registry import Rows, anchored
from support.histories import Stored, exchange, facts_of, in_threads, stored, utc

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BOOKING = {"channel__name": "bookingcom"}


def figure(identity: str, messages: list[Stored], now: datetime = NOW) -> Figure:
    facts, metric = facts_of(messages), METRICS[identity]
    until = int(now.timestamp())
    counts = anchored(metric.anchor, facts) & (facts.columns["at"] < until)
    return metric.compute(Rows(facts, np.flatnonzero(counts), until, 30.0))


def threads(ages: list[float], answers: list[timedelta | None], **fields: Any) -> list[Stored]:
    pairs = zip(ages, answers, strict=True)
    return in_threads([exchange(NOW - age * DAY, answer, **fields) for age, answer in pairs])


def test_ten_threads_of_the_last_30_days_are_the_airbnb_rate() -> None:
    answers = [HOUR] * 8 + [25 * HOUR, None]
    found = figure("R5", threads([2.0 + n for n in range(10)], answers))
    assert (found.n, found.value) == (10, 0.8)
    assert found.details["rule"] == "the last 30 days"
    assert sorted(found.details["late_conversations"]) == ["1008", "1009"]


def test_with_fewer_than_ten_the_ten_most_recent_of_90_days_count() -> None:
    ages = [5.0, 6, 7, 31, 40, 50, 60, 70, 80, 89, 89.5, 91, 200]
    answers: list[timedelta | None] = [HOUR] * 9 + [None, None, None, None]
    found = figure("R5", threads(ages, answers))
    # Ten most recent: 5 to 89 days; the tenth is unanswered, the eleventh too far back.
    assert (found.n, found.value) == (10, 0.9)
    assert found.details["rule"] == "the 10 most recent of the last 90 days"


def test_with_fewer_than_ten_in_90_days_all_of_them_count() -> None:
    found = figure("R5", threads([5.0, 40, 89, 91], [HOUR, None, HOUR, None]))
    assert (found.n, found.value) == (3, round(2 / 3, 6))


def test_follow_ups_in_a_thread_do_not_count() -> None:
    began = NOW - 10 * DAY
    thread = [
        stored(began), stored(began + HOUR, "outbound"),
        stored(began + 2 * HOUR), stored(began + 3 * DAY, "outbound"),
        stored(began + 4 * DAY),
    ]  # fmt: skip
    found = figure("R5", in_threads([thread]))
    assert (found.n, found.value) == (1, 1.0)


@pytest.mark.parametrize(
    ("answer", "value"),
    [(DAY, 1.0), (DAY + timedelta(seconds=1), 0.0), (timedelta(0), 1.0)],
)
def test_24_hours_are_in_time_and_a_second_more_is_not(answer: timedelta, value: float) -> None:
    assert figure("R5", threads([5.0], [answer])).value == value


def test_an_answer_that_may_still_come_in_time_is_not_late_yet() -> None:
    found = figure("R5", threads([0.5, 1.0, 1.1], [None, None, None]))
    # The one of half a day, and the one of exactly 24 hours, may still be answered.
    assert (found.n, found.value) == (1, 0.0)
    assert figure("R5", []).value is None
    assert figure("R5", threads([0.5], [None])) == figure("R5", [])


def test_an_automated_reply_counts_and_an_unsent_or_failed_one_does_not() -> None:
    began = NOW - 5 * DAY
    replies = [
        stored(began + HOUR, "outbound", is_automated=True),
        stored(began + HOUR, "outbound", is_unsent=True),
        stored(began + HOUR, "outbound", status="failed"),
        stored(began + HOUR, "outbound", status="awaiting"),
    ]
    found = figure("R5", in_threads([[stored(began), reply] for reply in replies]))
    assert (found.n, found.details["answered"]) == (4, 1)


def test_other_channels_and_threads_the_host_began_do_not_count() -> None:
    began = NOW - 5 * DAY
    host_first = [stored(began, "outbound"), stored(began + HOUR)]
    elsewhere = exchange(began, None, **BOOKING)
    found = figure("R5", in_threads([host_first, elsewhere, exchange(began, HOUR)]))
    # The guest's first message counts, whoever wrote before it.
    assert (found.n, found.value) == (2, 0.5)


def test_the_window_is_30_times_24_hours_over_a_clock_change() -> None:
    now = utc("2026-04-10 00:30")
    # Summer time began on 29 March in Europe: a local month has an hour less.
    inside, outside = now - 30 * DAY, now - 30 * DAY - timedelta(seconds=1)
    answered = in_threads([exchange(inside + n * HOUR, HOUR) for n in range(10)])
    for message in answered:
        message["source"] = {"listingTimeZoneName": "Europe/Berlin"}
    late = in_threads([exchange(outside, None)])
    late[0]["conversation_id"] = "9999"
    assert figure("R5", [*answered, *late], now).value == 1.0


def test_superhost_looks_back_a_year_and_says_how_many_may_be_late() -> None:
    answers: list[timedelta | None] = [HOUR] * 19 + [None]
    found = figure("R6", threads([10.0 + 15 * n for n in range(20)], answers))
    assert (found.n, found.value) == (20, 0.95)
    # 19 of 21 is 90.5 %, 19 of 22 is 86.4 %: one more.
    assert found.details["late_ones_affordable"] == 1
    assert found.details["is_met"] is True
    assert found.details["days_until_assessment"] == 39
    nine = figure("R6", threads([10.0 * (n + 1) for n in range(10)], [HOUR] * 9 + [None]))
    assert (nine.value, nine.details["is_met"]) == (0.9, True)
    assert nine.details["late_ones_affordable"] == 0
    assert figure("R6", threads([364.0, 366.0], [HOUR, None])).value == 1.0


@pytest.mark.parametrize(
    ("today", "day"),
    [
        (date(2026, 11, 23), date(2027, 1, 1)), (date(2026, 1, 1), date(2026, 4, 1)),
        (date(2026, 3, 31), date(2026, 4, 1)), (date(2026, 9, 30), date(2026, 10, 1)),
    ],
)  # fmt: skip
def test_assessments_are_on_the_first_day_of_a_quarter(today: date, day: date) -> None:
    assert next_assessment(today) == day


def test_the_airbnb_response_time_is_a_mean_over_new_threads() -> None:
    found = figure("R7", threads([1.5, 2, 3, 40], [MINUTE, 3 * MINUTE, None, HOUR]))
    assert (found.n, found.value) == (2, 120.0)
    assert found.details["p50"] == 120.0


def test_each_message_on_booking_counts_though_one_reply_answers_several() -> None:
    began = NOW - 5 * DAY
    thread = [
        stored(began, **BOOKING), stored(began + 2 * HOUR, **BOOKING),
        stored(began + 25 * HOUR, "outbound", **BOOKING),
    ]  # fmt: skip
    rest = [exchange(began - n * HOUR, HOUR, **BOOKING) for n in range(8)]
    found = figure("R8", in_threads([thread, *rest]))
    # The first waited 25 hours, the second 23.
    assert (found.n, found.value) == (10, 0.9)


def test_with_fewer_than_ten_of_30_days_the_last_ten_on_booking_count() -> None:
    ages = [5.0, 40, 50, 60, 70, 80, 90, 100, 200, 300, 400]
    answers: list[timedelta | None] = [None, *[HOUR] * 9, None]
    found = figure("R8", threads(ages, answers, **BOOKING))
    assert (found.n, found.value, found.details["rule"]) == (10, 0.9, "the last 10")


def test_under_ten_messages_there_is_no_score() -> None:
    found = figure("R8", threads([5.0] * 9, [HOUR] * 9, **BOOKING))
    assert (found.n, found.value) == (9, None)
