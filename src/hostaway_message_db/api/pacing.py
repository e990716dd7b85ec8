"""Honest pace: no two requests start closer than the delay, over all workers.

The pace survives a restart: the moment of the last start is a file's time stamp. A
refusal (429) holds everybody back until the moment Hostaway names, and widens the
interval; each success narrows it again until it is the configured delay.
"""

import asyncio
import os
from collections import deque
from pathlib import Path

from hostaway_message_db.errors import ConfigurationError
from hostaway_message_db.utils.clock import Clock

WINDOW_SECONDS = 10.0
"""Hostaway counts requests in a sliding window of this length (API reference 5)."""
JUST_UNDER = 1.02
"""After a refusal the pace is this much slower than what was let through."""
MARGIN = 1.005
"""Requests arrive a little earlier or later than they start; without this, a delay set to
the limit would be refused now and then."""
LEAST_LET_THROUGH = 15
"""No published limit was ever lower than so many requests in a window (API reference 5)."""
SLOWER_FACTOR = 1.25
FIRST_FASTER_FACTOR = 0.5
FASTER_FACTOR = 0.9
FIRST_PATIENCE = 10
MAX_PATIENCE = 3_200
MAX_INTERVAL_SECONDS = 30.0
MAX_REMEMBERED_STARTS = 4_096


class Interval:
    """The seconds between two starts: never below the delay, wider after refusals.

    A refusal shows the real limit: what Hostaway says it is, else what it let through in
    the last window. The pace goes just below it, and is raised step by step after so many
    successes in a row: by large steps after a single refusal, which may have been a stray
    one, by small ones and ever more rarely after refusals that come again.
    """

    def __init__(self, delay_seconds: float) -> None:
        self._delay_seconds = delay_seconds
        self._starts: deque[float] = deque(maxlen=MAX_REMEMBERED_STARTS)
        self._successes = 0
        self._patience = FIRST_PATIENCE
        # Of several refusals at once only the first is news: the rest were under way.
        self._is_news = True
        self.seconds = delay_seconds

    def started(self, moment: float) -> None:
        """Remember a start, by the monotonic clock."""
        self._starts.append(moment)
        while self._starts[0] <= moment - WINDOW_SECONDS:
            self._starts.popleft()

    def refused(self, limit: int | None = None) -> None:
        """Widen after a 429; `limit` is Hostaway's own word on requests in a window."""
        let_through = limit or max(len(self._starts) - 1, LEAST_LET_THROUGH)
        widened = WINDOW_SECONDS / let_through * JUST_UNDER
        if self._is_news:
            # Refused at this very pace: it is too fast, whatever the window says.
            widened = max(widened, self.seconds * SLOWER_FACTOR)
        self.seconds = max(self.seconds, min(widened, MAX_INTERVAL_SECONDS))
        if self._successes:
            self._patience = min(self._patience * 2, MAX_PATIENCE)
        self._successes = 0
        self._is_news = False

    def accepted(self) -> None:
        """Count a success; enough of them in a row narrow the interval, back to the delay."""
        self._is_news = True
        if self.seconds <= self._delay_seconds:
            return
        self._successes += 1
        if self._successes < self._patience:
            return
        self._successes = 0
        is_first = self._patience == FIRST_PATIENCE
        narrowed = self.seconds * (FIRST_FASTER_FACTOR if is_first else FASTER_FACTOR)
        floor = max(self._delay_seconds, WINDOW_SECONDS / MAX_REMEMBERED_STARTS)
        if narrowed > floor:
            self.seconds = narrowed
        else:
            self.seconds, self._patience = self._delay_seconds, FIRST_PATIENCE


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
            self.interval.started(self._last_start)
            if self._mark is not None and self.interval.seconds > 0:
                _touch(self._mark, self._clock.now().timestamp())
        return self._last_start - asked

    def _seconds_to_wait(self) -> float:
        earliest = self._last_start + self.interval.seconds * MARGIN
        allowed = max(earliest, self._held_until)
        return allowed - self._clock.monotonic()

    def hold(self, seconds: float) -> None:
        """Let nobody start for so long: Hostaway asked for it."""
        self._held_until = max(self._held_until, self._clock.monotonic() + seconds)


def _touch(mark: Path, moment: float) -> None:
    """Note a start; raises `ConfigurationError` when that cannot be written."""
    try:
        if not mark.exists():
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch(mode=0o600)
        os.utime(mark, (moment, moment))
    except OSError as error:
        raise ConfigurationError(
            [f"DATA_DIR is {str(mark.parent)!r}: it cannot be written to ({error.strerror})."]
        ) from error
