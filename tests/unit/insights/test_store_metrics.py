"""E1-E4, C2 and T2: hand-computed answers; what platforms and histories do not cover."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.figures import metrics_named
from hostaway_message_db.insights.metrics import METRICS, Figure, catalogue
from hostaway_message_db.insights.metrics.registry import Rows, anchored
from hostaway_message_db.insights.metrics.waiting import urgency
from support.histories import Stored, exchange, facts_of, in_threads, stored, utc

NOW = utc("2026-11-23 12:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def figure(identity: str, messages: list[Stored], **records: Any) -> Figure:
    facts, metric = facts_of(messages), METRICS[identity]
    until = int(NOW.timestamp())
    counts = anchored(metric.anchor, facts) & (facts.columns["at"] < until)
    every: dict[str, Any] = {"counts": {}, "runs": [], "ratings": {}, **records}
    return metric.compute(Rows(facts, np.flatnonzero(counts), until, 30.0, every))


def run(kind: str, age: timedelta, **report: Any) -> dict[str, Any]:
    return {"_id": f"{kind}{age.days}", "kind": kind, "started_at": NOW - age, "report": report}


def test_freshness_is_the_age_of_the_newest_and_the_lag_of_each() -> None:
    lags = [
        stored(
            NOW - n * HOUR,
            created_at=NOW - n * HOUR + n * timedelta(minutes=10),
            source={"insertedOn": f"{NOW - n * HOUR:%Y-%m-%d %H:%M:%S}"},
        )
        for n in (1, 2, 3)
    ]
    found = figure("E1", [*lags, stored(NOW - 5 * HOUR, source={"insertedOn": "soon"})])
    assert (found.n, found.value) == (4, 3600.0)
    assert found.details["ingest_lag_seconds"]["p50"] == 1200.0


def test_completeness_is_told_by_the_last_run_that_counted() -> None:
    missing = [{"kind": "conversation_missing"}] * 2 + [{"kind": "message_differs"}]
    proof = run("verify", DAY, conversations={"hostaway_count": 50}, differences=missing)
    sync = run("sync", 2 * DAY, conversations={"listed": 60})
    proved = figure("E2", [], runs=[proof, sync])
    assert (proved.n, proved.value) == (50, 0.96)
    listed = figure("E2", [], runs=[sync], counts={"conversations": 45})
    assert (listed.n, listed.value) == (60, 0.75)
    assert figure("E2", [], runs=[run("sync", 31 * DAY, conversations={"listed": 9})]).n == 0


def test_the_budget_adds_up_the_runs_of_the_period() -> None:
    runs = [
        run("sync", DAY, request_count=10, retry_count=1, refused_count=2, requests_saved=90),
        run("sync", 2 * DAY, request_count=30, retry_count=0, refused_count=0, requests_saved=70),
        run("verify", DAY, request_count=500),
        run("sync", 40 * DAY, request_count=1000),
    ]
    found = figure("E3", [], runs=runs)
    assert (found.n, found.value) == (2, 40.0)
    assert found.details["requests_saved"] == 160
    assert (found.details["retries"], found.details["refused"]) == (1, 2)
    assert found.details["per_run"]["p50"] == 20.0


def test_quality_counts_quarantine_and_edits() -> None:
    messages = [stored(NOW - HOUR, versions_count=2), stored(NOW - HOUR)]
    found = figure("E4", messages, counts={"quarantine": 3},
                   runs=[run("sync", DAY, newly_unknown_keys=["message.odd"])])  # fmt: skip
    assert (found.n, found.value) == (2, 3.0)
    assert found.details["changed_after_first_sight"] == 1
    assert found.details["newly_unknown_fields"] == ["message.odd"]


def test_ratings_stand_beside_speed_and_tone_without_a_cause() -> None:
    def tone(score: float) -> dict[str, Any]:
        return {"label": "negative" if score < 0 else "positive", "score": score, "alert": False}

    stays = in_threads(
        [
            exchange(NOW - 5 * DAY, HOUR / 2, sentiment=tone(0.5)),
            exchange(NOW - 5 * DAY, 3 * HOUR, sentiment=tone(-0.5)),
            exchange(NOW - 5 * DAY, 5 * HOUR),
            exchange(NOW - 5 * DAY, HOUR),
        ]
    )
    found = figure("C2", stays, ratings={"2000": 10.0, "2001": 6.0, "2002": 8.0, "odd": 1.0})
    assert (found.n, found.value) == (3, 8.0)
    assert found.details["by_response_time"] == {
        "up to 1 h": {"n": 1, "p50": 10.0},
        "over 1 h": {"n": 2, "p50": 7.0},
    }
    assert found.details["by_tone"] == {
        "below 0": {"n": 1, "p50": 6.0},
        "0 and above": {"n": 1, "p50": 10.0},
    }
    assert figure("C2", stays).value is None


def test_asked_again_compares_a_property_with_all_and_hides_small_cells() -> None:
    def stay(place: str, topic: str) -> list[Stored]:
        return exchange(NOW - DAY, None, property__id=place, topics=[topic])

    stays = [stay("9", "wifi" if n < 6 else "access") for n in range(10)]
    stays += [stay("10", "wifi" if n < 2 else "access") for n in range(10)]
    stays += [stay("11", "wifi") for _ in range(9)]
    found = figure("T2", in_threads(stays))
    # 17 of 29 stays asked about wifi, 12 about access; property 11 has under ten stays.
    cells = {(c["property_id"], c["topic"]): c for c in found.details["cells"]}
    assert set(cells) == {("9", "wifi"), ("9", "access"), ("10", "wifi"), ("10", "access")}
    assert found.value == cells["10", "access"]["ratio"] == pytest.approx(0.8 / (12 / 29), abs=1e-4)
    assert cells["9", "wifi"]["share"] == 0.6


def test_small_countries_are_hidden() -> None:
    def stay(country: str) -> list[Stored]:
        return exchange(NOW - DAY, HOUR, guest__nationality=country)

    found = figure("N1", in_threads([stay("PT") for _ in range(10)] + [stay("ES")] * 1))
    assert list(found.details["countries"]) == ["PT"]
    assert found.details["stays_in_hidden_cells"] == 1
    assert found.details["countries"]["PT"]["response_seconds_p50"] == 3600.0


def test_urgency_is_stage_times_hours_times_tone() -> None:
    assert urgency("in_stay", 7200, None) == 10.0
    assert urgency("in_stay", 7200, "alert") == 30.0
    assert urgency(None, 3600, "negative") == 4.0
    assert urgency("after", -5, None) == 0.0


def test_the_catalogue_is_whole_ordered_and_defined() -> None:
    ids = [metric.id for metric in catalogue()]
    expected = [
        *(f"R{n}" for n in range(1, 11)), "U1", "U2", "U3", *(f"V{n}" for n in range(1, 6)),
        *(f"A{n}" for n in range(1, 5)), *(f"S{n}" for n in range(1, 5)), "T1", "T2", "L1", "N1",
        "G1", "C1", "C2", *(f"E{n}" for n in range(1, 5)),
    ]  # fmt: skip
    assert ids == expected
    for metric in catalogue():
        assert len(metric.definition) > 40, metric.id
        assert metric.definition.endswith("."), metric.id
    assert [m.id for m in metrics_named(["r2", "R2", "u1"])] == ["R2", "U1"]
    with pytest.raises(UsageError, match="Did you mean"):
        metrics_named(["RR5"])
