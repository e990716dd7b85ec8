"""Changes of the world while it runs: what guests, hosts and background jobs do.

Guarantees: each change happens at a moment of its own - the world's time moves on by one
second with it - so `updatedOn` never goes back. A sent or received message moves the
conversation's stamps (API reference 13.1) and, by a switch, the reservation's `updatedOn`
and `latestActivityOn` 0-10 s later (API reference 8, 13.2).
"""

from typing import Any, Literal

import msgspec

from hostaway_message_db.simulator.clock import read_stamp, stamp
from hostaway_message_db.simulator.dice import mix
from hostaway_message_db.simulator.messages import FIRST_USER_ID, attachment, blank_row, digest
from hostaway_message_db.simulator.wire import Row, plain
from hostaway_message_db.simulator.world import Changes, World

Direction = Literal["incoming", "outgoing", "automated"]
Way = Literal["email", "channel", "sms", "whatsapp"]


class UnknownObject(LookupError):
    """The world has no such conversation, message, reservation or listing."""


class NewMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A message to add; moments are stamps such as `2026-11-22 12:00:00`.

    `date` and `inserted_on` default to the world's now. A `date` in the past makes a
    back-dated message that arrives late; a status other than `sent` one that is not (yet)
    sent. `moves_stamps` false lets it arrive without a trace in the conversation list.
    """

    conversation_id: int
    body: str = "Hello!"
    direction: Direction = "incoming"
    date: str | None = None
    inserted_on: str | None = None
    status: str = "sent"
    communication_type: Way = "channel"
    moves_stamps: bool = True
    fields: dict[str, Any] = {}


class Editor:
    """Changes a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._last_id = 0

    # --- messages --------------------------------------------------------------------------

    def add_message(self, new: NewMessage) -> Row:
        """Add a message, sent or scheduled, and return its row."""
        world = self._world
        with world.lock:
            index = self._conversation(new.conversation_id)
            now = self._tick()
            incoming = new.direction == "incoming"
            story = world.story(index)
            row = blank_row(
                world.surroundings(story),
                self._next_id(now),
                new.body,
                new.communication_type,
                incoming=incoming,
            )
            date = new.date or stamp(now)
            is_outgoing_sent = not incoming and new.status == "sent"
            has_channel = new.communication_type == "channel" or not incoming
            row["channelId"] = story.channel_id if has_channel else None
            row["userId"] = FIRST_USER_ID if new.direction == "outgoing" else None
            row["communicationId"] = 501 if new.direction == "automated" else None
            row["status"] = new.status
            row["date"] = stamp(read_stamp(date))
            row["sentChannelDate"] = row["date"] if is_outgoing_sent else None
            row["insertedOn"] = row["updatedOn"] = new.inserted_on or stamp(now)
            row["hash"] = digest(row["id"])
            row.update(new.fields)
            self._changes(index).added.append(row)
            world.message_count += 1
            if new.status == "sent" and new.moves_stamps:
                self._active(index, row)
            return row

    def edit_message(self, conversation_id: int, message_id: int, body: str) -> Row:
        """Put another body in place under the same id; nothing announces it (reference 12, 5)."""
        changed: Row = {"body": body}
        with self._world.lock:
            now = self._tick()
            if self._world.switches.edit_moves_updated_on:
                changed["updatedOn"] = stamp(now)
            return self._edit(conversation_id, message_id, changed)

    def change_message(self, conversation_id: int, message_id: int, fields: Row) -> Row:
        """Put any fields of a message in place, for example `isSeen`, silently."""
        with self._world.lock:
            self._tick()
            return self._edit(conversation_id, message_id, fields)

    def mark_seen(self, conversation_id: int, message_id: int | None = None) -> int:
        """Mark one message or all incoming ones as seen; return how many that were."""
        with self._world.lock:
            self._tick()
            index = self._conversation(conversation_id)
            rows = self._world.message_rows(index, unsent_too=True)
            chosen = [
                row
                for row in rows
                if row["isIncoming"] and not row["isSeen"] and message_id in {None, row["id"]}
            ]
            for row in chosen:
                self._edit(conversation_id, row["id"], {"isSeen": 1})
            return len(chosen)

    def unsend_message(self, conversation_id: int, message_id: int) -> None:
        """Take a message back; whether it vanishes from the list is a switch (13.2)."""
        with self._world.lock:
            self._tick()
            index, _ = self._message(conversation_id, message_id)
            self._changes(index).unsent.add(message_id)

    def release_message(self, conversation_id: int, message_id: int) -> Row:
        """Send a scheduled message now, under its old, low id (API reference 8, 13.3)."""
        with self._world.lock:
            now = self._tick()
            index, _ = self._message(conversation_id, message_id)
            moment = stamp(now)
            changed = {"status": "sent", "date": moment, "sentChannelDate": moment}
            row = self._edit(conversation_id, message_id, {**changed, "updatedOn": moment})
            self._active(index, row)
            return row

    def add_attachment(
        self, conversation_id: int, message_id: int, name: str, *, is_public: bool = False
    ) -> Row:
        """Add an attachment to a message; a private one has another URL on each reading."""
        with self._world.lock:
            self._tick()
            index, row = self._message(conversation_id, message_id)
            number = len(row["attachments"]) + 1
            file = attachment(row, message_id, number, name, is_public=int(is_public))
            kept = self._changes(index).edits.get(message_id, {}).get("attachments")
            before = row["attachments"] if kept is None else kept
            return self._edit(conversation_id, message_id, {"attachments": [*before, file]})

    # --- conversations, reservations, listings ---------------------------------------------

    def add_conversation(self, listing_id: int | None, fields: Row) -> Row:
        """Add a reservation with its empty conversation; `fields` are the reservation's.

        A `status` of `inquiry` makes an inquiry: inquiries are reservations too (9.4).
        """
        world = self._world
        with world.lock:
            now = self._tick()
            index = world.appended(now)
            listing = world.listing_index(listing_id) if listing_id is not None else None
            if listing_id is not None and listing is None:
                raise UnknownObject(f"listing {listing_id}")
            chosen = mix(index) % world.listing_count if listing is None else listing
            story = world.added_story(index, chosen)
            world.changes[index] = Changes(story=story, stamps=(0, 0), reservation=dict(fields))
            return world.conversation_row(index, with_resources=True)

    def change_reservation(self, reservation_id: int, fields: Row) -> Row:
        """Put fields of a reservation in place and move its `updatedOn`.

        A value may be raw JSON, which reaches the client digit by digit.
        """
        world = self._world
        with world.lock:
            now = self._tick()
            index = world.reservation_index(reservation_id)
            if index is None:
                raise UnknownObject(f"reservation {reservation_id}")
            changes = self._changes(index)
            changes.reservation.update(fields)
            moment = read_stamp(plain(fields["updatedOn"])) if "updatedOn" in fields else now
            self._touch(index, moment)
            return world.reservation_row(index, with_resources=True)

    def touch_reservation(self, index: int) -> None:
        """Move a reservation to the front without another change, as background jobs do."""
        with self._world.lock:
            self._touch(index, self._tick())

    def change_listing(self, listing_id: int, fields: Row) -> Row:
        """Put fields of a listing in place, for example `name` or `specialStatus`."""
        world = self._world
        with world.lock:
            now = self._tick()
            index = world.listing_index(listing_id)
            if index is None:
                raise UnknownObject(f"listing {listing_id}")
            changes = world.listing_changes.setdefault(index, {})
            changes.update({"latestActivityOn": stamp(now), **fields})
            if "name" in fields:
                changes["externalListingName"] = fields["name"]
            return world.listing_row(index)

    def set_now(self, moment: str) -> None:
        """Set the world's time."""
        with self._world.lock:
            self._world.now = read_stamp(moment)

    # --- inside ----------------------------------------------------------------------------

    def _tick(self) -> int:
        self._world.now += 1
        return self._world.now

    def _next_id(self, now: int) -> int:
        self._last_id = max(self._last_id + 1, self._world.ids.first_added_at(now))
        return self._last_id

    def _conversation(self, conversation_id: int) -> int:
        index = self._world.conversation_index(conversation_id)
        if index is None:
            raise UnknownObject(f"conversation {conversation_id}")
        return index

    def _message(self, conversation_id: int, message_id: int) -> tuple[int, Row]:
        index = self._conversation(conversation_id)
        for row in self._world.message_rows(index, unsent_too=True):
            if row["id"] == message_id:
                return index, row
        raise UnknownObject(f"message {message_id} of conversation {conversation_id}")

    def _changes(self, index: int) -> Changes:
        """Return the changes of a conversation, with its stamps fixed before the first one."""
        world = self._world
        changes = world.changes.get(index)
        if changes is None:
            changes = Changes(stamps=world.stamps(index))
            world.changes[index] = changes
        return changes

    def _edit(self, conversation_id: int, message_id: int, fields: Row) -> Row:
        index, row = self._message(conversation_id, message_id)
        self._changes(index).edits.setdefault(message_id, {}).update(fields)
        return {**row, **fields}

    def _active(self, index: int, row: Row) -> None:
        """Move the stamps for a message that was sent or received."""
        world, changes = self._world, self._changes(index)
        sent, received = changes.stamps or (0, 0)
        old = received if row["isIncoming"] else sent
        date = read_stamp(row["date"])
        moment = date if date > old else max(old + 1, world.now)
        changes.stamps = (sent, moment) if row["isIncoming"] else (moment, received)
        world.moved(index, max(changes.stamps))
        if world.switches.message_moves_reservation:
            activity = max(date, world.now)
            changes.reservation["latestActivityOn"] = stamp(activity)
            self._touch(index, activity + mix(row["id"]) % 11)

    def _touch(self, index: int, moment: int) -> None:
        """Move `updatedOn`; the world's now is never before it (API reference 6, 8)."""
        world = self._world
        self._changes(index).reservation["updatedOn"] = stamp(moment)
        world.by_update.move(index, moment)
        world.now = max(world.now, moment)
