"""What cron calls, day after day: once per scheduled time, bounded, recorded, told of."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hostaway_message_db.simulator import FaultRule
from support.installation import MESSAGES, Account, Installation, OpenAccount, until
from support.receivers import (
    LOGIN,
    PASSWORD,
    Authority,
    MailServer,
    mail_server,
)
from support.truth import Document

QUICK = {"HOSTAWAY_MAX_RETRIES": "0"}


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(Path(tmp_path_factory.mktemp("authority")))


def told_by(account: Account, server: MailServer, **more: str) -> None:
    account.installation.settings |= server.settings(**more)


def job_of(account: Account) -> Document:
    (document,) = account.database["sync_state"].find({"kind": "job"})
    return document


def subjects(server: MailServer) -> list[str]:
    return [mail["Subject"].partition(": daily job ")[2] for mail in server.mails]


def refusing(account: Account) -> str:
    """Return the address of a database that is of no use: it refuses the login, at once."""
    address = account.installation.settings["MONGODB_URI"]
    return address.replace("mongodb://", "mongodb://keeper:hunter2@")


def two_hours_ago() -> str:
    """Return a time of day that no run of a test will meet."""
    earlier = datetime.now(UTC) - timedelta(hours=2)  # noqa: TID251 - of what a process will see
    return f"{earlier:%H:%M}"


def failing(account: Account) -> None:
    account.fault(FaultRule(effect="status", status=503, path=MESSAGES))


def test_a_completed_scheduled_time_is_not_run_again_and_that_is_said(
    open_account: OpenAccount,
) -> None:
    account = open_account(2)
    account.installation.settings["DAILY_JOB_TIME"] = two_hours_ago()
    assert account.run("daily-job", "--if-due").code == 0
    account.control.clear_requests()
    refused = account.run("daily-job", "--if-due")
    assert refused.code == 0
    assert "Nothing to do: the daily job of" in refused.output
    assert account.requests() == []


def test_mail_goes_out_encrypted_and_logged_in(
    open_account: OpenAccount, authority: Authority
) -> None:
    account = open_account(2)
    account.installation.secrets.add(PASSWORD)
    with mail_server(authority) as server:
        encrypted = {
            "SMTP_STARTTLS": "true", "SMTP_USERNAME": LOGIN, "SMTP_PASSWORD": PASSWORD,
            "SSL_CERT_FILE": str(authority.file),
        }  # fmt: skip
        told_by(account, server, NOTIFY_SUMMARY="true", **encrypted)
        assert account.run("daily-job").code == 0
    assert server.was_encrypted == [True]


def test_a_database_that_is_away_is_told_once_and_its_return(
    open_account: OpenAccount, mails: MailServer
) -> None:
    account = open_account(2)
    told_by(account, mails)
    away = refusing(account)
    account.installation.secrets.add("hunter2")
    for _ in range(2):
        assert account.run("daily-job", MONGODB_URI=away).code == 69
    assert account.run("daily-job").code == 0
    assert [subject.partition(" (")[0] for subject in subjects(mails)] == [
        "failed: database unavailable",
        f"works again: {account.database['messages'].count_documents({}):,} new messages",
    ]
    assert "hunter2" not in mails.mails[0].as_string()


@pytest.fixture
def due_soon(open_account: OpenAccount) -> Account:
    """An account whose scheduled time of today is yet to be made up for."""
    account = open_account(3)
    account.installation.settings["DAILY_JOB_TIME"] = two_hours_ago()
    failing(account)
    assert account.run("daily-job", **QUICK).code == 75
    return account


def _waits(installation: Installation) -> bool:
    return "schedule_waiting" in installation.logs()


def test_the_schedule_makes_up_for_what_was_missed_and_waits(due_soon: Account) -> None:
    due_soon.control.clear_faults()
    process = due_soon.installation.start("schedule")
    until(lambda: _waits(due_soon.installation), process)
    process.send_signal(signal.SIGINT)
    finished = due_soon.installation.finish(process)
    assert finished.code == 130
    assert due_soon.differences() == []
    assert job_of(due_soon)["completed_at"] is not None


def test_the_schedule_survives_a_run_that_fails(due_soon: Account) -> None:
    process = due_soon.installation.start("schedule", HOSTAWAY_API_KEY="wr0ng-k3y")
    until(lambda: _waits(due_soon.installation), process)
    process.send_signal(signal.SIGTERM)
    finished = due_soon.installation.finish(process)
    assert finished.code == 130
    assert job_of(due_soon)["outcome"] == "failed"
    assert "HOSTAWAY_API_KEY" in finished.errors


def test_a_schedule_that_is_new_waits_for_its_first_time(open_account: OpenAccount) -> None:
    account = open_account(2)
    process = account.installation.start("schedule")
    until(lambda: _waits(account.installation), process)
    process.send_signal(signal.SIGTERM)
    assert account.installation.finish(process).code == 130
    assert account.requests() == []


def test_a_schedule_whose_database_is_away_says_so_at_once(open_account: OpenAccount) -> None:
    account = open_account(0)
    assert account.run("schedule", MONGODB_URI=refusing(account)).code == 69
