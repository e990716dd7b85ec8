"""R1-R4, R9, R10: how fast guests are answered."""

from typing import Any

import numpy as np

from hostaway_message_db.insights.metrics.registry import (
    NONE,
    Anchor,
    Figure,
    Rows,
    Unit,
    median,
    metric,
    share,
    spread,
)
from hostaway_message_db.insights.threads import Flag

SLA_SECONDS = 2 * 3600
BUCKETS = (
    ("up to 5 min", 300), ("up to 15 min", 900), ("up to 1 h", 3_600), ("1-4 h", 14_400),
    ("4-8 h", 28_800), ("8-24 h", 86_400),
)  # fmt: skip


def _times(rows: Rows, column: str) -> Figure:
    seconds = rows[column]
    answered = seconds[seconds >= 0]
    details: dict[str, Any] = {"unanswered": int(len(seconds) - len(answered))}
    details |= spread(answered) or {}
    return Figure(len(answered), median(answered), details)


@metric("R1", "First response time", Unit.SECONDS, Anchor.THREADS, "human_seconds", "reply_seconds")
def first_response_time(rows: Rows) -> Figure:
    """First response time.

    From the first guest message of a thread to the first human reply after it. Median; beside
    it the percentiles, the threads without a human reply, and the median to any reply, the
    automated ones included.
    """
    human = _times(rows, "human_seconds")
    any_reply = _times(rows, "reply_seconds")
    beside = {"p50_any_reply": any_reply.value, "n_any_reply": any_reply.n}
    return Figure(human.n, human.value, {**human.details, **beside})


@metric("R2", "Response time", Unit.SECONDS, Anchor.CYCLES, "reply_seconds")
def response_time(rows: Rows) -> Figure:
    """Response time.

    From the first guest message of a cycle to the first reply that closes it. Median.
    """
    return _times(rows, "reply_seconds")


@metric(
    "R3",
    "Response time, percentiles",
    Unit.SECONDS,
    Anchor.CYCLES,
    "reply_seconds",
    "human_seconds",
)
def response_percentiles(rows: Rows) -> Figure:
    """Response time, percentiles.

    p50, p75, p90, p95, mean and bounds of the time to the first reply, over all cycles (R2),
    and over the first cycle of each thread to the first human reply (R1).
    """
    cycles = _times(rows, "reply_seconds")
    first = _times(rows.where(rows.has(Flag.OPENS_THREAD)), "human_seconds")
    details = {"all_cycles": cycles.details, "first_response": {"n": first.n, **first.details}}
    return Figure(cycles.n, cycles.value, details)


@metric("R4", "Distribution of response times", Unit.SHARE, Anchor.CYCLES, "reply_seconds")
def response_distribution(rows: Rows) -> Figure:
    """Distribution of response times.

    Share of cycles by time to the first reply: up to 5 min, 15 min, 1 h, 1-4 h, 4-8 h, 8-24 h,
    over 24 h, never. The headline is the share answered within an hour.
    """
    if not len(rows):
        return NONE
    seconds = rows["reply_seconds"]
    bounds = np.array([bound for _, bound in BUCKETS])
    answered = seconds[seconds >= 0]
    totals = np.bincount(np.searchsorted(bounds, answered), minlength=len(BUCKETS) + 1)
    labels = [*(label for label, _ in BUCKETS), "over 24 h"]
    counts = {label: int(total) for label, total in zip(labels, totals, strict=True)}
    counts["never"] = int(len(seconds) - len(answered))
    within_hour = int((answered <= BUCKETS[2][1]).sum())
    shares = {label: share(count, len(seconds)) for label, count in counts.items()}
    return Figure(
        len(seconds), share(within_hour, len(seconds)), {"counts": counts, "shares": shares}
    )


@metric("R9", "Average response time", Unit.SECONDS, Anchor.CYCLES, "reply_seconds")
def average_response_time(rows: Rows) -> Figure:
    """Average response time.

    Mean time to the first reply over the answered cycles, those whose first message asks for
    no reply left out.
    """
    asked = rows.where(~rows.has(Flag.NO_REPLY_NEEDED))
    seconds = asked["reply_seconds"]
    answered = seconds[seconds >= 0]
    beside = {"acknowledgements": len(rows) - len(asked), "p50": median(answered)}
    mean = round(float(answered.mean()), 4) if len(answered) else None
    return Figure(len(answered), mean, beside)


@metric("R10", "Answered in time", Unit.SHARE, Anchor.CYCLES, "reply_seconds", "at")
def answered_in_time(rows: Rows) -> Figure:
    """Answered in time.

    Share of cycles that were closed within two hours; those that are open for less than that
    do not count yet.
    """
    seconds, age = rows["reply_seconds"], rows.until - rows["at"]
    is_due = (seconds >= 0) | (age > SLA_SECONDS)
    in_time = (seconds >= 0) & (seconds <= SLA_SECONDS)
    n = int(is_due.sum())
    beside = {"in_time": int(in_time.sum()), "limit_seconds": SLA_SECONDS, "open": len(rows) - n}
    return Figure(n, share(int(in_time.sum()), n), beside if len(rows) else {})
