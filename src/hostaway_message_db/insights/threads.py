"""What a conversation tells about each of its messages: cycles, replies, who waits. Pure.

The rules are those of the metrics: a message counts as *sent* when Hostaway lists it as sent
and it was not taken back; a *cycle* is one or more sent guest messages in a row, closed by the
first sent reply of whatever kind; *human* is a reply that no automation wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import Any


class Flag(IntFlag):
    """What holds of a message."""

    INBOUND = 1
    AUTOMATED = 2
    SENT = 4
    OUTSIDE = 8
    UNSENT = 16
    ATTACHMENT = 32
    ALERT = 64
    NO_REPLY_NEEDED = 128
    EDITED = 256
    OPENS_CYCLE = 512
    OPENS_THREAD = 1024
    REPLY_IS_AUTOMATED = 2048
    WAITS = 4096
    """A guest's message of the cycle that is open, whose thread ends with it."""
    CLOSED_BY_THANKS = 8192
    """The same, but its last message asks for no answer."""
    REPLY_LANGUAGE_KNOWN = 16384
    REPLY_SAME_LANGUAGE = 32768


NEVER = -1
"""Seconds until a reply that has not come."""
MOST_SECONDS = 2**31 - 1


@dataclass(slots=True)
class Place:
    """What the thread around a message tells of it."""

    flags: int
    reply_seconds: int = NEVER
    """To the first sent reply after a guest's message."""
    human_seconds: int = NEVER
    """To the first human one."""


def own_flags(message: dict[str, Any]) -> int:
    """Return what a stored message tells by itself."""
    flags = 0
    if message["direction"] == "inbound":
        flags |= Flag.INBOUND
    elif message.get("source", {}).get("sentUsingHostaway") == 0:
        flags |= Flag.OUTSIDE
    if message["is_automated"]:
        flags |= Flag.AUTOMATED
    if message["is_unsent"]:
        flags |= Flag.UNSENT
    elif message["status"] in {"sent", None}:
        flags |= Flag.SENT
    if message["attachments"]:
        flags |= Flag.ATTACHMENT
    if (message.get("sentiment") or {}).get("alert"):
        flags |= Flag.ALERT
    if message.get("needs_reply") is False:
        flags |= Flag.NO_REPLY_NEEDED
    if message.get("versions_count"):
        flags |= Flag.EDITED
    return flags


def places(messages: Sequence[dict[str, Any]]) -> list[Place]:
    """Return the place of each message in its conversation; they come oldest first."""
    found = [Place(own_flags(message)) for message in messages]
    reply: dict[str, Any] | None = None
    reply_flags = 0
    human_at = None
    followers = [0] * len(found)
    is_open = True
    # Backwards: at each guest's message the next replies are known.
    for number in range(len(found) - 1, -1, -1):
        place, message = found[number], messages[number]
        if not place.flags & Flag.SENT:
            continue
        if not place.flags & Flag.INBOUND:
            reply, reply_flags, is_open = message, place.flags, False
            human_at = human_at if place.flags & Flag.AUTOMATED else message["timestamp"]
            continue
        if reply is not None:
            place.reply_seconds = _seconds(message, reply["timestamp"])
            place.flags |= Flag.REPLY_IS_AUTOMATED if reply_flags & Flag.AUTOMATED else 0
            place.flags |= _language_flags(message, reply)
        if human_at is not None:
            place.human_seconds = _seconds(message, human_at)
        followers[number] = is_open
    _mark_openings(found, followers)
    return found


def _mark_openings(found: list[Place], is_of_open_cycle: Sequence[int]) -> None:
    is_in_cycle = has_opened = False
    waiting: list[Place] = []
    for place, is_open in zip(found, is_of_open_cycle, strict=True):
        if not place.flags & Flag.SENT:
            continue
        if not place.flags & Flag.INBOUND:
            is_in_cycle = False
            continue
        place.flags |= 0 if is_in_cycle else Flag.OPENS_CYCLE
        place.flags |= 0 if has_opened else Flag.OPENS_THREAD
        is_in_cycle = has_opened = True
        if is_open:
            waiting.append(place)
    if waiting:
        is_thanked = bool(waiting[-1].flags & Flag.NO_REPLY_NEEDED)
        for place in waiting:
            place.flags |= Flag.CLOSED_BY_THANKS if is_thanked else Flag.WAITS


def _seconds(message: dict[str, Any], later: Any) -> int:
    return min(max(int((later - message["timestamp"]).total_seconds()), 0), MOST_SECONDS)


def _language_flags(message: dict[str, Any], reply: dict[str, Any]) -> int:
    asked, answered = message.get("language"), reply.get("language")
    if not asked or not answered:
        return 0
    return Flag.REPLY_LANGUAGE_KNOWN | (Flag.REPLY_SAME_LANGUAGE if asked == answered else 0)
