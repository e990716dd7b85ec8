"""The composition root: settings become an application; real adapters are named here alone."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from zipfile import BadZipFile

from hostaway_message_db.api.audit import AuditWriter
from hostaway_message_db.api.hostaway_client import ClientOptions, HostawayClient
from hostaway_message_db.config import Settings
from hostaway_message_db.database.embedded import EmbeddedMongo
from hostaway_message_db.database.embedded_revival import revived
from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.database.tls import TlsFiles
from hostaway_message_db.errors import ConfigurationError, ModelsMissing
from hostaway_message_db.insights.figures import Figures
from hostaway_message_db.insights.search import Search
from hostaway_message_db.insights.semantic import Meaning
from hostaway_message_db.insights.upkeep import refresh
from hostaway_message_db.insights.vector_file import forget_files
from hostaway_message_db.models.entities import ALL_WORD, ENTITIES, MESSAGES_WORD, Entity
from hostaway_message_db.notifications.apprise_channel import AppriseChannel
from hostaway_message_db.notifications.heartbeat import Heartbeat
from hostaway_message_db.notifications.incidents import FileMemory
from hostaway_message_db.notifications.mail import MailChannel, MailOptions
from hostaway_message_db.notifications.notifier import Notifier
from hostaway_message_db.pipeline.etl import run_sync
from hostaway_message_db.pipeline.labelling import LabellingReport, label_after_sync, run_labelling
from hostaway_message_db.pipeline.ledger import account_lease
from hostaway_message_db.pipeline.replay import run_replay
from hostaway_message_db.pipeline.report import SyncReport, SyncStopped
from hostaway_message_db.pipeline.run import FileOptions, SyncOptions
from hostaway_message_db.pipeline.verify import Proof, run_verify
from hostaway_message_db.ports import (
    Audience,
    AuditQueries,
    FileStore,
    IncidentMemory,
    JobStore,
    MessageQueries,
    Stores,
    TextLabeller,
)
from hostaway_message_db.privacy.desk import PrivacyDesk
from hostaway_message_db.privacy.forget import Forgotten
from hostaway_message_db.privacy.guard import Guard, guarded_stores
from hostaway_message_db.privacy.identity import Selectors
from hostaway_message_db.privacy.retention import Retention
from hostaway_message_db.setting_checks import SMTPS_PORT
from hostaway_message_db.utils.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class Application:
    """Everything a command, a page or a job can ask for."""

    settings: Settings
    clock: Clock
    database: MongoDatabase
    mongodb_address: str

    def of(self, settings: Settings) -> "Application":
        """Return the same application for another account's settings."""
        return replace(self, settings=settings)

    @property
    def stores(self) -> Stores:
        """Return the stores, with the guard before them that keeps the forgotten out."""
        raw = self.database.stores(wants_files=self.settings.attachments)
        store = self.database.privacy()
        retention = Retention(raw, store, self.settings.retention_days)
        return guarded_stores(raw, Guard(store, retention))

    @property
    def privacy(self) -> PrivacyDesk:
        """Return who answers for guests' data."""
        account_id = self.settings.hostaway_account_id
        return PrivacyDesk(self.database.stores(), self.database.privacy(), account_id)

    async def forget_guest(self, selectors: Selectors) -> Forgotten:
        """Forget a guest while no sync runs; raises `LeaseHeld`, `NotFound`, `UsageError`."""
        run_id, account_id = new_run_id(self.clock), self.settings.hostaway_account_id
        async with account_lease(self.stores.leases, self.clock, account_id, run_id):
            forgotten = await self.privacy.forget(selectors, run_id, self.clock.now())
            await refresh(self.database.figures())
            forget_files(self.settings.data_dir)
            return forgotten

    @property
    def queries(self) -> MessageQueries:
        """Return what can be asked of the store."""
        return self.database.queries()

    @property
    def search(self) -> Search:
        """Return what searches the store."""
        return self.search_with(load_labeller)

    def search_with(self, load: Callable[[], TextLabeller]) -> Search:
        """Return the same, with the language models from elsewhere."""
        meaning = Meaning(self.database.vectors(), load, self.settings.data_dir)
        return Search(self.queries, self.figures.waiting_conversations, meaning)

    @property
    def figures(self) -> Figures:
        """Return what computes figures of the store."""
        return Figures(self.queries, self.database.figures())

    @property
    def files(self) -> FileStore:
        """Return the files that were sent with messages."""
        return self.stores.files

    @property
    def audit(self) -> AuditQueries:
        """Return what can be asked of the record of API calls."""
        return self.database.audit()

    @property
    def jobs(self) -> JobStore:
        """Return the scheduled times of jobs."""
        return self.database.jobs()

    @property
    def incidents(self) -> IncidentMemory:
        """Return what people were told of failing runs."""
        return self.database.incidents()

    async def mark_as_sample(self) -> None:
        """Mark the whole database as sample data; `status` says so."""
        await self.stores.runs.mark_as_sample()

    async def sync(
        self,
        audience: Audience,
        *,
        is_full: bool = False,
        accepts_shrink: bool = False,
        run_id: str = "",
        max_seconds: float | None = None,
        entities: Sequence[str] | None = None,
    ) -> SyncReport:
        """Bring the store up to date, in at most so long; see `run_sync`.

        Entities that are named are read now; without, those of the settings on their beat.
        Cancelled after the load, it raises `SyncStopped`, which tells what was done.
        """
        options = self._options(
            is_full=is_full,
            accepts_shrink=accepts_shrink,
            run_id=run_id,
            max_seconds=max_seconds,
            entities=entities,
        )
        async with self.client(options.run_id) as client:
            report = await run_sync(client, self.stores, self.clock, audience, options)
        try:
            if self.settings.enrich_after_sync:
                left = max_seconds - report.duration_seconds if max_seconds else None
                report.labelling = LabellingReport()
                await label_after_sync(
                    self.database.labels(),
                    self._load_labeller,
                    self.clock,
                    audience,
                    left,
                    report.labelling,
                )
            await refresh(self.database.figures())
        except asyncio.CancelledError as stopped:
            raise SyncStopped(report) from stopped
        if report.retention.messages:
            forget_files(self.settings.data_dir)
        return report

    async def enrich(
        self, audience: Audience, *, is_all: bool = False, max_seconds: float | None = None
    ) -> LabellingReport:
        """Label the stored messages that wait for it; see `run_labelling`."""
        return await run_labelling(
            self.database.labels(),
            self._load_labeller,
            self.clock,
            audience,
            is_all=is_all,
            max_seconds=max_seconds,
        )

    def _load_labeller(self) -> TextLabeller:
        return load_labeller(self.settings.topics_dir)

    async def verify(self, audience: Audience, *, is_deep: bool, repairs: bool) -> Proof:
        """Prove completeness; see `run_verify`."""
        options = self._options()
        async with self.client(options.run_id) as client:
            return await run_verify(
                client,
                self.stores,
                self.clock,
                audience,
                options,
                is_deep=is_deep,
                repairs=repairs,
            )

    async def replay(self, audience: Audience) -> SyncReport:
        """Transform and load quarantined records again; see `run_replay`."""
        options = self._options()
        async with self.client(options.run_id) as client:
            return await run_replay(client, self.stores, self.clock, audience, options)

    @asynccontextmanager
    async def client(self, run_id: str) -> AsyncIterator[HostawayClient]:
        """Hand out a client of the account for one run, whose calls are recorded."""
        days, account_id = self.settings.audit_retention_days, self.settings.hostaway_account_id
        async with AsyncExitStack() as stack:
            audit = None
            if days:
                store = self.database.audit(days)
                writer = AuditWriter(store, account_id, run_id, self.clock)
                audit = await stack.enter_async_context(writer)
            client = hostaway_client(self.settings, self.clock, audit)
            yield await stack.enter_async_context(client)

    def _options(
        self,
        *,
        is_full: bool = False,
        accepts_shrink: bool = False,
        run_id: str = "",
        max_seconds: float | None = None,
        entities: Sequence[str] | None = None,
    ) -> SyncOptions:
        settings = self.settings
        wanted = settings.sync_entities if entities is None else entities
        return SyncOptions(
            account_id=settings.hostaway_account_id,
            run_id=run_id or new_run_id(self.clock),
            is_full=is_full,
            accepts_shrink=accepts_shrink,
            concurrency=settings.hostaway_concurrency,
            max_failed_runs=settings.sync_max_failed_runs,
            recent=timedelta(days=settings.sync_recent_days),
            recent_reread=timedelta(hours=settings.sync_recent_reread_hours),
            reservations_overlap=timedelta(hours=settings.sync_reservations_overlap_hours),
            max_seconds=max_seconds,
            files=_file_options(settings),
            reads_messages=MESSAGES_WORD in wanted or ALL_WORD in wanted,
            entities=entities_named(wanted),
            ignores_beats=entities is not None,
            calendar_days=settings.sync_calendar_days,
            most_reservation_logs=settings.sync_reservation_logs_per_run,
        )


