"""The daily job against a simulated account, a real MongoDB and a real mail server."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from hostaway_message_db.cli.scheduling import job_of
from hostaway_message_db.config import load_settings
from hostaway_message_db.ports import JobOutcome, ProgressNumbers
from hostaway_message_db.scheduler.daily_job import JobResult
from hostaway_message_db.simulator import FaultRule
from support.calendar import ShiftedClock, utc
from support.installation import MESSAGES, Account, OpenAccount
from support.receivers import (
    LOGIN,
    Authority,
    MailServer,
    mail_server,
    silent_server,
    unused_port,
    web_server,
)
from support.truth import Document


class Nobody:
    """An audience that does not watch."""

    def show(self, progress: ProgressNumbers) -> None:
        """Look away."""


@dataclass(slots=True)
class Office:
    """An account whose daily job a test runs, at a time of the test's choice."""

    account: Account
    clock: ShiftedClock
    settings: dict[str, str] = field(default_factory=dict)

    async def run(self, *, if_due: bool = False, **changes: str) -> JobResult:
        given = {**self.account.installation.settings, **self.settings, **changes}
        given.setdefault("DATA_DIR", str(self.account.installation.folder / "data"))
        settings = load_settings(
            hostaway_needed=True, **{name.lower(): value for name, value in given.items()}
        )
        return await job_of(settings, self.clock, is_only_if_due=if_due).run(Nobody())

    def fails(self) -> None:
        """Let new messages arrive that cannot be read."""
        self.settings["HOSTAWAY_MAX_RETRIES"] = "0"
        self.account.control.add_message(self.account.conversation_ids()[0], "Anybody there?")
        self.account.fault(FaultRule(effect="status", status=503, path=MESSAGES))

    def recovers(self) -> None:
        """Let everything be read again."""
        self.account.control.clear_faults()

    def job(self) -> Document:
        (document,) = self.account.database["sync_state"].find({"kind": "job"})
        return document


