"""One run of the sync: the real client, the real stores, a door between them and mongod."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.uri_parser import parse_uri

from hostaway_message_db.api.hostaway_client import ClientOptions, HostawayClient
from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.errors import HostawayMessageDbError, LeaseHeld
from hostaway_message_db.pipeline.etl import run_sync
from hostaway_message_db.pipeline.ledger import LEASE_SECONDS
from hostaway_message_db.pipeline.report import SyncReport
from hostaway_message_db.pipeline.run import SyncOptions
from hostaway_message_db.ports import ProgressNumbers, RequestCounts
from property.sync_machine.clock import HastyClock
from property.sync_machine.door import Cut, Door

Document = dict[str, Any]
ENTITIES = ("messages", "reservations", "listings", "conversation_rows")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to the account while a run is under way."""

    step: int
    happen: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: with a report, or with the error that ended it."""

    report: SyncReport | None = None
    error: BaseException | None = None

    @property
    def is_complete(self) -> bool:
        """Tell whether the run says that it is complete."""
        return self.report is not None and self.report.is_complete


class Nobody:
    """An audience that does not look."""

    def show(self, progress: ProgressNumbers) -> None:
        """Take no note."""


class ToldCounts(RequestCounts):
    """The client's counts, which tell of each request as it starts."""

    def __init__(self, tell: Callable[[], None]) -> None:
        object.__setattr__(self, "_tell", lambda: None)
        super().__init__()
        object.__setattr__(self, "_tell", tell)

    def __setattr__(self, name: str, value: int) -> None:
        super().__setattr__(name, value)
        if name == "requests":
            self.__dict__["_tell"]()


class Reader:
    """Somebody who reads messages all the time: after every write, and between the runs."""

    def __init__(self, database: Database[Document]) -> None:
        self._messages = database["messages"]
        self._seen: set[str] = set()
        self.losses: list[str] = []

    def look(self, collection: str = "messages") -> None:
        """Note which messages are there, and which are there no more or twice."""
        if collection != "messages":
            return
        found = [d["message_id"] for d in self._messages.find({}, {"message_id": 1})]
        ids = set(found)
        self.losses += [f"message {i} is gone" for i in sorted(self._seen - ids)]
        if len(found) > len(ids):
            self.losses.append(f"{len(found)} documents for {len(ids)} messages")
        self._seen |= ids


class Syncs:
    """All runs of one history: one database, one clock, one token cache."""

    def __init__(
        self, mongodb: MongoClient[Document], mongodb_uri: str, name: str, data_dir: Path
    ) -> None:
        self.database = mongodb[name]
        self.reader = Reader(self.database)
        self._socket = str(parse_uri(mongodb_uri)["nodelist"][0][0])
        self._data_dir = data_dir
        self._runs = 0

    def run(
        self,
        client: ClientOptions,
        clock: HastyClock,
        *,
        cut: Cut | None = None,
        event: Event | None = None,
        **options: Any,
    ) -> Outcome:
        """Run once, waiting for the lease of a run that could not give it back."""
        outcome = asyncio.run(self._run(client, clock, cut, event, options))
        if isinstance(outcome.error, LeaseHeld):
            clock.forward(LEASE_SECONDS)
            outcome = asyncio.run(self._run(client, clock, cut, event, options))
            assert not isinstance(outcome.error, LeaseHeld), "the lease did not expire"
        self.reader.look()
        return outcome

    async def _run(
        self,
        client_options: ClientOptions,
        clock: HastyClock,
        cut: Cut | None,
        event: Event | None,
        options: dict[str, Any],
    ) -> Outcome:
        self._runs += 1
        wanted = SyncOptions(
            account_id=client_options.account_id, run_id=f"run-{self._runs}", **options
        )
        client = HostawayClient(client_options, clock)

        def step(number: int) -> None:
            if event is not None and number == event.step:
                event.happen()

        async with Door(self._socket, cut) as door:
            door.on_step, door.on_written = step, self.reader.look
            client.counts = ToldCounts(door.note_request)
            try:
                async with MongoDatabase(door.uri, self.database.name) as mongo, client:
                    syncing = asyncio.create_task(
                        run_sync(client, mongo.stores(), clock, Nobody(), wanted)
                    )
                    door.end_run = syncing.cancel
                    await asyncio.wait([syncing])
                    return Outcome(report=syncing.result())
            except (HostawayMessageDbError, asyncio.CancelledError) as error:
                return Outcome(error=error)

    def unbalanced(self) -> list[str]:
        """Name the reports, of all runs so far, whose columns do not add up."""
        found = []
        for run in self.database["sync_runs"].find({"report": {"$ne": None}}):
            for entity in ENTITIES:
                columns = dict(run["report"][entity])
                extracted = columns.pop("extracted")
                if extracted != sum(columns.values()):
                    found.append(f"{run['_id']} {entity}: {extracted} extracted, {columns}")
        return found
