"""Forget a guest: find what is stored, remember not to store it again, erase, prove it."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hostaway_message_db.errors import NotFound, UsageError
from hostaway_message_db.models.records import Erasure, Reservation
from hostaway_message_db.ports import (
    Contact,
    PrivacyStore,
    Receipt,
    Stores,
    Subject,
    Tombstone,
    TombstoneKey,
    TombstoneKind,
)
from hostaway_message_db.privacy.eraser import Eraser
from hostaway_message_db.privacy.holdings import with_personal_data
from hostaway_message_db.privacy.identity import (
    Selectors,
    normalised_email,
    normalised_phone,
    references_of,
)
from hostaway_message_db.utils.logger import get_logger

log = get_logger(__name__)

MAX_SUBJECT_SIZE = 10_000
"""More reservations and conversations than one guest has; rather a shared address."""
SALT_BYTES = 32
REMAINS = (
    "Messages and reservations without guest, text and files, which keep the figures right.",
    "The ids of these reservations and conversations, so that no later sync brings them back.",
    "What Hostaway and the channels hold: this product only reads there.",
    "Exports, mails and log files made before; log files hold ids, no names and no texts.",
)
REMAINS_OF_CONTACT = ("A salted hash of the address or number, to know again what existed by now.",)
BACKUPS = (
    "Backups and snapshots made before this moment still hold the guest until they expire."
    " After restoring one, forget these reservations again before the next sync: the memory of"
    " this erasure is not in it."
)


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """What forgetting would erase: figures and ids, no names."""

    selected_by: tuple[str, ...]
    subject: Subject
    counts: dict[str, int]
    other_reservations: int
    receipts: tuple[Receipt, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is left to be erased."""
        return not any(self.counts.values())

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON-ready values."""
        return {
            "selected_by": list(self.selected_by),
            "reservation_ids": sorted(self.subject.reservation_ids),
            "conversation_ids": sorted(self.subject.conversation_ids),
            "would_erase": self.counts,
            "other_reservations_of_the_same_contact": self.other_reservations,
            "already_forgotten": bool(self.is_empty and self.receipts),
            "receipts": [receipt_json(receipt) for receipt in self.receipts],
        }


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The receipt, and whether it is of a former time."""

    receipt: Receipt
    is_already_forgotten: bool

    def to_json(self) -> dict[str, Any]:
        """Return the receipt as JSON-ready values."""
        return {
            "already_forgotten": self.is_already_forgotten,
            **receipt_json(self.receipt),
        }


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as JSON-ready values."""
    return {
        "receipt_id": receipt.receipt_id,
        "account_id": receipt.account_id,
        "selected_by": list(receipt.selected_by),
        "erased_at": receipt.erased_at,
        "finished_at": receipt.finished_at,
        "reservation_ids": sorted(receipt.subject.reservation_ids),
        "conversation_ids": sorted(receipt.subject.conversation_ids),
        "counts": dict(receipt.counts),
        "version": receipt.version,
        "remains": list(receipt.remains),
        "backups": receipt.backups,
    }


class Forgetting:
    """Finds and forgets guests of one account; needs the stores without the guard."""

    def __init__(self, stores: Stores, store: PrivacyStore, account_id: str) -> None:
        self._stores = stores
        self._store = store
        self._account_id = account_id
        self._eraser = Eraser(stores, store)

    async def plan(self, selectors: Selectors) -> ErasurePlan:
        """Say what forgetting would erase; changes nothing."""
        subject = await self.resolve(selectors)
        contacts = await self._contacts(selectors, subject)
        ids = await self._store.message_ids(self._account_id, sorted(subject.conversation_ids))
        whole = subject | Subject(message_ids=ids)
        counts: dict[str, int] = {}
        for holding in with_personal_data():
            if holding.collection == "quarantine":
                found = self._eraser.count_quarantined(self._account_id, subject, contacts)
            else:
                found = self._store.count(self._account_id, holding, whole)
            counts[holding.collection] = await found
        return ErasurePlan(
            selectors.kinds,
            subject,
            counts,
            await self._others(contacts, subject) if subject else 0,
            tuple(await self._former(selectors)),
        )

    async def forget(
        self, selectors: Selectors, receipt_id: str, now: datetime, version: str
    ) -> Forgotten:
        """Erase what is stored of a guest, for good; must be called under the account's lease.

        Tombstones and an unfinished receipt are written first: whatever kills this, no sync
        stores the guest again, and the next run finishes the erasure. Raises `NotFound` when
        nothing is stored, and `UsageError` when far too much is.
        """
        plan = await self.plan(selectors)
        if plan.is_empty:
            if not plan.receipts:
                raise NotFound(
                    "Nothing is stored of such a guest.",
                    "Check the id, address or number; one that is not synced yet is not known.",
                )
            last = plan.receipts[-1]
            return Forgotten(last if last.finished_at else await self.finish(last, now), True)
        contacts = await self._contacts(selectors, plan.subject)
        has_contact = bool(selectors.emails or selectors.phones)
        receipt = Receipt(
            receipt_id=receipt_id,
            account_id=self._account_id,
            selected_by=selectors.kinds,
            subject=plan.subject,
            erased_at=now,
            finished_at=None,
            counts={},
            version=version,
            remains=REMAINS + (REMAINS_OF_CONTACT if has_contact else ()),
            backups=BACKUPS,
        )
        await self._store.begin(receipt)
        await self._store.bury(await self._tombstones(selectors, receipt))
        aside = await self._eraser.erase_quarantined(
            self._account_id, plan.subject, contacts, receipt_id, now
        )
        return Forgotten(
            await self.finish(replace(receipt, counts={"quarantine": aside}), now), False
        )

    async def finish(self, receipt: Receipt, now: datetime) -> Receipt:
        """Erase what a receipt names, as far as that is not done, and complete the receipt."""
        await self._store.bury(await self._tombstones(Selectors(), receipt))
        counts = await self._eraser.erase(self._account_id, receipt.subject, Erasure.REQUEST, now)
        aside = await self._eraser.erase_quarantined(
            self._account_id, receipt.subject, Selectors(), receipt.receipt_id, now
        )
        before = receipt.counts.get("quarantine", 0)
        done = replace(receipt, finished_at=now, counts={**counts, "quarantine": aside + before})
        await self._store.finish(done)
        log.info("guest_forgotten", receipt_id=done.receipt_id, **done.counts)
        return done

    # --- whom somebody means ---------------------------------------------------------------

    async def resolve(self, selectors: Selectors) -> Subject:
        """Return all reservations and conversations of those who are meant.

        A conversation is with one person: what its messages refer to is the same guest's.
        """
        subject = Subject(selectors.reservation_ids)
        if selectors.emails or selectors.phones:
            async for contact in self._store.contacts(self._account_id):
                if selectors.matches(contact.email, contact.phone):
                    subject |= _subject_of(contact)
            subject |= await self._quarantined(selectors)
        while subject:
            if len(subject) > MAX_SUBJECT_SIZE:
                raise UsageError(
                    f"This leads to more than {MAX_SUBJECT_SIZE} reservations and conversations.",
                    "An address shared by many guests? Name the reservations one by one.",
                )
            more = await self._store.linked(self._account_id, subject)
            if more == subject:
                break
            subject = more
        return subject

    async def _quarantined(self, selectors: Selectors) -> Subject:
        """Return what was never stored because it could not be understood."""
        found = Subject()
        async for record in self._stores.quarantine.stream(self._account_id):
            about = references_of(record)
            if record.entity != "message" and (
                about.emails & selectors.emails or about.phones & selectors.phones
            ):
                found |= Subject(
                    frozenset(about.reservation_ids), frozenset(about.conversation_ids)
                )
        return found

    async def _contacts(self, selectors: Selectors, subject: Subject) -> Selectors:
        """Return every address and number by which the subject is known."""
        ids, account_id = sorted(subject.reservation_ids), self._account_id
        stays: list[Reservation] = []
        if ids:
            stays = await self._store.reservations(account_id, ids, Erasure.REQUEST)
        emails = {normalised_email(stay.guest_email) for stay in stays}
        phones = {normalised_phone(stay.guest_phone) for stay in stays}
        return Selectors(
            emails=selectors.emails | {email for email in emails if email},
            phones=selectors.phones | {phone for phone in phones if phone},
        )

    async def _others(self, contacts: Selectors, subject: Subject) -> int:
        """Count further reservations that bear the same address or number."""
        others: set[str] = set()
        async for contact in self._store.contacts(self._account_id):
            known = contact.reservation_id
            if known and known not in subject.reservation_ids and len(others) < MAX_SUBJECT_SIZE:
                others |= {known} if contacts.matches(contact.email, contact.phone) else set()
        return len(others)

    # --- the memory ------------------------------------------------------------------------

    async def _tombstones(self, selectors: Selectors, receipt: Receipt) -> list[Tombstone]:
        subject = receipt.subject
        keys: list[TombstoneKey] = []
        keys += [(TombstoneKind.RESERVATION, i) for i in sorted(subject.reservation_ids)]
        keys += [(TombstoneKind.CONVERSATION, i) for i in sorted(subject.conversation_ids)]
        if selectors.emails or selectors.phones:
            fresh = secrets.token_bytes(SALT_BYTES)
            keys += selectors.contact_keys(await self._store.new_salt(self._account_id, fresh))
        return [
            Tombstone(
                account_id=self._account_id,
                kind=kind,
                identity=identity,
                erasure=Erasure.REQUEST,
                since=receipt.erased_at,
                receipt_id=receipt.receipt_id,
            )
            for kind, identity in keys
        ]

    async def _former(self, selectors: Selectors) -> list[Receipt]:
        """Return the receipts of what was forgotten of these guests before."""
        keys = [(TombstoneKind.RESERVATION, i) for i in sorted(selectors.reservation_ids)]
        salt = await self._store.salt(self._account_id)
        keys += selectors.contact_keys(salt) if salt else []
        stones = await self._store.tombstones(self._account_id, keys)
        ids = {stone.receipt_id for stone in stones.values() if stone.receipt_id}
        return await self._store.receipts(self._account_id, sorted(ids))


def _subject_of(contact: Contact) -> Subject:
    is_thread = contact.kind is TombstoneKind.CONVERSATION
    return Subject(
        frozenset([contact.reservation_id] if contact.reservation_id else []),
        frozenset([contact.identity] if is_thread else []),
    )
