"""A client of the control door, for tests, benchmarks and the demo; synchronous, no token."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from hostaway_message_db.simulator.editing import NewMessage
from hostaway_message_db.simulator.faults import FaultPlan
from hostaway_message_db.simulator.request_log import RequestSummary
from hostaway_message_db.simulator.switches import Switches
from hostaway_message_db.simulator.wire import Row, encode

Shape = TypeVar("Shape")


class ControlError(Exception):
    """The control door refused: `status` and the reason it gave."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status


class ControlClient:
    """Speaks to the control door of a running simulator.

    Args:
        control_url: such as `http://127.0.0.1:8123/control`.
        timeout: seconds to wait for an answer.
    """

    def __init__(self, control_url: str, timeout: float = 60.0) -> None:
        if not control_url.startswith(("http://", "https://")):
            raise ValueError(f"{control_url!r} is no HTTP address")
        self._url = control_url.rstrip("/")
        self._timeout = timeout

    # --- messages --------------------------------------------------------------------------

    def add_message(self, conversation_id: int, body: str = "Hello!", **more: Any) -> Row:
        """Add a message; `more` are the other members of `NewMessage`. Return its row."""
        new = NewMessage(conversation_id=conversation_id, body=body, **more)
        return self._row("POST", "/messages", new)

    def schedule_message(self, conversation_id: int, body: str, date: str) -> Row:
        """Schedule an automated message for a later date; it has its low id from now on."""
        return self.add_message(
            conversation_id, body, direction="automated", date=date, status="awaiting"
        )

    def release_message(self, conversation_id: int, message_id: int) -> Row:
        """Send a scheduled message now, under its old id."""
        return self._row("POST", "/messages/release", _target(conversation_id, message_id))

    def edit_message(self, conversation_id: int, message_id: int, body: str) -> Row:
        """Put another body in place under the same id."""
        target = _target(conversation_id, message_id)
        return self._row("POST", "/messages/edit", {**target, "body": body})

    def change_message(self, conversation_id: int, message_id: int, **fields: Any) -> Row:
        """Put any fields of a message in place."""
        target = _target(conversation_id, message_id)
        return self._row("POST", "/messages/change", {**target, "fields": fields})

    def unsend_message(self, conversation_id: int, message_id: int) -> None:
        """Take a message back."""
        self._row("POST", "/messages/unsend", _target(conversation_id, message_id))

    def mark_seen(self, conversation_id: int, message_id: int | None = None) -> int:
        """Mark one message or all incoming ones as seen; return how many were not."""
        target = {"conversation_id": conversation_id, "message_id": message_id}
        return int(self._row("POST", "/messages/seen", target)["seen"])

    def add_attachment(
        self,
        conversation_id: int,
        message_id: int,
        name: str = "photo",
        *,
        is_public: bool = False,
    ) -> Row:
        """Add an attachment to a message; return the message's row."""
        target = _target(conversation_id, message_id)
        body = {**target, "name": name, "is_public": is_public}
        return self._row("POST", "/messages/attachments", body)

    # --- conversations, reservations, listings ---------------------------------------------

    def add_conversation(self, listing_id: int | None = None, **fields: Any) -> Row:
        """Add a reservation with its conversation; `fields` are the reservation's."""
        return self._row("POST", "/conversations", {"listing_id": listing_id, "fields": fields})

    def add_inquiry(self, listing_id: int | None = None, **fields: Any) -> Row:
        """Add an inquiry with its conversation."""
        inquiry = {"status": "inquiry", "phone": None, **fields}
        return self.add_conversation(listing_id, **inquiry)

    def change_reservation(self, reservation_id: int, **fields: Any) -> Row:
        """Put fields of a reservation in place; a `Decimal` or `msgspec.Raw` keeps its digits."""
        body = {"reservation_id": reservation_id, "fields": fields}
        return self._row("POST", "/reservations/change", body)

    def change_listing(self, listing_id: int, **fields: Any) -> Row:
        """Put fields of a listing in place."""
        return self._row("POST", "/listings/change", {"listing_id": listing_id, "fields": fields})

    def rename_listing(self, listing_id: int, name: str) -> Row:
        """Give a listing another name."""
        return self.change_listing(listing_id, name=name)

    def archive_listing(self, listing_id: int) -> Row:
        """Archive a listing."""
        return self.change_listing(listing_id, specialStatus="archived")

    def change_entity(self, path: str, identity: object, **fields: Any) -> None:
        """Put fields of a further entity's row in place, such as of `/reviews` 7001."""
        body = {"path": path, "id": str(identity), "fields": fields}
        self._row("POST", "/entities/change", body)

    # --- behaviour -------------------------------------------------------------------------

    def set_switches(self, **switches: Any) -> Switches:
        """Set some switches, leave the others; return all."""
        return self._call("PATCH", "/switches", switches, Switches)

    def set_faults(self, plan: FaultPlan | Row) -> FaultPlan:
        """Put a fault plan in force; its counts begin anew."""
        return self._call("PUT", "/faults", plan, FaultPlan)

    def clear_faults(self) -> None:
        """Let everything go well again."""
        self._row("DELETE", "/faults")

    def expire_tokens(self) -> int:
        """Expire every token; return how many that were."""
        return int(self._row("POST", "/tokens/expire")["expired"])

    def set_now(self, now: str) -> None:
        """Set the world's time, such as `2026-11-22 12:00:00`."""
        self._row("PUT", "/now", {"now": now})

    # --- reading ---------------------------------------------------------------------------

    def state(self) -> Row:
        """Return the counts, the switches, the faults and the world's now."""
        return self._row("GET", "/state")

    def requests(self, last: int | None = None) -> RequestSummary:
        """Return the log of the requests, or of the last so many, with totals."""
        query = "" if last is None else f"?last={last}"
        return self._call("GET", f"/requests{query}", None, RequestSummary)

    def clear_requests(self) -> None:
        """Reset the log."""
        self._row("DELETE", "/requests")

    def truth_messages(self) -> Iterator[Row]:
        """Yield the row of every message, as the message list gives it."""
        return self._truth("messages")

    def truth_conversations(self) -> Iterator[Row]:
        """Yield every conversation in order of insertion."""
        return self._truth("conversations")

    def truth_reservations(self) -> Iterator[Row]:
        """Yield every reservation in order of insertion."""
        return self._truth("reservations")

    def truth_listings(self) -> Iterator[Row]:
        """Yield every listing."""
        return self._truth("listings")

    def truth_lines(self, noun: str) -> Iterator[bytes]:
        """Yield the raw JSON lines of a truth, for those who compare digits."""
        request = urllib.request.Request(f"{self._url}/truth/{noun}")  # noqa: S310 - checked
        with self._open(request) as response:
            for line in response:
                yield line.rstrip(b"\n")

    # --- inside ----------------------------------------------------------------------------

    def _truth(self, noun: str) -> Iterator[Row]:
        for line in self.truth_lines(noun):
            yield msgspec.json.decode(line, type=dict[str, Any])

    def _row(self, method: str, path: str, body: Any = None) -> Row:
        return self._call(method, path, body, dict[str, Any])

    def _call(self, method: str, path: str, body: Any, shape: type[Shape]) -> Shape:
        data = None if body is None else encode(body)
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            self._url + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        with self._open(request) as response:
            return msgspec.json.decode(response.read(), type=shape)

    def _open(self, request: urllib.request.Request) -> Any:
        try:
            return urllib.request.urlopen(request, timeout=self._timeout)  # noqa: S310 - checked
        except urllib.error.HTTPError as refusal:
            with refusal:
                raise ControlError(refusal.code, refusal.read().decode()) from None


def _target(conversation_id: int, message_id: int) -> Row:
    return {"conversation_id": conversation_id, "message_id": message_id}
