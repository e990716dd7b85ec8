"""The real parts that tests share: a MongoDB for each worker, simulated accounts."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from hostaway_message_db.database.embedded import EmbeddedMongo
from hostaway_message_db.simulator import RunningSimulator, Switches, WorldOptions
from support.installation import Account, Installation, OpenAccount

Document = dict[str, Any]


@pytest.fixture(scope="session")
def mongodb_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedMongo(tmp_path_factory.mktemp("mongod"), cache_gigabytes=0.25) as mongo:
        yield mongo.uri


@pytest.fixture(scope="session")
def mongodb(mongodb_uri: str) -> Iterator[MongoClient[Document]]:
    with MongoClient[Document](mongodb_uri, tz_aware=True) as client:
        yield client


@pytest.fixture
def database(mongodb: MongoClient[Document]) -> Iterator[Database[Document]]:
    name = f"test_{uuid.uuid4().hex}"
    yield mongodb[name]
    mongodb.drop_database(name)


class Accounts:
    """Opens accounts and closes them all again."""

    def __init__(self, mongodb: MongoClient[Document], uri: str, folder: Path) -> None:
        self._mongodb = mongodb
        self._uri = uri
        self._folder = folder
        self._open = ExitStack()

    def __call__(
        self,
        conversations: int = 12,
        *,
        switches: Switches | None = None,
        simulator: RunningSimulator | None = None,
        data_dir: Path | None = None,
        **world: Any,
    ) -> Account:
        name = f"test_{uuid.uuid4().hex}"
        folder = self._folder / name
        folder.mkdir()
        options = WorldOptions(conversation_count=conversations, **world)
        if simulator is None:
            chosen = switches or Switches(rate_limit_requests=None)
            simulator = self._open.enter_context(RunningSimulator(options, switches=chosen))
        self._open.callback(self._mongodb.drop_database, name)
        options = simulator.world.options
        settings = {
            "HOSTAWAY_ACCOUNT_ID": options.account_id,
            "HOSTAWAY_API_KEY": options.api_key,
            "HOSTAWAY_BASE_URL": simulator.base_url,
            "HOSTAWAY_REQUEST_DELAY": "0",
            # Tests of the sync leave the models unloaded; those of the labels ask for them.
            "ENRICH_AFTER_SYNC": "false",
            "MONGODB_URI": self._uri,
            "MONGODB_DATABASE": name,
        }
        if data_dir is not None:
            settings["DATA_DIR"] = str(data_dir)
        installation = Installation(folder, settings, {options.api_key})
        return Account(simulator, installation, self._mongodb[name])

    def close(self) -> None:
        self._open.close()


@pytest.fixture
def open_account(
    mongodb: MongoClient[Document], mongodb_uri: str, tmp_path: Path
) -> Iterator[OpenAccount]:
    accounts = Accounts(mongodb, mongodb_uri, tmp_path)
    yield accounts
    accounts.close()


@pytest.fixture(scope="module")
def open_shared_account(
    mongodb: MongoClient[Document], mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenAccount]:
    """Open accounts that live as long as their module's tests."""
    accounts = Accounts(mongodb, mongodb_uri, tmp_path_factory.mktemp("accounts"))
    yield accounts
    accounts.close()
