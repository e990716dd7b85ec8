"""A clock that goes where a test sets it."""

from datetime import UTC, datetime, timedelta

from hostaway_message_db.utils.clock import SystemClock


class CalendarClock:
    """A clock that stands still but for waiting."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment
        self.naps: list[float] = []

    def now(self) -> datetime:
        """Return the moment that was set."""
        return self.moment

    def monotonic(self) -> float:
        """Return the moment in seconds."""
        return self.moment.timestamp()

    async def sleep(self, seconds: float) -> None:
        """Be later at once."""
        self.naps.append(seconds)
        self.moment += timedelta(seconds=seconds)


class ShiftedClock(SystemClock):
    """The computer's own clock in another time: it runs on, from where a test sets it."""

    def __init__(self, moment: datetime) -> None:
        self._shift = timedelta()
        self.go_to(moment)

    def go_to(self, moment: datetime) -> None:
        """Make it this moment now."""
        self._shift = moment - super().now()

    def now(self) -> datetime:
        """Return the present moment of that other time."""
        moment = super().now() + self._shift
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def utc(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """Return a moment of May 2026."""
    return datetime(2026, 5, day, hour, minute, second, tzinfo=UTC)
