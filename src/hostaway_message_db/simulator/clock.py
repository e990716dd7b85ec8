"""The one place where the simulator reads a clock or waits.

The simulated world has its own time (`World.now`); real time is used only for what is
about the wire: the rate-limit window, the age of a token, latency and the request log.
Stamps on the wire are UTC without a zone mark (API reference 2).
"""

import asyncio
import calendar
import time
from datetime import UTC, datetime

DAY = 86_400


def unix_seconds() -> float:
    """Return the real time as Unix seconds."""
    return time.time()  # noqa: TID251 - the home of the simulator's wall clock


def monotonic_seconds() -> float:
    """Return a real time that never goes back, for intervals."""
    return time.monotonic()


async def wait(seconds: float) -> None:
    """Wait without blocking the other requests."""
    await asyncio.sleep(seconds)  # noqa: TID251 - the home of the simulator's waiting


def to_epoch(moment: datetime) -> int:
    """Return the whole Unix seconds of a moment; a moment without a zone is UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return int(aware.timestamp())


def from_epoch(seconds: int) -> datetime:
    """Return the UTC moment of Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def stamp(seconds: int) -> str:
    """Write a moment as the API does: `YYYY-MM-DD HH:MM:SS` in UTC (API reference 2)."""
    year, month, day, hour, minute, second, *_ = time.gmtime(seconds)
    return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"


def optional_stamp(seconds: int) -> str | None:
    """Write a moment, or null for 0, which stands for never."""
    return stamp(seconds) if seconds else None


def day(seconds: int) -> str:
    """Write a date as the API does: `YYYY-MM-DD` (API reference 2)."""
    return stamp(seconds)[:10]


def read_stamp(text: str) -> int:
    """Read what `stamp` writes; also a bare date, a `T` between and a trailing `Z`.

    Raises:
        ValueError: the text is no such stamp.
    """
    plain = text.strip().removesuffix("Z").replace("T", " ")
    form = "%Y-%m-%d %H:%M:%S" if len(plain) > len("2026-01-01") else "%Y-%m-%d"
    return calendar.timegm(time.strptime(plain, form))
