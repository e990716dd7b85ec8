"""Facts of a run, for whoever tells them."""

from pathlib import Path
from typing import Any

import pytest

from hostaway_message_db.notifications.notice import RunFacts
from hostaway_message_db.ports import JobOutcome
from support.calendar import CalendarClock, utc
from support.receivers import Authority

REPORT: dict[str, Any] = {
    "duration_seconds": 1234.56,
    "request_count": 4321,
    "retry_count": 7,
    "refused_count": 2,
    "conversations": {"listed": 900, "changed": 40, "read": 38, "failed": 2},
    "messages": {
        "extracted": 12345, "inserted": 1200, "updated": 45, "unchanged": 11000, "quarantined": 100,
    },
    "unsent_messages": 3,
    "quarantine": {"new": 5, "size": 105},
    "failure_count": 2,
    "failures": [
        {"subject": "conversation 7", "code": "server_failed", "reason": "“Anna asked for it”"},
        {"subject": "conversation 8", "code": "server_failed", "reason": "“Anna asked for it”"},
    ],
}  # fmt: skip
STATUS: dict[str, Any] = {
    "counts": {"messages": 56789, "conversations": 900, "quarantine": 105},
    "pending_conversations": 2,
    "failing_count": 1,
    "failing_conversations": [{"conversation_id": "7", "last_error": "“Anna asked for it”"}],
    "latest_message_at": utc(2, 0, 55),
    "last_complete_run_at": None,
}


def facts(outcome: JobOutcome = JobOutcome.COMPLETE, **more: Any) -> RunFacts:
    values: dict[str, Any] = {
        "account_id": "61234",
        "run_id": "20260502T010000Z-abcd",
        "scheduled_for": utc(2, 1),
        "outcome": outcome,
        "exit_code": 0,
        "report": REPORT,
        "status": STATUS,
        **more,
    }
    return RunFacts(**values)


@pytest.fixture
def clock() -> CalendarClock:
    return CalendarClock(utc(2, 1, 20))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(Path(tmp_path_factory.mktemp("authority")))
