"""The reservations and listings that messages are enriched with, as they are needed.

They come from the store; one that is missing there is asked for once. What Hostaway does
not have either never holds a message back.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from hostaway_message_db.errors import HostawayError, NotFound, Recovery, RequestRefused
from hostaway_message_db.models.records import Listing, Quarantined, Reservation
from hostaway_message_db.pipeline.transform import to_listing, to_reservation
from hostaway_message_db.ports import HostawaySource, SideStore
from hostaway_message_db.utils.clock import Clock

MAX_REMEMBERED = 2_000

_Value = TypeVar("_Value")


class SideEntities:
    """Looks up reservations and listings; remembers a bounded number of answers."""

    def __init__(
        self, account_id: str, source: HostawaySource, sides: SideStore, clock: Clock
    ) -> None:
        self._account_id = account_id
        self._source = source
        self._sides = sides
        self._clock = clock
        self._listings: OrderedDict[str, Listing | None] = OrderedDict()
        self._absent_reservations: OrderedDict[str, None] = OrderedDict()
        self.unreachable: OrderedDict[str, HostawayError] = OrderedDict()

    async def reservations(self, ids: Iterable[str]) -> dict[str, Reservation]:
        """Return the reservations that exist among `ids`."""
        wanted = sorted(set(ids))
        found = await self._sides.reservations(self._account_id, wanted) if wanted else {}
        for identity in wanted:
            if identity in found or identity in self._absent_reservations:
                continue
            fetched = await self._fetch_reservation(identity)
            if fetched is None:
                _remember(self._absent_reservations, identity, None)
            else:
                found[identity] = fetched
        return found

    def failure_of(
        self, reservation_ids: Iterable[str], listing_ids: Iterable[str]
    ) -> HostawayError | None:
        """Return why one of these could not be asked for, though it may exist."""
        subjects = [
            *(f"reservation {i}" for i in reservation_ids),
            *(f"listing {i}" for i in listing_ids),
        ]
        return next((self.unreachable[s] for s in subjects if s in self.unreachable), None)

    async def listings(self, ids: Iterable[str]) -> dict[str, Listing]:
        """Return the listings that exist among `ids`."""
        wanted = sorted(set(ids))
        unknown = [identity for identity in wanted if identity not in self._listings]
        if unknown:
            stored = await self._sides.listings(self._account_id, unknown)
            for identity in unknown:
                listing = stored.get(identity) or await self._fetch_listing(identity)
                _remember(self._listings, identity, listing and replace(listing, source={}))
        return {i: listing for i in wanted if (listing := self._listings.get(i)) is not None}

    def remember(self, listings: Iterable[Listing]) -> None:
        """Take note of listings that were just read, without the rest of what Hostaway sent."""
        for listing in listings:
            _remember(self._listings, listing.listing_id, replace(listing, source={}))

    async def _fetch_reservation(self, identity: str) -> Reservation | None:
        row = await self._ask(f"reservation {identity}", self._source.reservation(identity))
        reservation = to_reservation(row, self._account_id)
        if isinstance(reservation, Quarantined) or reservation.reservation_id != identity:
            return None
        await self._sides.load_reservations([reservation], self._clock.now())
        return reservation

    async def _fetch_listing(self, identity: str) -> Listing | None:
        row = await self._ask(f"listing {identity}", self._source.listing(identity))
        listing = to_listing(row, self._account_id)
        if isinstance(listing, Quarantined) or listing.listing_id != identity:
            return None
        await self._sides.load_listings([listing], self._clock.now())
        return listing

    async def _ask(self, what: str, asking: Awaitable[Any]) -> Any:
        """Return what Hostaway has, or None; a failure that may pass is kept for later.

        What a missing object answers is unknown (API reference 13.2): a definite no to this
        one object means that it is not to be had, whichever way it is said.
        """
        try:
            return await asking
        except (NotFound, RequestRefused):
            return None
        except HostawayError as error:
            if error.recovery is Recovery.ABORT:
                raise
            _remember(self.unreachable, what, error)
            return None


def _remember(memory: OrderedDict[str, _Value], key: str, value: _Value) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > MAX_REMEMBERED:
        memory.popitem(last=False)
