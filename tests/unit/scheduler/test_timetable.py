"""When a run is due: arithmetic alone, for any moment."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostaway_message_db.scheduler.timetable import Tick, Timetable, tick
from support.calendar import utc

AT_ONE = Timetable(time(1))
DAY = timedelta(days=1)
moments = st.integers(1_600_000_000, 2_200_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))
timetables = st.builds(Timetable, st.times().map(lambda t: t.replace(second=0, microsecond=0)))


@pytest.mark.parametrize(
    ("now", "scheduled"),
    [
        (utc(2, 1), utc(2, 1)),
        (utc(2, 0, 59, 59), utc(1, 1)),
        (utc(2, 23, 59), utc(2, 1)),
        (utc(1, 0, 30), datetime(2026, 4, 30, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_belongs_to_the_scheduled_time_before_it(
    now: datetime, scheduled: datetime
) -> None:
    assert AT_ONE.scheduled_time(now) == scheduled


@given(timetables, moments)
def test_every_moment_lies_between_two_scheduled_times(timetable: Timetable, now: datetime) -> None:
    before, after = timetable.scheduled_time(now), timetable.next_time(now)
    assert before <= now < after
    assert after - before == DAY
    assert (before.hour, before.minute, before.second) == (
        timetable.at.hour,
        timetable.at.minute,
        0,
    )
    assert timetable.scheduled_time(before) == before
    assert timetable.is_on_time(now) == (now - before < timedelta(minutes=1))


@given(timetables, moments, st.integers(0, 400))
def test_missed_times_are_the_ones_between(timetable: Timetable, now: datetime, days: int) -> None:
    last = timetable.scheduled_time(now) - days * DAY
    assert timetable.missed_times(last, now) == max(days - 1, 0)


def test_nothing_was_missed_before_the_first_run() -> None:
    assert AT_ONE.missed_times(None, utc(9)) == 0
    assert AT_ONE.missed_times(utc(10, 1), utc(9)) == 0


@given(timetables, moments, st.integers(0, 100))
def test_what_was_missed_is_one_run(timetable: Timetable, now: datetime, days: int) -> None:
    handled = timetable.scheduled_time(now) - days * DAY
    first = tick(timetable, handled, now)
    if days:
        assert first == Tick(timetable.scheduled_time(now), 0.0)
        assert first.due is not None
        first = tick(timetable, first.due, now)
    assert first.due is None
    assert now + timedelta(seconds=first.wait_seconds) == timetable.next_time(now)


def test_a_clock_that_was_set_back_repeats_nothing() -> None:
    moment = tick(AT_ONE, utc(5, 1), utc(3, 12))
    assert moment == Tick(None, (utc(6, 1) - utc(3, 12)).total_seconds())


@pytest.mark.parametrize(
    ("last", "is_done", "due"),
    [
        (None, False, None),
        (utc(5, 1), True, None),
        (utc(5, 1), False, utc(5, 1)),
        (utc(4, 1), True, utc(5, 1)),
        (utc(1, 1), False, utc(5, 1)),
    ],
)
def test_at_its_start_the_schedule_makes_up_for_what_was_missed(
    last: datetime | None, is_done: bool, due: datetime | None
) -> None:
    now = utc(5, 9, 30)
    handled = AT_ONE.handled_at_start(last, now, is_done=is_done)
    assert tick(AT_ONE, handled, now).due == due
