"""What a run says it did."""

import json
from datetime import UTC, datetime
from itertools import product

import pytest

from hostaway_message_db.errors import ExitCode, NotFound, ServerFailed
from hostaway_message_db.pipeline.report import MAX_NAMED_FAILURES, Columns, SyncReport
from hostaway_message_db.ports import LoadOutcome, RequestCounts

NOON = datetime(2026, 5, 2, 12, tzinfo=UTC)


def new_report() -> SyncReport:
    return SyncReport("run-1", "61234", "initial", NOON)


def test_the_columns_add_up_to_what_was_extracted() -> None:
    columns = Columns(extracted=10, quarantined=1)
    columns.add(LoadOutcome(2, 3, 1))
    columns.add(LoadOutcome(inserted=3))
    told = columns.to_json()
    assert told == {
        "extracted": 10, "inserted": 5, "updated": 3, "unchanged": 1, "quarantined": 1,
    }  # fmt: skip
    assert told.pop("extracted") == sum(told.values())


def test_outcomes_of_batches_add_up_column_by_column() -> None:
    assert LoadOutcome(1, 2, 3) + LoadOutcome(10, 20, 30) == LoadOutcome(11, 22, 33)


@pytest.mark.parametrize(
    ("failures", "quarantined", "code"),
    [
        (0, 0, ExitCode.COMPLETE),
        (0, 2, ExitCode.DATA),
        (1, 0, ExitCode.PARTIAL),
        (1, 2, ExitCode.PARTIAL),
    ],
)
def test_partial_goes_before_quarantine_and_quarantine_before_complete(
    failures: int, quarantined: int, code: int
) -> None:
    report = new_report()
    report.new_in_quarantine = quarantined
    for number in range(failures):
        report.leave(f"conversation {number}", ServerFailed("HTTP 500"))
    assert report.exit_code == code


def test_a_report_is_complete_exactly_when_the_process_ends_with_0() -> None:
    for failures, new, size in product((0, 1, 150), (0, 1), (0, 5)):
        report = new_report()
        report.new_in_quarantine, report.quarantine_size = new, size
        for _ in range(failures):
            report.leave("x", NotFound("gone"))
        assert report.is_complete is (report.exit_code == 0)
        assert report.to_json()["is_complete"] is report.is_complete


def test_what_was_known_to_be_in_quarantine_does_not_make_a_run_incomplete() -> None:
    report = new_report()
    report.quarantine_size = 7
    assert report.is_complete


def test_failures_are_all_counted_but_not_all_named() -> None:
    report = new_report()
    for number in range(MAX_NAMED_FAILURES + 50):
        report.leave(f"conversation {number}", ServerFailed("HTTP 502"))
    told = report.to_json()
    assert told["failure_count"] == MAX_NAMED_FAILURES + 50
    assert len(told["failures"]) == MAX_NAMED_FAILURES
    assert told["failures"][0] == {
        "subject": "conversation 0", "code": "server_failed", "reason": "HTTP 502",
    }  # fmt: skip


def test_the_report_has_every_key_of_the_contract_and_is_json() -> None:
    report = new_report()
    report.counts = RequestCounts(requests=5, retries=2, refused=1)
    report.latest_message_at = NOON
    report.duration_seconds = 1.23456
    told = json.loads(json.dumps(report.to_json()))
    assert {
        "mode", "is_complete", "request_count", "retry_count", "refused_count",
        "duration_seconds", "conversations", "messages", "latest_message_at",
    } <= told.keys()  # fmt: skip
    assert set(told["conversations"]) == {"listed", "changed", "read", "failed"}
    assert set(told["messages"]) == {"extracted", "inserted", "updated", "unchanged", "quarantined"}
    assert (told["request_count"], told["retry_count"], told["refused_count"]) == (5, 2, 1)
    assert told["latest_message_at"] == "2026-05-02T12:00:00+00:00"
    assert told["duration_seconds"] == 1.235


def test_a_report_without_messages_has_no_latest_moment() -> None:
    assert new_report().to_json()["latest_message_at"] is None
