"""The composition root: settings become an application; real adapters are named here alone."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from hostaway_message_db.api.hostaway_client import ClientOptions, HostawayClient
from hostaway_message_db.config import Settings
from hostaway_message_db.database.embedded import EmbeddedMongo
from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.pipeline.etl import run_sync
from hostaway_message_db.pipeline.replay import run_replay
from hostaway_message_db.pipeline.report import SyncReport
from hostaway_message_db.pipeline.run import SyncOptions
from hostaway_message_db.pipeline.verify import Proof, run_verify
from hostaway_message_db.ports import Audience, MessageQueries
from hostaway_message_db.utils.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class Application:
    """Everything a command, a page or a job can ask for."""

    settings: Settings
    clock: Clock
    database: MongoDatabase
    mongodb_address: str

    @property
    def queries(self) -> MessageQueries:
        """Return what can be asked of the store."""
        return self.database.queries()

    async def mark_as_sample(self) -> None:
        """Mark the whole database as sample data; `status` says so."""
        await self.database.stores().runs.mark_as_sample()

    async def sync(
        self, audience: Audience, *, is_full: bool = False, accepts_shrink: bool = False
    ) -> SyncReport:
        """Bring the store up to date; see `run_sync`."""
        options = self._options(is_full=is_full, accepts_shrink=accepts_shrink)
        async with self.client() as client:
            return await run_sync(client, self.database.stores(), self.clock, audience, options)

    async def verify(self, audience: Audience, *, is_deep: bool, repairs: bool) -> Proof:
        """Prove completeness; see `run_verify`."""
        options = self._options()
        async with self.client() as client:
            return await run_verify(
                client,
                self.database.stores(),
                self.clock,
                audience,
                options,
                is_deep=is_deep,
                repairs=repairs,
            )

    async def replay(self, audience: Audience) -> SyncReport:
        """Transform and load quarantined records again; see `run_replay`."""
        async with self.client() as client:
            return await run_replay(
                client, self.database.stores(), self.clock, audience, self._options()
            )

    def client(self) -> HostawayClient:
        """Return a client of the account, to be used in an `async with`."""
        return hostaway_client(self.settings, self.clock)

    def _options(self, *, is_full: bool = False, accepts_shrink: bool = False) -> SyncOptions:
        settings = self.settings
        return SyncOptions(
            account_id=settings.hostaway_account_id,
            run_id=f"{self.clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
            is_full=is_full,
            accepts_shrink=accepts_shrink,
            concurrency=settings.hostaway_concurrency,
            max_failed_runs=settings.sync_max_failed_runs,
            recent=timedelta(days=settings.sync_recent_days),
            recent_reread=timedelta(hours=settings.sync_recent_reread_hours),
            reservations_overlap=timedelta(hours=settings.sync_reservations_overlap_hours),
        )


@asynccontextmanager
async def open_application(
    settings: Settings, clock: Clock | None = None
) -> AsyncIterator[Application]:
    """Open the database (starting the embedded one if needed) and hand over the application.

    Raises `DatabaseUnavailable`.
    """
    async with AsyncExitStack() as stack:
        uri = settings.mongodb_uri.get_secret_value()
        if not uri:
            embedded = EmbeddedMongo(
                settings.data_dir,
                mongod_bin=settings.mongod_bin,
                cache_gigabytes=settings.mongod_cache_gigabytes,
            )
            stack.callback(embedded.close)
            uri = await asyncio.to_thread(embedded.start)
        database = await stack.enter_async_context(MongoDatabase(uri, settings.mongodb_database))
        yield Application(settings, clock or SystemClock(), database, uri)


def hostaway_client(settings: Settings, clock: Clock) -> HostawayClient:
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
    )
