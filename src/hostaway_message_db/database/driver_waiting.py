"""Have the driver wait for a server in a way that survives being cancelled."""

import asyncio
import sys

from pymongo.asynchronous import pool, topology


async def _wait(condition: asyncio.Condition, seconds: float | None) -> bool:
    """Wait until the condition is notified of, or False after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            return await condition.wait()
    except TimeoutError:
        return False


def repair_waiting() -> None:
    """Replace the driver's wait for a condition where Python's own can lose a lock.

    Up to Python 3.11 `asyncio.wait_for`, which the driver uses, waits in a task of its own.
    Cancelled just as its time is up, it returns before that task holds the condition's lock again;
    the task then takes the lock, and nobody gives it back. So a run whose database was gone, and
    whose other conversations were therefore cancelled, never ended. Python 3.12 waits as `_wait`.
    """
    if sys.version_info < (3, 12):
        for module in (pool, topology):
            module._async_cond_wait = _wait  # type: ignore[attr-defined]  # noqa: SLF001
