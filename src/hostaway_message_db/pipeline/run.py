"""What one run carries from step to step."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from hostaway_message_db.errors import HostawayError, Recovery
from hostaway_message_db.models.entities import Entity
from hostaway_message_db.models.records import Quarantined
from hostaway_message_db.pipeline.report import SyncReport
from hostaway_message_db.pipeline.side_entities import SideEntities
from hostaway_message_db.ports import (
    AccountState,
    Audience,
    HostawaySource,
    ProgressNumbers,
    Stores,
)
from hostaway_message_db.utils.clock import Clock
from hostaway_message_db.utils.logger import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """What files may be downloaded, and how much of it."""

    max_bytes: int
    max_files: int
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    """How a sync goes about its work."""

    account_id: str
    run_id: str
    is_full: bool = False
    accepts_shrink: bool = False
    concurrency: int = 8
    max_failed_runs: int = 5
    recent: timedelta = timedelta(days=2)
    recent_reread: timedelta = timedelta(hours=12)
    reservations_overlap: timedelta = timedelta(hours=1)
    max_seconds: float | None = None
    files: FileOptions | None = None
    reads_messages: bool = True
    entities: tuple[Entity, ...] = ()
    ignores_beats: bool = False
    calendar_days: int = 180
    most_reservation_logs: int = 500


@dataclass(slots=True)
class Run:
    """One run: where it reads, where it writes, what it did so far."""

    options: SyncOptions
    source: HostawaySource
    stores: Stores
    clock: Clock
    audience: Audience
    report: SyncReport
    before: AccountState
    entities: SideEntities
    progress: ProgressNumbers = field(default_factory=ProgressNumbers)

    @property
    def account_id(self) -> str:
        """Return the account that is read."""
        return self.options.account_id

    def step(self, name: str) -> None:
        """Say which step begins."""
        self.progress.step = name
        log.info("step", step=name)
        self.show()

    def show(self) -> None:
        """Tell the audience how far the run is."""
        self.progress.messages = self.report.messages.extracted
        self.progress.requests = self.source.counts.requests
        self.audience.show(self.progress)

    async def attempt(self, subject: str, step: Awaitable[None]) -> None:
        """Do one step; a failure that is not the run's end is named and left."""
        try:
            await step
        except HostawayError as error:
            if error.recovery is Recovery.ABORT:
                raise
            self.report.leave(subject, error)
            # Not its words: Hostaway's own are in them, and they may quote a guest.
            log.warning("step_left", step=subject, error=error.code, status=error.status)

    async def quarantine(self, records: Sequence[Quarantined]) -> None:
        """Put malformed records aside, each with its reasons."""
        if not records:
            return
        new = await self.stores.quarantine.put(records, self.options.run_id, self.clock.now())
        self.report.new_in_quarantine += new
        for record in records:
            log.warning(
                "record_quarantined",
                entity=record.entity,
                record_id=record.record_id,
                conversation_id=record.conversation_id,
                reasons=list(record.reasons),
            )
