"""What must not be kept: the guard before the stores, and what remembers the forgotten."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from hostaway_message_db.models.records import Conversation, Erasure, Message, Reservation


class TombstoneKind(StrEnum):
    """What a tombstone stands for; contacts are kept as salted hashes only."""

    CONVERSATION = "conversation"
    RESERVATION = "reservation"
    EMAIL = "email"
    PHONE = "phone"


TombstoneKey = tuple[TombstoneKind, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """The memory that something was forgotten, and since when."""

    account_id: str
    kind: TombstoneKind
    identity: str
    erasure: Erasure
    since: datetime
    receipt_id: str | None = None

    @property
    def key(self) -> TombstoneKey:
        """Return what it is found by."""
        return self.kind, self.identity


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose records: the reservations, conversations and messages of one or more guests."""

    reservation_ids: frozenset[str] = frozenset()
    conversation_ids: frozenset[str] = frozenset()
    message_ids: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.reservation_ids or self.conversation_ids)

    def __len__(self) -> int:
        return len(self.reservation_ids) + len(self.conversation_ids)

    def __or__(self, other: "Subject") -> "Subject":
        return Subject(
            self.reservation_ids | other.reservation_ids,
            self.conversation_ids | other.conversation_ids,
            self.message_ids | other.message_ids,
        )


class Treatment(StrEnum):
    """What becomes of a collection's records of a forgotten guest."""

    PSEUDONYMISE = "pseudonymise"
    """The record stays without anything of the guest, so that figures stay right."""
    DELETE = "delete"
    """The record goes."""
    STRIP = "strip"
    """Words that may quote the guest are taken out."""
    KEEP = "keep"
    """Nothing of a guest is in there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One collection: how a guest's records are found there, and what becomes of them."""

    collection: str
    treatment: Treatment
    why: str
    reservation_paths: tuple[str, ...] = ()
    conversation_paths: tuple[str, ...] = ()
    message_paths: tuple[str, ...] = ()
    parts: str | None = None
    """A collection of parts that go with the records, such as GridFS keeps: `files_id`."""
    is_shared: bool = False
    """A record may be of several messages: the subject's are taken out of its lists, and it
    goes with the last one."""


@dataclass(frozen=True, slots=True)
class Contact:
    """By what a stored reservation or conversation can be known as some guest's."""

    kind: TombstoneKind
    identity: str
    reservation_id: str | None
    email: str | None
    phone: str | None


@dataclass(slots=True)
class Tidied:
    """What was erased at the end of a run."""

    conversations: int = 0
    messages: int = 0
    reservations: int = 0
    is_more_left: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the figures by name."""
        return {
            "conversations": self.conversations,
            "messages": self.messages,
            "reservations": self.reservations,
            "is_more_left": self.is_more_left,
        }


class Privacy(Protocol):
    """What a sync must know of the forgotten; the stores it writes to are guarded already."""

    async def reservations(self, reservations: Sequence[Reservation]) -> list[Reservation]:
        """Return the reservations in the form in which they may be kept."""
        ...

    async def conversations(self, conversations: Sequence[Conversation]) -> list[Conversation]:
        """Return the conversations in the form in which they may be kept."""
        ...

    async def tidy(self, account_id: str, now: datetime) -> Tidied:
        """Finish interrupted erasures, and erase what reached the age for it."""
        ...


class NothingForgotten:
    """The privacy of stores without a guard: everything may be kept."""

    async def reservations(self, reservations: Sequence[Reservation]) -> list[Reservation]:
        """Return the reservations as they are."""
        return list(reservations)

    async def conversations(self, conversations: Sequence[Conversation]) -> list[Conversation]:
        """Return the conversations as they are."""
        return list(conversations)

    async def tidy(self, account_id: str, now: datetime) -> Tidied:
        """Erase nothing."""
        del account_id, now
        return Tidied()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The proof of an erasure, without anything of the guest but ids and kinds of key."""

    receipt_id: str
    account_id: str
    selected_by: tuple[str, ...]
    subject: Subject = field(repr=False)
    erased_at: datetime
    finished_at: datetime | None
    counts: Mapping[str, int]
    version: str
    remains: tuple[str, ...]
    backups: str


