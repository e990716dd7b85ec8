"""Who waits for an answer, worst first; and who does not, though the guest wrote last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.fact_filter import matching, needed_columns
from hostaway_message_db.insights.facts import TONES, Facts, conversation_ids
from hostaway_message_db.insights.figures import Figures
from hostaway_message_db.insights.metrics.registry import Mask
from hostaway_message_db.insights.metrics.waiting import urgency
from hostaway_message_db.insights.search import notices_to_json, understand
from hostaway_message_db.insights.threads import Flag
from hostaway_message_db.insights.upkeep import load_facts
from hostaway_message_db.models.query import Reading

MAX_LISTED = 1_000
DEFINITION = (
    "Threads whose last sent message is the guest's and asks for an answer. Urgency is the weight"
    " of the stage x hours waited x weight of the tone; the worst come first."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One thread whose guest wrote last; `message` is that last message."""

    conversation_id: str
    since: datetime
    age_seconds: int
    messages: int
    stage: str | None
    tone: str | None
    urgency: float
    message: dict[str, Any]
    reason: str | None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        message = self.message
        return {
            "conversation_id": self.conversation_id,
            "since": self.since,
            "age_seconds": self.age_seconds,
            "messages": self.messages,
            "stage": self.stage,
            "tone": self.tone,
            "urgency": self.urgency,
            "reason": self.reason,
            "guest": message.get("guest", {}).get("name"),
            "property": message.get("property"),
            "channel": message.get("channel", {}).get("name"),
            "content": message.get("content"),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingList:
    """Who waits, and who was left out since the guest asks for no answer."""

    as_of: datetime
    typed: str
    reading: Reading
    n: int
    waiting: list[Waiting]
    closed_by_thanks: list[Waiting]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "definition": DEFINITION,
            "as_of": self.as_of,
            "filter": self.typed,
            "notices": notices_to_json(self.reading.notices),
            "n": self.n,
            "count": len(self.waiting),
            "waiting": [one.to_json() for one in self.waiting],
            "no_reply_needed": [one.to_json() for one in self.closed_by_thanks],
        }


async def who_waits(
    figures: Figures,
    now: datetime,
    *,
    where: str = "",
    limit: int = 50,
    account_id: str | None = None,
) -> WaitingList:
    """List who waits as of now, worst first; raises `UsageError` for a limit out of bounds."""
    if not 1 <= limit <= MAX_LISTED:
        raise UsageError(f"The limit is {limit}: it must be from 1 to {MAX_LISTED}.")
    reading = await understand(figures.queries, where, now, account_id)
    columns = {"conversation", "stage", "tone"} | needed_columns(reading.query)
    facts = await load_facts(figures.store, sorted(columns))
    mask = matching(reading.query, facts, await figures.lookups(reading.query))
    mask &= facts.columns["at"] <= now.timestamp()
    waiting = _ranked(facts, mask & facts.has(Flag.WAITS), now)
    thanked = _ranked(facts, mask & facts.has(Flag.CLOSED_BY_THANKS), now)
    shown = [one[0] for one in (*waiting[:limit], *thanked[:limit])]
    last = await figures.queries.last_guest_messages(shown)
    return WaitingList(
        as_of=now,
        typed=where,
        reading=reading,
        n=len(waiting),
        waiting=_told(waiting[:limit], last, now),
        closed_by_thanks=_told(thanked[:limit], last, now),
    )


_Ranked = tuple[str, int, int, str | None, str | None, float]


def _ranked(facts: Facts, mask: Mask, now: datetime) -> list[_Ranked]:
    index = np.flatnonzero(mask)
    if not len(index):
        return []
    keys, place = np.unique(facts.columns["conversation"][index], return_inverse=True)
    since: dict[int, list[int]] = {}
    for row, group in zip(index.tolist(), place.tolist(), strict=True):
        since.setdefault(group, []).append(row)
    ids = conversation_ids(facts, keys)
    ranked = [_one(facts, ids[group], rows, now) for group, rows in since.items()]
    return sorted(ranked, key=lambda one: (-one[5], one[0]))


def _one(facts: Facts, identity: str, rows: Sequence[int], now: datetime) -> _Ranked:
    columns = facts.columns
    ordered = sorted(rows, key=lambda row: int(columns["at"][row]))
    started = int(columns["at"][ordered[0]])
    stage = facts.names["stage"][int(columns["stage"][ordered[-1]])]
    tone = None
    if any(int(columns["flags"][row]) & Flag.ALERT for row in rows):
        tone = "alert"
    elif any(int(columns["tone"][row]) == TONES["negative"] for row in rows):
        tone = "negative"
    age = now.timestamp() - started
    return identity, started, len(rows), stage, tone, round(urgency(stage, age, tone), 4)


def _told(
    ranked: Sequence[_Ranked], last: dict[str, dict[str, Any]], now: datetime
) -> list[Waiting]:
    return [
        Waiting(
            conversation_id=identity,
            since=datetime.fromtimestamp(started, UTC),
            age_seconds=int(now.timestamp() - started),
            messages=count,
            stage=stage,
            tone=tone,
            urgency=weight,
            message=last.get(identity, {}),
            reason=last.get(identity, {}).get("needs_reply_reason"),
        )
        for identity, started, count, stage, tone, weight in ranked
    ]
