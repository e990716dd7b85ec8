"""The guard before the stores: nothing of a forgotten guest gets past it.

Every way into the store leads through here, so sync, `--full`, verify with repair, replay
and a single reservation that is asked for all write, and compare with, the same erased form.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol, cast

from hostaway_message_db.models.entities import Entity, EntityRecord
from hostaway_message_db.models.records import (
    Conversation,
    Erasure,
    Message,
    Quarantined,
    Reservation,
)
from hostaway_message_db.ports import (
    EntityStore,
    LoadOutcome,
    MessageStore,
    PrivacyStore,
    QuarantineStore,
    SideStore,
    Stores,
    Tidied,
    Tombstone,
    TombstoneKey,
    TombstoneKind,
)
from hostaway_message_db.privacy.erasure import (
    erased_conversation,
    erased_message,
    erased_quarantined,
    erased_reservation,
)
from hostaway_message_db.privacy.identity import contact_keys, references_of

_BORN = ("insertedOn", "reservationDate")
_CONVERSATION, _RESERVATION = TombstoneKind.CONVERSATION, TombstoneKind.RESERVATION
Stones = dict[TombstoneKey, Tombstone]


class Housekeeping(Protocol):
    """What is erased at the end of a run."""

    async def __call__(self, account_id: str, now: datetime) -> Tidied:
        """Erase what is due."""
        ...


class Guard:
    """Gives records the form in which they may be kept; see `ports.Privacy`."""

    def __init__(self, store: PrivacyStore, housekeeping: Housekeeping) -> None:
        self._store = store
        self._housekeeping = housekeeping

    async def tidy(self, account_id: str, now: datetime) -> Tidied:
        """Finish interrupted erasures, and erase what reached the age for it."""
        return await self._housekeeping(account_id, now)

    async def messages(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages in the form in which they may be kept."""
        if not messages:
            return []
        keys = {(_CONVERSATION, m.conversation_id) for m in messages}
        keys |= {(_RESERVATION, m.reservation_id) for m in messages if m.reservation_id}
        stones = await self._store.tombstones(messages[0].account_id, sorted(keys))
        if not stones:
            return list(messages)
        kept: list[Message] = []
        reopened: dict[str, datetime] = {}
        for message in messages:
            erasure = _erasure_of(message, stones)
            kept.append(erased_message(message, erasure) if erasure else message)
            if erasure is None and (_CONVERSATION, message.conversation_id) in stones:
                before = reopened.get(message.conversation_id, message.timestamp)
                reopened[message.conversation_id] = max(before, message.timestamp)
        await self._store.note_reopened(messages[0].account_id, reopened)
        return kept

    async def reservations(self, reservations: Sequence[Reservation]) -> list[Reservation]:
        """Return the reservations in the form in which they may be kept."""
        if not reservations:
            return []
        account_id = reservations[0].account_id
        keys = [(_RESERVATION, r.reservation_id) for r in reservations]
        stones = await self._store.tombstones(account_id, keys)
        new = [r for r in reservations if (_RESERVATION, r.reservation_id) not in stones]
        stones |= await self._by_contact(
            account_id,
            [(_RESERVATION, r.reservation_id, r.guest_email, r.guest_phone, _born(r)) for r in new],
        )
        found = ((r, stones.get((_RESERVATION, r.reservation_id))) for r in reservations)
        return [erased_reservation(r, stone.erasure) if stone else r for r, stone in found]

    async def conversations(self, conversations: Sequence[Conversation]) -> list[Conversation]:
        """Return the conversations in the form in which they may be kept."""
        if not conversations:
            return []
        account_id = conversations[0].account_id
        keys = {(_CONVERSATION, c.conversation_id) for c in conversations}
        keys |= {(_RESERVATION, c.reservation_id) for c in conversations if c.reservation_id}
        stones = await self._store.tombstones(account_id, sorted(keys))
        new = [c for c in conversations if not c.reservation_id and not _covers(c, stones)]
        stones |= await self._by_contact(
            account_id,
            [(_CONVERSATION, c.conversation_id, c.recipient_email, None, _written(c)) for c in new],
        )
        found = ((c, _covers(c, stones)) for c in conversations)
        return [erased_conversation(c, erasure) if erasure else c for c, erasure in found]

    async def entities(self, records: Sequence[EntityRecord]) -> list[EntityRecord]:
        """Return the records without those of forgotten guests' reservations."""
        keys = {(_RESERVATION, r.reservation_id) for r in records if r.reservation_id}
        if not keys:
            return list(records)
        stones = await self._store.tombstones(records[0].account_id, sorted(keys))
        return [r for r in records if (_RESERVATION, r.reservation_id or "") not in stones]

    async def quarantined(self, records: Sequence[Quarantined]) -> list[Quarantined]:
        """Return malformed records, those of the forgotten as stubs."""
        if not records:
            return []
        account_id = records[0].account_id
        salt = await self._store.salt(account_id)
        keys = [references_of(record).keys(salt) for record in records]
        every = sorted({key for found in keys for key in found})
        stones = await self._store.tombstones(account_id, every)
        pairs = zip(records, keys, strict=True)
        return [erased_quarantined(r) if stones.keys() & set(found) else r for r, found in pairs]

    async def _by_contact(
        self,
        account_id: str,
        candidates: Sequence[tuple[TombstoneKind, str, str | None, str | None, str | None]],
    ) -> Stones:
        """Bury what has the address or number of a forgotten guest and existed by then.

        What began after the erasure is a new relationship, and is kept.
        """
        salt = await self._store.salt(account_id) if candidates else None
        if salt is None:
            return {}
        keys = {c[1]: contact_keys(c[2], c[3], salt) for c in candidates}
        every = sorted({key for found in keys.values() for key in found})
        stones = await self._store.tombstones(account_id, every)
        buried: Stones = {}
        for kind, identity, _email, _phone, began in candidates:
            covering = (stones[key] for key in keys[identity] if key in stones)
            stone = next(
                (s for s in covering if began is None or began <= f"{s.since:%Y-%m-%d %H:%M:%S}"),
                None,
            )
            if stone is not None:
                buried[kind, identity] = replace(stone, kind=kind, identity=identity)
        await self._store.bury(list(buried.values()))
        return buried


