"""The connection's life cycle, and the stores on it."""

from types import TracebackType
from typing import Any, Self

import pymongo
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern

from hostaway_message_db.database.audit_store import MongoAuditStore
from hostaway_message_db.database.documents import Document
from hostaway_message_db.database.driver_waiting import repair_waiting
from hostaway_message_db.database.entity_store import MongoEntityStore
from hostaway_message_db.database.failures import translated
from hostaway_message_db.database.figure_store import MongoFigureStore
from hostaway_message_db.database.file_store import MongoFileStore
from hostaway_message_db.database.job_store import MongoIncidentMemory, MongoJobStore
from hostaway_message_db.database.label_store import MongoLabelStore
from hostaway_message_db.database.lease_store import MongoLeaseStore
from hostaway_message_db.database.message_store import MongoMessageStore
from hostaway_message_db.database.privacy_store import MongoPrivacyStore
from hostaway_message_db.database.queries import MongoQueries
from hostaway_message_db.database.side_store import MongoQuarantineStore, MongoSideStore
from hostaway_message_db.database.sync_state_store import (
    MongoRunStore,
    MongoSyncStateStore,
)
from hostaway_message_db.database.tls import TlsFiles, explained
from hostaway_message_db.database.vector_queries import MongoVectorStore
from hostaway_message_db.ports import Stores

OLDEST_SERVER = (5, 0)
SELECTION_TIMEOUT_MS = 20_000
"""An election takes eleven seconds by default."""
SOCKET_TIMEOUT_MS = 600_000
CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 3.0


class MongoDatabase:
    """One database of one server, open inside its `async with`.

    Acknowledged means durable: writes wait for a majority and for the journal.
    """

    def __init__(self, uri: str, name: str, tls: TlsFiles | None = None) -> None:
        self._uri = uri
        self._tls = tls or TlsFiles()
        self._name = name
        self._client: AsyncMongoClient[Document] | None = None

    async def __aenter__(self) -> Self:
        """Connect; raises `DatabaseUnavailable` with the address, without a password."""
        repair_waiting()
        with translated(self._uri), explained(self._uri):
            self._client = AsyncMongoClient(
                self._uri,
                tz_aware=True,
                appname="hostaway-message-db",
                **self._tls.driver_options(),
                **_unless_given(
                    self._uri,
                    serverSelectionTimeoutMS=SELECTION_TIMEOUT_MS,
                    socketTimeoutMS=SOCKET_TIMEOUT_MS,
                ),
            )
            try:
                patience = self._client.options.server_selection_timeout
                with pymongo.timeout(min(CONNECT_SECONDS, patience)):
                    await self._client.admin.command("ping")
            except BaseException:
                await self._client.close()
                raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        if self._client is not None:
            with pymongo.timeout(CLOSE_SECONDS):
                await self._client.close()

    @property
    def database(self) -> AsyncDatabase[Document]:
        """Return the driver's database, with durable writes."""
        if self._client is None:
            raise RuntimeError("the database is used outside its context")
        return self._client.get_database(
            self._name,
            write_concern=WriteConcern(w="majority", j=True),
            read_concern=ReadConcern("local"),
        )

    async def server_version(self) -> str:
        """Return the server's version."""
        with translated(self._uri):
            if self._client is None:
                raise RuntimeError("the database is used outside its context")
            return str((await self._client.server_info())["version"])

    def stores(self, *, wants_files: bool = True) -> Stores:
        """Return the stores that the pipeline writes to."""
        return Stores(
            messages=MongoMessageStore(self.database, wants_files=wants_files),
            files=MongoFileStore(self.database),
            entities=MongoEntityStore(self.database),
            sides=MongoSideStore(self.database),
            quarantine=MongoQuarantineStore(self.database),
            state=MongoSyncStateStore(self.database),
            leases=MongoLeaseStore(self.database),
            runs=MongoRunStore(self.database),
        )

    def jobs(self) -> MongoJobStore:
        """Return the scheduled times of jobs."""
        return MongoJobStore(self.database)

    def incidents(self) -> MongoIncidentMemory:
        """Return what people were told of failing runs."""
        return MongoIncidentMemory(self.database)

    def privacy(self) -> MongoPrivacyStore:
        """Return what erasure and subject access need."""
        return MongoPrivacyStore(self.database)

    def figures(self) -> MongoFigureStore:
        """Return what figures are computed from."""
        return MongoFigureStore(self.database)

    def audit(self, retention_days: int = 0) -> MongoAuditStore:
        """Return the record of API calls, each new one kept for so many days."""
        return MongoAuditStore(self.database, retention_days)

    def labels(self) -> MongoLabelStore:
        """Return what the labelling needs."""
        return MongoLabelStore(self.database)

    def vectors(self) -> MongoVectorStore:
        """Return the vectors of texts, and who says them."""
        return MongoVectorStore(self.database)

    def queries(self) -> MongoQueries:
        """Return what can be asked."""
        return MongoQueries(self.database)


def _unless_given(uri: str, **options: Any) -> dict[str, Any]:
    """Leave out what the address sets itself."""
    given = uri.lower()
    return {name: value for name, value in options.items() if f"{name.lower()}=" not in given}
