"""A replica set of three on loopback, whose members can be killed and started again."""

import signal
from contextlib import suppress
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, Final, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from support.mongod import Mongod, free_ports, start_mongod

Document = dict[str, Any]
NAME: Final = "rs"
MEMBERS: Final = 3
ELECTION_MILLISECONDS: Final = 2000
PATIENCE_SECONDS: Final = 60
POLL_SECONDS: Final = 0.05


class Member:
    """One mongod of the set; its data outlive its process."""

    def __init__(self, directory: Path, port: int) -> None:
        self._directory = directory
        self._process: Mongod | None = None
        self.address = f"127.0.0.1:{port}"
        self._port = port
        directory.mkdir()

    def start(self) -> None:
        """Start it, or start it again."""
        self._process = start_mongod(
            self._directory, self._port, "--replSet", NAME, "--oplogSize", "64"
        )

    def kill(self) -> None:
        """Kill it with SIGKILL and collect it."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            self._process.wait(PATIENCE_SECONDS)
            self._process = None

    def role(self) -> str:
        """Say what it is at present: `primary`, `secondary` or `neither`."""
        client: MongoClient[Document] = MongoClient(
            f"mongodb://{self.address}/?directConnection=true", serverSelectionTimeoutMS=1000
        )
        with client:
            try:
                hello = client.admin.command("hello")
            except PyMongoError:
                return "neither"
        if hello.get("isWritablePrimary"):
            return "primary"
        return "secondary" if hello.get("secondary") else "neither"


class ReplicaSet:
    """Three members with a primary among them, inside its `with`."""

    def __init__(self, directory: Path) -> None:
        ports = free_ports(MEMBERS)
        self.members = [Member(directory / f"member-{port}", port) for port in ports]

    @property
    def uri(self) -> str:
        """The address of the whole set."""
        addresses = ",".join(member.address for member in self.members)
        return f"mongodb://{addresses}/?replicaSet={NAME}"

    def __enter__(self) -> Self:
        try:
            for member in self.members:
                member.start()
            self._initiate()
            self.wait_until_whole()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        for member in self.members:
            member.kill()

    def _initiate(self) -> None:
        first = self.members[0]
        client: MongoClient[Document] = MongoClient(
            f"mongodb://{first.address}/?directConnection=true",
            serverSelectionTimeoutMS=1000 * PATIENCE_SECONDS,
        )
        config = {
            "_id": NAME,
            "members": [{"_id": n, "host": m.address} for n, m in enumerate(self.members)],
            "settings": {
                "electionTimeoutMillis": ELECTION_MILLISECONDS,
                "heartbeatIntervalMillis": 500,
            },
        }
        with client:
            client.admin.command("ping")
            # Answers only when every member was reached, so it may have to be asked again.
            for _ in range(PATIENCE_SECONDS):
                try:
                    client.admin.command("replSetInitiate", config)
                except PyMongoError:
                    Event().wait(0.5)
                else:
                    return
        raise TimeoutError("the replica set could not be initiated")

    def roles(self) -> list[str]:
        """Say what each member is at present."""
        return [member.role() for member in self.members]

    def primary(self) -> Member:
        """Return the member that takes writes; waits for an election to end."""
        for _ in range(int(PATIENCE_SECONDS / POLL_SECONDS)):
            for member in self.members:
                if member.role() == "primary":
                    return member
            Event().wait(POLL_SECONDS)
        raise TimeoutError(f"no primary: {self.roles()}")

    def wait_until_whole(self) -> None:
        """Wait until one member is primary and all others follow it."""
        wanted = ["primary"] + ["secondary"] * (MEMBERS - 1)
        for _ in range(int(PATIENCE_SECONDS / POLL_SECONDS)):
            if sorted(self.roles()) == wanted:
                return
            Event().wait(POLL_SECONDS)
        raise TimeoutError(f"the replica set is not whole: {self.roles()}")
