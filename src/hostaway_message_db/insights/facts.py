"""Messages as columns: what the figures are computed from.

A million rows of numbers are a few tens of megabytes, and a figure over them is a handful of
vector operations; that is why figures are exact for any filter and still fast. Rows are kept in
buckets of conversations, so that what changed in a conversation changes one small bucket.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from hostaway_message_db.insights.threads import MOST_SECONDS, NEVER, places
from hostaway_message_db.ports import Segment

LAYOUT: Final = 1
"""Of the columns; a segment with another is made anew."""
MOST_TOPICS: Final = 63
EPOCH_DAY: Final = date(2000, 1, 1)
TONES: Final = {"negative": 1, "neutral": 2, "positive": 3}

NUMBERS: Final[dict[str, str]] = {
    "conversation": "<i8",
    "message": "<i8",
    "reservation": "<i8",
    "at": "<i8",
    "flags": "<u2",
    "reply_seconds": "<i4",
    "human_seconds": "<i4",
    "offset_minutes": "<i2",
    "lag_seconds": "<i4",
    "score": "<f4",
    "tone": "<u1",
    "topics": "<u8",
    "arrival": "<u2",
    "departure": "<u2",
}
"""Columns of numbers and their types; `at` in seconds since 1970, UTC."""
NAMES: Final = (
    "account",
    "property",
    "channel",
    "country",
    "language",
    "type",
    "stage",
    "status",
    "reservation_status",
)  # fmt: skip
"""Columns of names: each row holds the position of its name in the column's list."""

ODD: Final = "odd_conversations"
"""The list of conversation ids that are no numbers, to find them again by their keys."""
Column = npt.NDArray[Any]


def key_of(identity: str | None) -> int:
    """Return an id as a number: Hostaway's are numbers, any other becomes a negative hash."""
    if not identity:
        return 0
    if identity.isascii() and identity.isdigit() and len(identity) <= 18:  # noqa: PLR2004 - of int64
        return int(identity) if identity == str(int(identity)) else _hashed(identity)
    return _hashed(identity)


def _hashed(identity: str) -> int:
    digest = hashlib.blake2b(identity.encode(), digest_size=8).digest()
    return -(int.from_bytes(digest) >> 2) - 1