def _erasure_of(message: Message, stones: Stones) -> Erasure | None:
    """Say why a message must be kept erased; after an erasure by age a thread may go on."""
    thread = stones.get((_CONVERSATION, message.conversation_id))
    stay = stones.get((_RESERVATION, message.reservation_id or ""))
    if any(stone and stone.erasure is Erasure.REQUEST for stone in (thread, stay)):
        return Erasure.REQUEST
    is_old = thread is not None and message.timestamp <= thread.since
    return Erasure.RETENTION if is_old else None


def _covers(conversation: Conversation, stones: Stones) -> Erasure | None:
    thread = stones.get((_CONVERSATION, conversation.conversation_id))
    stay = stones.get((_RESERVATION, conversation.reservation_id or ""))
    if stay is not None and stay.erasure is Erasure.REQUEST:
        return Erasure.REQUEST
    return thread.erasure if thread else None


def _born(reservation: Reservation) -> str | None:
    """Return when a reservation was made, as Hostaway writes moments; None if it is unknown."""
    born = (reservation.source.get(key) for key in _BORN)
    return next((text for text in born if isinstance(text, str) and text), None)


def _written(conversation: Conversation) -> str | None:
    moment = conversation.last_active_at
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else None


class GuardedMessages:
    """The message store behind the guard; what takes no messages goes through as it is."""

    def __init__(self, store: MessageStore, guard: Guard) -> None:
        self._store = store
        self._guard = guard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def load(
        self, messages: Sequence[Message], now: datetime, run_id: str = ""
    ) -> LoadOutcome:
        """Load messages in the form in which they may be kept."""
        return await self._store.load(await self._guard.messages(messages), now, run_id)

    async def differences(self, messages: Sequence[Message]) -> dict[str, tuple[str, ...]]:
        """Compare messages in the form in which they may be kept."""
        return await self._store.differences(await self._guard.messages(messages))


class GuardedSides:
    """The store of conversations, reservations and listings behind the guard."""

    def __init__(self, store: SideStore, guard: Guard) -> None:
        self._store = store
        self._guard = guard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def load_conversations(
        self, conversations: Sequence[Conversation], now: datetime
    ) -> LoadOutcome:
        """Load conversations in the form in which they may be kept."""
        kept = await self._guard.conversations(conversations)
        return await self._store.load_conversations(kept, now)

    async def load_reservations(
        self, reservations: Sequence[Reservation], now: datetime
    ) -> LoadOutcome:
        """Load reservations in the form in which they may be kept."""
        kept = await self._guard.reservations(reservations)
        return await self._store.load_reservations(kept, now)


class GuardedEntities:
    """The store of the further entities behind the guard."""

    def __init__(self, store: EntityStore, guard: Guard) -> None:
        self._store = store
        self._guard = guard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def load(
        self, entity: Entity, records: Sequence[EntityRecord], now: datetime
    ) -> LoadOutcome:
        """Load records that are not about a forgotten guest; the others are in no column."""
        return await self._store.load(entity, await self._guard.entities(records), now)


class GuardedQuarantine:
    """The quarantine behind the guard."""

    def __init__(self, store: QuarantineStore, guard: Guard) -> None:
        self._store = store
        self._guard = guard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def put(self, records: Sequence[Quarantined], run_id: str, now: datetime) -> int:
        """Keep malformed records, those of the forgotten as stubs."""
        return await self._store.put(await self._guard.quarantined(records), run_id, now)

    async def forget(self, record: Quarantined) -> None:
        """Forget one record that could be understood after all."""
        await self._store.forget(record)


def guarded_stores(stores: Stores, guard: Guard) -> Stores:
    """Return the stores with the guard before every one that takes a guest's records."""
    return replace(
        stores,
        messages=cast("MessageStore", GuardedMessages(stores.messages, guard)),
        sides=cast("SideStore", GuardedSides(stores.sides, guard)),
        entities=cast("EntityStore", GuardedEntities(stores.entities, guard)),
        quarantine=cast("QuarantineStore", GuardedQuarantine(stores.quarantine, guard)),
        privacy=guard,
    )
