"""What the driver's waits for a server do to its lock when they are cancelled."""

import asyncio

from pymongo.asynchronous import topology
from pymongo.lock import _async_create_condition, _async_create_lock

from hostaway_message_db.database.mongodb import MongoDatabase


async def _let_go_on(task: asyncio.Task[None]) -> None:
    await asyncio.wait({task}, timeout=0.02)


async def test_a_wait_that_is_cancelled_when_its_time_is_up_gives_the_lock_back(
    mongo: MongoDatabase,
) -> None:
    assert await mongo.server_version()  # connected, so the driver is as the product uses it
    condition = _async_create_condition(_async_create_lock())

    async def wait_for_a_server() -> None:
        async with condition:
            await topology._async_cond_wait(condition, 0.01)  # type: ignore[attr-defined]

    waiting = asyncio.create_task(wait_for_a_server())
    await asyncio.wait({waiting}, timeout=0)  # it begins
    async with condition:
        await _let_go_on(waiting)  # its time is up, and it wants the lock back
        waiting.cancel()
    await _let_go_on(waiting)
    assert waiting.cancelled()
    assert not condition.locked()
