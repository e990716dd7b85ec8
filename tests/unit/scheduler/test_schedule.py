"""Day after day in the foreground, on a clock that a test sets."""

import asyncio
from datetime import datetime, time, timedelta

import pytest

from hostaway_message_db.scheduler.schedule import LONGEST_NAP_SECONDS, keep_schedule
from hostaway_message_db.scheduler.timetable import Timetable
from support.calendar import CalendarClock, utc

AT_ONE = Timetable(time(1))


class Job:
    """Notes when it ran; after so many runs, somebody stops the schedule."""

    def __init__(self, clock: CalendarClock, runs: int) -> None:
        self.clock = clock
        self.left = runs
        self.ran_at: list[datetime] = []
        self.lasts = timedelta()
        self.fails_with: Exception | None = None

    async def run(self) -> None:
        self.ran_at.append(self.clock.now())
        self.clock.moment += self.lasts
        self.left -= 1
        if not self.left:
            raise asyncio.CancelledError
        if self.fails_with is not None:
            raise self.fails_with


async def ran(clock: CalendarClock, job: Job, handled: datetime) -> list[datetime]:
    with pytest.raises(asyncio.CancelledError):
        await keep_schedule(job.run, AT_ONE, clock, handled)
    return job.ran_at


async def test_it_runs_once_a_day_at_its_time() -> None:
    clock = CalendarClock(utc(1, 14, 20, 7))
    assert await ran(clock, Job(clock, 3), utc(1, 1)) == [utc(2, 1), utc(3, 1), utc(4, 1)]
    assert max(clock.naps) == LONGEST_NAP_SECONDS


async def test_a_failing_run_does_not_end_it() -> None:
    clock = CalendarClock(utc(1, 14))
    job = Job(clock, 3)
    job.fails_with = KeyError("a bug")
    assert len(await ran(clock, job, utc(1, 1))) == 3


async def test_a_run_of_days_makes_up_for_them_once() -> None:
    clock = CalendarClock(utc(1, 0, 59))
    job = Job(clock, 3)
    job.lasts = timedelta(days=2, hours=3)
    assert await ran(clock, job, datetime.min.replace(tzinfo=clock.moment.tzinfo)) == [
        utc(1, 0, 59), utc(3, 3, 59), utc(5, 6, 59),
    ]  # fmt: skip


async def test_times_slept_through_are_one_run() -> None:
    clock = CalendarClock(utc(1, 2))
    naps = 0

    async def sleep(seconds: float) -> None:
        nonlocal naps
        naps += 1
        clock.moment += timedelta(days=6) if naps == 1 else timedelta(seconds=seconds)

    clock.sleep = sleep  # type: ignore[method-assign]  # a computer that sleeps
    assert await ran(clock, Job(clock, 2), utc(1, 1)) == [utc(7, 2), utc(8, 1)]
