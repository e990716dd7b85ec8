"""The erasure itself, collection by collection; may be repeated after a crash."""

from datetime import datetime

from hostaway_message_db.models.records import Erasure
from hostaway_message_db.ports import PrivacyStore, Stores, Subject, Treatment
from hostaway_message_db.privacy.erasure import (
    erased_conversation,
    erased_message,
    erased_quarantined,
    erased_reservation,
)
from hostaway_message_db.privacy.holdings import with_personal_data
from hostaway_message_db.privacy.identity import References, Selectors, references_of


class Eraser:
    """Erases subjects; needs the stores as they are, without the guard.

    Whoever erases holds the account's lease and has written the tombstones before.
    """

    def __init__(self, stores: Stores, store: PrivacyStore) -> None:
        self._stores = stores
        self._store = store

    async def erase(
        self, account_id: str, subject: Subject, erasure: Erasure, now: datetime
    ) -> dict[str, int]:
        """Erase a subject everywhere but in quarantine; return how much, by collection."""
        conversation_ids = sorted(subject.conversation_ids)
        messages = await self._store.message_ids(account_id, conversation_ids)
        whole = subject | Subject(message_ids=messages)
        counts: dict[str, int] = {}
        for holding in with_personal_data():
            name = holding.collection
            if holding.treatment is Treatment.DELETE:
                counts[name] = await self._store.delete(account_id, holding, whole)
            elif holding.treatment is Treatment.STRIP:
                counts[name] = await self._store.strip(account_id, holding, whole)
            elif name == "messages":
                counts[name] = await self._messages(account_id, conversation_ids, erasure, now)
            elif name == "conversations":
                found = await self._store.conversations(account_id, conversation_ids, erasure)
                left = [erased_conversation(c, erasure) for c in found]
                counts[name] = (await self._stores.sides.load_conversations(left, now)).updated
            elif name == "reservations":
                ids = sorted(subject.reservation_ids)
                stays = await self._store.reservations(account_id, ids, erasure)
                bare = [erased_reservation(r, erasure) for r in stays]
                counts[name] = (await self._stores.sides.load_reservations(bare, now)).updated
        return counts

    async def _messages(
        self, account_id: str, conversation_ids: list[str], erasure: Erasure, now: datetime
    ) -> int:
        count = 0
        async for batch in self._store.messages(account_id, conversation_ids, erasure, now):
            left = [erased_message(message, erasure) for message in batch]
            count += await self._store.rewrite_messages(left, now)
        return count

    async def count_quarantined(
        self, account_id: str, subject: Subject, contacts: Selectors
    ) -> int:
        """Count the quarantined records that are about the subject and not erased yet."""
        count = 0
        async for record in self._stores.quarantine.stream(account_id):
            is_meant = is_about(references_of(record), subject, contacts)
            count += is_meant and erased_quarantined(record) != record
        return count

    async def erase_quarantined(
        self, account_id: str, subject: Subject, contacts: Selectors, run_id: str, now: datetime
    ) -> int:
        """Leave stubs of the quarantined records that are about the subject."""
        count = 0
        async for record in self._stores.quarantine.stream(account_id):
            stub = erased_quarantined(record)
            if stub == record or not is_about(references_of(record), subject, contacts):
                continue
            if record.record_id is None:
                # Such a one is known by its raw text alone, which goes.
                await self._stores.quarantine.forget(record)
            await self._stores.quarantine.put([stub], run_id, now)
            count += 1
        return count


def is_about(references: References, subject: Subject, contacts: Selectors) -> bool:
    """Tell whether a quarantined record is about somebody."""
    return bool(
        references.reservation_ids & subject.reservation_ids
        or references.conversation_ids & subject.conversation_ids
        or references.emails & contacts.emails
        or references.phones & contacts.phones
    )
