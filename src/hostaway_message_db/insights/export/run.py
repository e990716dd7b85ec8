"""Stream what a query means into a file, at constant memory."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.export.writers import Format, writer
from hostaway_message_db.models.query import Query
from hostaway_message_db.ports import MessageQueries

STANDARD_OUTPUT = "-"


async def export_messages(
    queries: MessageQueries,
    query: Query,
    kind: Format,
    output: str,
    note: Callable[[int], None],
) -> int:
    """Write the messages that a query means, newest first; return how many.

    `note` is told of each batch. A file appears under its name when it is whole. Raises
    `UsageError` when it cannot be written.
    """
    count = 0
    with opened(output) as file:
        target = writer(kind, file)
        async for messages in queries.stream(query):
            target.write(messages)
            count += len(messages)
            note(len(messages))
        target.close()
    return count


@contextmanager
def opened(output: str) -> Iterator[IO[bytes]]:
    """Open what is written to: a file beside its final name, or standard output."""
    if output == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(output)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            yield file
        beside.replace(path)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror or error}.") from error
    finally:
        beside.unlink(missing_ok=True)
