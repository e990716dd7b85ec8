"""The proof of completeness: what Hostaway lists against what is stored.

The plain proof costs the conversation list and nothing else: every stamp against the one
of the last completed read, Hostaway's count against ours, and each conversation's stored
messages against the number its last read found. The deep proof asks every conversation
for its messages and compares each stored field; it goes on where it was interrupted.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from hostaway_message_db.errors import ExitCode, HostawayError, Recovery
from hostaway_message_db.models.records import Conversation
from hostaway_message_db.pipeline.etl import note_conversations, read_pending_conversations
from hostaway_message_db.pipeline.extract import Tally, walk
from hostaway_message_db.pipeline.ledger import holding_lease, new_run, recorded
from hostaway_message_db.pipeline.load import transform_page
from hostaway_message_db.pipeline.report import MAX_NAMED_FAILURES, SyncReport
from hostaway_message_db.pipeline.run import Run, SyncOptions
from hostaway_message_db.pipeline.transform import to_conversation
from hostaway_message_db.ports import Audience, ConversationState, HostawaySource, Stores
from hostaway_message_db.utils.clock import Clock


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs between Hostaway and the store."""

    kind: str
    conversation_id: str
    message_id: str | None = None
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Proof:
    """What `verify` found; `is_complete` says that nothing differs and nothing was left out."""

    is_deep: bool
    sync: SyncReport
    hostaway_count: int | None = None
    listed: int = 0
    checked_messages: int = 0
    stored_messages: int = 0
    repaired: set[str] = field(default_factory=set)
    difference_count: int = 0
    differences: list[Difference] = field(default_factory=list)
    conversations: dict[str, None] = field(default_factory=dict)

    def add(self, difference: Difference) -> None:
        """Note a difference, and the conversation it is in."""
        self.difference_count += 1
        self.conversations[difference.conversation_id] = None
        if len(self.differences) < MAX_NAMED_FAILURES:
            self.differences.append(difference)

    @property
    def unrepaired(self) -> list[str]:
        """Return the conversations that still differ."""
        return [c for c in self.conversations if c not in self.repaired]

    @property
    def is_complete(self) -> bool:
        """Tell whether the store was whole, or was made whole, and all could be checked."""
        return not self.unrepaired and self.sync.nothing_is_left

    @property
    def exit_code(self) -> int:
        """Return what the process says."""
        return ExitCode.COMPLETE if self.is_complete else ExitCode.PARTIAL

    def to_json(self) -> dict[str, Any]:
        """Return the proof as JSON-ready values."""
        return {
            "is_complete": self.is_complete,
            "is_deep": self.is_deep,
            "request_count": self.sync.counts.requests,
            "conversations": {
                "hostaway_count": self.hostaway_count,
                "listed": self.listed,
                "differing": len(self.conversations),
                "repaired": len(self.repaired),
            },
            "messages": {"stored": self.stored_messages, "checked": self.checked_messages},
            "difference_count": self.difference_count,
            "differences": [
                {
                    "kind": d.kind,
                    "conversation_id": d.conversation_id,
                    "message_id": d.message_id,
                    "fields": list(d.fields),
                }
                for d in self.differences
            ],
            "failures": [
                {"subject": f.subject, "code": f.code, "reason": f.reason}
                for f in self.sync.failures
            ],
        }


async def run_verify(
    source: HostawaySource,
    stores: Stores,
    clock: Clock,
    audience: Audience,
    options: SyncOptions,
    *,
    is_deep: bool,
    repairs: bool,
) -> Proof:
    """Prove that nothing is missing, and on wish read again what differs."""
    run = await new_run(source, stores, clock, audience, options)
    proof = Proof(is_deep, run.report)
    async with holding_lease(run), recorded(run, "verify", proof):
        await run.attempt("conversations", _compare_list(run, proof, repairs=repairs))
        await _compare_counts(run, proof)
        if is_deep:
            await _compare_messages(run, proof)
        if repairs:
            await _repair(run, proof)
    return proof


