"""The right to run, and the record of a run however it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

from hostaway_message_db.errors import DatabaseUnavailable, HostawayMessageDbError, TimeIsUp
from hostaway_message_db.pipeline.report import SyncReport
from hostaway_message_db.pipeline.run import Run, SyncOptions
from hostaway_message_db.pipeline.side_entities import SideEntities
from hostaway_message_db.ports import Audience, HostawaySource, LeaseHolder, LeaseStore, Stores
from hostaway_message_db.utils.clock import Clock
from hostaway_message_db.utils.logger import bound, get_logger
from hostaway_message_db.utils.processes import this_process

log = get_logger(__name__)

LEASE_SECONDS = 60.0


class Result(Protocol):
    """What a run has to show for itself."""

    @property
    def is_complete(self) -> bool:
        """Tell whether nothing was left out."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        ...


async def new_run(
    source: HostawaySource, stores: Stores, clock: Clock, audience: Audience, options: SyncOptions
) -> Run:
    """Make a run; a first load is one that no run before it completed."""
    before = await stores.state.account(options.account_id)
    mode = "incremental" if before.first_load_completed_at else "initial"
    report = SyncReport(options.run_id, options.account_id, mode, clock.now(), counts=source.counts)
    report.quarantine_size = await stores.quarantine.count(options.account_id)
    entities = SideEntities(options.account_id, source, stores.sides, clock)
    return Run(options, source, stores, clock, audience, report, before, entities)


@asynccontextmanager
async def holding_lease(run: Run) -> AsyncIterator[None]:
    """Hold the account's right to run, renewed in time; raises `LeaseHeld`.

    Every line that is logged meanwhile bears the run's id.
    """
    with bound(run_id=run.options.run_id, account_id=run.account_id):
        async with account_lease(run.stores.leases, run.clock, run.account_id, run.options.run_id):
            yield


@asynccontextmanager
async def account_lease(
    leases: LeaseStore, clock: Clock, account_id: str, run_id: str
) -> AsyncIterator[None]:
    """Hold an account's right to run, renewed in time; raises `LeaseHeld`."""
    name = f"sync:{account_id}"
    holder = LeaseHolder(run_id, this_process())
    await leases.acquire(name, holder, clock.now(), LEASE_SECONDS)

    async def renew() -> None:
        while True:
            await clock.sleep(LEASE_SECONDS / 3)
            await leases.acquire(name, holder, clock.now(), LEASE_SECONDS)

    try:
        async with asyncio.TaskGroup() as tasks:
            renewal = tasks.create_task(renew())
            yield
            renewal.cancel()
    except BaseExceptionGroup as group:
        error = first_error(group)
        if not isinstance(error, DatabaseUnavailable):
            await leases.release(name, holder)
        raise error from None
    except DatabaseUnavailable:
        # A dead database is not asked again; our lease is free once this process ended.
        raise
    except BaseException:
        await leases.release(name, holder)
        raise
    else:
        await leases.release(name, holder)


@asynccontextmanager
async def within_time(run: Run) -> AsyncIterator[None]:
    """End the run's work at its bound, cleanly: what is left is named, the run is partial."""
    seconds = run.options.max_seconds
    try:
        async with asyncio.timeout(seconds) as bound_on_time:
            yield
    except TimeoutError:
        if not bound_on_time.expired():
            raise
        run.report.leave("run", TimeIsUp(f"The run took its {(seconds or 0) / 60:g} minutes."))
        log.warning("run_time_is_up", max_seconds=seconds)


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the error that matters of several that happened at once."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        ours = [e for e in error.exceptions if isinstance(e, HostawayMessageDbError)]
        error = ours[0] if ours else error.exceptions[0]
    return error


@asynccontextmanager
async def recorded(run: Run, kind: str, result: Result) -> AsyncIterator[None]:
    """Enter the run in the ledger, and how it ended, with its result so far.

    A run that could not say how it ended (killed, or its database went away) is `lost`:
    the next one, which has the lease, says so for it.
    """
    started = run.clock.monotonic()
    await run.stores.runs.start(
        run.options.run_id, run.account_id, kind, run.report.mode, run.clock.now()
    )
    outcome = "failed"
    try:
        yield
        outcome = "complete" if result.is_complete else "partial"
    except asyncio.CancelledError:
        outcome = "interrupted"
        raise
    except HostawayMessageDbError as error:
        run.report.leave("run", error)
        if isinstance(error, DatabaseUnavailable):
            outcome = "lost"
        raise
    finally:
        run.report.duration_seconds = run.clock.monotonic() - started
        report = result.to_json()
        log.info("run_finished", kind=kind, outcome=outcome, **_canonical(report))
        if outcome != "lost":
            await run.stores.runs.finish(run.options.run_id, outcome, report, run.clock.now())


def _canonical(report: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a run's one canonical log line."""
    long = {"failures", "differences", "started_at"}
    figures = {key: value for key, value in report.items() if key not in long}
    parts = {key: value for key, value in figures.items() if isinstance(value, dict)}
    return figures | {
        key: {name: part for name, part in value.items() if name not in long}
        for key, value in parts.items()
    }
