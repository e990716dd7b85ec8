"""`daily-job` and `schedule`: bring in, unattended."""

import functools
from datetime import datetime, time
from typing import Annotated

import typer

from hostaway_message_db.bootstrap import notifier, open_application
from hostaway_message_db.cli import runner
from hostaway_message_db.cli.output import console, when
from hostaway_message_db.cli.progress import audience, has_terminal
from hostaway_message_db.cli.syncing import show_report
from hostaway_message_db.config import Settings, accounts_of
from hostaway_message_db.errors import (
    DatabaseUnavailable,
    HostawayMessageDbError,
    worst_exit_code,
)
from hostaway_message_db.ports import JobOutcome
from hostaway_message_db.scheduler.daily_job import (
    DAILY_JOB,
    DailyJob,
    JobPlan,
    JobResult,
    sentence_of,
)
from hostaway_message_db.scheduler.schedule import keep_schedule
from hostaway_message_db.scheduler.timetable import Timetable
from hostaway_message_db.utils.clock import Clock, SystemClock

SECONDS_PER_MINUTE = 60


def register(app: typer.Typer) -> None:
    """Add this family of commands."""
    app.command("daily-job")(daily_job)
    app.command()(schedule)


def daily_job(
    *,
    if_due: Annotated[
        bool,
        typer.Option(
            "--if-due",
            help="Do nothing if the scheduled time that now belongs to was already completed.",
        ),
    ] = False,
) -> None:
    """Do what cron calls: one sync under the lease, recorded, with mail on trouble."""

    async def work(settings: Settings) -> int:
        codes = []
        for each in accounts_of(settings):
            job = job_of(each, SystemClock(), is_only_if_due=if_due)
            with audience() as watching:
                result = await job.run(watching)
            show_result(result)
            codes.append(result.exit_code)
            if isinstance(result.error, DatabaseUnavailable):
                break  # All accounts are in the same one.
        return worst_exit_code(codes)

    runner.run(work, hostaway_needed=True, logs_to_files=True, quiet_console=has_terminal())


def schedule() -> None:
    """Stay in the foreground and run the daily job at its time, until Ctrl-C."""

    async def work(settings: Settings) -> int:
        clock = SystemClock()
        jobs = [job_of(each, clock, is_only_if_due=True) for each in accounts_of(settings)]
        timetable = jobs[0].plan.timetable
        # The account that is furthest behind says what is still to be done; the others skip it.
        handled = min([await _handled_at_start(job) for job in jobs])

        async def run() -> None:
            for job in jobs:
                with audience() as watching:
                    result = await job.run(watching)
                show_result(result)

        await keep_schedule(run, timetable, clock, handled)

    runner.run(work, hostaway_needed=True, logs_to_files=True)


async def _handled_at_start(job: DailyJob) -> datetime:
    async with job.opens() as application:
        latest = await application.jobs.latest(job.plan.account_id, DAILY_JOB)
    return job.plan.timetable.handled_at_start(
        latest.scheduled_for if latest else None,
        job.clock.now(),
        is_done=latest is not None and latest.completed_at is not None,
    )


def job_of(settings: Settings, clock: Clock, *, is_only_if_due: bool) -> DailyJob:
    """Return the daily job that the settings describe."""
    return DailyJob(
        plan=JobPlan(
            account_id=settings.hostaway_account_id,
            timetable=Timetable(time.fromisoformat(settings.daily_job_time)),
            max_seconds=settings.daily_job_max_minutes * SECONDS_PER_MINUTE,
            is_only_if_due=is_only_if_due,
        ),
        opens=functools.partial(open_application, settings, clock),
        notifier=notifier(settings, clock),
        clock=clock,
    )


def show_result(result: JobResult) -> None:
    """Print how the job went; what cron keeps of it quotes no reply of Hostaway's."""
    if result.error is not None:
        told = HostawayMessageDbError(sentence_of(result.error), result.error.hint)
        runner.report_error(told, as_json=False)
    elif result.outcome is JobOutcome.SKIPPED:
        console().print(
            f"Nothing to do: the daily job of {when(result.scheduled_for)} UTC was completed at"
            f" {when(result.completed_at)} UTC."
        )
    elif result.report is not None:
        show_report(result.report, as_json=False, has_reasons=False)
