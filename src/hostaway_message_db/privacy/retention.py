"""Retention by age: guests are forgotten so many days after their stay.

The memory of it is the same as of a request: a tombstone for each conversation and
reservation, so that what a later sync reads again is kept in its erased form, whatever
RETENTION_DAYS says by then. It is looked up by id, a page at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hostaway_message_db.models.records import Erasure
from hostaway_message_db.ports import (
    PrivacyStore,
    Stores,
    Subject,
    Tidied,
    Tombstone,
    TombstoneKey,
    TombstoneKind,
)
from hostaway_message_db.privacy.eraser import Eraser
from hostaway_message_db.privacy.forget import Forgetting
from hostaway_message_db.privacy.identity import Selectors

BATCH_SIZE = 200
MAX_BATCHES = 100
"""A run erases at most so many batches; the next run goes on."""


@dataclass(frozen=True, slots=True)
class Retention:
    """What is erased at the end of a run; `days` of 0 keeps everything."""

    stores: Stores
    store: PrivacyStore
    days: int
    max_batches: int = MAX_BATCHES

    async def __call__(self, account_id: str, now: datetime) -> Tidied:
        """Finish interrupted erasures, then erase what is older than the retention."""
        forgetting = Forgetting(self.stores, self.store, account_id)
        for receipt in await self.store.unfinished(account_id):
            await forgetting.finish(receipt, now)
        tidied = Tidied()
        if not self.days:
            return tidied
        every = Subject()
        for _ in range(self.max_batches):
            subject = await self._due(account_id, now)
            if not subject:
                break
            every |= subject
            await self._erase(account_id, subject, tidied, now)
        else:
            tidied.is_more_left = bool(await self._due(account_id, now))
        if every:
            eraser = Eraser(self.stores, self.store)
            await eraser.erase_quarantined(account_id, every, Selectors(), "retention", now)
        return tidied

    async def _due(self, account_id: str, now: datetime) -> Subject:
        """Return what is old enough: "older than N days" begins on the day after the Nth."""
        limit = now - timedelta(days=self.days)
        aged = await self.store.aged(account_id, limit.date().isoformat(), limit, BATCH_SIZE)
        return aged | Subject(
            conversation_ids=await self.store.reopened(account_id, limit, BATCH_SIZE)
        )

    async def _erase(
        self, account_id: str, subject: Subject, tidied: Tidied, now: datetime
    ) -> None:
        keys: list[TombstoneKey] = []
        keys += [(TombstoneKind.CONVERSATION, i) for i in sorted(subject.conversation_ids)]
        keys += [(TombstoneKind.RESERVATION, i) for i in sorted(subject.reservation_ids)]
        await self.store.bury(_by_age(account_id, keys, now))
        counts = await Eraser(self.stores, self.store).erase(
            account_id, subject, Erasure.RETENTION, now
        )
        tidied.messages += counts["messages"]
        tidied.conversations += counts["conversations"]
        tidied.reservations += counts["reservations"]


def _by_age(account_id: str, keys: Sequence[TombstoneKey], now: datetime) -> list[Tombstone]:
    return [
        Tombstone(
            account_id=account_id,
            kind=kind,
            identity=identity,
            erasure=Erasure.RETENTION,
            since=now,
        )
        for kind, identity in keys
    ]
