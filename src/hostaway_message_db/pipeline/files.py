"""Bring in the files that were sent with messages, before their links die.

What cannot be downloaded is named, and tried again while its link may live. Files never
make a run incomplete: the messages are.
"""

import asyncio
from collections import Counter, deque
from datetime import timedelta
from urllib.parse import urlsplit

from hostaway_message_db.errors import FileRefused, HostawayError, Recovery
from hostaway_message_db.pipeline.file_types import safe_type, type_refusal
from hostaway_message_db.pipeline.ledger import first_error
from hostaway_message_db.pipeline.run import FileOptions, Run
from hostaway_message_db.ports import WantedFile
from hostaway_message_db.utils.cancellation import raise_if_cancelled
from hostaway_message_db.utils.logger import get_logger

log = get_logger(__name__)

WORKERS = 3
BATCH_SIZE = 200
FIRST_RETRY = timedelta(hours=1)
LAST_RETRY = timedelta(hours=24)
MOST_FAILURES_OF_A_HOST = 3
"""A host that failed so often in a row is left alone until the next run."""


async def bring_in_files(run: Run) -> None:
    """Download what is due, a few at once, up to the bound of a run."""
    options = run.options.files
    if options is None:
        return
    run.step("files")
    failing: Counter[str] = Counter()
    left = options.max_files
    while left > 0:
        # Whatever becomes of an entry, it is not due any more: each is handed out once.
        due = await run.stores.files.due(run.account_id, run.clock.now(), min(left, BATCH_SIZE))
        if not due:
            return
        left -= len(due)
        await _work_off(run, options, deque(due), failing)


async def _work_off(
    run: Run, options: FileOptions, due: deque[WantedFile], failing: Counter[str]
) -> None:
    async def work() -> None:
        while due:
            raise_if_cancelled()
            await _bring_in(run, options, due.popleft(), failing)

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(WORKERS):
                workers.create_task(work())
    except BaseExceptionGroup as group:
        raise first_error(group) from None


async def _bring_in(
    run: Run, options: FileOptions, wanted: WantedFile, failing: Counter[str]
) -> None:
    host = urlsplit(wanted.url).netloc
    if refusal := type_refusal(wanted, options.types):
        await _refuse(run, wanted, FileRefused(refusal))
        return
    if failing[host] >= MOST_FAILURES_OF_A_HOST:
        await _postpone(run, wanted, "its server did not answer for other files", "skipped")
        return
    try:
        content = await run.source.download(wanted.url, options.max_bytes)
    except FileRefused as error:
        await _refuse(run, wanted, error)
    except HostawayError as error:
        # A dead link is no fault of its server's.
        failing[host] += error.recovery is Recovery.RETRY
        await _postpone(run, wanted, error.message, error.code)
    else:
        failing[host] = 0
        is_new = await run.stores.files.keep(wanted, content, safe_type(wanted, content))
        run.report.files.stored += is_new
        run.report.files.known += not is_new


async def _refuse(run: Run, wanted: WantedFile, refusal: FileRefused) -> None:
    await run.stores.files.refuse(wanted, refusal.message)
    run.report.files.refused += 1
    _name(run, wanted, refusal.code, refusal.message)


async def _postpone(run: Run, wanted: WantedFile, reason: str, code: str) -> None:
    wait = min(FIRST_RETRY * 4 ** min(wanted.tries, 8), LAST_RETRY)
    await run.stores.files.postpone(wanted, reason, run.clock.now() + wait)
    run.report.files.failed += 1
    _name(run, wanted, code, reason)


def _name(run: Run, wanted: WantedFile, code: str, reason: str) -> None:
    subject = f"attachment {wanted.attachment_id} of message {wanted.message_id}"
    run.report.files.name(subject, code, reason)
    log.warning(
        "file_left",
        message_id=wanted.message_id,
        attachment_id=wanted.attachment_id,
        error=code,
    )
