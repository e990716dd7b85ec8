"""No two requests start closer than the delay, over all workers, restarts included."""

import asyncio
import itertools
import os
from pathlib import Path

import pytest

from hostaway_message_db.api.pacing import (
    MARGIN,
    MAX_INTERVAL_SECONDS,
    MAX_REMEMBERED_STARTS,
    WINDOW_SECONDS,
    Interval,
    Pacer,
)
from unit.api.loopback import FakeClock


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.05, 1.0, 30.0, 60.0])
def test_a_refusal_never_narrows_and_successes_narrow_back_to_the_delay(delay: float) -> None:
    interval = Interval(delay)
    interval.started(0.0)
    widths = [interval.seconds]
    for _ in range(20):
        interval.refused()
        widths.append(interval.seconds)
    assert widths == sorted(widths)
    assert widths[1] > delay or delay >= MAX_INTERVAL_SECONDS / 3
    assert max(widths) <= max(MAX_INTERVAL_SECONDS, delay)
    widths = []
    for _ in range(500_000):
        interval.accepted()
        widths.append(interval.seconds)
        if interval.seconds == delay:
            break
    assert widths == sorted(widths, reverse=True)
    assert min(widths) == widths[-1] == delay


def test_the_pace_goes_just_below_the_limit_that_hostaway_names() -> None:
    interval = Interval(0.0)
    interval.refused(200)
    assert WINDOW_SECONDS / 200 < interval.seconds < WINDOW_SECONDS / 200 * 1.1


def test_the_pace_goes_just_below_what_was_let_through_where_no_limit_is_named() -> None:
    interval = Interval(0.0)
    for number in range(101):
        interval.started(number * 0.05)
    interval.refused()
    assert WINDOW_SECONDS / 100 < interval.seconds < WINDOW_SECONDS / 100 * 1.1


@pytest.mark.parametrize("limit", [None, 1, 10**9, 0, -5])
def test_whatever_limit_is_named_the_interval_stays_in_its_bounds(limit: int | None) -> None:
    interval = Interval(1.0)
    interval.started(0.0)
    interval.refused(limit)
    assert 1.0 <= interval.seconds <= MAX_INTERVAL_SECONDS


def test_what_is_remembered_of_the_starts_is_bounded() -> None:
    interval = Interval(0.0)
    for number in range(MAX_REMEMBERED_STARTS * 2):
        interval.started(number * 1e-6)
    assert len(interval._starts) == MAX_REMEMBERED_STARTS


def test_successes_alone_never_change_the_interval() -> None:
    interval = Interval(0.25)
    for _ in range(1000):
        interval.accepted()
    assert interval.seconds == 0.25


async def starts_of(pacer: Pacer, clock: FakeClock, workers: int, turns: int) -> list[float]:
    starts: list[float] = []

    async def work() -> None:
        for _ in range(turns):
            await pacer.wait_for_turn()
            starts.append(clock.monotonic())

    async with asyncio.TaskGroup() as tasks:
        for _ in range(workers):
            tasks.create_task(work())
    return starts


def gaps(starts: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(starts)]


@pytest.mark.parametrize("workers", [1, 8, 64])
async def test_many_workers_never_start_closer_than_the_delay(
    clock: FakeClock, workers: int
) -> None:
    starts = await starts_of(Pacer(0.25, clock), clock, workers, 5)
    assert len(starts) == workers * 5
    assert min(gaps(starts)) >= 0.25
    assert max(gaps(starts)) <= 0.25 * MARGIN + 1e-9


async def test_the_first_request_of_all_starts_at_once(clock: FakeClock) -> None:
    assert await Pacer(5.0, clock).wait_for_turn() == 0


async def test_a_client_without_a_delay_never_waits(clock: FakeClock) -> None:
    assert await starts_of(Pacer(0.0, clock), clock, 4, 50) == [0.0] * 200


async def test_time_that_passed_by_itself_is_not_waited_for_again(clock: FakeClock) -> None:
    pacer = Pacer(1.0, clock)
    await pacer.wait_for_turn()
    await clock.sleep(0.75)
    assert 0.25 <= await pacer.wait_for_turn() <= 0.25 + MARGIN - 1


async def test_a_hold_keeps_everybody_back_and_a_shorter_one_does_not_shorten_it(
    clock: FakeClock,
) -> None:
    pacer = Pacer(0.1, clock)
    pacer.hold(20)
    pacer.hold(3)
    starts = await starts_of(pacer, clock, 3, 2)
    assert starts[0] == 20
    assert min(gaps(starts)) >= 0.1 - 1e-9


async def test_a_hold_that_comes_while_a_worker_waits_holds_that_worker_too(
    clock: FakeClock,
) -> None:
    pacer = Pacer(5.0, clock)
    await pacer.wait_for_turn()
    waiting = asyncio.create_task(pacer.wait_for_turn())
    await clock.sleep(1.0)
    assert not waiting.done()
    pacer.hold(30)
    await waiting
    assert clock.monotonic() >= 31


async def test_a_widened_interval_counts_from_the_next_start(clock: FakeClock) -> None:
    pacer = Pacer(1.0, clock)
    await pacer.wait_for_turn()
    pacer.interval.refused(2)
    await pacer.wait_for_turn()
    assert clock.monotonic() >= 5.0


async def test_the_pace_survives_a_restart(clock: FakeClock, tmp_path: Path) -> None:
    mark = tmp_path / "data" / "pace"
    await Pacer(10.0, clock, mark).wait_for_turn()
    await clock.sleep(4.0)
    await Pacer(10.0, clock, mark).wait_for_turn()
    assert 10.0 <= clock.monotonic() <= 10.0 * MARGIN + 0.01
    assert mark.stat().st_mtime == pytest.approx(clock.now().timestamp(), abs=0.01)


async def test_the_first_mark_bears_the_clocks_time(clock: FakeClock, tmp_path: Path) -> None:
    mark = tmp_path / "pace"
    await Pacer(10.0, clock, mark).wait_for_turn()
    assert mark.stat().st_mtime == pytest.approx(clock.now().timestamp(), abs=0.01)


async def test_a_mark_from_the_future_costs_one_interval_at_most(
    clock: FakeClock, tmp_path: Path
) -> None:
    mark = tmp_path / "pace"
    mark.touch()
    future = clock.now().timestamp() + 86_400
    os.utime(mark, (future, future))
    assert 10.0 <= await Pacer(10.0, clock, mark).wait_for_turn() <= 10.0 * MARGIN


async def test_an_old_mark_costs_nothing(clock: FakeClock, tmp_path: Path) -> None:
    mark = tmp_path / "pace"
    mark.touch()
    past = clock.now().timestamp() - 3600
    os.utime(mark, (past, past))
    assert await Pacer(10.0, clock, mark).wait_for_turn() == 0


async def test_an_unpaced_client_leaves_no_mark(clock: FakeClock, tmp_path: Path) -> None:
    await Pacer(0.0, clock, tmp_path / "pace").wait_for_turn()
    assert not (tmp_path / "pace").exists()
