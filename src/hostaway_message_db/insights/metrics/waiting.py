"""U1-U3: who waits for an answer."""

import numpy as np

from hostaway_message_db.insights.metrics.registry import (
    NONE,
    Anchor,
    Figure,
    Rows,
    Unit,
    median,
    metric,
    spread,
)
from hostaway_message_db.insights.threads import Flag

STAGE_WEIGHTS = {
    "arrival_day": 6.0, "in_stay": 5.0, "departure_day": 4.0, "pre_arrival": 3.0,
    "inquiry": 3.0, "booked": 2.0, "after": 1.0,
}  # fmt: skip
"""How much a wait matters by the stage of the stay; 2 where it is not known."""
UNKNOWN_STAGE_WEIGHT = 2.0
TONE_WEIGHTS = {"alert": 3.0, "negative": 2.0}
"""1 for any other tone."""


def urgency(stage: str | None, age_seconds: float, tone: str | None) -> float:
    """Return how urgent an answer is: weight of the stage x hours waited x weight of the tone."""
    weight = STAGE_WEIGHTS.get(stage or "", UNKNOWN_STAGE_WEIGHT)
    return weight * max(age_seconds, 0.0) / 3600 * TONE_WEIGHTS.get(tone or "", 1.0)


def _threads(rows: Rows) -> tuple[int, np.ndarray]:
    """Return how many threads these rows are of, and how long each has waited."""
    if not len(rows):
        return 0, np.zeros(0)
    conversations, place = np.unique(rows["conversation"], return_inverse=True)
    since = np.full(len(conversations), np.iinfo(np.int64).max)
    np.minimum.at(since, place, rows["at"])
    return len(conversations), rows.until - since


@metric(
    "U1", "Unanswered now", Unit.COUNT, Anchor.WAITING, "conversation", "at", has_own_window=True
)
def unanswered_now(rows: Rows) -> Figure:
    """Unanswered now.

    Threads whose last sent message is the guest's and asks for an answer, as of now, whenever
    it came. Beside the count, how long they have waited. `waiting` lists them by urgency:
    weight of the stage x hours waited x weight of the tone.
    """
    n, ages = _threads(rows)
    if not n:
        return NONE
    age = spread(ages) or {}
    return Figure(n, float(n), {"age_seconds": age})


@metric("U2", "Waiting time", Unit.SECONDS, Anchor.CYCLES, "conversation", "at", "reply_seconds")
def waiting_time(rows: Rows) -> Figure:
    """Waiting time.

    Total time a thread was unanswered, over its cycles that began in the period; an open cycle
    counts up to the end of the period unless it asks for no answer. Median over threads.
    """
    seconds = rows["reply_seconds"].astype(np.int64)
    is_open = seconds < 0
    seconds[is_open] = np.maximum(rows.until - rows["at"][is_open], 0)
    seconds[is_open & ~rows.has(Flag.WAITS)] = 0
    if not len(rows):
        return NONE
    conversations, place = np.unique(rows["conversation"], return_inverse=True)
    totals = np.bincount(place, weights=seconds)
    return Figure(len(conversations), median(totals), spread(totals) or {})


@metric("U3", "Closed by thanks", Unit.COUNT, Anchor.THANKED, "conversation", "at")
def closed_by_thanks(rows: Rows) -> Figure:
    """Closed by thanks.

    Threads whose last message is a guest's that asks for no answer, such as thanks: left out
    of U1. `waiting --json` lists them with the reason.
    """
    n, _ = _threads(rows)
    return Figure(n, float(n)) if n else NONE