@dataclass(slots=True)
class Facts:
    """Rows of messages by column; `names` are the lists of the columns of names."""

    columns: dict[str, Column]
    names: dict[str, list[str | None]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def has(self, flag: int) -> npt.NDArray[np.bool_]:
        """Return which rows have all these flags."""
        return np.asarray((self.columns["flags"] & flag) == flag)

    def code(self, column: str, name: str | None) -> int:
        """Return the position of a name in a column's list; -1 if no row has it."""
        names = self.names[column]
        return names.index(name) if name in names else -1


def build(threads: Iterable[Sequence[dict[str, Any]]], zones: Mapping[str, str]) -> Facts:
    """Make the rows of conversations; each comes as its stored messages, oldest first.

    `zones` are the time zones of the listings by id, for messages that do not bear one.
    """
    rows: dict[str, list[Any]] = {name: [] for name in (*NUMBERS, *NAMES)}
    lists: dict[str, dict[str | None, int]] = {name: {} for name in (*NAMES, "topics", ODD)}
    for messages in threads:
        for message, place in zip(messages, places(messages), strict=True):
            _add_row(rows, lists, message, zones)
            rows["flags"].append(place.flags)
            rows["reply_seconds"].append(place.reply_seconds)
            rows["human_seconds"].append(place.human_seconds)
    columns = {name: np.array(rows[name], dtype=kind) for name, kind in NUMBERS.items()}
    columns |= {name: np.array(rows[name], dtype="<u2") for name in NAMES}
    return Facts(columns, {name: list(positions) for name, positions in lists.items()})


def _add_row(
    rows: dict[str, list[Any]],
    lists: dict[str, dict[str | None, int]],
    message: dict[str, Any],
    zones: Mapping[str, str],
) -> None:
    stay, moment, source = message["reservation"], message["timestamp"], message.get("source", {})
    tone = message.get("sentiment") or {}
    zone = source.get("listingTimeZoneName") or zones.get(message["property"]["id"] or "")
    add = rows.__getitem__
    add("conversation").append(key_of(message["conversation_id"]))
    if rows["conversation"][-1] < 0:
        lists[ODD].setdefault(message["conversation_id"], len(lists[ODD]))
    add("message").append(key_of(message["message_id"]))
    add("reservation").append(key_of(stay["id"]))
    add("at").append(int(moment.timestamp()))
    add("offset_minutes").append(offset_minutes(moment, zone))
    add("lag_seconds").append(_lag(source.get("insertedOn"), message["created_at"]))
    add("score").append(tone.get("score", np.nan) if tone else np.nan)
    add("tone").append(TONES.get(tone.get("label", ""), 0))
    add("topics").append(_topic_bits(message.get("topics") or (), lists["topics"]))
    add("arrival").append(_day_number(stay["arrival_date"]))
    add("departure").append(_day_number(stay["departure_date"]))
    named = (
        message["account_id"],
        message["property"]["id"], message["channel"]["name"], message["guest"]["nationality"],
        message.get("language"), message["message_type"], message["stage"], message["status"],
        stay["status"],
    )  # fmt: skip
    for column, name in zip(NAMES, named, strict=True):
        positions = lists[column]
        add(column).append(positions.setdefault(name, len(positions)))


def _topic_bits(topics: Iterable[str], positions: dict[str | None, int]) -> int:
    bits = 0
    for topic in topics:
        position = positions.setdefault(topic, len(positions))
        bits |= 1 << position if position < MOST_TOPICS else 0
    return bits


@lru_cache(maxsize=8192)
def _day_number(day: str | None) -> int:
    if not day:
        return 0
    return min(max((date.fromisoformat(day) - EPOCH_DAY).days, 0), 2**16 - 1)


def _lag(inserted_on: Any, created_at: datetime) -> int:
    if not isinstance(inserted_on, str):
        return NEVER
    try:
        inserted = datetime.fromisoformat(inserted_on)
    except ValueError:
        return NEVER
    inserted = inserted if inserted.tzinfo else inserted.replace(tzinfo=UTC)
    return min(max(int((created_at - inserted).total_seconds()), 0), MOST_SECONDS)


def offset_minutes(moment: datetime, zone_name: str | None) -> int:
    """Return how far a listing's clock is ahead of UTC; 0 where its zone is not known."""
    zone = _zone(zone_name)
    if zone is None:
        return 0
    offset = moment.astimezone(zone).utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0


@lru_cache(maxsize=1024)
def _zone(name: str | None) -> tzinfo | None:
    try:
        return ZoneInfo(name.strip()) if name else None
    except (KeyError, ValueError, OSError):
        return None


def joined(parts: Sequence[Facts]) -> Facts:
    """Return the rows of several parts, with one list of names for each column."""
    if not parts:
        return build([], {})
    columns: dict[str, Column] = {}
    names: dict[str, list[str | None]] = {}
    for column in parts[0].columns:
        if column not in parts[0].names:
            columns[column] = np.concatenate([part.columns[column] for part in parts])
    for column in parts[0].names:
        positions: dict[str | None, int] = {}
        moved: list[Column] = []
        for part in parts:
            places_now = [positions.setdefault(n, len(positions)) for n in part.names[column]]
            if column in part.columns:
                moved.append(_moved(part, column, places_now))
        names[column] = list(positions)
        if moved:
            columns[column] = np.concatenate(moved)
    return Facts(columns, names)


def _moved(part: Facts, column: str, places_now: Sequence[int]) -> Column:
    values = part.columns[column]
    if list(places_now) == list(range(len(places_now))):
        return values
    if column != "topics":
        return np.array(places_now, dtype="<u2")[values]
    bits = np.zeros(len(values), dtype="<u8")
    for before, now in enumerate(places_now):
        if before < MOST_TOPICS and now < MOST_TOPICS:
            bits |= ((values >> np.uint64(before)) & np.uint64(1)) << np.uint64(now)
    return bits


def conversation_ids(facts: Facts, keys: Iterable[int]) -> list[str]:
    """Return the ids of conversations by their keys."""
    odd = {key_of(identity): identity for identity in facts.names.get(ODD, ())}
    return [odd.get(int(key)) or str(int(key)) for key in keys]


def without(facts: Facts, conversation_ids: Iterable[str]) -> Facts:
    """Return the rows of the other conversations."""
    keys = np.array([key_of(identity) for identity in conversation_ids], dtype="<i8")
    kept = ~np.isin(facts.columns["conversation"], keys)
    return Facts({name: column[kept] for name, column in facts.columns.items()}, facts.names)


def compacted(facts: Facts) -> Facts:
    """Return the same rows with lists that hold only the names that a row has."""
    columns, names = dict(facts.columns), dict(facts.names)
    for column in NAMES:
        used, positions = np.unique(columns[column], return_inverse=True)
        columns[column] = positions.astype("<u2")
        names[column] = [facts.names[column][int(code)] for code in used]
    return Facts(columns, names)


def to_segment(facts: Facts) -> Segment:
    """Return rows as they are stored."""
    columns = {name: column.tobytes() for name, column in facts.columns.items()}
    return Segment(LAYOUT, columns, facts.names)


def from_segment(segment: Segment) -> Facts:
    """Return stored rows."""
    types = {**NUMBERS, **dict.fromkeys(NAMES, "<u2")}
    columns = {
        name: np.frombuffer(stored, dtype=types[name]) for name, stored in segment.columns.items()
    }
    return Facts(columns, {n: list(v) for n, v in segment.names.items()})
