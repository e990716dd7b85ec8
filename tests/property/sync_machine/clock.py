"""A clock that never waits: time passes at once when somebody sleeps."""

import asyncio
from datetime import datetime, timedelta

from hostaway_message_db.pipeline.ledger import LEASE_SECONDS

RENEWAL_SECONDS = LEASE_SECONDS / 3
LATENESS_SECONDS = 0.001


class HastyClock:
    """The product's `Clock`, for runs that take no time.

    Whoever sleeps is woken at once, and that much later. The lease's renewal alone would
    then never stop: it is woken only when others slept past its moment.
    """

    def __init__(self, start: datetime) -> None:
        self._start = self._moment = start
        self._renewals: list[tuple[datetime, asyncio.Event]] = []

    def now(self) -> datetime:
        """Return the present moment, to the millisecond."""
        return self._moment.replace(microsecond=self._moment.microsecond // 1000 * 1000)

    def monotonic(self) -> float:
        """Return the seconds since the start."""
        return (self._moment - self._start).total_seconds()

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self._moment += timedelta(seconds=seconds)
        for moment, is_due in self._renewals:
            if moment <= self._moment:
                is_due.set()

    async def sleep(self, seconds: float) -> None:
        """Give way once, and be that much later."""
        is_due = asyncio.Event()
        if seconds != RENEWAL_SECONDS:
            self.forward(max(seconds, 0.0) + LATENESS_SECONDS)
            asyncio.get_running_loop().call_soon(is_due.set)
            await is_due.wait()
            return
        waiting = (self._moment + timedelta(seconds=seconds), is_due)
        self._renewals.append(waiting)
        try:
            await is_due.wait()
        finally:
            self._renewals.remove(waiting)