def entities_named(names: Sequence[str]) -> tuple[Entity, ...]:
    """Return the entities that are named, in the table's order; raises `ConfigurationError`."""
    known = {entity.name for entity in ENTITIES} | {MESSAGES_WORD, ALL_WORD}
    if unknown := sorted(set(names) - known):
        raise ConfigurationError(
            [
                f"SYNC_ENTITIES: there is no {name!r}. (Known: {', '.join(sorted(known))}.)"
                for name in unknown
            ]
        )
    if ALL_WORD in names:
        return ENTITIES
    return tuple(entity for entity in ENTITIES if entity.name in names)


def load_labeller(topics_dir: Path | None = None) -> TextLabeller:
    """Load the language models, about a second and 200 MB.

    Raises `ModelsMissing`, also for models that are there and damaged, and
    `ConfigurationError` when a file of `topics_dir` is wrong.
    """
    try:
        # Only where it is needed: an extra, and NumPy takes its time.
        models = import_module("hostaway_message_db.enrichment.labeller")
    except ImportError as error:
        raise ModelsMissing from error
    try:
        labeller: TextLabeller = models.Labeller.load(topics_dir)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, BadZipFile) as error:
        raise ModelsMissing(
            f"The language models are installed but cannot be loaded ({type(error).__name__}).",
            "Install them again: pip install --force-reinstall 'hostaway-message-db[nlp]'.",
        ) from error
    return labeller


