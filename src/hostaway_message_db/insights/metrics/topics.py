"""T1, T2, L1, N1: what guests write about, in which language, and from where they come."""

from typing import Any

import numpy as np

from hostaway_message_db.insights.facts import MOST_TOPICS
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
)
from hostaway_message_db.insights.metrics.tone import EPOCH_SECONDS
from hostaway_message_db.insights.threads import Flag

FEWEST_STAYS = 10
MOST_LISTED = 50


def topic_masks(rows: Rows) -> dict[str, np.ndarray]:
    """Return for each topic which rows have it."""
    bits = rows["topics"]
    return {
        topic: np.asarray((bits >> np.uint64(n)) & np.uint64(1), dtype=bool)
        for n, topic in enumerate(rows.facts.names["topics"][:MOST_TOPICS])
        if topic
    }


@metric("T1", "Topics", Unit.COUNT, Anchor.INBOUND, "topics")
def topics(rows: Rows) -> Figure:
    """Topics.

    Guest messages by topic, of those that have one; a message may have several, so shares add
    up to more than one.
    """
    labelled = rows.where(rows["topics"] > 0)
    totals = {topic: int(mask.sum()) for topic, mask in topic_masks(labelled).items()}
    counts = dict(sorted(((t, n) for t, n in totals.items() if n), key=lambda p: (-p[1], p[0])))
    shares = {topic: share(count, len(labelled)) for topic, count in counts.items()}
    details = {"counts": counts, "shares": shares, "unlabelled": len(rows) - len(labelled)}
    return Figure(len(labelled), float(len(labelled)) or None, details)


@metric("T2", "Asked again", Unit.SHARE, Anchor.INBOUND, "topics", "property", "reservation")
def asked_again(rows: Rows) -> Figure:
    """Asked again.

    Of a property's stays, the share whose guest wrote about a topic, against the share over
    all properties: where it is higher, the guide lacks something. The highest first; the
    headline is the highest ratio. Properties under 10 stays are hidden.
    """
    of_stays = rows.where((rows["reservation"] != 0) & (rows["topics"] > 0))
    if not len(of_stays):
        return NONE
    reservations, place = np.unique(of_stays["reservation"], return_inverse=True)
    all_stays = len(reservations)
    # Each stay at a property once; a reservation that moved counts at both.
    pair_of_row = of_stays["property"].astype(np.int64) * all_stays + place
    pairs, pair = np.unique(pair_of_row, return_inverse=True)
    properties = pairs // all_stays
    stays_of = np.bincount(properties, minlength=len(rows.facts.names["property"]))
    found: list[dict[str, Any]] = []
    for topic, mask in topic_masks(of_stays).items():
        is_asked = np.zeros(len(pairs), dtype=bool)
        is_asked[pair[mask]] = True
        if not is_asked.any():
            continue
        expected = len(np.unique(place[mask])) / all_stays
        totals = np.bincount(properties[is_asked], minlength=len(stays_of))
        found += [
            {
                "property_id": rows.facts.names["property"][number],
                "topic": topic,
                "stays": int(stays_of[number]),
                "asked": int(totals[number]),
                "share": share(totals[number], stays_of[number]),
                "portfolio_share": round(expected, 6),
                "ratio": round(float(totals[number] / stays_of[number] / expected), 4),
            }
            for number in np.flatnonzero((stays_of >= FEWEST_STAYS) & (totals > 0))
        ]
    found.sort(key=lambda one: (-one["ratio"], str(one["property_id"]), one["topic"]))
    value = found[0]["ratio"] if found else None
    return Figure(all_stays, value, {"cells": found[:MOST_LISTED]})


@metric("L1", "Language", Unit.SHARE, Anchor.INBOUND, "language")
def language(rows: Rows) -> Figure:
    """Language.

    Guest messages by language; the headline is the share that was answered in the same
    language, of those whose language and whose first reply's language are known.
    """
    counts = counted(rows, "language") if len(rows) else {}
    known = int(rows.has(Flag.REPLY_LANGUAGE_KNOWN).sum())
    same = int(rows.has(Flag.REPLY_SAME_LANGUAGE).sum())
    shares = {name: share(count, len(rows)) for name, count in counts.items()}
    return Figure(
        known, share(same, known), {"messages": len(rows), "counts": counts, "shares": shares}
    )


@metric("N1", "Nationality", Unit.COUNT, Anchor.INBOUND, "country", "reservation", "reply_seconds",
        "score", "tone", "topics", "arrival", "at", "offset_minutes")  # fmt: skip
def nationality(rows: Rows) -> Figure:
    """Nationality.

    By the guest's country (of the reservation, else of the phone number): stays, guest
    messages per stay, median response time (R2), median tone, most frequent topic, median days
    from the first message of the period to arrival. Countries under 10 stays are hidden; the
    headline is the number of stays.
    """
    of_stays = rows.where(rows["reservation"] != 0)
    if not len(of_stays):
        return NONE
    countries: dict[str, dict[str, Any]] = {}
    hidden = 0
    codes = of_stays["country"]
    for code in np.unique(codes):
        found = _country(of_stays.where(codes == code))
        if found["stays"] < FEWEST_STAYS:
            hidden += found["stays"]
        else:
            countries[of_stays.facts.names["country"][code] or "unknown"] = found
    ordered = dict(sorted(countries.items(), key=lambda pair: (-pair[1]["stays"], pair[0])))
    n = len(np.unique(of_stays["reservation"]))
    return Figure(n, float(n), {"countries": ordered, "stays_in_hidden_cells": hidden})


def _country(rows: Rows) -> dict[str, Any]:
    keys, place, totals = np.unique(rows["reservation"], return_inverse=True, return_counts=True)
    openers = rows.where(rows.has(Flag.OPENS_CYCLE) & (rows["reply_seconds"] >= 0))
    first = np.full(len(keys), np.iinfo(np.int64).max)
    local = rows["at"] + rows["offset_minutes"].astype(np.int64) * 60
    np.minimum.at(first, place, local)
    arrival = np.zeros(len(keys), dtype=np.int64)
    np.maximum.at(arrival, place, rows["arrival"].astype(np.int64))
    lead = (EPOCH_SECONDS // DAY_SECONDS + arrival) - first // DAY_SECONDS
    by_topic = {topic: int(mask.sum()) for topic, mask in topic_masks(rows).items()}
    top = min(by_topic.items(), key=lambda p: (-p[1], p[0]), default=(None, 0))
    return {
        "stays": len(keys),
        "messages_per_stay_p50": median(totals),
        "response_seconds_p50": median(openers["reply_seconds"]),
        "tone_p50": median(rows["score"][rows["tone"] > 0]),
        "top_topic": top[0] if top[1] else None,
        "lead_days_p50": median(lead[arrival > 0]),
    }
