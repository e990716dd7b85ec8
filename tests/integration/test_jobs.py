"""Scheduled times and incidents on a real MongoDB."""

import asyncio
from datetime import datetime, timedelta

import pytest
from pymongo.database import Database

from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.ports import Incident, JobOutcome, ScheduledJob
from support.calendar import utc
from support.truth import Document

JOB = ScheduledJob("1", "daily", utc(2, 1))


def named(document: Document | None, *keys: str) -> list[object]:
    assert document is not None
    return [document[key] for key in keys]


async def test_a_scheduled_time_is_there_once_however_often_it_is_claimed(
    mongo: MongoDatabase, database: Database[Document]
) -> None:
    jobs = mongo.jobs()
    assert await jobs.latest("1", "daily") is None
    first = await jobs.claim(JOB, "run-1", utc(2, 1), repeats=False)
    assert first is not None
    assert (first.attempts, first.completed_at) == (1, None)
    await jobs.finish(JOB, "run-1", JobOutcome.PARTIAL, utc(2, 2), is_done=False)
    again = await jobs.claim(JOB, "run-2", utc(2, 3), repeats=False)
    assert again is not None
    assert (again.run_id, again.attempts) == ("run-2", 2)
    await jobs.finish(JOB, "run-2", JobOutcome.COMPLETE, utc(2, 4), is_done=True)
    assert await jobs.claim(JOB, "run-3", utc(2, 5), repeats=False) is None
    (document,) = database["sync_state"].find({"kind": "job"})
    assert named(document, "run_id", "outcome", "attempts", "completed_at", "scheduled_for") == [
        "run-2", "complete", 2, utc(2, 4), utc(2, 1),
    ]  # fmt: skip


async def test_a_completed_time_that_is_repeated_stays_completed(
    mongo: MongoDatabase, database: Database[Document]
) -> None:
    jobs = mongo.jobs()
    for number, is_done in enumerate([True, False]):
        claim = await jobs.claim(JOB, f"run-{number}", utc(2, 5), repeats=True)
        assert claim is not None
        assert claim.attempts == number + 1
        outcome = JobOutcome.COMPLETE if is_done else JobOutcome.FAILED
        await jobs.finish(JOB, f"run-{number}", outcome, utc(2, 6 + number), is_done=is_done)
    assert await jobs.claim(JOB, "run-3", utc(2, 9), repeats=False) is None
    document = database["sync_state"].find_one({"kind": "job"})
    assert named(document, "outcome", "completed_at") == ["failed", utc(2, 6)]


async def test_of_many_claims_at_once_each_is_counted(mongo: MongoDatabase) -> None:
    jobs = mongo.jobs()
    claims = [jobs.claim(JOB, f"run-{n}", utc(2, 1), repeats=False) for n in range(16)]
    granted = await asyncio.gather(*claims)
    assert sorted(claim.attempts for claim in granted if claim) == list(range(1, 17))


async def test_an_attempt_that_was_overtaken_does_not_write_over_the_other(
    mongo: MongoDatabase, database: Database[Document]
) -> None:
    jobs = mongo.jobs()
    await jobs.claim(JOB, "run-1", utc(2, 1), repeats=False)
    await jobs.claim(JOB, "run-2", utc(2, 1), repeats=False)
    await jobs.finish(JOB, "run-1", JobOutcome.COMPLETE, utc(2, 2), is_done=True)
    document = database["sync_state"].find_one({"kind": "job"})
    assert named(document, "run_id", "outcome", "completed_at") == ["run-2", "running", utc(2, 2)]


async def test_the_latest_time_is_that_of_the_account_and_the_job(mongo: MongoDatabase) -> None:
    jobs = mongo.jobs()
    days: list[tuple[str, str, datetime]] = [
        ("1", "daily", utc(2, 1)), ("1", "daily", utc(12, 1)), ("1", "daily", utc(9, 1)),
        ("1", "weekly", utc(20, 1)), ("11", "daily", utc(21, 1)),
    ]  # fmt: skip
    for account, name, moment in days:
        await jobs.claim(ScheduledJob(account, name, moment), "run", utc(22), repeats=False)
    latest = await jobs.latest("1", "daily")
    assert latest is not None
    assert latest.scheduled_for == utc(12, 1)


async def test_old_times_are_forgotten_after_a_year_and_a_month(
    mongo: MongoDatabase, database: Database[Document]
) -> None:
    jobs = mongo.jobs()
    for days in (0, 300, 399, 402):
        job = ScheduledJob("1", "daily", utc(2, 1) + timedelta(days=days))
        await jobs.claim(job, "run", job.scheduled_for, repeats=False)
    kept = database["sync_state"].distinct("scheduled_for", {"kind": "job"})
    assert [(moment - utc(2, 1)).days for moment in kept] == [300, 399, 402]


@pytest.mark.parametrize("is_taken_back", [True, False])
async def test_an_incident_is_told_once_unless_taken_back(
    mongo: MongoDatabase, is_taken_back: bool
) -> None:
    incidents = mongo.incidents()
    assert await incidents.begin("1", utc(2)) is True
    if is_taken_back:
        await incidents.untell("1")
    assert await incidents.begin("1", utc(3)) is is_taken_back
    assert await incidents.begin("1", utc(4)) is False
    assert await incidents.begin("2", utc(4)) is True
    ended = await incidents.end("1")
    assert ended == Incident(utc(2), 3)
    assert await incidents.end("1") is None
    await incidents.restore("1", ended)
    assert await incidents.begin("1", utc(5)) is False
    assert await incidents.end("1") == Incident(utc(2), 4)


async def test_of_many_failures_at_once_one_is_told(mongo: MongoDatabase) -> None:
    incidents = mongo.incidents()
    await incidents.begin("1", utc(1))
    await incidents.untell("1")
    told = await asyncio.gather(*(incidents.begin("1", utc(2)) for _ in range(16)))
    assert sum(told) == 1
