"""The main job, as one page: one algorithm for first load, daily update and resume.

Hostaway cannot be asked for "messages after T", its filters on conversations are ignored
silently, and dates and ids of messages are no safe watermarks (API reference 0, 8). So:
the side entities first, then the whole conversation list, then every conversation whose
stamp moved, read in full; the watermark moves last.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from hostaway_message_db.errors import HostawayError, Recovery, SuspiciousEmptiness
from hostaway_message_db.models.records import Conversation, Listing, Quarantined, Reservation
from hostaway_message_db.pipeline.entities import bring_in_entities
from hostaway_message_db.pipeline.extract import Tally, walk
from hostaway_message_db.pipeline.files import bring_in_files
from hostaway_message_db.pipeline.ledger import (
    first_error,
    holding_lease,
    new_run,
    recorded,
    within_time,
)
from hostaway_message_db.pipeline.load import read_conversation
from hostaway_message_db.pipeline.report import SyncReport
from hostaway_message_db.pipeline.run import Run, SyncOptions
from hostaway_message_db.pipeline.transform import to_conversation, to_listing, to_reservation
from hostaway_message_db.pipeline.watermark import (
    changes_messages,
    is_suspiciously_empty,
    mark_of,
    newest_change,
    reaches_watermark,
)
from hostaway_message_db.ports import (
    AccountState,
    Audience,
    ConversationState,
    HostawaySource,
    LoadOutcome,
    Stores,
)
from hostaway_message_db.utils.cancellation import raise_if_cancelled
from hostaway_message_db.utils.clock import Clock
from hostaway_message_db.utils.logger import get_logger

log = get_logger(__name__)


async def run_sync(
    source: HostawaySource, stores: Stores, clock: Clock, audience: Audience, options: SyncOptions
) -> SyncReport:
    """Bring the store up to date with the account, and say exactly what was done.

    Raises `LeaseHeld`, `CredentialsRefused`, `AccessDenied`, `SuspiciousEmptiness` and
    `DatabaseError`; everything else is in the report. However it ends, what is stored
    stays, and the next run goes on from there.
    """
    run = await new_run(source, stores, clock, audience, options)
    kind = "sync" if options.reads_messages else "entities"
    async with holding_lease(run), recorded(run, kind, run.report), within_time(run):
        await stores.messages.build_indexes(with_heavy=run.report.mode == "incremental")
        if options.reads_messages:
            await bring_in_messages(run)
        await bring_in_entities(run)
    return run.report


async def bring_in_messages(run: Run) -> None:
    """Read what messages are enriched with, then the messages, then the files sent with them."""
    await run.attempt("listings", bring_in_listings(run))
    watermark = await bring_in_reservations(run)
    await run.attempt("conversations", list_conversations(run))
    await read_pending_conversations(run)
    await settle(run, watermark)
    await bring_in_files(run)


async def bring_in_listings(run: Run) -> None:
    """Read all listings; a renamed one renames the property of its messages."""
    run.step("listings")
    was_read = await run.stores.state.count_conversations(run.account_id) > 0
    tally = Tally()
    async for rows in walk(run.source.listings, tally, "listings"):
        read = [to_listing(row, run.account_id) for row in rows]
        listings = [x for x in read if isinstance(x, Listing)]
        known = await run.stores.sides.listings(run.account_id, [x.listing_id for x in listings])
        for listing in listings:
            before = known.get(listing.listing_id)
            if was_read and (before is None or before.name != listing.name):
                await run.stores.messages.rename_property(
                    run.account_id, listing.listing_id, listing.name, run.clock.now()
                )
        outcome = await run.stores.sides.load_listings(listings, run.clock.now())
        await _account_for(run, "listing", rows, read, outcome)
        run.entities.remember(listings)


async def _account_for(
    run: Run, entity: str, rows: Sequence[Any], read: Sequence[Any], outcome: LoadOutcome
) -> None:
    """Put aside what could not be understood, and count the page."""
    malformed = [record for record in read if isinstance(record, Quarantined)]
    await run.quarantine(malformed)
    run.report.columns_of(entity).account_for(len(read), outcome, len(malformed))
    for row in rows:
        run.report.note_keys(entity, row)


async def bring_in_reservations(run: Run) -> Any:
    """Read the reservations, newest change first, until past the watermark's overlap.

    Returns the watermark for a complete run: the newest change on the first page, since
    rows that change while we read move to the front, unseen. A reservation that changed
    in what its messages show marks its conversations as pending *before* it is stored:
    a crash in between is made good by the next run.
    """
    run.step("reservations")
    newest: list[Any] = []
    limit = None if run.options.is_full else run.before.reservations_watermark

    async def bring_in() -> None:
        tally = Tally()
        async for rows in walk(run.source.reservations, tally, "reservations"):
            read = [to_reservation(row, run.account_id) for row in rows]
            reservations = [x for x in read if isinstance(x, Reservation)]
            if not newest:
                newest.append(newest_change(reservations))
            outcome = await _load_reservations(run, reservations)
            await _account_for(run, "reservation", rows, read, outcome)
            if reaches_watermark(reservations, limit, run.options.reservations_overlap):
                return

    await run.attempt("reservations", bring_in())
    return (newest[0] if newest else None) or run.before.reservations_watermark


async def _load_reservations(run: Run, reservations: Sequence[Reservation]) -> LoadOutcome:
    # In the form in which they are kept: a forgotten guest's name is no change.
    reservations = await run.stores.privacy.reservations(reservations)
    ids = [reservation.reservation_id for reservation in reservations]
    stored = await run.stores.sides.reservations(run.account_id, ids)
    changed = [
        r.reservation_id for r in reservations if changes_messages(stored.get(r.reservation_id), r)
    ]
    await run.stores.state.mark_pending_by_reservation(run.account_id, changed)
    return await run.stores.sides.load_reservations(reservations, run.clock.now())


async def list_conversations(run: Run) -> None:
    """List all conversations and mark as pending the ones that must be read."""
    run.step("conversation list")
    known = await run.stores.state.count_conversations(run.account_id)
    tally = Tally()
    async for rows in walk(run.source.conversations, tally, "conversations"):
        read = [to_conversation(row, run.account_id) for row in rows]
        listed = [x for x in read if isinstance(x, Conversation)]
        outcome = await note_conversations(run, listed)
        await _account_for(run, "conversation", rows, read, outcome)
        run.report.conversations.listed = len(tally.ids)
        run.progress.conversations_total = tally.expected or len(tally.ids)
        run.show()
    if is_suspiciously_empty(len(tally.ids), known) and not run.options.accepts_shrink:
        raise SuspiciousEmptiness(
            f"Hostaway lists {len(tally.ids)} conversations, but {known} were known before."
        )
    now = run.clock.now()
    if run.options.is_full:
        await run.stores.state.mark_all_pending(run.account_id)
    else:
        await run.stores.state.mark_recent_pending(
            run.account_id, now - run.options.recent, now - run.options.recent_reread
        )


async def note_conversations(run: Run, conversations: Sequence[Conversation]) -> LoadOutcome:
    """Mark the conversations that must be read, then store them as they are listed.

    In this order: a crash in between leaves a mark too many, never one too few.
    """
    conversations = await run.stores.privacy.conversations(conversations)
    ids = [conversation.conversation_id for conversation in conversations]
    states = await run.stores.state.conversations(run.account_id, ids)
    stored = await run.stores.sides.conversations(run.account_id, ids)
    marks = [
        mark_of(c, states.get(c.conversation_id), stored.get(c.conversation_id))
        for c in conversations
    ]
    await run.stores.state.mark(run.account_id, [mark for mark in marks if mark])
    return await run.stores.sides.load_conversations(conversations, run.clock.now())


async def read_pending_conversations(run: Run) -> None:
    """Read every pending conversation in full, several at once; one failure stops no other."""
    run.step("messages")
    pending = await run.stores.state.count_pending(run.account_id)
    run.report.conversations.changed = run.progress.conversations_total = pending
    stream = run.stores.state.pending(run.account_id)
    turn = asyncio.Lock()

    async def work() -> None:
        while True:
            raise_if_cancelled()
            async with turn:
                state = await anext(stream, None)
            if state is None:
                return
            await _read_or_leave(run, state)
            run.progress.conversations_done += 1
            run.show()

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(run.options.concurrency):
                workers.create_task(work())
    except BaseExceptionGroup as group:
        raise first_error(group) from None


async def _read_or_leave(run: Run, state: ConversationState) -> None:
    try:
        await read_conversation(run, state)
    except HostawayError as error:
        if error.recovery is Recovery.ABORT:
            raise
        await _leave(run, state, error)
    else:
        run.report.conversations.read += 1
        if state.failed_runs:
            await run.stores.quarantine.release(
                run.account_id, "conversation", [state.conversation_id]
            )


async def _leave(run: Run, state: ConversationState, error: HostawayError) -> None:
    """Leave a conversation for the next run, or give it up after too many.

    One that was given up is in quarantine and makes no further run partial; it is tried
    again when its stamp moves, or by `replay`.
    """
    gives_up = state.failed_runs + 1 >= run.options.max_failed_runs
    conversation_id = state.conversation_id
    await run.stores.state.note_failure(
        run.account_id, conversation_id, error.message, gives_up=gives_up
    )
    run.report.conversations.failed += 1
    log.warning(
        "conversation_given_up" if gives_up else "conversation_left",
        conversation_id=conversation_id,
        error=error.code,
        status=error.status,
    )
    if not gives_up:
        run.report.leave(f"conversation {conversation_id}", error)
        return
    given_up = Quarantined(
        account_id=run.account_id,
        entity="conversation",
        record_id=conversation_id,
        conversation_id=conversation_id,
        reasons=(f"could not be read in {run.options.max_failed_runs} runs in a row",),
        raw="null",
    )
    await run.quarantine([given_up])


async def settle(run: Run, watermark: Any) -> None:
    """Finish the run: the heavy indexes, then, if nothing is left, the watermark."""
    run.step("settle")
    await run.stores.messages.build_indexes(with_heavy=True)
    run.report.retention = await run.stores.privacy.tidy(run.account_id, run.clock.now())
    run.report.quarantine_size = await run.stores.quarantine.count(run.account_id)
    await _announce_drift(run)
    run.report.latest_message_at = await run.stores.messages.latest_moment(run.account_id)
    if run.report.nothing_is_left:
        done_at = run.before.first_load_completed_at or run.clock.now()
        await run.stores.state.settle_account(
            run.account_id,
            AccountState(reservations_watermark=watermark, first_load_completed_at=done_at),
        )


async def _announce_drift(run: Run) -> None:
    """Say once of each key that Hostaway was not known to send."""
    unknown = run.report.unknown_keys
    new = await run.stores.state.announce_keys(run.account_id, sorted(unknown)) if unknown else []
    run.report.newly_unknown_keys = new
    for name in new:
        log.warning("schema_drift", unknown_key=name, records=unknown[name])
