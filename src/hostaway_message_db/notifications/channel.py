"""What every channel can do, and how a blocking delivery is kept within its time."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from hostaway_message_db.notifications.notice import Notice

_Answer = TypeVar("_Answer")


class Channel(Protocol):
    """A way to reach people."""

    @property
    def name(self) -> str:
        """Return what the log calls it; never an address."""
        ...

    async def deliver(self, notice: Notice) -> None:
        """Deliver a notice, in bounded time; raises `NotDelivered`."""
        ...


async def in_thread(work: Callable[[], _Answer], seconds: float) -> _Answer:
    """Do blocking work aside, and wait for it at most so long; raises `TimeoutError`.

    Time-outs of sockets bound neither a look-up of a name nor a server that sends a byte
    now and then. This bound holds for all of it: a thread that is left behind goes on
    alone, and does not keep the process from ending.
    """
    answer: Future[_Answer] = Future()

    def do() -> None:
        answer.set_running_or_notify_cancel()
        try:
            answer.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            answer.set_exception(error)

    threading.Thread(target=do, name="notification", daemon=True).start()
    async with asyncio.timeout(seconds):
        return await asyncio.wrap_future(answer)
