"""The outline of every conversation: a pure function of the seed and the conversation's number.

Nothing of the base world is stored. A story tells when a reservation was made, by whom, on
which channel and when its last message was sent; the rows are written from it on demand.
"""

import math
from datetime import UTC, datetime

import msgspec

from hostaway_message_db.simulator.clock import DAY, to_epoch
from hostaway_message_db.simulator.dice import Dice, mix
from hostaway_message_db.simulator.texts import load_texts

DEFAULT_NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
MOST_LISTINGS = 400
WINDOW = 540 * DAY
QUIET_BEFORE_NOW = 60

STORY, LISTING, PLAN, BODY, ROW, GUEST, PRICE, ORDER, IDENTITY = range(1, 10)

AIRBNB, BOOKINGCOM, HOMEAWAY, DIRECT, ENGINE, EXPEDIA = 2018, 2005, 2002, 2000, 2013, 2007

# (API reference 9.5), with the share of each in this account.
CHANNELS = (
    (AIRBNB, "airbnbOfficial", 46),
    (BOOKINGCOM, "bookingcom", 26),
    (HOMEAWAY, "homeaway", 9),
    (DIRECT, "direct", 11),
    (ENGINE, "bookingengine", 5),
    (EXPEDIA, "expedia", 3),
)
# (API reference 9.4): an open set; these are the ones this account has.
STATUSES = (
    ("new", 600),
    ("modified", 120),
    ("cancelled", 100),
    ("inquiry", 80),
    ("inquiryPreapproved", 20),
    ("inquiryNotPossible", 10),
    ("declined", 15),
    ("expired", 15),
    ("pending", 15),
    ("ownerStay", 25),
)
BOOKED = frozenset({"new", "modified"})
INQUIRIES = frozenset({"inquiry", "inquiryPreapproved", "inquiryNotPossible"})


class WorldOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a world is made from; equal options make equal bytes.

    `messages_per_conversation` None gives a realistic spread; a number gives exactly that
    many sent messages to every conversation and no scheduled or failed ones.
    """

    seed: int = 1
    conversation_count: int = 200
    messages_per_conversation: int | None = None
    listing_count: int | None = None
    now: datetime = DEFAULT_NOW
    account_id: str = "61234"
    api_key: str = "simulator-key"

    def __post_init__(self) -> None:
        if self.conversation_count < 0:
            raise ValueError("conversation_count must not be negative")
        if not self.account_id.isdecimal():
            raise ValueError("account_id must be a number: it is Hostaway's client_id")

    @property
    def listings(self) -> int:
        """How many listings the world has."""
        if self.listing_count is not None:
            return max(1, self.listing_count)
        return min(MOST_LISTINGS, max(3, self.conversation_count // 40))


class Story(msgspec.Struct, frozen=True):
    """One reservation with its conversation, in outline; all moments are Unix seconds."""

    index: int
    created: int
    status: str
    channel_id: int
    channel_name: str
    language: str
    listing: int
    arrival: int
    nights: int
    message_count: int
    span: int
    scheduled_count: int
    stuck_count: int
    updated: int
    is_unspecified: bool

    @property
    def last_activity(self) -> int:
        """When the last sent message was sent."""
        return self.created + self.span

    @property
    def departure(self) -> int:
        """Midnight of the day of departure."""
        return self.arrival + self.nights * DAY


def _weighted(pairs: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    return tuple(item for item, weight in pairs for _ in range(weight))


_STATUS_WHEEL = _weighted(tuple((n, weight) for n, (_, weight) in enumerate(STATUSES)))
_CHANNEL_WHEEL = _weighted(tuple((n, weight) for n, (_, _, weight) in enumerate(CHANNELS)))


class StoryBook:
    """Tells the story of any number; holds nothing but the options."""

    def __init__(self, options: WorldOptions) -> None:
        self._options = options
        self._now = to_epoch(options.now)
        self._margin = max(1800, 4 * (options.messages_per_conversation or 0))
        self._step = WINDOW / max(1, options.conversation_count)
        texts = load_texts()
        self._languages = tuple(
            language
            for language, weight in zip(texts.languages, texts.weights, strict=True)
            for _ in range(weight)
        )

    def created(self, index: int) -> int:
        """Return when a reservation of the base world was made; grows with the number."""
        count = self._options.conversation_count
        jitter = 0.0 if index == count - 1 else Dice(self._options.seed, STORY, index, 0).fraction()
        return self._now - self._margin - int((count - 1 - index + jitter * 0.9) * self._step)

    def story(self, index: int) -> Story:
        """Tell the story of a conversation of the base world."""
        created = self.created(index)
        dice = Dice(self._options.seed, STORY, index, 1)
        status = STATUSES[dice.pick(_STATUS_WHEEL)][0]
        channel_id, channel_name, _ = CHANNELS[dice.pick(_CHANNEL_WHEEL)]
        if status == "ownerStay":
            channel_id, channel_name, _ = CHANNELS[3]
        arrival = (created // DAY + dice.below(dice.pick((4, 30, 120))) + 1) * DAY
        nights = 1 + dice.below(dice.pick((4, 7, 7, 14)))
        is_unspecified = status in INQUIRIES and dice.chance(0.4)
        count, span = self._messages(dice, created, arrival + nights * DAY, status)
        is_booked = status in BOOKED and self._options.messages_per_conversation is None
        scheduled = 0
        if is_booked and arrival + nights * DAY > self._now:
            scheduled = 2 if arrival > self._now else 1
        stuck = int(is_booked and count > 1 and dice.chance(0.04))
        return Story(
            index=index,
            created=created,
            status=status,
            channel_id=channel_id,
            channel_name=channel_name,
            language=dice.pick(self._languages),
            listing=dice.below(self._options.listings),
            arrival=(self._now // DAY - 1) * DAY if is_unspecified else arrival,
            nights=1 if is_unspecified else nights,
            message_count=count,
            span=span,
            scheduled_count=scheduled,
            stuck_count=stuck,
            updated=self._updated(dice, created + span),
            is_unspecified=is_unspecified,
        )

    def added_story(self, index: int, created: int, listing: int) -> Story:
        """Tell the story of a conversation that the control door adds: booked, no message yet."""
        dice = Dice(self._options.seed, STORY, index, 2)
        arrival = (created // DAY + 7 + dice.below(30)) * DAY
        return Story(
            index=index,
            created=created,
            status="new",
            channel_id=AIRBNB,
            channel_name="airbnbOfficial",
            language=dice.pick(self._languages),
            listing=listing,
            arrival=arrival,
            nights=1 + dice.below(9),
            message_count=0,
            span=0,
            scheduled_count=0,
            stuck_count=0,
            updated=created,
            is_unspecified=False,
        )

    def order_noise(self, index: int) -> int:
        """Return a stable number that tells which rows stand out of place, and where."""
        return mix(self._options.seed, ORDER, index)

    def _messages(self, dice: Dice, created: int, departure: int, status: str) -> tuple[int, int]:
        """Return how many messages were sent, and over how many seconds."""
        end = max(created + 240, min(departure + 2 * DAY, self._now - QUIET_BEFORE_NOW))
        room = end - created
        fixed = self._options.messages_per_conversation
        if fixed is not None:
            count = fixed
        elif status == "ownerStay":
            count = dice.below(3)
        elif dice.chance(0.004):
            count = 80 + dice.below(120)
        else:
            count = min(40, 1 + int(-math.log(1.0 - dice.fraction()) * 8.6))
        count = min(count, room // 3)
        span = max(int(room * (0.3 + 0.7 * dice.fraction())), 3 * count)
        return count, span if count > 1 else 0

    def _updated(self, dice: Dice, last_activity: int) -> int:
        """Return the reservation's `updatedOn`: 0-10 s after the last message.

        One in twenty was touched again by a background job, many in one second
        (API reference 8, 12 row 11).
        """
        updated = last_activity + dice.below(11)
        if dice.chance(0.05):
            burst = self._now - DAY * (3 + 30 * dice.below(12)) + dice.below(4)
            updated = max(updated, burst)
        return updated
