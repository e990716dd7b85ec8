"""When the daily job is due. Pure: every function takes `now`."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Timetable:
    """Once a day, at a time in UTC; every moment belongs to the scheduled time before it."""

    at: time

    def scheduled_time(self, now: datetime) -> datetime:
        """Return the scheduled time that a moment belongs to: the latest one not after it."""
        today = now.replace(hour=self.at.hour, minute=self.at.minute, second=0, microsecond=0)
        return today if today <= now else today - _DAY

    def next_time(self, now: datetime) -> datetime:
        """Return the first scheduled time after a moment."""
        return self.scheduled_time(now) + _DAY

    def is_on_time(self, now: datetime) -> bool:
        """Tell whether a moment is within the scheduled minute, as a call of cron's is."""
        return now - self.scheduled_time(now) < _MINUTE

    def missed_times(self, last: datetime | None, now: datetime) -> int:
        """Count the scheduled times after `last` and before the one that `now` belongs to."""
        if last is None:
            return 0
        return max((self.scheduled_time(now) - last) // _DAY - 1, 0)

    def handled_at_start(self, last: datetime | None, now: datetime, *, is_done: bool) -> datetime:
        """Return up to when all is done, for somebody who just began to watch the clock.

        `last` is the newest scheduled time that was ever begun. Without one nothing was
        missed: the first run is at the next scheduled time.
        """
        present = self.scheduled_time(now)
        if last is None or (last >= present and is_done):
            return present
        return present - _DAY


@dataclass(frozen=True, slots=True)
class Tick:
    """What to do at a moment: run for a scheduled time, or wait."""

    due: datetime | None
    wait_seconds: float


def tick(timetable: Timetable, handled: datetime, now: datetime) -> Tick:
    """Say what to do `now`, if all is done up to `handled`; missed times are one run."""
    present = timetable.scheduled_time(now)
    if present > handled:
        return Tick(present, 0.0)
    following = timetable.next_time(max(now, handled))
    return Tick(None, (following - now).total_seconds())
