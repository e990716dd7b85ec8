"""The embedded server, started again when it ends under a process that stays."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from hostaway_message_db.database.embedded import EmbeddedMongo
from hostaway_message_db.errors import DatabaseUnavailable
from hostaway_message_db.utils.logger import get_logger

log = get_logger(__name__)

LOOK_SECONDS = 2.0
"""Between two looks at whether the server lives: a lock on a file, nothing is asked."""


@asynccontextmanager
async def revived(embedded: EmbeddedMongo) -> AsyncIterator[None]:
    """Inside, start the server again whenever it ended; it comes back at the same address.

    A mongod that dies is started again by its supervisor. But that belongs to whoever started it,
    and a system that ends a service ends all that is left of it. A failure to start is logged,
    and tried again.
    """
    is_ending = asyncio.Event()

    async def keep() -> None:
        while not is_ending.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(is_ending.wait(), LOOK_SECONDS)
            if not is_ending.is_set():
                await _look(embedded)

    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        # A start that is under way comes to its end: the server's share is given up only then.
        is_ending.set()
        await keeping


async def _look(embedded: EmbeddedMongo) -> None:
    try:
        if await asyncio.to_thread(embedded.revive):
            log.warning("database_revived")
    except DatabaseUnavailable as error:
        log.warning("database_not_revived", reason=error.message)
