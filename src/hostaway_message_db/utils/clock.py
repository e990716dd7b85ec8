"""The one home of the wall clock and of waiting."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


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
        """Wait at least this long."""
        await asyncio.sleep(seconds)  # noqa: TID251 - waiting's one home
