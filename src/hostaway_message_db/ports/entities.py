"""The store of the further entities of an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hostaway_message_db.models.entities import Entity, EntityRecord
from hostaway_message_db.ports.stores import LoadOutcome


@dataclass(frozen=True, slots=True)
class ChangedReservation:
    """A reservation that changed since what hangs on it was read."""

    reservation_id: str
    updated_on: datetime | None


class EntityStore(Protocol):
    """One collection for each entity, and when each was last read."""

    async def prepare(self, entity: Entity) -> None:
        """Build the indexes of an entity's collection, if they are missing."""
        ...

    async def load(
        self, entity: Entity, records: Sequence[EntityRecord], now: datetime
    ) -> LoadOutcome:
        """Insert what is new, update what differs, leave the rest untouched."""
        ...

    async def read_at(self, account_id: str) -> dict[str, datetime]:
        """Return when each entity was last read, by name."""
        ...

    async def note_read(self, account_id: str, name: str, now: datetime, outcome: str) -> None:
        """Note that an entity was read, or that it may not be."""
        ...

    async def listing_ids(self, account_id: str) -> list[str]:
        """Return the listings that are not archived."""
        ...

    async def changed_reservations(self, account_id: str, limit: int) -> list[ChangedReservation]:
        """Return reservations that changed since their logs were read, newest change first."""
        ...

    async def note_logs_read(self, account_id: str, reservation: ChangedReservation) -> None:
        """Note up to which change a reservation's logs are read."""
        ...
