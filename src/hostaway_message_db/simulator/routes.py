"""What each path of the API answers, as pages of rows or single objects (API reference 7, 9, 10).

Unknown query parameters are ignored, and a number that is none counts as not given
(API reference 12 row 1).
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from hostaway_message_db.simulator.wire import Row
from hostaway_message_db.simulator.world import World

DEFAULT_LIMIT = 100


class Call(msgspec.Struct, frozen=True):
    """What a request asks for."""

    template: str
    path: str
    numbers: dict[str, int]
    query: Mapping[str, str]

    def number(self, name: str) -> int | None:
        """Return a query parameter as a number that is not negative, or nothing."""
        text = self.query.get(name, "")
        return int(text) if text.isdecimal() and text.isascii() else None

    def flag(self, name: str) -> bool:
        """Tell whether a query parameter is 1."""
        return self.query.get(name) == "1"


class Page(msgspec.Struct):
    """One page of a list."""

    rows: list[Any]
    count: int
    limit: int | None
    offset: int | None
    size: int


class Refused(msgspec.Struct, frozen=True):
    """A parameter that a switch refuses with HTTP 400."""

    message: str


class Missing(msgspec.Struct, frozen=True):
    """No such object."""

    noun: str


Outcome = Page | Row | Refused | Missing
Handler = Callable[[World, Call], Outcome]


class _Window(msgspec.Struct, frozen=True):
    asked_limit: int | None
    asked_offset: int | None
    size: int

    @property
    def offset(self) -> int:
        return self.asked_offset or 0

    def page(self, rows: list[Any], count: int) -> Page:
        return Page(rows, count, self.asked_limit, self.asked_offset, self.size)


def _window(world: World, call: Call, cap: int | None) -> _Window | Refused:
    """Return the part of the list that is asked for; the cap is a switch (13.2)."""
    asked = call.number("limit") or None
    size = asked or DEFAULT_LIMIT
    if cap is not None and size > cap:
        if world.switches.over_limit == "reject" and asked is not None:
            return Refused(f'The "limit" parameter must not be greater than {cap}.')
        size = cap
    return _Window(None if asked is None else size, call.number("offset"), size)


def conversations(world: World, call: Call) -> Outcome:
    """GET /conversations: `limit`, `offset`, `reservationId`, `includeResources` (7.1)."""
    window = _window(world, call, world.switches.conversation_cap)
    if isinstance(window, Refused):
        return window
    with_resources = call.flag("includeResources")
    wanted = call.number("reservationId")
    if wanted is not None:
        index = world.reservation_index(wanted)
        visible = index is not None and world.visible_reservation_id(index) is not None
        found = [index] if index is not None and visible else []
        numbers, count = found[window.offset :][: window.size], len(found)
    else:
        numbers = world.conversation_page(window.offset, window.size)
        count = world.conversation_count
    rows = [world.conversation_row(index, with_resources=with_resources) for index in numbers]
    return window.page(rows, count)


def conversation(world: World, call: Call) -> Outcome:
    """GET /conversations/{id}: `includeResources` (7.1)."""
    index = world.conversation_index(call.numbers["id"])
    if index is None:
        return Missing("Conversation")
    return world.conversation_row(index, with_resources=call.flag("includeResources"))


def messages(world: World, call: Call) -> Outcome:
    """GET /conversations/{id}/messages: by default only those in status `sent` (7.1, section 0)."""
    index = world.conversation_index(call.numbers["id"])
    if index is None:
        return Missing("Conversation")
    window = _window(world, call, world.switches.message_cap)
    if isinstance(window, Refused):
        return window
    rows = world.message_rows(index, unsent_too=call.flag("includeScheduledMessages"))
    return window.page(rows[window.offset : window.offset + window.size], len(rows))


def message(world: World, call: Call) -> Outcome:
    """GET /conversations/{id}/messages/{messageId} (7.1)."""
    index = world.conversation_index(call.numbers["id"])
    if index is None:
        return Missing("Conversation")
    for row in world.message_rows(index, unsent_too=True):
        if row["id"] == call.numbers["messageId"]:
            return row
    return Missing("Conversation message")


def reservations(world: World, call: Call) -> Outcome:
    """GET /reservations: `updatedOn` DESC, `id` DESC; `sortOrder=updatedOn` ascending (6).

    `afterId` is the last row of the previous page in the order in force; `offset` is then
    ignored (6). An `afterId` that no reservation has gives an empty page.
    """
    window = _window(world, call, world.switches.reservation_cap)
    if isinstance(window, Refused):
        return window
    descending = call.query.get("sortOrder") != "updatedOn"
    after = call.number("afterId")
    with world.lock:
        if after is not None:
            behind = world.reservation_index(after)
            numbers = (
                world.by_update.page_after(behind, window.size, descending=descending)
                if behind is not None
                else []
            )
        else:
            numbers = world.by_update.page(window.offset, window.size, descending=descending)
        with_resources = call.flag("includeResources")
        rows = [world.reservation_row(index, with_resources=with_resources) for index in numbers]
    return window.page(rows, world.conversation_count)


def reservation(world: World, call: Call) -> Outcome:
    """GET /reservations/{id}: always with `hostProxyEmail` (9.1)."""
    index = world.reservation_index(call.numbers["id"])
    if index is None:
        return Missing("Reservation")
    return world.reservation_row(index, with_resources=True)


def reservation_conversations(world: World, call: Call) -> Outcome:
    """GET /reservations/{id}/conversations: an array, no parameters (7.1)."""
    index = world.reservation_index(call.numbers["id"])
    if index is None:
        return Missing("Reservation")
    hidden = world.visible_reservation_id(index) is None
    rows = [] if hidden else [world.conversation_row(index, with_resources=False)]
    return Page(rows, len(rows), None, None, DEFAULT_LIMIT)


def listings(world: World, call: Call) -> Outcome:
    """GET /listings: `limit`, `offset`; archived ones too (10)."""
    window = _window(world, call, world.switches.listing_cap)
    if isinstance(window, Refused):
        return window
    last = min(world.listing_count, window.offset + window.size)
    rows = [world.listing_row(index) for index in range(window.offset, last)]
    return window.page(rows, world.listing_count)


def listing(world: World, call: Call) -> Outcome:
    """GET /listings/{id} (10)."""
    index = world.listing_index(call.numbers["id"])
    return Missing("Listing") if index is None else world.listing_row(index)


def users(world: World, call: Call) -> Outcome:
    """GET /users: `limit` is sent by one client although undocumented (10)."""
    window = _window(world, call, None)
    if isinstance(window, Refused):
        return window
    rows = world.user_rows()
    return window.page(rows[window.offset : window.offset + window.size], len(rows))


HANDLERS: dict[str, Handler] = {
    "/conversations": conversations,
    "/conversations/{id}": conversation,
    "/conversations/{id}/messages": messages,
    "/conversations/{id}/messages/{messageId}": message,
    "/reservations": reservations,
    "/reservations/{id}": reservation,
    "/reservations/{id}/conversations": reservation_conversations,
    "/listings": listings,
    "/listings/{id}": listing,
    "/users": users,
}
