"""Read one conversation whole: extract its messages, transform them, load them."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from hostaway_message_db.errors import ListingStuck
from hostaway_message_db.models.records import Conversation, Message, Quarantined
from hostaway_message_db.pipeline.extract import Tally, walk
from hostaway_message_db.pipeline.raw_records import RawMessage
from hostaway_message_db.pipeline.run import Run
from hostaway_message_db.pipeline.transform import (
    read_record,
    referred_listing,
    referred_reservation,
    to_message,
)
from hostaway_message_db.ports import ConversationState


async def read_conversation(run: Run, state: ConversationState) -> None:
    """Bring in one conversation: every message Hostaway lists, then the stamp.

    The stamp stored is the one from the list row that was read before the messages, so
    what arrives in between shows as a change next time. What a complete read no longer
    contains is marked unsent; nothing is deleted. Raises a `HostawayError` when the
    conversation must be left for the next run; what was loaded until then stays.
    """
    conversation = await run.stores.sides.conversation(run.account_id, state.conversation_id)
    if conversation is None:
        raise ListingStuck(f"conversation {state.conversation_id} is known but was never listed")
    message_ids: set[str] = set()
    tally = Tally(message_ids)
    read_pages = partial(run.source.messages, conversation.conversation_id)
    async for rows in walk(read_pages, tally, f"conversation {conversation.conversation_id}"):
        await load_messages(run, conversation, rows)
    now = run.clock.now()
    if not tally.has_unidentified_rows:
        # A row that nobody can identify may be any message: then absence proves nothing.
        run.report.unsent_messages += await run.stores.messages.mark_unsent(
            run.account_id, conversation.conversation_id, message_ids, now
        )
    await run.stores.state.settle_conversation(run.account_id, state, len(message_ids), now)


async def load_messages(run: Run, conversation: Conversation, rows: Sequence[Any]) -> None:
    """Transform and load a page of raw messages; the malformed ones go to quarantine.

    Raises the `HostawayError` that kept a reservation or listing from being looked up,
    after the messages were loaded without it.
    """
    messages, quarantined, referred = await transform_page(run, conversation, rows)
    outcome = await run.stores.messages.load(messages, run.clock.now(), run.options.run_id)
    await run.quarantine(quarantined)
    run.report.messages.account_for(len(rows), outcome, len(quarantined))
    if run.report.quarantine_size and messages:
        ids = [message.message_id for message in messages]
        await run.stores.quarantine.release(run.account_id, "message", ids)
    failure = run.entities.failure_of(*referred)
    if failure is not None:
        raise failure


async def transform_page(
    run: Run, conversation: Conversation, rows: Sequence[Any]
) -> tuple[list[Message], list[Quarantined], tuple[set[str], set[str]]]:
    """Transform a page of raw messages with the reservations and listings they refer to.

    Returns the messages, the malformed records, and the ids of the reservations and
    listings that were looked up.
    """
    readable: list[tuple[RawMessage, Any]] = []
    quarantined: list[Quarantined] = []
    for row in rows:
        run.report.note_keys("message", row)
        raw = read_record(
            RawMessage,
            row,
            account_id=run.account_id,
            entity="message",
            conversation_id=conversation.conversation_id,
        )
        if isinstance(raw, Quarantined):
            quarantined.append(raw)
        else:
            readable.append((raw, row))
    reservation_ids = {r for raw, _ in readable if (r := referred_reservation(raw, conversation))}
    reservations = await run.entities.reservations(reservation_ids)

    def reservation_of(raw: RawMessage) -> Any:
        return reservations.get(referred_reservation(raw, conversation) or "")

    listing_ids = {x for raw, _ in readable if (x := referred_listing(raw, reservation_of(raw)))}
    listings = await run.entities.listings(listing_ids)
    messages = [
        to_message(
            raw,
            row,
            conversation,
            reservation_of(raw),
            listings.get(referred_listing(raw, reservation_of(raw)) or ""),
        )
        for raw, row in readable
    ]
    return messages, quarantined, (reservation_ids, listing_ids)
