"""TLS to MongoDB: the right certificates work, every wrong one is a sentence; no secret shows."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from hostaway_message_db.simulator import FaultRule
from support.installation import MESSAGES, Account, OpenAccount, until
from support.processes import messages_asked_so_far
from support.tls_mongod import Certificates, TlsMongod

USER, PASSWORD, KEY_PASSWORD = "keeper", "m0ng0/p4ss", "k3y-0f-the-k3y"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.make(tmp_path_factory.mktemp("certificates"), KEY_PASSWORD)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[TlsMongod]:
    folder = tmp_path_factory.mktemp("tls-mongod")
    with TlsMongod(folder, certificates, (USER, PASSWORD)) as mongod:
        yield mongod


@pytest.fixture
def account(open_account: OpenAccount, server: TlsMongod, certificates: Certificates) -> Account:
    """An account whose copy is behind TLS, a login and a certificate of one's own."""
    account = open_account(4)
    account.installation.secrets |= {PASSWORD, quote(PASSWORD, safe=""), KEY_PASSWORD}
    account.installation.settings |= {
        "MONGODB_URI": server.address(login=f"{USER}:{quote(PASSWORD, safe='')}@"),
        "MONGODB_TLS_CA_FILE": str(certificates.authority),
        "MONGODB_TLS_CERTIFICATE_KEY_FILE": str(certificates.locked_client),
        "MONGODB_TLS_CERTIFICATE_KEY_PASSWORD": KEY_PASSWORD,
        "LOG_LEVEL": "DEBUG",
    }
    return account


def test_a_sync_through_tls_is_complete_and_shows_no_secret(
    account: Account, server: TlsMongod
) -> None:
    report = account.synced()
    with server.client() as client:
        stored = client[account.installation.settings["MONGODB_DATABASE"]]
        assert stored["messages"].count_documents({}) == report["messages"]["inserted"] > 0
    doctor = account.run("doctor", "--json")
    assert doctor.code == 0
    shown = {each["name"]: each["value"] for each in doctor.json["settings"]}
    assert shown["MONGODB_URI"] == shown["MONGODB_TLS_CERTIFICATE_KEY_PASSWORD"] == "********"
    assert f"mongodb://localhost:{server.port}/" in json.dumps(doctor.json["checks"])
    assert not [
        word for word in account.installation.secrets if word in account.installation.logs()
    ]


def test_a_server_that_a_stranger_vouches_for_is_refused(
    account: Account, server: TlsMongod, certificates: Certificates
) -> None:
    finished = account.sync(MONGODB_TLS_CA_FILE=str(certificates.stranger))
    assert finished.code == 69, finished.errors
    error = finished.json["error"]
    assert error["message"] == (
        f"MongoDB at mongodb://localhost:{server.port}/ shows a TLS certificate that no trusted"
        " authority vouches for."
    )
    assert "MONGODB_TLS_CA_FILE" in error["hint"]
    assert account.requests() == []


def command_lines() -> list[str]:
    """Return what everybody on this machine can read of every process."""
    lines: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines.append(path.read_text("utf-8", "replace").replace("\0", " ").strip())
    return lines


def test_the_process_list_shows_no_secret(account: Account) -> None:
    """Neither that of a run on a server, nor that of one which starts the embedded MongoDB."""
    account.fault(FaultRule(effect="hang", path=MESSAGES))
    secrets = account.installation.secrets
    assert account.installation.settings["HOSTAWAY_API_KEY"] in secrets
    embedded = dict.fromkeys(
        name for name in account.installation.settings if name.startswith("MONGODB_")
    )
    for changes in ({}, embedded):
        before = messages_asked_so_far(account)
        process = account.installation.start("sync", "--json", **changes)
        until(lambda: messages_asked_so_far(account) > before, process)  # noqa: B023
        lines = command_lines()
        process.terminate()
        assert account.installation.finish(process).code == 130
        assert [line for line in lines if line.endswith("sync --json")]
        assert not [line for line in lines if any(secret in line for secret in secrets)]
    folder = str(account.installation.folder)
    assert [line for line in lines if folder in line and "mongod" in line]