class PrivacyStore(Protocol):
    """The collection `erasures`, and the other collections as far as erasure needs them."""

    async def tombstones(
        self, account_id: str, keys: Sequence[TombstoneKey]
    ) -> dict[TombstoneKey, Tombstone]:
        """Return the tombstones among `keys`."""
        ...

    async def bury(self, tombstones: Sequence[Tombstone]) -> None:
        """Write tombstones; one on request is never replaced by one of retention."""
        ...

    async def salt(self, account_id: str) -> bytes | None:
        """Return the salt of the account's contact hashes, if there ever was one."""
        ...

    async def new_salt(self, account_id: str, fresh: bytes) -> bytes:
        """Return the account's salt; `fresh` becomes it if there is none."""
        ...

    async def begin(self, receipt: Receipt) -> None:
        """Write a receipt before the erasure, so that a killed one is finished later."""
        ...

    async def finish(self, receipt: Receipt) -> None:
        """Complete a receipt."""
        ...

    async def receipts(self, account_id: str, ids: Sequence[str]) -> list[Receipt]:
        """Return the receipts among `ids`, oldest first."""
        ...

    async def unfinished(self, account_id: str) -> list[Receipt]:
        """Return receipts of erasures that were killed."""
        ...

    def contacts(self, account_id: str) -> AsyncIterator[Contact]:
        """Stream by what the stored reservations and conversations can be known."""
        ...

    async def linked(self, account_id: str, subject: Subject) -> Subject:
        """Return the subject with what its reservations and conversations lead to."""
        ...

    async def message_ids(self, account_id: str, conversation_ids: Sequence[str]) -> frozenset[str]:
        """Return the ids of the conversations' messages."""
        ...

    async def count(self, account_id: str, holding: Holding, subject: Subject) -> int:
        """Count the records of a collection that an erasure would still touch."""
        ...

    async def documents(
        self, account_id: str, holding: Holding, subject: Subject, limit: int
    ) -> list[dict[str, Any]]:
        """Return the records of a collection, as plain values."""
        ...

    async def delete(self, account_id: str, holding: Holding, subject: Subject) -> int:
        """Delete the records of a collection, with their parts."""
        ...

    async def strip(self, account_id: str, holding: Holding, subject: Subject) -> int:
        """Take out words that may quote a guest."""
        ...

    def messages(
        self, account_id: str, conversation_ids: Sequence[str], erasure: Erasure, until: datetime
    ) -> AsyncIterator[list[Message]]:
        """Stream batches of the messages that are not erased to this degree yet."""
        ...

    async def rewrite_messages(self, messages: Sequence[Message], now: datetime) -> int:
        """Put erased messages in place of the stored ones, whole."""
        ...

    async def conversations(
        self, account_id: str, ids: Sequence[str], erasure: Erasure
    ) -> list[Conversation]:
        """Return the stored conversations that are not erased to this degree yet."""
        ...

    async def reservations(
        self, account_id: str, ids: Sequence[str], erasure: Erasure
    ) -> list[Reservation]:
        """Return the stored reservations that are not erased to this degree yet."""
        ...

    async def aged(
        self, account_id: str, departed_before: str, active_before: datetime, limit: int
    ) -> Subject:
        """Return reservations and conversations old enough to be erased and not erased yet."""
        ...

    async def note_reopened(self, account_id: str, newest: Mapping[str, datetime]) -> None:
        """Note the newest message that came to a conversation after its retention erasure."""
        ...

    async def reopened(self, account_id: str, before: datetime, limit: int) -> frozenset[str]:
        """Return the reopened conversations whose newest message is old enough by now."""
        ...
