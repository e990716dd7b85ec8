"""S1-S4: how guests sound."""

import numpy as np

from hostaway_message_db.insights.facts import EPOCH_DAY, TONES
from hostaway_message_db.insights.metrics.registry import (
    DAY_SECONDS,
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

FADING = 0.7
"""Of the weight of a stay's next message, each earlier one has so much."""
NEGATIVE_BELOW = -0.2
MOST_LISTED = 50
EPOCH_SECONDS = int(np.datetime64(EPOCH_DAY, "s").astype(np.int64))


@metric("S1", "Tone", Unit.SCORE, Anchor.INBOUND, "tone", "score")
def tone(rows: Rows) -> Figure:
    """Tone.

    Tone of the guest messages that were labelled, from -1 to 1: the median; beside it how many
    are negative, neutral and positive, and how many raise an alert.
    """
    labelled = rows.where(rows["tone"] > 0)
    counts = {name: int((labelled["tone"] == code).sum()) for name, code in TONES.items()}
    scores = labelled["score"]
    details = {
        **counts,
        "alerts": int(labelled.has(Flag.ALERT).sum()),
        "negative_share": share(counts["negative"], len(labelled)),
        "mean": (spread(scores) or {}).get("mean"),
        "unlabelled": len(rows) - len(labelled),
    }
    return Figure(len(labelled), median(scores), details)


def weighted_tones(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Return each stay's reservation and its tone, the recent messages weighing more."""
    labelled = rows.where((rows["reservation"] != 0) & (rows["tone"] > 0))
    if not len(labelled):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    order = np.lexsort((labelled["at"], labelled["reservation"]))
    keys, scores = labelled["reservation"][order], labelled["score"][order].astype(float)
    reservations, first, totals = np.unique(keys, return_index=True, return_counts=True)
    ranks = np.repeat(first + totals, totals) - np.arange(len(keys)) - 1
    weights = FADING**ranks
    sums = np.add.reduceat(weights * scores, first)
    return reservations, sums / np.add.reduceat(weights, first)


@metric("S2", "Tone per stay", Unit.SCORE, Anchor.INBOUND, "tone", "score", "reservation", "at")
def tone_per_stay(rows: Rows) -> Figure:
    """Tone per stay.

    Tone of a stay: the mean of its guest messages' tones, each earlier message weighing 0.7
    times the next. The median over stays.
    """
    reservations, tones = weighted_tones(rows)
    return Figure(len(reservations), median(tones), {"fading": FADING, **(spread(tones) or {})})


@metric("S3", "Negative stays", Unit.SHARE, Anchor.INBOUND, "tone", "score", "reservation", "at")
def negative_stays(rows: Rows) -> Figure:
    """Negative stays.

    Share of stays whose tone (S2) is below -0.2, and which they are, the worst first.
    """
    reservations, tones = weighted_tones(rows)
    if not len(reservations):
        return NONE
    worst = np.argsort(tones, kind="stable")
    negative = [n for n in worst if tones[n] < NEGATIVE_BELOW]
    listed = [
        {"reservation_id": str(int(reservations[n])), "tone": round(float(tones[n]), 4)}
        for n in negative[:MOST_LISTED]
    ]
    return Figure(
        len(tones), share(len(negative), len(tones)), {"negative": len(negative), "stays": listed}
    )


@metric(
    "S4",
    "Recovery",
    Unit.SHARE,
    Anchor.INBOUND,
    "tone",
    "reservation",
    "at",
    "departure",
    "offset_minutes",
)
def recovery(rows: Rows) -> Figure:
    """Recovery.

    Of the stays with a negative guest message, the share with a positive one after it and
    before the end of the day of departure where the listing is.
    """
    usable = rows.where((rows["reservation"] != 0) & (rows["departure"] > 0))
    ends = EPOCH_SECONDS + (usable["departure"].astype(np.int64) + 1) * DAY_SECONDS
    local = usable["at"] + usable["offset_minutes"].astype(np.int64) * 60
    during = usable.where(local < ends)
    negative = during.where(during["tone"] == TONES["negative"])
    if not len(negative):
        return NONE
    keys, place = np.unique(negative["reservation"], return_inverse=True)
    first = np.full(len(keys), np.iinfo(np.int64).max)
    np.minimum.at(first, place, negative["at"])
    positive = during.where(during["tone"] == TONES["positive"])
    position = np.clip(np.searchsorted(keys, positive["reservation"]), 0, len(keys) - 1)
    is_later = (keys[position] == positive["reservation"]) & (positive["at"] > first[position])
    recovered = len(np.unique(positive["reservation"][is_later]))
    return Figure(len(keys), share(recovered, len(keys)), {"recovered": recovered})
