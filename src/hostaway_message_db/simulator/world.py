"""The simulated account: conversations, reservations and listings, read row by row.

Guarantees: deterministic - equal options give equal bytes. Nothing of the base world is held
but sort keys (a few 64-bit numbers per conversation); rows are written on demand and the
changes made through `Editor` lie over them. Safe to read and change from several threads.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from hostaway_message_db.simulator.bodies import Setting
from hostaway_message_db.simulator.clock import read_stamp, stamp, to_epoch
from hostaway_message_db.simulator.dice import mix
from hostaway_message_db.simulator.listings import ListingBook, user_rows
from hostaway_message_db.simulator.messages import (
    FILES_HOST,
    Surroundings,
    base_row,
    digest,
    embedded_row,
    with_fresh_urls,
)
from hostaway_message_db.simulator.order import MOST_ROWS, SortedRows
from hostaway_message_db.simulator.plans import MessageIds, MessagePlanner, Planned
from hostaway_message_db.simulator.reservations import (
    Guest,
    Listed,
    embedded_reservation,
    guest_of,
    reservation_row,
    without_resources,
)
from hostaway_message_db.simulator.stories import (
    IDENTITY,
    ORDER,
    WINDOW,
    Story,
    StoryBook,
    WorldOptions,
)
from hostaway_message_db.simulator.switches import Switches
from hostaway_message_db.simulator.texts import load_texts
from hostaway_message_db.simulator.wire import Row, plain

FIRST_CONVERSATION_ID, CONVERSATION_STEP = 21_000_000, 7
FIRST_RESERVATION_ID, RESERVATION_STEP = 46_000_000, 11
CACHED_CONVERSATIONS = 1024
OUT_OF_PLACE = 3


@dataclass(slots=True)
class Changes:
    """What was changed in one conversation and its reservation since the world began."""

    story: Story | None = None
    added: list[Row] = field(default_factory=list)
    edits: dict[int, Row] = field(default_factory=dict)
    unsent: set[int] = field(default_factory=set)
    stamps: tuple[int, int] | None = None
    reservation: Row = field(default_factory=dict)


class World:
    """One Hostaway account; `switches` says how it behaves where the truth is unknown."""

    def __init__(
        self, options: WorldOptions | None = None, switches: Switches | None = None
    ) -> None:
        self.options = options or WorldOptions()
        self.switches = switches or Switches()
        self.now = to_epoch(self.options.now)
        self.files_host = FILES_HOST
        self.lock = threading.RLock()
        self.account_id = int(self.options.account_id)
        if 2 * self.options.conversation_count > MOST_ROWS:
            raise ValueError(f"a world has at most {MOST_ROWS // 2} conversations")
        self._seed = self.options.seed
        self._texts = load_texts()
        self._book = StoryBook(self.options)
        self.ids = MessageIds(self.options.conversation_count, self.now)
        self._planner = MessagePlanner(self._seed, self.ids, self.now)
        self._listings = ListingBook(self._seed, self.options.listings, self._texts, self.now)
        self.listing_changes: dict[int, Row] = {}
        self.entity_changes: dict[tuple[str, str], Row] = {}
        self.changes: dict[int, Changes] = {}
        self._stories: OrderedDict[int, Story] = OrderedDict()
        self._plans: OrderedDict[int, list[Planned]] = OrderedDict()
        self._shuffles = 0
        self._readings = 0
        self.message_count = 0
        self._open()

    def _open(self) -> None:
        """Walk once through all stories for the sort keys."""
        updated, ranks = [], []
        for index in range(self.options.conversation_count):
            story = self._book.story(index)
            self.message_count += story.message_count + story.scheduled_count + story.stuck_count
            updated.append(story.updated)
            ranks.append(self._recency(index, story.last_activity))
        self.by_update = SortedRows(updated)
        self._by_recency = SortedRows(ranks)
        self._by_chance: SortedRows | None = None

    # --- numbers and ids -------------------------------------------------------------------

    @property
    def conversation_count(self) -> int:
        """How many conversations there are now; as many as reservations."""
        return len(self.by_update)

    @property
    def listing_count(self) -> int:
        """How many listings there are."""
        return self._listings.count

    def conversation_id(self, index: int) -> int:
        """Return the id of a conversation; ids grow with insertion."""
        shift = mix(self._seed, IDENTITY, index) % CONVERSATION_STEP
        return FIRST_CONVERSATION_ID + index * CONVERSATION_STEP + shift

    def reservation_id(self, index: int) -> int:
        """Return the id of the reservation of a conversation."""
        shift = mix(self._seed, IDENTITY, index, 1) % RESERVATION_STEP
        return FIRST_RESERVATION_ID + index * RESERVATION_STEP + shift

    def conversation_index(self, conversation_id: int) -> int | None:
        """Return the number of the conversation with this id, or nothing."""
        index = (conversation_id - FIRST_CONVERSATION_ID) // CONVERSATION_STEP
        known = 0 <= index < self.conversation_count
        return index if known and self.conversation_id(index) == conversation_id else None

    def reservation_index(self, reservation_id: int) -> int | None:
        """Return the number of the reservation with this id, or nothing."""
        index = (reservation_id - FIRST_RESERVATION_ID) // RESERVATION_STEP
        known = 0 <= index < self.conversation_count
        return index if known and self.reservation_id(index) == reservation_id else None

    def listing_index(self, listing_id: int) -> int | None:
        """Return the number of the listing with this id, or nothing."""
        return self._listings.index_of(listing_id)

    # --- order -----------------------------------------------------------------------------

    def _recency(self, index: int, last_activity: int) -> int:
        """Return the rank of a conversation: its recency, for a third a fixed wrong one.

        In one test 35 of the first 50 rows were recent (API reference 6).
        """
        noise = mix(self._seed, ORDER, index)
        if noise % OUT_OF_PLACE == 0:
            return to_epoch(self.options.now) - noise // OUT_OF_PLACE % WINDOW
        return last_activity

    def moved(self, index: int, last_activity: int) -> None:
        """Put a conversation where its new last activity belongs."""
        self._by_recency.move(index, self._recency(index, last_activity))

    def appended(self, created: int) -> int:
        """Make room for one more conversation and reservation; return its number."""
        index = self.by_update.append(created)
        self._by_recency.append(self._recency(index, created))
        self._by_chance = None
        return index

    def conversation_page(self, offset: int, limit: int) -> list[int]:
        """Return the numbers of a page of conversations in the order of the switch."""
        with self.lock:
            total = self.conversation_count
            match self.switches.conversation_order:
                case "recency_mostly":
                    return self._by_recency.page(offset, limit, descending=True)
                case "insertion":
                    return list(range(offset, min(total, offset + limit)))
                case "random_stable":
                    if self._by_chance is None:
                        noise = (mix(self._seed, ORDER, n, 1) % WINDOW for n in range(total))
                        self._by_chance = SortedRows(noise)
                    return self._by_chance.page(offset, limit, descending=False)
                case "shuffled":
                    return self._shuffled(offset, limit, total)

    def _shuffled(self, offset: int, limit: int, total: int) -> list[int]:
        """Return a page of an order that is another one on every reading."""
        self._shuffles += 1
        start = mix(self._seed, ORDER, self._shuffles, 2) % max(1, total)
        stride = _stride(mix(self._seed, ORDER, self._shuffles, 3), total)
        last = min(total, offset + limit)
        return [(start + stride * place) % total for place in range(offset, last)]

    # --- rows ------------------------------------------------------------------------------

    def story(self, index: int) -> Story:
        """Return the outline of a conversation."""
        changes = self.changes.get(index)
        if changes is not None and changes.story is not None:
            return changes.story
        with self.lock:
            story = self._stories.get(index)
            if story is None:
                story = self._stories[index] = self._book.story(index)
                if len(self._stories) > CACHED_CONVERSATIONS:
                    self._stories.popitem(last=False)
            return story

    def added_story(self, index: int, listing: int) -> Story:
        """Return the outline for a conversation that is added now."""
        return self._book.added_story(index, self.now, listing)

    def _plan(self, story: Story) -> list[Planned]:
        with self.lock:
            plan = self._plans.get(story.index)
            if plan is None:
                plan = self._plans[story.index] = self._planner.plan(story)
                if len(self._plans) > CACHED_CONVERSATIONS:
                    self._plans.popitem(last=False)
            return plan

    def _guest(self, story: Story) -> Guest:
        return guest_of(self._seed, story, self._texts.people[story.language])

    def surroundings(self, story: Story) -> Surroundings:
        """Return what all messages of a conversation have in common."""
        home = self._listings.home(story.listing)
        guest = self._guest(story)
        return Surroundings(
            account_id=self.account_id,
            listing_id=home.id,
            reservation_id=self.visible_reservation_id(story.index),
            conversation_id=self.conversation_id(story.index),
            listing_name=home.name,
            zone=home.place.zone,
            setting=Setting(guest.first, home.name, home.place.city, story.nights),
            phrases=self._texts.phrases[story.language],
        )

    def visible_reservation_id(self, index: int) -> int | None:
        """Return the id under which a conversation names its reservation; null by a switch."""
        noise = mix(self._seed, ORDER, index, 4) % 10_000
        hidden = noise < self.switches.share_without_reservation * 10_000
        return None if hidden else self.reservation_id(index)

    def message_rows(self, index: int, *, unsent_too: bool) -> list[Row]:
        """Return the messages of a conversation in the shape and order of the list.

        Args:
            index: the number of the conversation.
            unsent_too: also those whose status is not `sent` (API reference 7.1).
        """
        with self.lock:
            story = self.story(index)
            around = self.surroundings(story)
            changes = self.changes.get(index)
            rows = [
                base_row(self._seed, story, planned, around)
                for planned in self._plan(story)
                if unsent_too or changes is not None or planned.status == "sent"
            ]
            if changes is not None:
                rows = self._with_changes(rows, changes, unsent_too=unsent_too)
            descending = self.switches.message_order == "newest_first"
            rows.sort(key=lambda row: (row["date"], row["id"]), reverse=descending)
            return [self.read_row(row) for row in rows]

    def _with_changes(self, rows: list[Row], changes: Changes, *, unsent_too: bool) -> list[Row]:
        vanished = changes.unsent if self.switches.unsent_message == "vanishes" else frozenset()
        edited = ({**row, **changes.edits.get(row["id"], {})} for row in rows + changes.added)
        return [
            row
            for row in edited
            if row["id"] not in vanished and (unsent_too or row["status"] == "sent")
        ]

    def read_row(self, row: Row) -> Row:
        """Return the row with the temporary URLs of this reading."""
        if not row["attachments"]:
            return row
        self._readings += 1
        return with_fresh_urls(row, self._readings, self.now, self.files_host)

    def stamps(self, index: int) -> tuple[int, int]:
        """Return when the last message went out and when the last came in; 0 for never."""
        changes = self.changes.get(index)
        if changes is not None and changes.stamps is not None:
            return changes.stamps
        sent = received = 0
        for planned in self._plan(self.story(index)):
            if planned.status != "sent":
                continue
            if planned.is_incoming:
                received = max(received, planned.date)
            else:
                sent = max(sent, planned.date)
        return sent, received

    def latest_message(self, index: int) -> Row | None:
        """Return the newest sent message in the shape of the list, or nothing."""
        if index in self.changes:
            rows = self.message_rows(index, unsent_too=False)
            return max(rows, key=lambda row: (row["date"], row["id"]), default=None)
        story = self.story(index)
        if story.message_count == 0:
            return None
        planned = self._plan(story)[story.message_count - 1]
        return base_row(self._seed, story, planned, self.surroundings(story))

    def conversation_row(self, index: int, *, with_resources: bool) -> Row:
        """Return a conversation; `updatedOn` and `channelId` it has not (API reference 7.3)."""
        with self.lock:
            story = self.story(index)
            reservation = self.reservation_row(index, with_resources=True)
            sent, received = self.stamps(index)
            latest = self.latest_message(index)
            account_listing = self.switches.conversation_listing_id == "account"
            reservation_id = self.visible_reservation_id(index)
            row: Row = {
                "accountId": self.account_id,
                "listingMapId": self.account_id if account_listing else reservation["listingMapId"],
                "reservationId": reservation_id,
                "type": "host-guest-email",
                "recipientEmail": plain(reservation["guestEmail"]),
                "recipientName": plain(reservation["guestName"]),
                "recipientPicture": None,
                "hostEmail": f"c-{digest(story.index, 1)}@host.hostaway.invalid",
                "guestEmail": f"c-{digest(story.index, 2)}@guest.hostaway.invalid",
                "hasUnreadMessages": int(self._has_unread(index, latest)),
                "messageSentOn": stamp(sent) if sent else None,
                "messageReceivedOn": stamp(received) if received else None,
                "id": self.conversation_id(index),
            }
            if with_resources:
                row["conversationMessages"] = [] if latest is None else [embedded_row(latest)]
                shown = embedded_reservation(reservation)
                row["Reservation"] = None if reservation_id is None else shown
            elif self.switches.without_resources == "empty":
                row["conversationMessages"], row["Reservation"] = [], None
            elif self.switches.without_resources == "stamps_null":
                row["messageSentOn"] = row["messageReceivedOn"] = None
            return row

    def _has_unread(self, index: int, latest: Row | None) -> bool:
        if index not in self.changes:
            return latest is not None and not latest["isSeen"]
        rows = self.message_rows(index, unsent_too=False)
        return any(row["isIncoming"] and not row["isSeen"] for row in rows)

    def reservation_row(self, index: int, *, with_resources: bool) -> Row:
        """Return a reservation; prices are raw digits (API reference 9.3)."""
        with self.lock:
            story = self.story(index)
            home = self._listings.home(story.listing)
            listed = Listed(home.id, home.name, home.place.currency)
            number = self.reservation_id(index)
            row = reservation_row(self._seed, story, number, self._guest(story), listed)
            changes = self.changes.get(index)
            if changes is not None:
                row.update(changes.reservation)
            return row if with_resources else without_resources(row)

    def listing_row(self, index: int) -> Row:
        """Return a listing (API reference 10)."""
        return {**self._listings.row(index), **self.listing_changes.get(index, {})}

    def user_rows(self) -> list[Row]:
        """Return the users of the account."""
        return user_rows(self.account_id)

    def all_messages(self) -> Iterator[list[Row]]:
        """Yield the messages of each conversation in order of insertion, unsent ones too."""
        for index in range(self.conversation_count):
            yield self.message_rows(index, unsent_too=True)

    def updated_on(self, index: int) -> int:
        """Return the reservation's `updatedOn` as Unix seconds."""
        return read_stamp(plain(self.reservation_row(index, with_resources=False)["updatedOn"]))


def _stride(noise: int, total: int) -> int:
    """Return a step that reaches every one of `total` places before it comes back."""
    stride = noise % max(1, total) | 1
    while math.gcd(stride, total) != 1:
        stride += 1
    return stride
