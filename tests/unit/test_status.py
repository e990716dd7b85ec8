"""How the copy is doing, with every reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hostaway_message_db.insights.status import STALE_AFTER_HOURS, assess
from hostaway_message_db.ports import StoreOverview

NOW = datetime(2026, 5, 2, 12, tzinfo=UTC)
GOOD = StoreOverview(
    counts={"messages": 10, "quarantine": 0},
    pending_conversations=0,
    failing_conversations=(),
    quarantine=(),
    latest_message_at=NOW - timedelta(hours=3),
    last_complete_run_at=NOW - timedelta(hours=2),
    missing_indexes=(),
    last_runs=({"run_id": "r"},),
    is_sample=False,
)


def test_a_fresh_and_complete_copy_is_ok() -> None:
    status = assess(GOOD, NOW)
    assert (status.health, status.problems) == ("ok", ())
    assert status.hours_since_complete_run == 2.0


def test_a_store_without_a_run_is_empty_and_says_how_to_start() -> None:
    status = assess(replace(GOOD, last_runs=(), last_complete_run_at=None), NOW)
    assert status.health == "empty"
    assert "sync" in status.problems[0]
    assert status.hours_since_complete_run is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"last_complete_run_at": None}, "no run was complete yet"),
        ({"last_complete_run_at": NOW - timedelta(hours=50)}, "50 hours old"),
        ({"pending_conversations": 3}, "3 conversations wait"),
        ({"counts": {"quarantine": 2}}, "2 records are in quarantine"),
        ({"missing_indexes": ("a", "b")}, "indexes are missing: a, b"),
    ],
)
def test_each_reason_for_attention_is_named(change: dict[str, Any], problem: str) -> None:
    status = assess(replace(GOOD, **change), NOW)
    assert status.health == "attention"
    assert len(status.problems) == 1
    assert problem in status.problems[0]


@pytest.mark.parametrize(("minutes", "health"), [(0, "ok"), (1, "attention")])
def test_a_daily_run_is_stale_only_after_a_day_and_some_slack(minutes: int, health: str) -> None:
    last = NOW - timedelta(hours=STALE_AFTER_HOURS, minutes=minutes)
    assert assess(replace(GOOD, last_complete_run_at=last), NOW).health == health


def test_all_reasons_are_told_at_once() -> None:
    worst = replace(
        GOOD,
        last_complete_run_at=None,
        pending_conversations=1,
        counts={"quarantine": 1},
        missing_indexes=("x",),
    )
    assert len(assess(worst, NOW).problems) == 4


def test_the_status_is_told_whole() -> None:
    told = assess(GOOD, NOW).to_json()
    assert told["health"] == "ok"
    assert told["counts"] == GOOD.counts
    assert told["latest_message_at"] == GOOD.latest_message_at
    assert told["last_runs"] == [{"run_id": "r"}]
