"""C1, C2: what came of it."""

from typing import Any

import numpy as np

from hostaway_message_db.enrichment.stage import is_booked
from hostaway_message_db.insights.metrics.registry import (
    NONE,
    Anchor,
    Figure,
    Rows,
    Unit,
    median,
    metric,
    share,
)
from hostaway_message_db.insights.metrics.tone import weighted_tones

BUCKETS = (("up to 1 h", 3_600), ("1-4 h", 14_400), ("4-24 h", 86_400))


@metric(
    "C1", "Inquiry to booking", Unit.SHARE, Anchor.THREADS, "reply_seconds", "reservation_status"
)
def inquiries_won(rows: Rows) -> Figure:
    """Inquiry to booking.

    Of the threads that a guest began, the share whose reservation is booked by now (a later
    cancellation included); by the time to the first reply. Nothing is said about causes.
    """
    names = rows.facts.names["reservation_status"]
    known = np.array([name is not None for name in names], dtype=bool)[rows["reservation_status"]]
    asked = rows.where(known)
    booked_codes = [n for n, name in enumerate(names) if name and is_booked(name)]
    is_won = np.isin(asked["reservation_status"], booked_codes)
    seconds = asked["reply_seconds"]
    cells: dict[str, Any] = {}
    lower = -1
    for label, upper in BUCKETS:
        cells[label] = _cell(is_won[(seconds > lower) & (seconds <= upper) & (seconds >= 0)])
        lower = upper
    cells["over 24 h"] = _cell(is_won[seconds > lower])
    cells["never"] = _cell(is_won[seconds < 0])
    details = {"booked": int(is_won.sum()), "by_response_time": cells} if len(asked) else {}
    return Figure(len(asked), share(int(is_won.sum()), len(asked)), details)


def _cell(is_won: np.ndarray) -> dict[str, Any]:
    return {"n": len(is_won), "share": share(int(is_won.sum()), len(is_won))}


@metric("C2", "Rating beside speed and tone", Unit.SCORE, Anchor.INBOUND, "reservation",
        "reply_seconds", "tone", "score", "at", needs_records=True)  # fmt: skip
def rating_beside(rows: Rows) -> Figure:
    """Rating beside speed and tone.

    Median rating of the stays that have a review and a guest message in the period; beside it
    the ratings by median response time and by tone (S2). Nothing is said about causes.
    """
    ratings: dict[str, float] = rows.records.get("ratings", {})
    numbered = {int(key): value for key, value in ratings.items() if key.isdigit()}
    rated = rows.where(np.isin(rows["reservation"], list(numbered)))
    if not len(rated):
        return NONE
    order = np.argsort(rated["reservation"], kind="stable")
    keys, first = np.unique(rated["reservation"][order], return_index=True)
    values = np.array([numbered[int(key)] for key in keys])
    speed: dict[str, list[float]] = {"up to 1 h": [], "over 1 h": []}
    for times, value in zip(
        np.split(rated["reply_seconds"][order], first[1:]), values, strict=True
    ):
        answered = times[times >= 0]
        if len(answered):
            speed["up to 1 h" if np.median(answered) <= BUCKETS[0][1] else "over 1 h"].append(value)
    stays, tones = weighted_tones(rated)
    tone_of = dict(zip(stays.tolist(), tones.tolist(), strict=True))
    by_tone: dict[str, list[float]] = {"below 0": [], "0 and above": []}
    for key, value in zip(keys.tolist(), values, strict=True):
        if key in tone_of:
            by_tone["below 0" if tone_of[key] < 0 else "0 and above"].append(value)
    details = {
        "by_response_time": {name: _rated(found) for name, found in speed.items()},
        "by_tone": {name: _rated(found) for name, found in by_tone.items()},
    }
    return Figure(len(keys), median(values), details)


def _rated(values: list[float]) -> dict[str, Any]:
    return {"n": len(values), "p50": median(np.array(values))}
