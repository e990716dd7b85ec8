"""Which messages a conversation has, when, and under which ids; their text comes later.

Guarantees: a pure function of the seed and the story. Ids are unique in the world and grow
with insertion (API reference 7.4); an automation's message has the id of the moment at which
it was scheduled, below ids already seen when it is sent (API reference 8).
"""

from typing import Literal

import msgspec

from hostaway_message_db.simulator.clock import DAY
from hostaway_message_db.simulator.dice import Dice
from hostaway_message_db.simulator.stories import DIRECT, PLAN, WINDOW, Story

Kind = Literal[
    "question", "problem", "praise", "thanks", "arrival",
    "answer", "fix", "reply",
    "welcome", "checkin", "checkout", "review",
    "attachment",
]  # fmt: skip

# What a guest writes next, each as often as it stands here.
GUEST_WHEEL: tuple[Kind, ...] = (
    *("question",) * 5,
    *("arrival",) * 4,
    *("thanks",) * 4,
    *("praise",) * 4,
    *("problem",) * 3,
    "attachment",
)  # fmt: skip
ANSWERS: dict[Kind, Kind] = {
    "question": "answer",
    "problem": "fix",
    "arrival": "answer",
    "attachment": "answer",
    "praise": "reply",
    "thanks": "reply",
}
AUTOMATIONS: frozenset[Kind] = frozenset({"welcome", "checkin", "checkout", "review"})
WELCOMED = frozenset({"new", "modified", "cancelled"})
STUCK = ("failed", "cancelled_by_system", "cancelled_by_user", "paused")
FIRST_MESSAGE_ID = 300_000_000


class Planned(msgspec.Struct, frozen=True):
    """One message in outline; all moments are Unix seconds."""

    position: int
    id: int
    kind: Kind
    is_incoming: bool
    is_automated: bool
    date: int
    inserted: int
    status: str


class MessageIds:
    """Makes ids that grow with the moment of insertion and are unique in the world.

    The lower half of the slots of a second belongs to the base world, one slot to each of
    its conversations; the upper half to messages that the control door adds.
    """

    def __init__(self, conversation_count: int, now: int) -> None:
        self.slots = 1024
        while self.slots < 2 * conversation_count:
            self.slots *= 2
        self._start = now - WINDOW - 120 * DAY

    def at(self, second: int, index: int) -> int:
        """Return the id of a base message inserted in that second."""
        return FIRST_MESSAGE_ID + max(0, second - self._start) * self.slots + index

    def first_added_at(self, second: int) -> int:
        """Return the first id free for an added message of that second."""
        return self.at(second, self.slots // 2)


class MessagePlanner:
    """Plans the messages of a story."""

    def __init__(self, seed: int, ids: MessageIds, now: int) -> None:
        self._seed = seed
        self._ids = ids
        self._now = now

    def plan(self, story: Story) -> list[Planned]:
        """Return the story's messages in order of `date`, the not yet sent ones at the end."""
        dice = Dice(self._seed, PLAN, story.index)
        used: set[int] = set()
        planned: list[Planned] = []
        dates = self._dates(story, dice)
        previous: Kind | None = None
        for position, date in enumerate(dates):
            kind = self._next(dice, previous, story, position)
            incoming, automated = kind in GUEST_WHEEL, kind in AUTOMATIONS
            inserted = date
            if automated and kind != "welcome":
                inserted = min(date, story.created + 5 + position)
            elif incoming and story.channel_id != DIRECT and position < len(dates) - 1:
                inserted = date + dice.below(46)
            planned.append(
                Planned(
                    position=position,
                    id=self._id(inserted, story.index, used),
                    kind=kind,
                    is_incoming=incoming,
                    is_automated=automated,
                    date=date,
                    inserted=inserted,
                    status="sent",
                )
            )
            previous = kind
        self._add_unsent(story, dice, planned, used)
        return planned

    def _id(self, inserted: int, index: int, used: set[int]) -> int:
        second = inserted
        while second in used:
            second += 1
        used.add(second)
        return self._ids.at(second, index)

    @staticmethod
    def _dates(story: Story, dice: Dice) -> list[int]:
        """Spread the dates over the span, each in its own second, the last at its end."""
        count = story.message_count
        if count == 0:
            return []
        room = story.span - (count - 1)
        power = 0.7 + 1.6 * dice.fraction()
        dates = [story.created]
        for position in range(1, count - 1):
            place = (position + 0.8 * dice.fraction()) / (count - 1)
            dates.append(story.created + position + int(room * min(place, 1.0) ** power))
        if count > 1:
            dates.append(story.last_activity)
        return dates

    @staticmethod
    def _next(dice: Dice, previous: Kind | None, story: Story, position: int) -> Kind:
        """Choose what follows a message."""
        is_welcomed = story.status in WELCOMED
        if previous is None:
            return "welcome" if is_welcomed and dice.chance(0.55) else "question"
        answer = ANSWERS.get(previous)
        if answer is not None and dice.chance(0.6 if answer == "reply" else 0.84):
            return answer
        if is_welcomed and dice.chance(0.16):
            if position == story.message_count - 1:
                return "review"
            return "checkout" if position > story.message_count // 2 else "checkin"
        return dice.pick(GUEST_WHEEL)

    def _add_unsent(self, story: Story, dice: Dice, planned: list[Planned], used: set[int]) -> None:
        """Add what the default list leaves out: scheduled, failed (API reference 7.4)."""
        kinds: tuple[Kind, ...] = ("checkin", "checkout")
        for number in range(story.scheduled_count):
            kind = kinds[number] if story.scheduled_count > 1 else "checkout"
            day = story.arrival if kind == "checkin" else story.departure
            inserted = story.created + 2 + number
            planned.append(
                Planned(
                    position=len(planned),
                    id=self._id(inserted, story.index, used),
                    kind=kind,
                    is_incoming=False,
                    is_automated=True,
                    date=max(day + 9 * 3600, self._now + 3600 * (1 + number)),
                    inserted=inserted,
                    status="awaiting",
                )
            )
        for _ in range(story.stuck_count):
            moment = story.created + 1 + dice.below(max(1, story.span))
            planned.append(
                Planned(
                    position=len(planned),
                    id=self._id(moment, story.index, used),
                    kind="answer",
                    is_incoming=False,
                    is_automated=False,
                    date=moment,
                    inserted=moment,
                    status=dice.pick(STUCK),
                )
            )
