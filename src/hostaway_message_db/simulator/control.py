"""The control door: change the world, the switches and the faults; read the truth and the log.

It is no part of Hostaway's API: JSON, no token, meant for loopback only.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Literal, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from hostaway_message_db.simulator.clock import stamp, wait
from hostaway_message_db.simulator.editing import NewMessage, UnknownObject
from hostaway_message_db.simulator.faults import FaultPlan
from hostaway_message_db.simulator.simulation import Simulation
from hostaway_message_db.simulator.wire import Row, encode, ids_as_strings
from hostaway_message_db.simulator.world import World

Body = TypeVar("Body")
Endpoint = Callable[[Request], Awaitable[Response]]
# Values stay raw JSON, so that digits reach the client as they were given.
RawFields = dict[str, msgspec.Raw]

ROWS_AT_ONCE = 64


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A body whose unknown members are refused."""


class _MessageOf(_Strict, frozen=True):
    conversation_id: int
    message_id: int


class _Edit(_MessageOf, frozen=True):
    body: str


class _Fields(_MessageOf, frozen=True):
    fields: dict[str, Any]


class _Seen(_Strict, frozen=True):
    conversation_id: int
    message_id: int | None = None


class _NewFile(_MessageOf, frozen=True):
    name: str = "photo"
    is_public: bool = False


class _NewConversation(_Strict, frozen=True):
    listing_id: int | None = None
    fields: RawFields = {}


class _ReservationFields(_Strict, frozen=True):
    reservation_id: int
    fields: RawFields


class _ListingFields(_Strict, frozen=True):
    listing_id: int
    fields: RawFields


class _EntityFields(_Strict, frozen=True):
    path: str
    id: str
    fields: RawFields


class _Now(_Strict, frozen=True):
    now: str


