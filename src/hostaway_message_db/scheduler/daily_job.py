"""What cron calls: one run for a scheduled time, under the lease, recorded, told of.

A run's identity is the job and its scheduled time, unique in the store. In the scheduled
minute, and for callers that ask for it, a completed time is not run again; any other
call is somebody's wish and always runs, noted under the scheduled time it belongs to.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hostaway_message_db.bootstrap import Application, new_run_id
from hostaway_message_db.errors import (
    DatabaseError,
    ExitCode,
    HostawayError,
    HostawayMessageDbError,
    LeaseHeld,
)
from hostaway_message_db.insights.briefing import brief
from hostaway_message_db.insights.status import assess
from hostaway_message_db.notifications.notice import RunFacts
from hostaway_message_db.notifications.notifier import Notifier
from hostaway_message_db.pipeline.report import SyncReport
from hostaway_message_db.ports import Audience, JobOutcome, ScheduledJob
from hostaway_message_db.scheduler.timetable import Timetable
from hostaway_message_db.utils.clock import Clock
from hostaway_message_db.utils.logger import bound, get_logger, masked

log = get_logger(__name__)

DAILY_JOB = "daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """Which job, when, and for how long at most."""

    account_id: str
    timetable: Timetable
    max_seconds: float
    is_only_if_due: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """How a call of the daily job ended; a report, an error, or neither."""

    run_id: str
    scheduled_for: datetime
    outcome: JobOutcome
    report: SyncReport | None = None
    error: HostawayMessageDbError | None = None
    attempt: int = 1
    missed_times: int = 0
    resumes_run_id: str | None = None
    completed_at: datetime | None = None

    @property
    def exit_code(self) -> int:
        """Return what the process says."""
        if self.error is not None:
            return self.error.exit_code
        return self.report.exit_code if self.report is not None else ExitCode.COMPLETE


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyJob:
    """The daily job of one account, to be run as often as its time comes."""

    plan: JobPlan
    opens: Callable[[], AbstractAsyncContextManager[Application]]
    notifier: Notifier
    clock: Clock

    async def run(self, audience: Audience) -> JobResult:
        """Run once for now, and tell how it went; an error is in the result.

        Only being cancelled, and what is no error of ours, comes out of here.
        """
        now = self.clock.now()
        result = JobResult(
            run_id=new_run_id(self.clock),
            scheduled_for=self.plan.timetable.scheduled_time(now),
            outcome=JobOutcome.FAILED,
        )
        with bound(run_id=result.run_id, account_id=self.plan.account_id):
            try:
                async with self.opens() as application:
                    result = await self._attempt(application, audience, result, now)
                    status = await _status_of(application)
                    guests = await _guests_of(application, self.plan.account_id)
                    facts = replace(self._facts(result, status), guests=guests)
                    await self.notifier.tell(facts, application.incidents)
                    return result
            except DatabaseError as error:
                # The store could not be opened, or went away with the record of the job.
                return await self._failed(replace(result, error=error))
            except Exception as error:
                # The outermost edge of what runs unattended: somebody must hear of a bug.
                log.exception("job_broke")
                await self.notifier.tell(
                    replace(
                        self._facts(result, None),
                        error_code="internal_error",
                        problem=f"There is a fault in the program: {type(error).__name__}.",
                        exit_code=1,
                    ),
                    None,
                )
                raise

    async def _failed(self, result: JobResult) -> JobResult:
        _log_end(result)
        await self.notifier.tell(self._facts(result, None), None)
        return result

    async def _attempt(
        self, application: Application, audience: Audience, result: JobResult, now: datetime
    ) -> JobResult:
        """Claim the scheduled time, sync, and record how it ended."""
        plan, jobs = self.plan, application.jobs
        job = ScheduledJob(plan.account_id, DAILY_JOB, result.scheduled_for)
        before = await jobs.latest(plan.account_id, DAILY_JOB)
        is_refused_twice = plan.is_only_if_due or plan.timetable.is_on_time(now)
        claim = await jobs.claim(job, result.run_id, now, repeats=not is_refused_twice)
        if claim is None:
            result = replace(
                result,
                outcome=JobOutcome.SKIPPED,
                completed_at=before.completed_at if before else None,
            )
            _log_end(result)
            return result
        is_unfinished = before is not None and before.completed_at is None
        result = replace(
            result,
            attempt=claim.attempts,
            missed_times=plan.timetable.missed_times(before.scheduled_for if before else None, now),
            resumes_run_id=before.run_id if before and is_unfinished else None,
        )
        log.info("job_started", **_told(result))
        outcome, is_done = JobOutcome.FAILED, False
        try:
            result = await self._sync(application, audience, result)
            outcome = result.outcome
            is_done = result.report is not None and result.report.nothing_is_left
        except asyncio.CancelledError:
            outcome = JobOutcome.INTERRUPTED
            raise
        finally:
            await jobs.finish(job, result.run_id, outcome, self.clock.now(), is_done=is_done)
        _log_end(result)
        return result

    async def _sync(
        self, application: Application, audience: Audience, result: JobResult
    ) -> JobResult:
        try:
            report = await application.sync(
                audience, run_id=result.run_id, max_seconds=self.plan.max_seconds
            )
        except LeaseHeld as error:
            return replace(result, outcome=JobOutcome.BUSY, error=error)
        except HostawayMessageDbError as error:
            return replace(result, outcome=JobOutcome.FAILED, error=error)
        return replace(result, outcome=_outcome_of(report), report=report)

    def _facts(self, result: JobResult, status: dict[str, Any] | None) -> RunFacts:
        """Say how it went, for people; no sentence of Hostaway's, since it may quote a guest."""
        error = result.error
        return RunFacts(
            account_id=self.plan.account_id,
            run_id=result.run_id,
            scheduled_for=result.scheduled_for,
            outcome=result.outcome,
            exit_code=result.exit_code,
            missed_times=result.missed_times,
            attempt=result.attempt,
            error_code=error.code if error else "",
            problem=sentence_of(error) if error else "",
            hint=masked(error.hint) if error else "",
            report=result.report.to_json() if result.report else None,
            status=status,
        )


