"""A simulated account as the machine changes it, and what it knows beyond the truth."""

import dataclasses
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import msgspec
from pymongo.database import Database

from hostaway_message_db.simulator import (
    Editor,
    FaultPlan,
    FaultRule,
    NewMessage,
    RunningSimulator,
    Switches,
    World,
    WorldOptions,
)
from hostaway_message_db.simulator.clock import stamp
from support.truth import Truth, differences_to

Document = dict[str, Any]
Row = dict[str, Any]
DAY_SECONDS = 86_400


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """One message of one conversation."""

    conversation_id: int
    message_id: int


class Account:
    """Changes of one simulated account; objects are chosen by any number, modulo how many."""

    def __init__(self, options: WorldOptions, switches: Switches) -> None:
        self._simulator = RunningSimulator(options, switches=switches)
        self._ever_vanished: set[str] = set()

    def __enter__(self) -> Self:
        self._simulator.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._simulator.stop()

    @property
    def base_url(self) -> str:
        """Return the address of the simulated API."""
        return self._simulator.base_url

    @property
    def world(self) -> World:
        """Return the world."""
        return self._simulator.world

    @property
    def editor(self) -> Editor:
        """Return what changes the world."""
        return self._simulator.simulation.editor

    # --- messages --------------------------------------------------------------------------

    def add_message(self, conversation: int, body: str, **more: Any) -> Row:
        """Let a message be sent or come in."""
        identity = self._conversation(conversation)
        return self.editor.add_message(NewMessage(conversation_id=identity, body=body, **more))

    def add_late_message(self, conversation: int, days: int) -> Row:
        """Let a message arrive that was written days ago."""
        return self.add_message(conversation, "late", date=self._stamp(-days * DAY_SECONDS))

    def add_unannounced_message(self, conversation: int) -> Row:
        """Let a message arrive that moves no stamp, but is the latest one of its conversation."""
        return self.add_message(conversation, "by the way", moves_stamps=False)

    def schedule_message(self, conversation: int) -> Row:
        """Schedule an automated message for next week."""
        in_a_week = self._stamp(7 * DAY_SECONDS)
        return self.add_message(
            conversation, "Check-in", direction="automated", date=in_a_week, status="awaiting"
        )

    def release_message(self, number: int) -> bool:
        """Send a scheduled message, under its old id; tell whether there was one."""
        place = _pick(self._messages(lambda row: row["status"] == "awaiting"), number)
        if place is not None:
            self.editor.release_message(place.conversation_id, place.message_id)
        return place is not None

    def edit_message(self, number: int, body: str) -> None:
        """Put another body in place."""
        place = _pick(self._messages(), number)
        if place is not None:
            self.editor.edit_message(place.conversation_id, place.message_id, body)

    def attach(self, number: int, *, is_public: bool) -> None:
        """Add a file to a message."""
        place = _pick(self._messages(), number)
        if place is not None:
            self.editor.add_attachment(
                place.conversation_id, place.message_id, "photo", is_public=is_public
            )

    def unsend_message(self, number: int) -> None:
        """Take a message back."""
        place = _pick(self._messages(), number)
        if place is not None:
            self.editor.unsend_message(place.conversation_id, place.message_id)
            self._note_vanished()

    def mark_seen(self, conversation: int) -> None:
        """Mark the incoming messages of a conversation as seen."""
        self.editor.mark_seen(self._conversation(conversation))

    # --- conversations, reservations, listings ---------------------------------------------

    def add_conversation(self, listing: int, body: str, **reservation: Any) -> None:
        """Add a reservation or inquiry with its conversation, and a message if it has a body."""
        row = self.editor.add_conversation(self._listing(listing), reservation)
        if body:
            self.editor.add_message(NewMessage(conversation_id=row["id"], body=body))

    def change_reservation(self, number: int, **fields: Any) -> None:
        """Put fields of a reservation in place."""
        index = number % self.world.conversation_count
        self.editor.change_reservation(self.world.reservation_id(index), fields)

    def change_listing(self, number: int, **fields: Any) -> None:
        """Put fields of a listing in place."""
        self.editor.change_listing(self._listing(number), fields)

    # --- behaviour -------------------------------------------------------------------------

    @property
    def switches(self) -> Switches:
        """Return how this Hostaway behaves."""
        return self.world.switches

    def switch(self, **switches: Any) -> None:
        """Let it behave otherwise."""
        self.world.switches = self.switches.changed(msgspec.json.encode(switches))
        self._note_vanished()

    def set_faults(self, rules: Sequence[FaultRule] = (), seed: int = 1) -> None:
        """Put a plan of faults in force; none means that all goes well."""
        self._simulator.simulation.set_faults(FaultPlan(seed=seed, rules=tuple(rules)))

    def expire_tokens(self) -> None:
        """Let every token expire."""
        self._simulator.simulation.tokens.expire_all()

    def pass_time(self, seconds: int) -> None:
        """Let time pass on Hostaway's side."""
        self.world.now += seconds

    # --- what must hold --------------------------------------------------------------------

    @property
    def vanished(self) -> set[str]:
        """Return the ids of the messages that are not listed now, because they were unsent."""
        if self.switches.unsent_message == "stays":
            return set()
        return {str(i) for changes in self.world.changes.values() for i in changes.unsent}

    def _note_vanished(self) -> None:
        self._ever_vanished |= self.vanished

    def differences(self, database: Database[Document]) -> list[str]:
        """Say where the store is not what the account is.

        A message that vanished may be stored: then it is marked as unsent.
        """
        kept = {
            document["message_id"]
            for document in database["messages"].find({"is_unsent": True}, {"message_id": 1})
        }
        found = differences_to(Truth(self._simulator.control), database)
        vanished = {f"messages {i}: not in the truth" for i in self.vanished & kept}
        return [difference for difference in found if difference not in vanished]

    def wrongly_unsent(self, database: Database[Document]) -> list[str]:
        """Name the messages marked as unsent that were always listed."""
        marked = database["messages"].find({"is_unsent": True}, {"message_id": 1})
        return sorted({document["message_id"] for document in marked} - self._ever_vanished)

    # --- inside ----------------------------------------------------------------------------

    def _conversation(self, number: int) -> int:
        return self.world.conversation_id(number % self.world.conversation_count)

    def _listing(self, number: int) -> int:
        return int(self.world.listing_row(number % self.world.listing_count)["id"])

    def _messages(self, is_wanted: Any = None) -> list[Place]:
        return [
            Place(row["conversationId"], row["id"])
            for rows in self.world.all_messages()
            for row in sorted(rows, key=lambda row: int(row["id"]))
            if is_wanted is None or is_wanted(row)
        ]

    def _stamp(self, seconds: int) -> str:
        return stamp(self.world.now + seconds)


def _pick(places: list[Place], number: int) -> Place | None:
    return places[number % len(places)] if places else None