def _file_options(settings: Settings) -> FileOptions | None:
    if not settings.attachments:
        return None
    return FileOptions(
        max_bytes=settings.attachment_max_megabytes * 1024 * 1024,
        max_files=settings.attachment_max_per_run,
        types=settings.attachment_types,
    )


@asynccontextmanager
async def open_application(
    settings: Settings, clock: Clock | None = None, *, stays: bool = False
) -> AsyncIterator[Application]:
    """Open the database (starting the embedded one if needed) and hand over the application.

    For who stays, the embedded one is started again if it ends. Raises `DatabaseUnavailable`.
    """
    entities_named(settings.sync_entities)
    async with AsyncExitStack() as stack:
        uri, tls = settings.mongodb_uri.get_secret_value(), _tls_files(settings)
        if not uri:
            embedded = EmbeddedMongo(
                settings.data_dir,
                mongod_bin=settings.mongod_bin,
                cache_gigabytes=settings.mongod_cache_gigabytes,
            )
            stack.callback(embedded.close)
            uri = await asyncio.to_thread(embedded.start)
            if stays:
                await stack.enter_async_context(revived(embedded))
        database = MongoDatabase(uri, settings.mongodb_database, tls)
        await stack.enter_async_context(database)
        yield Application(settings, clock or SystemClock(), database, uri)


def _tls_files(settings: Settings) -> TlsFiles:
    return TlsFiles(
        settings.mongodb_tls_ca_file,
        settings.mongodb_tls_certificate_key_file,
        settings.mongodb_tls_certificate_key_password.get_secret_value(),
    )


def new_run_id(clock: Clock) -> str:
    """Return the name of a run: when it began, and a few digits that no other one has."""
    return f"{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def notifier(settings: Settings, clock: Clock) -> Notifier:
    """Return who tells people how the unattended job went, by the channels that are set."""
    mail = [MailChannel(_mail_options(settings), clock)] if settings.smtp_host else []
    others = [AppriseChannel(url.get_secret_value()) for url in settings.notify_urls]
    heartbeat = settings.heartbeat_url.get_secret_value()
    return Notifier(
        [*mail, *others],
        Heartbeat(heartbeat) if heartbeat else None,
        FileMemory(settings.data_dir),
        clock,
        wants_summary=settings.notify_summary,
    )


def _mail_options(settings: Settings) -> MailOptions:
    is_encrypted_from_start = settings.smtp_port == SMTPS_PORT
    login = settings.smtp_username
    return MailOptions(
        host=settings.smtp_host,
        port=settings.smtp_port,
        username=login,
        password=settings.smtp_password.get_secret_value(),
        is_encrypted_from_start=is_encrypted_from_start,
        has_starttls=settings.smtp_starttls and not is_encrypted_from_start,
        sender=settings.notify_from or (login if "@" in login else settings.notify_to[0]),
        receivers=settings.notify_to,
        timeout_seconds=settings.smtp_timeout,
    )


def hostaway_client(
    settings: Settings, clock: Clock, audit: AuditWriter | None = None
) -> HostawayClient:
    """Return a client of the account that the settings name."""
    return HostawayClient(
        ClientOptions(
            base_url=settings.hostaway_base_url,
            account_id=settings.hostaway_account_id,
            api_key=settings.hostaway_api_key.get_secret_value(),
            request_delay_seconds=settings.hostaway_request_delay,
            timeout_seconds=settings.hostaway_timeout,
            max_retries=settings.hostaway_max_retries,
            page_size=settings.hostaway_page_size,
            concurrency=settings.hostaway_concurrency,
            data_dir=settings.data_dir,
        ),
        clock,
        audit,
    )