class ControlDoor:
    """The endpoints under `/control`."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._world = simulation.world
        self._editor = simulation.editor

    # --- changes ---------------------------------------------------------------------------

    async def add_message(self, request: Request) -> Response:
        """POST /control/messages."""
        new = await _body(request, NewMessage)
        return _json(self._editor.add_message(new))

    async def edit_message(self, request: Request) -> Response:
        """POST /control/messages/edit."""
        edit = await _body(request, _Edit)
        row = self._editor.edit_message(edit.conversation_id, edit.message_id, edit.body)
        return _json(row)

    async def change_message(self, request: Request) -> Response:
        """POST /control/messages/change."""
        change = await _body(request, _Fields)
        row = self._editor.change_message(change.conversation_id, change.message_id, change.fields)
        return _json(row)

    async def unsend_message(self, request: Request) -> Response:
        """POST /control/messages/unsend."""
        target = await _body(request, _MessageOf)
        self._editor.unsend_message(target.conversation_id, target.message_id)
        return _json({"unsent": target.message_id})

    async def release_message(self, request: Request) -> Response:
        """POST /control/messages/release."""
        target = await _body(request, _MessageOf)
        return _json(self._editor.release_message(target.conversation_id, target.message_id))

    async def mark_seen(self, request: Request) -> Response:
        """POST /control/messages/seen."""
        seen = await _body(request, _Seen)
        return _json({"seen": self._editor.mark_seen(seen.conversation_id, seen.message_id)})

    async def add_attachment(self, request: Request) -> Response:
        """POST /control/messages/attachments."""
        file = await _body(request, _NewFile)
        row = self._editor.add_attachment(
            file.conversation_id, file.message_id, file.name, is_public=file.is_public
        )
        return _json(row)

    async def add_conversation(self, request: Request) -> Response:
        """POST /control/conversations."""
        new = await _body(request, _NewConversation)
        return _json(self._editor.add_conversation(new.listing_id, _own(new.fields)))

    async def change_reservation(self, request: Request) -> Response:
        """POST /control/reservations/change."""
        change = await _body(request, _ReservationFields)
        row = self._editor.change_reservation(change.reservation_id, _own(change.fields))
        return _json(row)

    async def change_listing(self, request: Request) -> Response:
        """POST /control/listings/change."""
        change = await _body(request, _ListingFields)
        return _json(self._editor.change_listing(change.listing_id, _own(change.fields)))

    async def change_entity(self, request: Request) -> Response:
        """POST /control/entities/change."""
        change = await _body(request, _EntityFields)
        key = (change.path, change.id)
        self._world.entity_changes.setdefault(key, {}).update(_own(change.fields))
        return _json({"changed": list(change.fields)})

    async def expire_tokens(self, request: Request) -> Response:
        """POST /control/tokens/expire."""
        del request
        return _json({"expired": self._simulation.tokens.expire_all()})

    async def set_now(self, request: Request) -> Response:
        """PUT /control/now."""
        self._editor.set_now((await _body(request, _Now)).now)
        return _json({"now": stamp(self._world.now)})

    # --- behaviour -------------------------------------------------------------------------

    async def set_switches(self, request: Request) -> Response:
        """PATCH /control/switches."""
        self._world.switches = self._world.switches.changed(await request.body())
        return _json(self._world.switches)

    async def set_faults(self, request: Request) -> Response:
        """PUT /control/faults."""
        self._simulation.set_faults(await _body(request, FaultPlan))
        return _json(self._simulation.faults.plan)

    async def clear_faults(self, request: Request) -> Response:
        """DELETE /control/faults."""
        del request
        self._simulation.set_faults(FaultPlan())
        return _json(self._simulation.faults.plan)

    # --- reading ---------------------------------------------------------------------------

    async def state(self, request: Request) -> Response:
        """GET /control/state."""
        del request
        world = self._world
        return _json(
            {
                "now": stamp(world.now),
                "accountId": world.account_id,
                "conversations": world.conversation_count,
                "reservations": world.conversation_count,
                "listings": world.listing_count,
                "messages": world.message_count,
                "switches": world.switches,
                "faults": self._simulation.faults.plan,
            }
        )

    async def requests(self, request: Request) -> Response:
        """GET /control/requests."""
        last = request.query_params.get("last", "")
        return _json(self._simulation.log.summary(int(last) if last.isdecimal() else None))

    async def files(self, request: Request) -> Response:
        """GET /control/files."""
        del request
        return _json({"asked": list(self._simulation.files.asked)})

    async def clear_requests(self, request: Request) -> Response:
        """DELETE /control/requests."""
        del request
        self._simulation.log.clear()
        return _json({"cleared": True})

    async def truth(self, request: Request) -> Response:
        """GET /control/truth/{noun}."""
        noun: Literal["messages", "conversations", "reservations", "listings"]
        noun = request.path_params["noun"]
        rows = _truth(self._world, noun)
        return StreamingResponse(_lines(self._world, rows), media_type="application/x-ndjson")


def _truth(world: World, noun: str) -> Iterator[list[Row]]:
    if noun == "messages":
        yield from world.all_messages()
    elif noun == "conversations":
        for index in range(world.conversation_count):
            yield [world.conversation_row(index, with_resources=True)]
    elif noun == "reservations":
        for index in range(world.conversation_count):
            yield [world.reservation_row(index, with_resources=True)]
    elif noun == "listings":
        for index in range(world.listing_count):
            yield [world.listing_row(index)]


async def _lines(world: World, groups: Iterator[list[Row]]) -> AsyncIterator[bytes]:
    """Write rows as NDJSON, letting other requests in between the pieces."""
    waiting: list[bytes] = []
    for rows in groups:
        for row in rows:
            shown = ids_as_strings(row) if world.switches.ids_as_strings else row
            waiting.append(encode(shown))
        if len(waiting) >= ROWS_AT_ONCE:
            yield b"\n".join(waiting) + b"\n"
            waiting.clear()
            await wait(0)
    if waiting:
        yield b"\n".join(waiting) + b"\n"


def _own(fields: RawFields) -> Row:
    """Return raw fields that do not keep the whole request body alive."""
    return {name: msgspec.Raw(bytes(value)) for name, value in fields.items()}


async def _body(request: Request, shape: type[Body]) -> Body:
    return msgspec.json.decode(await request.body() or b"{}", type=shape)


def _json(value: Any, status: int = 200) -> Response:
    return Response(encode(value), status_code=status, media_type="application/json")


def _guarded(endpoint: Endpoint) -> Endpoint:
    """Turn a mistake of the caller into a 4xx with its reason."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except UnknownObject as missing:
            return _json({"error": f"no such object: {missing.args[0]}"}, 404)
        except ValueError as mistake:
            return _json({"error": str(mistake)}, 400)

    return guarded


def control_routes(simulation: Simulation) -> list[Route]:
    """Return the routes of the control door."""
    door = ControlDoor(simulation)
    table: list[tuple[str, str, Endpoint]] = [
        ("POST", "/messages", door.add_message),
        ("POST", "/messages/edit", door.edit_message),
        ("POST", "/messages/change", door.change_message),
        ("POST", "/messages/unsend", door.unsend_message),
        ("POST", "/messages/release", door.release_message),
        ("POST", "/messages/seen", door.mark_seen),
        ("POST", "/messages/attachments", door.add_attachment),
        ("POST", "/conversations", door.add_conversation),
        ("POST", "/reservations/change", door.change_reservation),
        ("POST", "/listings/change", door.change_listing),
        ("POST", "/entities/change", door.change_entity),
        ("POST", "/tokens/expire", door.expire_tokens),
        ("PUT", "/now", door.set_now),
        ("PATCH", "/switches", door.set_switches),
        ("PUT", "/faults", door.set_faults),
        ("DELETE", "/faults", door.clear_faults),
        ("GET", "/state", door.state),
        ("GET", "/requests", door.requests),
        ("DELETE", "/requests", door.clear_requests),
        ("GET", "/files", door.files),
        ("GET", "/truth/{noun}", door.truth),
    ]
    return [
        Route(f"/control{path}", _guarded(endpoint), methods=[method])
        for method, path, endpoint in table
    ]
