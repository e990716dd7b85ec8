"""The one home of the wall clock and of waiting."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

TIMER_SLACK_SECONDS = 0.002


class Clock(Protocol):
    """What the rest of the code may know of time."""

    def now(self) -> datetime:
        """Return the present moment, UTC, to the millisecond that MongoDB keeps."""
        ...

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait at least this long."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        """Return the present moment, UTC, to the millisecond that MongoDB keeps."""
        moment = datetime.now(UTC)  # noqa: TID251 - the wall clock's one home
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait at least this long, and hardly longer.

        The event loop's timers are late by up to some milliseconds; at twenty requests a
        second that would cost percents of the pace. So the last stretch is waited for by
        giving way to others until the moment has come.
        """
        moment = time.monotonic() + seconds
        if seconds > TIMER_SLACK_SECONDS:
            await asyncio.sleep(seconds - TIMER_SLACK_SECONDS)  # noqa: TID251 - its one home
        while time.monotonic() < moment:  # noqa: ASYNC110 - there is nothing to be told by
            await asyncio.sleep(0)  # noqa: TID251 - waiting's one home
