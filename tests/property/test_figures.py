"""Figures equal a naive recomputation, message by message, on random histories."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostaway_message_db.insights.figures import Period, _rows
from hostaway_message_db.insights.metrics import METRICS, catalogue
from support.histories import Stored, facts_of, stored, threads_of

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
PERIOD = Period(NOW - timedelta(days=20), NOW)
BOOKED = {"new", "modified", "cancelled"}
LABELS = {(False, True): "negative", (False, False): "neutral", (True, False): "positive"}
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", None)


@st.composite
def messages(draw: st.DrawFn) -> list[Stored]:
    """Return messages of up to six conversations over 50 days, a clock change among them."""
    found: list[Stored] = []
    for number in range(draw(st.integers(0, 6))):
        stay = str(100 + number // 2) if draw(st.booleans()) else None
        zone = draw(st.sampled_from(ZONES))
        channel = draw(st.sampled_from(["airbnbOfficial", "bookingcom", None]))
        status = draw(st.sampled_from(["new", "inquiry", "cancelled", "expired"]))
        for minutes in draw(st.lists(st.integers(0, 50 * 1440), max_size=9)):
            is_inbound = draw(st.booleans())
            score = draw(st.none() | st.sampled_from([-0.9, -0.3, 0.0, 0.4, 1.0]))
            label = LABELS[(score or 0.0) > 0, (score or 0.0) < 0]
            found.append(
                stored(
                    NOW - timedelta(minutes=minutes),
                    "inbound" if is_inbound else "outbound",
                    conversation_id=str(number),
                    reservation={
                        "id": stay, "status": status, "arrival_date": "2026-10-10",
                        "departure_date": "2026-10-25",
                    },
                    property={"id": str(number % 2), "name": None},
                    channel={"id": None, "name": channel},
                    is_automated=not is_inbound and draw(st.booleans()),
                    status=draw(st.sampled_from(["sent"] * 5 + ["failed", "awaiting", None])),
                    is_unsent=draw(st.integers(0, 9)) == 0,
                    needs_reply=draw(st.none() | st.booleans()) if is_inbound else None,
                    language=draw(st.sampled_from([None, "en", "de"])),
                    stage=draw(st.sampled_from([None, "in_stay", "after"])),
                    topics=draw(st.lists(st.sampled_from(["wifi", "access", "x"]), unique=True)),
                    sentiment=None if score is None or not is_inbound
                    else {"label": label, "score": score, "alert": score < -0.5},
                    source={"listingTimeZoneName": zone,
                            "sentUsingHostaway": draw(st.sampled_from([0, 1, None]))},
                )
            )  # fmt: skip
    return found


def sent(m: Stored) -> bool:
    return m["status"] in {"sent", None} and not m["is_unsent"]


def guest(m: Stored) -> bool:
    return bool(sent(m) and m["direction"] == "inbound")


def host(m: Stored) -> bool:
    return bool(sent(m) and m["direction"] == "outbound")


def local(m: Stored) -> datetime:
    zone = m["source"]["listingTimeZoneName"]
    moment: datetime = m["timestamp"]
    return moment.astimezone(ZoneInfo(zone)) if zone else moment


def in_period(m: Stored) -> bool:
    return bool(PERIOD.since <= m["timestamp"] < PERIOD.until)


class World:
    """What a careful reader would write down of each conversation."""

    def __init__(self, every: list[Stored]) -> None:
        self.all = every
        self.threads = threads_of(every)
        self.guests = [m for m in every if guest(m) and in_period(m)]
        self.openers: list[Stored] = []
        self.firsts: list[Stored] = []
        self.waiting: dict[str, list[Stored]] = {}
        self.thanked: dict[str, list[Stored]] = {}
        for thread in self.threads:
            listed = [m for m in thread if sent(m)]
            for before, m in zip([None, *listed], listed, strict=False):
                if guest(m) and (before is None or host(before)):
                    self.openers.append(m)
            self.firsts += [m for m in listed if guest(m)][:1]
            tail: list[Stored] = []
            for m in reversed(listed):
                if host(m):
                    break
                tail.append(m)
            if tail:
                kind = self.thanked if tail[0].get("needs_reply") is False else self.waiting
                kind[tail[0]["conversation_id"]] = [m for m in tail if m["timestamp"] < NOW]
        self.openers = [m for m in self.openers if in_period(m)]

    def reply(self, m: Stored, *, human: bool = False) -> Stored | None:
        thread = next(t for t in self.threads if t[0]["conversation_id"] == m["conversation_id"])
        later = thread[thread.index(m) + 1 :]
        return next((r for r in later if host(r) and not (human and r["is_automated"])), None)

    def seconds(self, m: Stored, *, human: bool = False) -> float | None:
        reply = self.reply(m, human=human)
        return (reply["timestamp"] - m["timestamp"]).total_seconds() if reply else None

    def times(self, rows: list[Stored], *, human: bool = False) -> list[float]:
        return [s for m in rows if (s := self.seconds(m, human=human)) is not None]

    def stays(self, rows: list[Stored]) -> dict[str, list[Stored]]:
        found: dict[str, list[Stored]] = defaultdict(list)
        for m in sorted(rows, key=lambda m: m["timestamp"]):
            if m["reservation"]["id"]:
                found[m["reservation"]["id"]].append(m)
        return dict(found)


Answer = tuple[int, float | None]


def of(values: list[float], what: Callable[[list[float]], float] = median) -> Answer:
    return len(values), what(values) if values else None


def ratio(part: int, whole: int) -> Answer:
    return whole, part / whole if whole else None


def r1(w: World) -> Answer:
    return of(w.times([m for m in w.firsts if in_period(m)], human=True))


def r4(w: World) -> Answer:
    return ratio(sum(s <= 3600 for s in w.times(w.openers)), len(w.openers))


def r9(w: World) -> Answer:
    return of(w.times([m for m in w.openers if m.get("needs_reply") is not False]), mean)


def r10(w: World) -> Answer:
    due = [m for m in w.openers if w.reply(m) or (NOW - m["timestamp"]).total_seconds() > 7200]
    return ratio(sum(s <= 7200 for s in w.times(due)), len(due))


def platform(w: World, rows: list[Stored], channel: str, days: int) -> list[Stored]:
    recent = [m for m in rows if NOW - timedelta(days=days) <= m["timestamp"] < NOW]
    mine = [m for m in recent if channel in (m["channel"]["name"] or "")]
    decided = [m for m in mine if w.reply(m) or NOW - m["timestamp"] > timedelta(days=1)]
    return sorted(decided, key=lambda m: m["timestamp"], reverse=True)


def rate(w: World, rows: list[Stored]) -> Answer:
    return ratio(sum(s <= 86400 for s in w.times(rows)), len(rows))


def r6(w: World) -> Answer:
    return rate(w, platform(w, w.firsts, "airbnb", 365))


def r7(w: World) -> Answer:
    recent = [m for m in w.firsts if NOW - timedelta(days=30) <= m["timestamp"] < NOW]
    return of(w.times([m for m in recent if "airbnb" in (m["channel"]["name"] or "")]), mean)


def u1(w: World) -> Answer:
    n = sum(1 for tail in w.waiting.values() if tail)
    return n, n or None


def u2(w: World) -> Answer:
    totals: dict[str, float] = {}
    for m in w.openers:
        waits = m in w.waiting.get(m["conversation_id"], [])
        open_for = (NOW - m["timestamp"]).total_seconds() if waits else 0.0
        seconds = w.seconds(m)
        before = totals.get(m["conversation_id"], 0.0)
        totals[m["conversation_id"]] = before + (open_for if seconds is None else seconds)
    return of(list(totals.values()))


def u3(w: World) -> Answer:
    n = sum(1 for tail in w.thanked.values() if any(in_period(m) for m in tail))
    return n, n or None


def v1(w: World) -> Answer:
    n = sum(1 for m in w.all if sent(m) and in_period(m))
    return n, n or None


def v2(w: World) -> Answer:
    cells = Counter((local(m).weekday(), local(m).hour) for m in w.guests)
    return len(w.guests), max(cells.values(), default=None)


def v3(w: World) -> Answer:
    return of([float(len(rows)) for rows in w.stays(w.guests).values()])


def v4(w: World) -> Answer:
    return of([float(n) for n in Counter(m["conversation_id"] for m in w.openers).values()])


def v5(w: World) -> Answer:
    return ratio(sum(not 8 <= local(m).hour < 20 for m in w.guests), len(w.guests))


def a1(w: World) -> Answer:
    mine = [m for m in w.all if host(m) and in_period(m)]
    return ratio(sum(m["is_automated"] for m in mine), len(mine))


def a2(w: World) -> Answer:
    mine = [m for m in w.all if m["direction"] == "outbound" and in_period(m)]
    bad = [m for m in mine if m["status"] in {"failed", "awaiting"}]
    return ratio(len(bad), len(mine))


def a3(w: World) -> Answer:
    mine = [m for m in w.all if host(m) and in_period(m)]
    return ratio(sum(m["source"]["sentUsingHostaway"] == 0 for m in mine), len(mine))


def labelled(w: World) -> list[Stored]:
    return [m for m in w.guests if m["sentiment"]]


def stay_tone(rows: list[Stored]) -> float:
    weights: list[float] = [0.7**age for age in range(len(rows) - 1, -1, -1)]
    scores: list[float] = [m["sentiment"]["score"] for m in rows]
    return sum(w * s for w, s in zip(weights, scores, strict=True)) / sum(weights)


def s1(w: World) -> Answer:
    return of([m["sentiment"]["score"] for m in labelled(w)])


def s4(w: World) -> Answer:
    unhappy = recovered = 0
    for rows in w.stays(w.guests).values():
        during = [m for m in rows if local(m).date().isoformat() <= "2026-10-25" and m["sentiment"]]
        bad = [m["timestamp"] for m in during if m["sentiment"]["label"] == "negative"]
        unhappy += bool(bad)
        recovered += bool(bad) and any(
            m["sentiment"]["label"] == "positive" and m["timestamp"] > min(bad) for m in during
        )
    return ratio(recovered, unhappy)


def t1(w: World) -> Answer:
    n = sum(bool(m["topics"]) for m in w.guests)
    return n, n or None


def l1(w: World) -> Answer:
    pairs = [(m["language"], r["language"]) for m in w.guests if (r := w.reply(m))]
    known = [(a, b) for a, b in pairs if a and b]
    return ratio(sum(a == b for a, b in known), len(known))


def n1(w: World) -> Answer:
    n = len(w.stays(w.guests))
    return n, n or None


def g1(w: World) -> Answer:
    return len(w.guests), len(w.guests) or None


def c1(w: World) -> Answer:
    asked = [m for m in w.firsts if in_period(m)]
    return ratio(sum(m["reservation"]["status"] in BOOKED for m in asked), len(asked))


NAIVE: dict[str, Callable[[World], Answer]] = {
    "R1": r1, "R2": lambda w: of(w.times(w.openers)), "R3": lambda w: of(w.times(w.openers)),
    "R4": r4, "R6": r6, "R7": r7, "R9": r9, "R10": r10, "U1": u1, "U2": u2, "U3": u3, "V1": v1,
    "V2": v2, "V3": v3, "V4": v4, "V5": v5, "A1": a1, "A2": a2, "A3": a3, "A4": v1, "S1": s1,
    "S4": s4, "T1": t1, "L1": l1, "N1": n1, "G1": g1, "C1": c1,
}  # fmt: skip


@given(messages())
@settings(max_examples=120, deadline=None)
def test_figures_equal_a_naive_recomputation(every: list[Stored]) -> None:
    facts, world = facts_of(every), World(every)
    everything = np.ones(len(facts), dtype=bool)
    for identity, naive in NAIVE.items():
        metric = METRICS[identity]
        figure = metric.compute(_rows(metric, facts, everything, PERIOD, {}))
        n, value = naive(world)
        assert (identity, figure.n) == (identity, n)
        expected = None if value is None else pytest.approx(value, abs=1e-4)
        assert (identity, figure.value) == (identity, expected)


@given(messages())
@settings(max_examples=60, deadline=None)
def test_the_tone_of_stays_equals_a_naive_recomputation(every: list[Stored]) -> None:
    facts, world = facts_of(every), World(every)
    # Of equal moments the order is open, and the weights differ by it.
    moments = [(m["reservation"]["id"], m["timestamp"]) for m in labelled(world)]
    if len(set(moments)) < len(moments):
        return
    tones = [stay_tone(rows) for rows in world.stays(labelled(world)).values()]
    everything = np.ones(len(facts), dtype=bool)
    found = {
        identity: METRICS[identity].compute(_rows(METRICS[identity], facts, everything, PERIOD, {}))
        for identity in ("S2", "S3")
    }
    expected = pytest.approx(median(tones), abs=1e-4) if tones else None
    assert (found["S2"].n, found["S2"].value) == (len(tones), expected)
    bad = sum(tone < -0.2 for tone in tones)
    assert found["S3"].value == (pytest.approx(bad / len(tones), abs=1e-5) if tones else None)


@given(messages())
@settings(max_examples=30, deadline=None)
def test_no_metric_fails_and_none_tells_zero_of_nothing(every: list[Stored]) -> None:
    facts = facts_of(every)
    nothing = np.zeros(len(facts), dtype=bool)
    records: dict[str, Any] = {"counts": {}, "ratings": {"100": 9.0}, "runs": []}
    for metric in catalogue():
        metric.compute(_rows(metric, facts, ~nothing, PERIOD, records))
        empty = metric.compute(_rows(metric, facts, nothing, PERIOD, records))
        assert (metric.id, empty.n, empty.value) == (metric.id, 0, None)