@pytest.fixture
def office(open_account: OpenAccount, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Office:
    monkeypatch.chdir(tmp_path)
    return Office(open_account(4), ShiftedClock(utc(2, 9, 30)))


@pytest.fixture
def mails(office: Office) -> Iterator[MailServer]:
    with mail_server() as server:
        office.settings |= server.settings()
        yield server


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(Path(tmp_path_factory.mktemp("authority")))


def subjects(server: MailServer) -> list[str]:
    return [
        mail["Subject"].partition(": daily job ")[2].partition(" (")[0] for mail in server.mails
    ]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n")


# --- one run for a scheduled time ----------------------------------------------------------


async def test_a_scheduled_time_is_completed_once_and_a_wish_still_runs(office: Office) -> None:
    first = await office.run(if_due=True)
    assert (first.outcome, first.exit_code) == (JobOutcome.COMPLETE, 0)
    document = office.job()
    assert document["scheduled_for"] == first.scheduled_for == utc(2, 1)
    assert document["completed_at"] is not None
    assert office.account.database["sync_runs"].find_one({"_id": document["run_id"]}) is not None
    office.account.control.clear_requests()
    refused = await office.run(if_due=True)
    assert (refused.outcome, refused.exit_code) == (JobOutcome.SKIPPED, 0)
    assert refused.completed_at == document["completed_at"]
    assert office.account.requests() == []
    office.account.control.add_message(office.account.conversation_ids()[0], "Did I miss it?")
    wished = await office.run()
    assert wished.outcome is JobOutcome.COMPLETE
    assert office.account.differences() == []
    assert office.job()["attempts"] == 2


async def test_in_the_scheduled_minute_a_second_call_is_refused(office: Office) -> None:
    office.clock.go_to(utc(2, 1, 0, 5))
    assert (await office.run()).outcome is JobOutcome.COMPLETE
    assert (await office.run()).outcome is JobOutcome.SKIPPED
    office.clock.go_to(utc(2, 1, 1))
    assert (await office.run()).outcome is JobOutcome.COMPLETE


async def test_missed_times_are_one_run_that_says_so(office: Office, mails: MailServer) -> None:
    office.settings["NOTIFY_SUMMARY"] = "true"
    await office.run(if_due=True)
    office.clock.go_to(utc(7, 9))
    late = await office.run(if_due=True)
    assert (late.scheduled_for, late.missed_times) == (utc(7, 1), 4)
    assert office.account.database["sync_state"].count_documents({"kind": "job"}) == 2
    assert "4 scheduled times were missed before" in text_of(mails.mails[1])


async def test_an_unfinished_run_is_resumed_and_said_to_be(office: Office) -> None:
    office.fails()
    first = await office.run(if_due=True)
    assert (first.outcome, first.exit_code) == (JobOutcome.PARTIAL, 75)
    assert "completed_at" not in office.job()
    office.recovers()
    again = await office.run(if_due=True)
    assert (again.outcome, again.attempt, again.resumes_run_id) == (
        JobOutcome.COMPLETE, 2, first.run_id,
    )  # fmt: skip
    assert office.account.differences() == []
    office.clock.go_to(utc(3, 1))
    assert (await office.run(if_due=True)).resumes_run_id is None


async def test_a_run_ends_at_its_bound_partial_and_resumable(
    office: Office, mails: MailServer
) -> None:
    office.account.fault(FaultRule(effect="hang", path=MESSAGES, nth=3))
    bounded = await office.run(DAILY_JOB_MAX_MINUTES="0.02", HOSTAWAY_CONCURRENCY="1")
    assert (bounded.outcome, bounded.exit_code) == (JobOutcome.PARTIAL, 75)
    assert bounded.report is not None
    assert [failure.code for failure in bounded.report.failures] == ["time_is_up"]
    (run,) = office.account.database["sync_runs"].find()
    assert run["outcome"] == office.job()["outcome"] == "partial"
    assert subjects(mails) == ["incomplete: 1 left for the next run"]
    read = set(office.account.asked()[:2])
    office.recovers()
    office.account.control.clear_requests()
    assert (await office.run(if_due=True)).exit_code == 0
    assert office.account.differences() == []
    assert not read & set(office.account.asked())


async def test_a_cancelled_run_is_interrupted_and_can_be_resumed(office: Office) -> None:
    office.account.fault(FaultRule(effect="hang", path=MESSAGES, nth=2))
    running = asyncio.create_task(office.run())
    log = office.account.simulator.simulation.log
    while log.summary(0).by_template.get(f"GET {MESSAGES}", 0) < 2:
        await office.clock.sleep(0.01)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert office.job()["outcome"] == "interrupted"
    office.recovers()
    assert (await office.run(if_due=True)).outcome is JobOutcome.COMPLETE
    assert office.account.differences() == []


async def test_another_run_that_has_the_right_to_run_is_no_news(
    office: Office, mails: MailServer
) -> None:
    office.settings["NOTIFY_SUMMARY"] = "true"
    office.account.fault(FaultRule(effect="hang", path=MESSAGES, nth=1))
    running = asyncio.create_task(office.run())
    log = office.account.simulator.simulation.log
    while not log.summary(0).by_template.get(f"GET {MESSAGES}", 0):
        await office.clock.sleep(0.01)
    second = await office.run(if_due=True)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert (second.outcome, second.exit_code) == (JobOutcome.BUSY, 75)
    assert second.error is not None
    assert second.error.code == "lease_held"
    assert mails.mails == []


# --- who is told ---------------------------------------------------------------------------


async def test_failures_are_one_mail_and_their_end_another(
    office: Office, mails: MailServer
) -> None:
    assert (await office.run()).exit_code == 0
    office.fails()
    for _ in range(3):
        assert (await office.run()).exit_code == 75
    office.recovers()
    for _ in range(2):
        assert (await office.run()).exit_code == 0
    assert subjects(mails) == [
        "incomplete: 1 left for the next run", "works again: 1 new messages",
    ]  # fmt: skip
    assert "server failed" in text_of(mails.mails[0])
    assert "3 runs had not been complete" in text_of(mails.mails[1])


@pytest.mark.parametrize("is_complete", [True, False])
async def test_a_summary_tells_the_figures_of_the_report(
    office: Office, mails: MailServer, is_complete: bool
) -> None:
    office.settings["NOTIFY_SUMMARY"] = "true"
    if not is_complete:
        office.account.fault(
            FaultRule(effect="malformed", path=MESSAGES, first=1, kind="wrong_type")
        )
    result = await office.run()
    assert result.exit_code == (0 if is_complete else 65)
    # Even so there is nothing that a second run would make up for.
    assert (await office.run(if_due=True)).outcome is JobOutcome.SKIPPED
    (mail,) = mails.mails
    text, database = text_of(mail), office.account.database
    (run,) = database["sync_runs"].find()
    report: Any = run["report"]
    for label, value in {
        "read from Hostaway": report["messages"]["extracted"],
        "new": report["messages"]["inserted"],
        "not understood": report["messages"]["quarantined"],
        "sent": report["request_count"],
        "messages stored": database["messages"].count_documents({}),
        "records in quarantine": database["quarantine"].count_documents({}),
    }.items():
        assert f"  {label:<36} {value:,}\n" in text, label
    assert run["_id"] in text
    assert ("complete" if is_complete else "needs attention") in mail["Subject"]


async def test_refused_credentials_are_told_with_what_to_do(
    office: Office, mails: MailServer
) -> None:
    result = await office.run(HOSTAWAY_API_KEY="wr0ng-k3y")
    assert (result.outcome, result.exit_code) == (JobOutcome.FAILED, 77)
    assert subjects(mails) == ["failed: credentials refused"]
    assert "HOSTAWAY_API_KEY" in text_of(mails.mails[0])
    assert "wr0ng-k3y" not in mails.mails[0].as_string()
    assert office.job()["outcome"] == "failed"


@pytest.mark.parametrize("trouble", ["down", "hangs", "wrong password"])
async def test_a_broken_mail_server_changes_nothing_about_the_run(
    office: Office, authority: Authority, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with silent_server() as silent, mail_server(authority) as strict:
        port = {"down": unused_port(), "hangs": silent, "wrong password": strict.port}[trouble]
        office.settings |= MailServer(port).settings(NOTIFY_SUMMARY="true", SMTP_TIMEOUT="0.3")
        if trouble == "wrong password":
            office.settings |= {
                "SMTP_USERNAME": LOGIN, "SMTP_PASSWORD": "wr0ng", "SMTP_STARTTLS": "true",
                "SMTP_TIMEOUT": "10",
            }  # fmt: skip
        result = await office.run()
        office.fails()
        assert (await office.run()).exit_code == 75
        assert strict.mails == []
    assert (result.outcome, result.exit_code) == (JobOutcome.COMPLETE, 0)
    assert office.account.database["sync_state"].count_documents({"is_told": False}) == 1


async def test_further_channels_and_the_heartbeat_are_told(office: Office) -> None:
    with web_server() as server:
        office.settings |= {
            "NOTIFY_URLS": f"json://{server.address}/t0ken",
            "HEARTBEAT_URL": f"http://{server.address}/ping/t0ken",
        }
        await office.run()
        assert server.asked == [("GET", "/ping/t0ken", None)]
        office.fails()
        await office.run()
    (method, path, body), *more = server.asked[1:]
    assert (method, path, more) == ("POST", "/t0ken", [])
    assert "incomplete: 1 left" in body["title"]


async def test_a_fault_in_the_program_is_told_and_not_hidden(
    office: Office, mails: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise KeyError("Anna's words")

    monkeypatch.setattr("hostaway_message_db.bootstrap.run_sync", broken)
    with pytest.raises(KeyError):
        await office.run()
    (mail,) = mails.mails
    assert subjects(mails) == ["failed: internal error"]
    assert "KeyError" in text_of(mail)
    assert "Anna" not in mail.as_string()
    assert office.job()["outcome"] == "failed"


async def test_a_day_later_everything_is_as_on_the_first(office: Office) -> None:
    for day in (2, 3, 4):
        office.clock.go_to(utc(day, 1) + timedelta(seconds=1))
        assert (await office.run()).outcome is JobOutcome.COMPLETE
    times = office.account.database["sync_state"].distinct("scheduled_for", {"kind": "job"})
    assert times == [utc(2, 1), utc(3, 1), utc(4, 1)]
