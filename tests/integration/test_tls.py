"""What is wrong with a certificate is said by what to do about it; bad files are bad settings."""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from hostaway_message_db.config import load_settings
from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.database.tls import TlsFiles
from hostaway_message_db.errors import ConfigurationError, DatabaseUnavailable
from hostaway_message_db.utils.clock import SystemClock
from support.tls_mongod import Certificates, TlsMongod

KEY_PASSWORD = "k3y-0f-the-k3y"
LOGIN = "keeper:hunter2@"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.make(tmp_path_factory.mktemp("certificates"), KEY_PASSWORD)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[TlsMongod]:
    folder = tmp_path_factory.mktemp("tls-mongod")
    with TlsMongod(folder, certificates, ("keeper", "hunter2")) as mongod:
        yield mongod


@pytest.mark.parametrize(
    ("host", "authority", "own", "said", "advised"),
    [
        ("localhost", "stranger", "client", "no trusted authority", "MONGODB_TLS_CA_FILE"),
        ("localhost", None, "client", "no trusted authority", "MONGODB_TLS_CA_FILE"),
        ("127.0.0.1", "authority", "client", "another host's name", "MONGODB_URI"),
        ("localhost", "authority", None, "closes the connection", "CERTIFICATE_KEY_FILE"),
        ("localhost", None, None, "closes the connection", "MONGODB_TLS_CA_FILE"),
    ],
)
async def test_a_failed_handshake_is_a_sentence_and_a_hint(
    server: TlsMongod,
    certificates: Certificates,
    host: str,
    authority: str | None,
    own: str | None,
    said: str,
    advised: str,
) -> None:
    files = TlsFiles(
        getattr(certificates, authority) if authority else None,
        getattr(certificates, own) if own else None,
    )
    with pytest.raises(DatabaseUnavailable) as raised:
        async with MongoDatabase(server.address(host, LOGIN), "hostaway", files):
            pytest.fail("the server took it")
    assert f"mongodb://{host}:{server.port}/" in raised.value.message
    assert said in raised.value.message
    assert advised in raised.value.hint
    assert "hunter2" not in raised.value.message


async def test_a_server_without_tls_is_told_apart(
    mongodb_uri: str, certificates: Certificates
) -> None:
    quick = f"{mongodb_uri}{'&' if '?' in mongodb_uri else '/?'}serverSelectionTimeoutMS=700"
    with pytest.raises(DatabaseUnavailable) as raised:
        async with MongoDatabase(quick, "hostaway", TlsFiles(certificates.authority)):
            pytest.fail("the server took it")
    assert raised.value.message.endswith(
        ("does not come to terms on TLS.", "closes the connection before it answers.")
    )


@pytest.mark.parametrize(
    ("begins_in", "ends_in"), [(-60, -1), (1, 60)], ids=["expired", "not yet valid"]
)
async def test_a_certificate_out_of_its_days_is_told_so(
    tmp_path: Path, begins_in: int, ends_in: int
) -> None:
    authority, today = trustme.CA(), SystemClock().now()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    certificate = authority.issue_cert(
        "localhost",
        not_before=today + timedelta(days=begins_in),
        not_after=today + timedelta(days=ends_in),
    )
    # A mongod does not start with such a certificate; the handshake is all that is needed of one.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "localhost", ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        address = f"mongodb://localhost:{port}/?serverSelectionTimeoutMS=700"
        with pytest.raises(DatabaseUnavailable, match="not valid today") as raised:
            async with MongoDatabase(address, "hostaway", TlsFiles(tmp_path / "authority.pem")):
                pytest.fail("the server took it")
    assert "Renew the server's certificate" in raised.value.hint


@pytest.fixture
def only_these_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems_with(**settings: Any) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load_settings(mongodb_uri="mongodb://localhost/", **settings)
    return "\n".join(raised.value.problems)


def test_files_that_cannot_serve_are_wrong_settings(
    only_these_settings: Path, certificates: Certificates
) -> None:
    empty = only_these_settings / "empty.pem"
    empty.write_text("no certificate\n")
    found = problems_with(
        mongodb_tls_ca_file=str(empty), mongodb_tls_certificate_key_file="absent.pem"
    )
    assert "empty.pem': holds no certificate in PEM form" in found
    assert "absent.pem': cannot be read (No such file or directory)" in found
    unlocked = problems_with(mongodb_tls_certificate_key_file=str(certificates.locked_client))
    assert "MONGODB_TLS_CERTIFICATE_KEY_PASSWORD" in unlocked
    keyless = problems_with(mongodb_tls_certificate_key_file=str(certificates.authority))
    assert "holds no certificate with its private key" in keyless


def test_a_key_of_another_certificate_is_a_wrong_setting(
    only_these_settings: Path, certificates: Certificates
) -> None:
    mixed = only_these_settings / "mixed.pem"
    key = certificates.client.read_text().partition("-----BEGIN CERTIFICATE")[0]
    mixed.write_text(key + certificates.authority.read_text())
    assert "does not belong" in problems_with(mongodb_tls_certificate_key_file=str(mixed))


def test_good_files_are_taken(only_these_settings: Path, certificates: Certificates) -> None:
    del only_these_settings
    settings = load_settings(
        mongodb_uri="mongodb://localhost/",
        mongodb_tls_ca_file=str(certificates.authority),
        mongodb_tls_certificate_key_file=str(certificates.locked_client),
        mongodb_tls_certificate_key_password=KEY_PASSWORD,
    )
    assert settings.mongodb_tls_ca_file == certificates.authority
