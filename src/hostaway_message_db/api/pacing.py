"""Honest pace: no two requests start closer than the delay, over all workers.

The pace survives a restart: the moment of the last start is a file's time stamp. A
refusal (429) holds everybody back until the moment Hostaway names, and widens the
interval; each success narrows it again until it is the configured delay.
"""

import asyncio
import os
from pathlib import Path

from hostaway_message_db.utils.clock import Clock

SLOWER_FACTOR = 1.5
FASTER_FACTOR = 0.98
LEAST_SLOWED_INTERVAL_SECONDS = 0.05
MAX_INTERVAL_SECONDS = 30.0


class Interval:
    """The seconds between two starts: never below the delay, wider after refusals."""

    def __init__(self, delay_seconds: float) -> None:
        self._delay_seconds = delay_seconds
        self.seconds = delay_seconds

    def refused(self) -> None:
        """Widen after a 429."""
        widened = max(self.seconds, LEAST_SLOWED_INTERVAL_SECONDS) * SLOWER_FACTOR
        self.seconds = max(min(widened, MAX_INTERVAL_SECONDS), self._delay_seconds)

    def accepted(self) -> None:
        """Narrow after a success, back to the delay in the end."""
        narrowed = self.seconds * FASTER_FACTOR
        floor = max(self._delay_seconds, LEAST_SLOWED_INTERVAL_SECONDS)
        self.seconds = narrowed if narrowed > floor else self._delay_seconds


class Pacer:
    """Lets one request start at a time, each when its time has come."""

    def __init__(self, delay_seconds: float, clock: Clock, mark: Path | None = None) -> None:
        self._clock = clock
        self._mark = mark
        self._turn = asyncio.Lock()
        self.interval = Interval(delay_seconds)
        self._held_until = clock.monotonic()
        self._last_start = clock.monotonic() - self._seconds_since_mark()

    def _seconds_since_mark(self) -> float:
        """Return how long ago the last run's last request started (endless if unknown)."""
        if self._mark is None:
            return float("inf")
        try:
            elapsed = self._clock.now().timestamp() - self._mark.stat().st_mtime
        except OSError:
            return float("inf")
        return max(elapsed, 0.0)

    async def wait_for_turn(self) -> float:
        """Wait until a request may start, and return the seconds that took."""
        asked = self._clock.monotonic()
        async with self._turn:
            while (wait := self._seconds_to_wait()) > 0:
                await self._clock.sleep(wait)
            self._last_start = self._clock.monotonic()
            if self._mark is not None and self.interval.seconds > 0:
                _touch(self._mark, self._clock.now().timestamp())
        return self._last_start - asked

    def _seconds_to_wait(self) -> float:
        allowed = max(self._last_start + self.interval.seconds, self._held_until)
        return allowed - self._clock.monotonic()

    def hold(self, seconds: float) -> None:
        """Let nobody start for so long: Hostaway asked for it."""
        self._held_until = max(self._held_until, self._clock.monotonic() + seconds)


def _touch(mark: Path, moment: float) -> None:
    try:
        os.utime(mark, (moment, moment))
    except FileNotFoundError:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch(mode=0o600)
