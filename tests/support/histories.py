"""Stored messages for tests of the figures, and conversations of them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hostaway_message_db.insights.facts import Facts, build, from_segment, joined, to_segment

Stored = dict[str, Any]
_ids = count(1)


def stored(at: datetime, direction: str = "inbound", **fields: Any) -> Stored:
    """Return a stored message with what figures need; dotted names set inner fields."""
    document: Stored = {
        "account_id": "61234",
        "message_id": str(next(_ids)),
        "conversation_id": "5",
        "property": {"id": "9", "name": "House"},
        "guest": {"name": "Ana", "nationality": "PT"},
        "timestamp": at,
        "direction": direction,
        "reservation": {
            "id": "7", "status": "new", "arrival_date": None, "departure_date": None
        },
        "message_type": "channel",
        "status": "sent",
        "channel": {"id": 2018, "name": "airbnbOfficial"},
        "is_automated": False,
        "is_unsent": False,
        "attachments": [],
        "stage": "in_stay",
        "language": None,
        "sentiment": None,
        "topics": [],
        "versions_count": 0,
        "created_at": at + timedelta(seconds=30),
        "source": {},
    }  # fmt: skip
    for path, value in fields.items():
        *outer, name = path.split("__")
        inner = document
        for part in outer:
            inner = inner[part]
        inner[name] = value
    return document


def utc(text: str) -> datetime:
    """Return a moment that is written as `2026-03-29 01:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def facts_of(messages: Iterable[Stored], zones: dict[str, str] | None = None) -> Facts:
    """Return the rows of messages, as they come out of the store again."""
    made = [build([thread], zones or {}) for thread in threads_of(messages)]
    return joined([from_segment(to_segment(facts)) for facts in made])


def threads_of(messages: Iterable[Stored]) -> list[list[Stored]]:
    """Return messages by conversation, oldest first."""
    threads: dict[str, list[Stored]] = {}
    for message in sorted(messages, key=lambda m: (m["timestamp"], m["message_id"])):
        threads.setdefault(message["conversation_id"], []).append(message)
    return list(threads.values())


def exchange(began: datetime, answered_after: timedelta | None, **fields: Any) -> list[Stored]:
    """Return a guest's message and its reply, if there is one."""
    found: list[Stored] = [stored(began, **fields)]
    if answered_after is not None:
        found.append(stored(began + answered_after, "outbound", **fields))
    return found


def in_threads(exchanges: Sequence[list[Stored]]) -> list[Stored]:
    """Return messages, each exchange in a conversation and reservation of its own."""
    for number, messages in enumerate(exchanges):
        for message in messages:
            message["conversation_id"] = str(1000 + number)
            message["reservation"] = {**message["reservation"], "id": str(2000 + number)}
    return [message for messages in exchanges for message in messages]
