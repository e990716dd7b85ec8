"""V1-V5, G1: how much is written, when, and at which stage."""

import numpy as np

from hostaway_message_db.insights.facts import Column
from hostaway_message_db.insights.metrics.registry import (
    DAY_SECONDS,
    NONE,
    Anchor,
    Figure,
    Rows,
    Unit,
    counted,
    median,
    metric,
    share,
    spread,
)
from hostaway_message_db.insights.threads import Flag

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
OPENS_HOUR, CLOSES_HOUR = 8, 20
"""Business hours where the listing is, every day."""
_THURSDAY = 3
"""The first of January 1970."""


def local_seconds(rows: Rows) -> Column:
    """Return each row's moment on the listing's clock, as seconds since 1970 there."""
    return np.asarray(rows["at"] + rows["offset_minutes"].astype(np.int64) * 60)


@metric("V1", "Volume", Unit.COUNT, Anchor.MESSAGES, "at", "offset_minutes")
def volume(rows: Rows) -> Figure:
    """Volume.

    Messages sent, by the guest, by people of the host, by automation; by day where the listing
    is, with the mean of the last seven days beside each day.
    """
    if not len(rows):
        return NONE
    inbound, automated = rows.has(Flag.INBOUND), rows.has(Flag.AUTOMATED)
    days = local_seconds(rows) // DAY_SECONDS
    first = int(days.min())
    totals = np.bincount(days - first)
    padded = np.concatenate([np.zeros(6), np.cumsum(totals)])
    before = np.concatenate([np.zeros(7), np.cumsum(totals)[:-1]])[: len(totals)]
    moving = (padded[6:] - before) / 7
    dates = [str(np.datetime64(first + n, "D")) for n in range(len(totals))]
    details = {
        "incoming": int(inbound.sum()),
        "human": int((~inbound & ~automated).sum()),
        "automated": int((~inbound & automated).sum()),
        "by_day": {day: int(total) for day, total in zip(dates, totals, strict=True)},
        "mean_of_seven_days": {d: round(float(m), 2) for d, m in zip(dates, moving, strict=True)},
    }
    return Figure(len(rows), float(len(rows)), details)


@metric("V2", "Heat map", Unit.COUNT, Anchor.INBOUND, "at", "offset_minutes", "reply_seconds")
def heat_map(rows: Rows) -> Figure:
    """Heat map.

    Guest messages by weekday and hour where the listing is; and in the same cell the median
    response time of the cycles that began there. The headline is the busiest cell.
    """
    if not len(rows):
        return NONE
    cells = hour_of_week(rows)
    totals = np.bincount(cells, minlength=7 * 24).reshape(7, 24)
    openers = rows.where(rows.has(Flag.OPENS_CYCLE) & (rows["reply_seconds"] >= 0))
    medians: dict[str, list[float | None]] = {}
    opener_cells, seconds = hour_of_week(openers), openers["reply_seconds"]
    order = np.argsort(opener_cells, kind="stable")
    parts = np.split(seconds[order], np.searchsorted(opener_cells[order], np.arange(1, 7 * 24)))
    for number, day in enumerate(WEEKDAYS):
        medians[day] = [median(parts[number * 24 + hour]) for hour in range(24)]
    incoming = {day: [int(n) for n in totals[i]] for i, day in enumerate(WEEKDAYS)}
    details = {"incoming": incoming, "response_seconds_p50": medians}
    return Figure(len(rows), float(totals.max()), details)


def hour_of_week(rows: Rows) -> Column:
    """Return each row's hour of the week where the listing is, from 0, Monday at midnight."""
    local = local_seconds(rows)
    weekday = (local // DAY_SECONDS + _THURSDAY) % 7
    return np.asarray(weekday * 24 + local % DAY_SECONDS // 3600)


@metric(
    "V3", "Messages per stay", Unit.COUNT, Anchor.INBOUND, "reservation", "arrival", "departure"
)
def messages_per_stay(rows: Rows) -> Figure:
    """Messages per stay.

    Guest messages per reservation that has any in the period: the median over reservations;
    beside it the messages per night, over the stays with a night.
    """
    stays = rows.where(rows["reservation"] != 0)
    if not len(stays):
        return NONE
    keys, first, totals = np.unique(stays["reservation"], return_index=True, return_counts=True)
    nights = stays["departure"][first].astype(np.int64) - stays["arrival"][first]
    is_stay = (stays["arrival"][first] > 0) & (nights > 0)
    per_night = totals[is_stay] / nights[is_stay]
    details = {
        **(spread(totals) or {}),
        "per_night_p50": median(per_night),
        "n_with_nights": int(is_stay.sum()),
    }
    return Figure(len(keys), median(totals), details)


@metric("V4", "Exchanges to settle", Unit.COUNT, Anchor.CYCLES, "conversation")
def exchanges_to_settle(rows: Rows) -> Figure:
    """Exchanges to settle.

    Cycles per thread, of those that began in the period: the median over threads; beside it
    the share of threads settled in one.
    """
    if not len(rows):
        return NONE
    _, totals = np.unique(rows["conversation"], return_counts=True)
    in_one = int((totals == 1).sum())
    return Figure(
        len(totals),
        median(totals),
        {**(spread(totals) or {}), "settled_in_one": share(in_one, len(totals))},
    )


@metric(
    "V5", "Off-hours share", Unit.SHARE, Anchor.INBOUND, "at", "offset_minutes", "reply_seconds"
)
def off_hours(rows: Rows) -> Figure:
    """Off-hours share.

    Share of guest messages outside 8:00 to 20:00 where the listing is, and the median response
    time of the cycles that began then, and of the others.
    """
    hours = local_seconds(rows) % DAY_SECONDS // 3600
    is_off = (hours < OPENS_HOUR) | (hours >= CLOSES_HOUR)
    opens = rows.has(Flag.OPENS_CYCLE) & (rows["reply_seconds"] >= 0)
    details = {
        "off_hours": int(is_off.sum()),
        "response_seconds_p50_off_hours": median(rows["reply_seconds"][is_off & opens]),
        "response_seconds_p50_in_hours": median(rows["reply_seconds"][~is_off & opens]),
    }
    return Figure(len(rows), share(int(is_off.sum()), len(rows)), details)


@metric("G1", "Stage of the stay", Unit.COUNT, Anchor.INBOUND, "stage")
def stages(rows: Rows) -> Figure:
    """Stage of the stay.

    Guest messages by the stage of the stay at their moment: inquiry, booked (more than 7 days
    before arrival), pre-arrival, arrival day, in stay, departure day, after.
    """
    counts = counted(rows, "stage") if len(rows) else {}
    shares = {name: share(count, len(rows)) for name, count in counts.items()}
    return Figure(len(rows), float(len(rows)) or None, {"counts": counts, "shares": shares})