async def _compare_list(run: Run, proof: Proof, *, repairs: bool) -> None:
    """Hold the whole conversation list against the stored stamps and our own count.

    When repairing, what differs is noted as pending at once: its list row is at hand.
    """
    run.step("conversation list")
    tally = Tally()
    async for rows in walk(run.source.conversations, tally, "conversations"):
        read = [to_conversation(row, run.account_id) for row in rows]
        listed = [c for c in read if isinstance(c, Conversation)]
        ids = [c.conversation_id for c in listed]
        states = await run.stores.state.conversations(run.account_id, ids)
        stored = await run.stores.sides.conversations(run.account_id, ids)
        for conversation in listed:
            state = states.get(conversation.conversation_id)
            kind = _list_difference(conversation, state, stored)
            if kind is None:
                continue
            proof.add(Difference(kind, conversation.conversation_id))
            if repairs:
                await note_conversations(run, [conversation])
        proof.listed = len(tally.ids)
        proof.hostaway_count = tally.expected
        run.show()


def _list_difference(
    conversation: Conversation, state: ConversationState | None, stored: Collection[str]
) -> str | None:
    if state is None or conversation.conversation_id not in stored:
        return "conversation_missing"
    if state.read_stamp is None:
        return "conversation_never_read"
    return "conversation_changed" if state.read_stamp != conversation.stamp else None


async def _compare_counts(run: Run, proof: Proof) -> None:
    """Hold each conversation's stored messages against what its last read found."""
    run.step("stored messages")
    batch: list[ConversationState] = []

    async def compare() -> None:
        ids = [state.conversation_id for state in batch]
        stored = await run.stores.messages.count_by_conversation(run.account_id, ids)
        aside = await run.stores.quarantine.count_by_conversation(run.account_id, ids)
        for state in batch:
            found = stored.get(state.conversation_id, 0)
            proof.stored_messages += found
            expected = state.message_count - aside.get(state.conversation_id, 0)
            if state.read_stamp is not None and found != expected:
                proof.add(Difference("message_count_differs", state.conversation_id))
        batch.clear()

    async for state in run.stores.state.all_conversations(run.account_id):
        batch.append(state)
        if len(batch) >= 500:  # noqa: PLR2004 - one query per so many conversations
            await compare()
    await compare()


async def _compare_messages(run: Run, proof: Proof) -> None:
    """Ask every conversation for its messages; go on where an interrupted proof stopped."""
    run.step("deep proof")
    after = await run.stores.state.verified_up_to(run.account_id)
    run.progress.conversations_total = await run.stores.state.count_conversations(run.account_id)
    async for state in run.stores.state.all_conversations(run.account_id, after):
        if state.read_stamp is not None:
            try:
                await _compare_conversation(run, proof, state.conversation_id)
            except HostawayError as error:
                if error.recovery is Recovery.ABORT:
                    raise
                run.report.leave(f"conversation {state.conversation_id}", error)
        run.progress.conversations_done += 1
        run.show()
        await run.stores.state.note_verified(run.account_id, state.conversation_id)
    await run.stores.state.note_verified(run.account_id, None)


async def _compare_conversation(run: Run, proof: Proof, conversation_id: str) -> None:
    conversation = await run.stores.sides.conversation(run.account_id, conversation_id)
    if conversation is None:
        proof.add(Difference("conversation_missing", conversation_id))
        return
    message_ids: set[str] = set()
    tally = Tally(message_ids)
    pages = walk(
        partial(run.source.messages, conversation_id), tally, f"conversation {conversation_id}"
    )
    async for rows in pages:
        messages, _quarantined, _referred = await transform_page(run, conversation, rows)
        proof.checked_messages += len(messages)
        differing = await run.stores.messages.differences(messages)
        for message_id, fields in differing.items():
            kind = "message_differs" if fields else "message_missing"
            proof.add(Difference(kind, conversation_id, message_id, fields))
    if tally.has_unidentified_rows:
        return
    for message_id in await run.stores.messages.unlisted(
        run.account_id, conversation_id, message_ids
    ):
        proof.add(Difference("message_not_listed", conversation_id, message_id))


async def _repair(run: Run, proof: Proof) -> None:
    """Read again the conversations that differ, and only those."""
    ids = list(proof.conversations)
    await run.stores.state.mark_pending(run.account_id, ids)
    await read_pending_conversations(run)
    states = await run.stores.state.conversations(run.account_id, ids)
    proof.repaired = {i for i in ids if i in states and not states[i].is_pending}