def _outcome_of(report: SyncReport) -> JobOutcome:
    if report.is_complete:
        return JobOutcome.COMPLETE
    return JobOutcome.ATTENTION if report.nothing_is_left else JobOutcome.PARTIAL


def sentence_of(error: HostawayMessageDbError) -> str:
    """Say what happened without Hostaway's own words, which may quote a guest."""
    if isinstance(error, HostawayError):
        return (type(error).__doc__ or error.code).partition("\n")[0]
    return masked(error.message)


async def _status_of(application: Application) -> dict[str, Any] | None:
    several = application.settings.hostaway_accounts_file is not None
    whose = application.settings.hostaway_account_id if several else None
    try:
        overview = await application.queries.overview(whose)
    except DatabaseError as error:
        log.warning("status_unknown", error=error.code)
        return None
    return assess(overview, application.clock.now()).to_json()


async def _guests_of(application: Application, account_id: str) -> dict[str, Any] | None:
    try:
        return await brief(application.figures, application.clock.now(), account_id)
    except DatabaseError as error:
        log.warning("guests_unknown", error=error.code)
        return None


def _told(result: JobResult) -> dict[str, Any]:
    return {
        "job": DAILY_JOB,
        "scheduled_for": result.scheduled_for.isoformat(),
        "attempt": result.attempt,
        "missed_times": result.missed_times,
        "resumes_run_id": result.resumes_run_id,
    }


def _log_end(result: JobResult) -> None:
    """Log how it ended: the canonical line of the job."""
    is_good = result.outcome in {JobOutcome.COMPLETE, JobOutcome.SKIPPED}
    log_line = log.info if is_good else log.warning
    log_line(
        "job_finished",
        **_told(result),
        outcome=result.outcome.value,
        exit_code=result.exit_code,
        error=result.error.code if result.error else None,
    )
