"""Cancellation that is not lost on its way.

On Python 3.11 the database driver's asynchronous client returns normally now and then
from a call whose task was cancelled meanwhile (`asyncio.wait_for` swallows it). A run that
was asked to stop would then go on to its end.
"""

import asyncio


def cancellations() -> int:
    """Count how often the present task was asked to end."""
    task = asyncio.current_task()
    return task.cancelling() if task else 0


def raise_if_cancelled(before: int = 0) -> None:
    """Raise `CancelledError` if the present task was asked to end since `before`."""
    if cancellations() > before:
        raise asyncio.CancelledError
