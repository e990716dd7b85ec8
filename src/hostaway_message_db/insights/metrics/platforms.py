"""R5-R8: the figures by which the platforms judge a host, by their own rules, as estimates."""

from datetime import UTC, date, datetime
from math import floor

import numpy as np

from hostaway_message_db.insights.facts import conversation_ids
from hostaway_message_db.insights.metrics.registry import (
    DAY_SECONDS,
    Anchor,
    Figure,
    Rows,
    Unit,
    metric,
    share,
    spread,
)

ANSWER_WITHIN = DAY_SECONDS
FEWEST = 10
SUPERHOST_THRESHOLD = 0.9
ASSESSMENT_MONTHS = (1, 4, 7, 10)
LATE_LISTED = 50


def _decided(rows: Rows) -> Rows:
    """Leave out what nobody answered and may still be answered in time."""
    is_open = (rows["reply_seconds"] < 0) & (rows.until - rows["at"] <= ANSWER_WITHIN)
    return rows.where(~is_open)


def _within(rows: Rows, days: int) -> Rows:
    return rows.where(rows["at"] >= rows.until - days * DAY_SECONDS)


def _latest(rows: Rows, number: int) -> Rows:
    order = np.argsort(rows["at"], kind="stable")[::-1][:number]
    return Rows(rows.facts, rows.index[order], rows.until, rows.days, rows.records)


def _rate(rows: Rows, rule: str) -> Figure:
    seconds = rows["reply_seconds"]
    in_time = (seconds >= 0) & (seconds <= ANSWER_WITHIN)
    late = rows.where(~in_time)
    details = {
        "answered": int(in_time.sum()),
        "late": len(late),
        "rule": rule,
        "late_conversations": conversation_ids(rows.facts, late["conversation"][:LATE_LISTED]),
    }
    return Figure(len(rows), share(int(in_time.sum()), len(rows)), details)


@metric("R5", "Airbnb response rate (estimate)", Unit.SHARE, Anchor.THREADS,
        "reply_seconds", "at", "channel", "conversation", has_own_window=True)  # fmt: skip
def airbnb_response_rate(rows: Rows) -> Figure:
    """Airbnb response rate (estimate).

    Of the Airbnb threads that a guest began in the last 30 days, the share that got a reply
    within 24 hours, the threshold included. With fewer than 10 of them, the 10 most recent of
    the last 90 days. Follow-ups in a thread do not count, and a thread that is unanswered for
    less than 24 hours does not count yet. An instant booking with a message cannot be told
    from an inquiry and counts as one.
    """
    threads = _decided(rows.where(rows.is_named("channel", "airbnb")))
    recent = _within(threads, 30)
    if len(recent) >= FEWEST:
        return _rate(recent, "the last 30 days")
    return _rate(_latest(_within(threads, 90), FEWEST), "the 10 most recent of the last 90 days")


@metric("R6", "Superhost response rate (estimate)", Unit.SHARE, Anchor.THREADS,
        "reply_seconds", "at", "channel", "conversation", has_own_window=True)  # fmt: skip
def superhost_response_rate(rows: Rows) -> Figure:
    """Superhost response rate (estimate).

    The rule of R5 over the last 365 days, against the threshold of 90 %; with the days until
    the next assessment (1 January, April, July, October) and how many more threads may be
    answered late before the rate falls below the threshold.
    """
    threads = _within(_decided(rows.where(rows.is_named("channel", "airbnb"))), 365)
    rate = _rate(threads, "the last 365 days")
    today = datetime.fromtimestamp(rows.until, UTC).date()
    answered = rate.details["answered"]
    affordable = floor(round(answered / SUPERHOST_THRESHOLD, 9)) - rate.n
    beside = {
        "threshold": SUPERHOST_THRESHOLD,
        "is_met": None if rate.value is None else rate.value >= SUPERHOST_THRESHOLD,
        "days_until_assessment": (next_assessment(today) - today).days,
        "late_ones_affordable": max(affordable, 0) if rate.n else None,
    }
    return Figure(rate.n, rate.value, {**rate.details, **beside})


def next_assessment(today: date) -> date:
    """Return the day of the next assessment after a day."""
    months = [(today.year, month) for month in ASSESSMENT_MONTHS] + [(today.year + 1, 1)]
    return next(day for year, month in months if (day := date(year, month, 1)) > today)


@metric("R7", "Airbnb response time (estimate)", Unit.SECONDS, Anchor.THREADS,
        "reply_seconds", "at", "channel", has_own_window=True)  # fmt: skip
def airbnb_response_time(rows: Rows) -> Figure:
    """Airbnb response time (estimate).

    Mean time from the first guest message of an Airbnb thread to the first reply, over the
    threads of the last 30 days that were answered; the median is beside it.
    """
    threads = _within(rows.where(rows.is_named("channel", "airbnb")), 30)
    seconds = threads["reply_seconds"]
    found = spread(seconds[seconds >= 0])
    return Figure(int((seconds >= 0).sum()), found["mean"] if found else None, dict(found or {}))


@metric("R8", "Booking.com reply score (estimate)", Unit.SHARE, Anchor.INBOUND,
        "reply_seconds", "at", "channel", "conversation", has_own_window=True)  # fmt: skip
def reply_score(rows: Rows) -> Figure:
    """Booking.com reply score (estimate).

    Of the guest messages on Booking.com of the last 30 days, the share that got a reply within
    24 hours. With fewer than 10 of them, the last 10; with fewer than 10 in all, no score.
    What a host marked "no reply needed" on Booking.com is left out there; it is not visible to
    us.
    """
    messages = _decided(rows.where(rows.is_named("channel", "bookingcom")))
    recent = _within(messages, 30)
    rule = "the last 30 days"
    if len(recent) < FEWEST:
        recent, rule = _latest(messages, FEWEST), "the last 10"
    rate = _rate(recent, rule)
    return (
        rate
        if rate.n >= FEWEST
        else Figure(rate.n, None, {**rate.details, "rule": "shown from 10 on"})
    )
