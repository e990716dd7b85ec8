"""Replay: transform and load quarantined records again, and read given-up conversations.

For after a fix: of the record's meaning in a new version of ours, or of whatever kept a
conversation from being read. What still cannot be understood stays where it is.
"""

from typing import Any

from hostaway_message_db.models.entities import ENTITIES, Asked, Entity, entity_named
from hostaway_message_db.models.records import Quarantined
from hostaway_message_db.pipeline.entity_rows import to_entity_record
from hostaway_message_db.pipeline.etl import note_conversations, read_pending_conversations
from hostaway_message_db.pipeline.ledger import holding_lease, new_run, recorded
from hostaway_message_db.pipeline.load import transform_page
from hostaway_message_db.pipeline.report import SyncReport
from hostaway_message_db.pipeline.run import Run, SyncOptions
from hostaway_message_db.pipeline.transform import (
    read_raw_text,
    to_conversation,
    to_listing,
    to_reservation,
)
from hostaway_message_db.ports import Audience, HostawaySource, LoadOutcome, Stores
from hostaway_message_db.utils.clock import Clock

ENTITY_NAMES = frozenset(entity.name for entity in ENTITIES)


async def run_replay(
    source: HostawaySource, stores: Stores, clock: Clock, audience: Audience, options: SyncOptions
) -> SyncReport:
    """Bring back from quarantine what can be understood by now."""
    run = await new_run(source, stores, clock, audience, options)
    async with holding_lease(run), recorded(run, "replay", run.report):
        run.step("replay")
        given_up: list[str] = []
        async for record in stores.quarantine.stream(run.account_id):
            row = read_raw_text(record.raw)
            if record.entity == "conversation" and row is None:
                given_up.append(record.record_id or "")
                continue
            run.report.messages.extracted += record.entity == "message"
            outcome = await _bring_back(run, record, row)
            if outcome is None:
                run.report.messages.quarantined += record.entity == "message"
                continue
            if record.entity == "message":
                run.report.messages.add(outcome)
            await stores.quarantine.forget(record)
        await stores.state.revive(run.account_id, given_up)
        await read_pending_conversations(run)
        run.report.quarantine_size = await stores.quarantine.count(run.account_id)
        for conversation_id in given_up:
            states = await stores.state.conversations(run.account_id, [conversation_id])
            if conversation_id in states and not states[conversation_id].is_pending:
                await stores.quarantine.release(run.account_id, "conversation", [conversation_id])
    return run.report


async def _bring_back(run: Run, record: Quarantined, row: Any) -> LoadOutcome | None:
    """Load one record if it can be understood now; None says that it cannot."""
    now, sides = run.clock.now(), run.stores.sides
    if record.entity == "message":
        return await _bring_back_message(run, record, row)
    if record.entity in ENTITY_NAMES:
        return await _bring_back_entity(run, entity_named(record.entity), row)
    if record.entity == "reservation":
        stay = to_reservation(row, run.account_id)
        return None if isinstance(stay, Quarantined) else await sides.load_reservations([stay], now)
    if record.entity == "listing":
        listing = to_listing(row, run.account_id)
        return (
            None if isinstance(listing, Quarantined) else await sides.load_listings([listing], now)
        )
    conversation = to_conversation(row, run.account_id)
    return (
        None
        if isinstance(conversation, Quarantined)
        else await note_conversations(run, [conversation])
    )


async def _bring_back_entity(run: Run, entity: Entity, row: Any) -> LoadOutcome | None:
    found = to_entity_record(entity, row, run.account_id, Asked())
    if isinstance(found, Quarantined):
        return None
    return await run.stores.entities.load(entity, [found], run.clock.now())


async def _bring_back_message(run: Run, record: Quarantined, row: Any) -> LoadOutcome | None:
    conversation = await run.stores.sides.conversation(run.account_id, record.conversation_id or "")
    if conversation is None:
        return None
    messages, quarantined, _referred = await transform_page(run, conversation, [row])
    if quarantined:
        return None
    return await run.stores.messages.load(messages, run.clock.now(), run.options.run_id)
