"""A mongod on loopback that talks TLS alone, and the certificates to it, made on the spot."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from pymongo import MongoClient

from support.mongod import Mongod, start_mongod
from support.receivers import unused_port

PATIENCE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM form: an authority, another one, and what the first vouches for."""

    authority: Path
    stranger: Path
    server: Path
    client: Path
    locked_client: Path
    """The client's, with its key encrypted."""

    @classmethod
    def make(cls, folder: Path, key_password: str) -> Self:
        """Make them all."""
        authority, stranger = trustme.CA(), trustme.CA()
        made = cls(*(folder / f"{name}.pem" for name in cls.__slots__))
        authority.cert_pem.write_to_path(str(made.authority))
        stranger.cert_pem.write_to_path(str(made.stranger))
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(
            str(made.server)
        )
        client = authority.issue_cert("copy@example.com")
        client.private_key_and_cert_chain_pem.write_to_path(str(made.client))
        locked = load_pem_private_key(client.private_key_pem.bytes(), None).private_bytes(
            Encoding.PEM,
            PrivateFormat.PKCS8,
            BestAvailableEncryption(key_password.encode()),
        )
        made.locked_client.write_bytes(locked + client.cert_chain_pems[0].bytes())
        return made


class TlsMongod:
    """The server, inside its `with`: refuses who comes without TLS or without a certificate."""

    def __init__(self, folder: Path, certificates: Certificates, login: tuple[str, str]) -> None:
        self._folder = folder
        self._certificates = certificates
        self._user, self._password = login
        self._process: Mongod | None = None
        self.port = unused_port()

    def address(self, host: str = "localhost", login: str = "") -> str:
        """Return the address; who knocks in vain is told so at once."""
        return f"mongodb://{login}{host}:{self.port}/?serverSelectionTimeoutMS=700"

    def client(self, login: bool = True) -> MongoClient[dict[str, Any]]:
        """Return a client of the test's own."""
        return MongoClient(
            f"mongodb://localhost:{self.port}/",
            username=self._user if login else None,
            password=self._password if login else None,
            tls=True,
            tlsCAFile=str(self._certificates.authority),
            tlsCertificateKeyFile=str(self._certificates.client),
            serverSelectionTimeoutMS=1000 * PATIENCE_SECONDS,
        )

    def __enter__(self) -> Self:
        data = self._folder / "data"
        data.mkdir()
        self._process = start_mongod(
            data,
            self.port,
            *("--auth", "--tlsMode", "requireTLS"),
            *("--tlsCertificateKeyFile", str(self._certificates.server)),
            *("--tlsCAFile", str(self._certificates.authority)),
        )
        try:
            with self.client(login=False) as client:
                client.admin.command("createUser", self._user, pwd=self._password, roles=["root"])
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
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_SECONDS)
