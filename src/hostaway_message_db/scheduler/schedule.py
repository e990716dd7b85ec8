"""Staying in the foreground and running the daily job whenever its time has come."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NoReturn

from hostaway_message_db.scheduler.timetable import Timetable, tick
from hostaway_message_db.utils.clock import Clock
from hostaway_message_db.utils.logger import get_logger

log = get_logger(__name__)

LONGEST_NAP_SECONDS = 60.0
"""A computer that slept, or whose clock was set, is noticed so late at most."""


async def keep_schedule(
    run: Callable[[], Awaitable[None]], timetable: Timetable, clock: Clock, handled: datetime
) -> NoReturn:
    """Run at each scheduled time after `handled`, until cancelled; no failure ends this."""
    told_of: datetime | None = None
    while True:
        now = clock.now()
        moment = tick(timetable, handled, now)
        if moment.due is None:
            following = timetable.next_time(max(now, handled))
            if told_of != following:
                told_of = following
                log.info("schedule_waiting", next_run_at=following.isoformat())
            await clock.sleep(min(moment.wait_seconds, LONGEST_NAP_SECONDS))
            continue
        handled = moment.due
        try:
            await run()
        except Exception:
            # The outermost edge of a run: the next day's takes place all the same.
            log.exception("scheduled_run_broke")
