"""Bring in the further entities of the account, each on its beat.

They never stand in the way of messages: one that the key may not read, or that Hostaway does
not have, is named once and skipped until its next beat; one that fails is left for the next
run.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from typing import Any

from hostaway_message_db.errors import (
    AccessDenied,
    HostawayError,
    NotFound,
    Recovery,
    RequestRefused,
)
from hostaway_message_db.models.entities import Asked, Entity, EntityRecord, Paging, Parent
from hostaway_message_db.models.raw_rows import row_identity
from hostaway_message_db.models.records import Quarantined
from hostaway_message_db.pipeline.entity_rows import answers, to_entity_record
from hostaway_message_db.pipeline.extract import Tally, walk
from hostaway_message_db.pipeline.report import EntityColumns
from hostaway_message_db.pipeline.run import Run
from hostaway_message_db.ports import Page
from hostaway_message_db.ports.entities import ChangedReservation
from hostaway_message_db.utils.cancellation import raise_if_cancelled
from hostaway_message_db.utils.logger import get_logger

log = get_logger(__name__)

REFUSALS = (AccessDenied, NotFound, RequestRefused)
"""A definite no: this key, or this account, has no such list."""
MOST_MISSING_PARENTS = 3
"""If so many listings or reservations in a row have no such list, the account has none."""


async def bring_in_entities(run: Run) -> None:
    """Read the entities that are wanted and due, one after the other."""
    wanted = run.options.entities
    if not wanted:
        return
    read_at = await run.stores.entities.read_at(run.account_id)
    for entity in wanted:
        now = run.clock.now()
        if run.options.ignores_beats or entity.is_due(read_at.get(entity.name), now):
            run.step(entity.name)
            await _bring_in(run, entity)


async def _bring_in(run: Run, entity: Entity) -> None:
    columns = run.report.entities.setdefault(entity.name, EntityColumns())
    before = run.source.counts.requests
    outcome = "read"
    try:
        await run.stores.entities.prepare(entity)
        await _read_lists(run, entity, columns)
    except REFUSALS as refusal:
        outcome = columns.skipped = refusal.code
        log.warning("entity_skipped", entity=entity.name, error=refusal.code, status=refusal.status)
    except HostawayError as error:
        if error.recovery is Recovery.ABORT:
            raise
        run.report.leave(entity.name, error)
        log.warning("step_left", step=entity.name, error=error.code, status=error.status)
        return
    finally:
        columns.requests = run.source.counts.requests - before
    await run.stores.entities.note_read(run.account_id, entity.name, run.clock.now(), outcome)


async def _read_lists(run: Run, entity: Entity, columns: EntityColumns) -> None:
    if entity.parent is Parent.ACCOUNT:
        await _read_list(run, entity, columns, Asked())
        return
    missing, was_found = 0, False
    async for asked, done in _parents(run, entity):
        raise_if_cancelled()
        try:
            await _read_list(run, entity, columns, asked)
        except NotFound:
            missing += 1
            if missing >= MOST_MISSING_PARENTS and not was_found:
                raise
        else:
            was_found = True
        if done is not None:
            await run.stores.entities.note_logs_read(run.account_id, done)


async def _parents(
    run: Run, entity: Entity
) -> AsyncIterator[tuple[Asked, ChangedReservation | None]]:
    """Yield of what a list is to be read, and what to note once it was."""
    store = run.stores.entities
    if entity.parent is Parent.RESERVATION:
        limit = run.options.most_reservation_logs
        for changed in await store.changed_reservations(run.account_id, limit):
            yield Asked(parent_id=changed.reservation_id), changed
        return
    first = last = None
    if entity.has_window:
        first = run.clock.now().date()
        last = first + timedelta(days=run.options.calendar_days)
    for listing_id in await store.listing_ids(run.account_id):
        yield Asked(parent_id=listing_id, first_day=first, last_day=last), None


async def _read_list(run: Run, entity: Entity, columns: EntityColumns, asked: Asked) -> None:
    """Read one list and load its rows; stops at a page that does not answer what was asked."""

    def read_pages() -> AsyncIterator[Page]:
        return run.source.entity_rows(entity, asked)

    async for rows in _pages(entity, read_pages):
        answering = [row for row in rows if answers(entity, row, asked)]
        unasked = len(rows) - len(answering)
        await _load(run, entity, columns, answering, asked)
        columns.extracted += unasked
        columns.unasked += unasked
        if unasked:
            log.warning("filter_ignored", entity=entity.name, rows=unasked)
            return


async def _pages(
    entity: Entity, read_pages: Callable[[], AsyncIterator[Page]]
) -> AsyncIterator[list[Any]]:
    if entity.paging is Paging.OFFSET:
        async for rows in walk(read_pages, Tally(), entity.name):
            yield rows
        return
    async for page in read_pages():
        yield page.rows


async def _load(
    run: Run, entity: Entity, columns: EntityColumns, rows: Sequence[Any], asked: Asked
) -> None:
    read = [to_entity_record(entity, row, run.account_id, asked) for row in rows]
    records = [record for record in read if isinstance(record, EntityRecord)]
    malformed = [record for record in read if isinstance(record, Quarantined)]
    outcome = await run.stores.entities.load(entity, records, run.clock.now())
    await run.quarantine(malformed)
    columns.account_for(len(rows), outcome, len(malformed))
    if run.report.quarantine_size and records:
        known = [identity for row in rows if (identity := row_identity(row))]
        aside = {record.record_id for record in malformed}
        mended = [identity for identity in known if identity not in aside]
        await run.stores.quarantine.release(run.account_id, entity.name, mended)
    stored = outcome.inserted + outcome.updated + outcome.unchanged
    columns.withheld += len(records) - stored
