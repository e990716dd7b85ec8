"""At DEBUG, through every path, nothing that is written carries a secret or a guest's words."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
import typer.core
import typer.main

from hostaway_message_db.cli.app import app
from hostaway_message_db.simulator import FaultRule
from support.http_api import start_serving, stop
from support.installation import MESSAGES, Account, Finished, OpenAccount
from support.receivers import MailServer, unused_port, web_server

API_KEY, MONGODB_PASSWORD, SMTP_PASSWORD = "k3y-0f-4n-4cc0unt", "m0ng0-p4ss", "sm7p-p4ss"
CHANNEL, HEARTBEAT, WEBHOOK = "ch4nnel-t0ken", "he4rtbeat-t0ken", "webh00k-p4ss"
WEB_KEY = "w3b-k3y-0f-4-pr0gr4m"
SECRETS = {API_KEY, MONGODB_PASSWORD, SMTP_PASSWORD, CHANNEL, HEARTBEAT, WEBHOOK, WEB_KEY}
PERSONAL_KEYS = ("guestName", "guestEmail", "phone", "recipientName", "recipientEmail")
SHORTEST_TEXT = 12


@pytest.fixture
def account(open_account: OpenAccount) -> Iterator[Account]:
    """An account whose every channel refuses what it is told."""
    account = open_account(8, messages_per_conversation=5, api_key=API_KEY)
    mail = MailServer(unused_port())
    with web_server() as server:
        server.status = 500
        account.installation.settings |= {
            **mail.settings(NOTIFY_SUMMARY="true"),
            "SMTP_USERNAME": "mailer",
            "SMTP_PASSWORD": SMTP_PASSWORD,
            "NOTIFY_URLS": f"json://{server.address}/{CHANNEL}",
            "HEARTBEAT_URL": f"http://{server.address}/ping/{HEARTBEAT}",
            "WEBHOOK_PASSWORD": WEBHOOK,
            "LOG_LEVEL": "DEBUG",
            "HOSTAWAY_MAX_RETRIES": "1",
        }
        yield account


def personal(account: Account) -> set[str]:
    """Return every name, address, number and text of the account's guests."""
    control = account.control
    rows = [*control.truth_reservations(), *control.truth_conversations()]
    found = {str(row[key]) for row in rows for key in PERSONAL_KEYS if row.get(key)}
    texts = [str(row["body"]) for row in control.truth_messages() if row.get("body")]
    lines = {line.strip() for text in texts for line in re.split(r"\n|<[^>]+>", text)}
    return found | {line for line in lines if len(line) >= SHORTEST_TEXT}


def lines_of(account: Account) -> list[dict[str, Any]]:
    return [json.loads(line) for line in account.installation.logs().splitlines()]


def check_quiet(account: Account, *finished: Finished) -> None:
    tokens = {
        str(json.loads(path.read_text())["access_token"])
        for path in (account.installation.folder / "data").glob("token-*.json")
    }
    written = "".join(each.output + each.errors for each in finished)
    logged = account.installation.logs()
    assert logged
    # JSON lines write other letters than ASCII as escapes or as they are: look for both.
    decoded = logged + json.dumps(lines_of(account), ensure_ascii=False)
    guests = personal(account)
    assert len(guests) > 20
    for unwanted in SECRETS | tokens | guests:
        assert unwanted not in written, unwanted
        assert unwanted not in decoded, unwanted
        assert json.dumps(unwanted)[1:-1] not in decoded, unwanted


def test_a_whole_run_at_debug(account: Account) -> None:
    finished = account.run("daily-job")
    assert finished.code == 0
    assert account.differences() == []
    check_quiet(account, finished)
    events = [line["event"] for line in lines_of(account)]
    for event in ("job_started", "step", "request", "run_finished", "job_finished"):
        assert event in events
    assert events.count("notice_not_delivered") == 2
    assert events.count("heartbeat_not_delivered") == 1


AFTER_A_LOAD = {
    "sync": ("--full", "--json"),
    "verify": ("--deep", "--repair", "--json"),
    "replay": ("--json",),
    "enrich": ("--all", "--json"),
    "status": ("--json",),
    "search": ("wifi", "--json"),
    "thread": ("{conversation}", "--json"),
    "waiting": ("--json",),
    "stats": ("--since", "2020-01-01", "--json"),
    "export": ("--format", "ndjson"),
    "audit": ("--json",),
    "doctor": ("--json",),
    "export-guest": ("--reservation", "{reservation}", "--output", "exports", "--json"),
    "forget-guest": ("--reservation", "{reservation}", "--dry-run", "--json"),
}
"""Every command that ends by itself, with what makes it do most."""
SHOW_WHAT_GUESTS_SAID = {"search", "thread", "waiting", "export"}
ELSEWHERE = {
    "daily-job": "the tests around this one",
    "schedule": "runs the daily job",
    "label": "texts from standard input alone; opens no log",
    "demo": "made-up guests alone",
    "simulate": "made-up guests alone",
    "serve": "the test of what it is asked, below",
}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_command_at_debug(account: Account) -> None:
    """The further commands, two at a time; erasing for good comes last."""
    places = {
        "{conversation}": str(account.conversation_ids()[0]),
        "{reservation}": str(next(account.control.truth_reservations())["id"]),
    }
    finished = {"load": account.run("sync", "--json")}

    def run(name: str) -> Finished:
        return account.run(name, *(places.get(word, word) for word in AFTER_A_LOAD[name]))

    changing = ["sync", "verify", "replay", "enrich"]
    reading = [name for name in AFTER_A_LOAD if name not in changing]
    with ThreadPoolExecutor(2) as two:
        for names in ([[name] for name in changing], [reading]):
            for group in names:
                finished |= zip(group, two.map(run, group), strict=True)
    finished["forget"] = account.run(
        "forget-guest", "--reservation", places["{reservation}"], "--yes", "--json"
    )
    refused = {name: each.code for name, each in finished.items() if each.code}
    assert refused in ({}, {"enrich": 78})  # 78: the models are not installed
    check_quiet(
        account,
        *(
            Finished(each.code, "", each.errors) if name in SHOW_WHAT_GUESTS_SAID else each
            for name, each in finished.items()
        ),
    )
    for name in SHOW_WHAT_GUESTS_SAID:
        assert not [secret for secret in SECRETS if secret in finished[name].output]


def test_what_the_api_is_asked_and_answers_at_debug(account: Account) -> None:
    """Guests' names and words in addresses, headers, wrong keys and wrong parameters."""
    assert account.run("sync", "--json").code == 0
    account.installation.settings["WEB_API_KEYS"] = f"{WEB_KEY},{WEB_KEY}-too"
    server = start_serving(account.installation)
    server.key = WEB_KEY
    guests = sorted(personal(account), key=len)
    for guest in (*guests[:6], *guests[-6:]):
        sent = quote(guest, safe="")
        for path in (
            f"/api/v1/messages?q={sent}",
            f"/api/v1/messages?order={sent}&limit={sent}&cursor={sent}&account={sent}",
            f"/api/v1/messages/{sent}",
            f"/api/v1/conversations/{sent}",
            f"/api/v1/figures/{sent}?q=guest:{sent}&since={sent}&by={sent}",
            f"/api/v1/attachments/{sent}",
            f"/api/v1/waiting?q={sent}",
            f"/{sent}",
        ):
            server.ask(path, headers={"User-Agent": sent, "Referer": f"http://x/{sent}"})
        wrong = {"Authorization": f"Bearer {WEB_KEY[:-1]}{sent}", "Host": f"{sent}.example"}
        assert server.ask("/api/v1/status", headers=wrong).status == 401
    assert any(server.ask("/api/v1/messages", limit=1000).json["results"])
    for path in ("/api/v1/figures", "/api/v1/status", "/metrics", "/readyz"):
        assert server.ask(path).status == 200
    told = stop(account.installation, server)
    check_quiet(account, told)
    events = [line["event"] for line in lines_of(account)]
    assert events.count("request_answered") > 100
    assert "request_failed" not in events


def test_no_command_is_left_out_of_this() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    missing = set(group.commands) - {*AFTER_A_LOAD, *ELSEWHERE}
    assert not missing, f"run them at DEBUG, or say where that is done: {missing}"


def test_a_run_full_of_faults_whose_replies_quote_a_guest(account: Account) -> None:
    guest = next(row["guestName"] for row in account.control.truth_reservations())
    quoted = f"The guest {guest} wrote: {API_KEY}"
    first, second, *more = account.conversation_ids()
    account.fault(
        FaultRule(
            effect="status", status=400, path=MESSAGES, conversation_id=first, message=quoted
        ),
        FaultRule(effect="fail_200", path=MESSAGES, conversation_id=second, message=quoted),
        FaultRule(effect="malformed", kind="wrong_type", path=MESSAGES, conversation_id=more[0]),
        FaultRule(effect="malformed", kind="bad_date", path=MESSAGES, conversation_id=more[1]),
        FaultRule(effect="malformed", kind="null_id", path=MESSAGES, conversation_id=more[2]),
        FaultRule(effect="truncated_json", path=MESSAGES, conversation_id=more[3]),
        FaultRule(effect="unknown_keys", path=MESSAGES),
        FaultRule(effect="status", status=503, path="/listings", first=1),
    )
    finished = account.run("daily-job")
    assert finished.code == 75
    assert "request refused" in finished.output.replace("_", " ")
    assert account.database["quarantine"].count_documents({}) >= 1
    check_quiet(account, finished)


@pytest.mark.parametrize("status", [403, 400])
def test_a_run_that_is_refused_with_a_guests_name(account: Account, status: int) -> None:
    guest = next(row["guestName"] for row in account.control.truth_reservations())
    account.fault(FaultRule(effect="status", status=status, message=f"No: {guest}"))
    finished = account.run("daily-job")
    assert finished.code == (77 if status == 403 else 75)
    check_quiet(account, finished)


def test_a_refused_api_key_and_a_refused_database_login(account: Account) -> None:
    refused = account.run("daily-job", HOSTAWAY_API_KEY=f"{API_KEY}-wr0ng")
    assert refused.code == 77
    address = account.installation.settings["MONGODB_URI"]
    login = address.replace("mongodb://", f"mongodb://keeper:{MONGODB_PASSWORD}@")
    unwelcome = account.run("daily-job", MONGODB_URI=login)
    assert unwelcome.code == 69
    malformed = account.run("daily-job", MONGODB_URI=f"mongodb://keeper:{MONGODB_PASSWORD}/x@h/")
    assert malformed.code in {69, 78}
    check_quiet(account, refused, unwelcome, malformed)


def test_every_line_of_a_run_bears_its_id_and_each_request_is_a_line(account: Account) -> None:
    account.fault(FaultRule(effect="status", status=503, path="/listings", first=1))
    finished = account.run("daily-job", HOSTAWAY_REQUEST_DELAY="0.01")
    assert finished.code == 0
    (run,) = account.database["sync_runs"].find()
    lines = lines_of(account)
    assert {line.get("run_id") for line in lines} == {run["_id"]}
    assert all(line["timestamp"].endswith("Z") for line in lines)
    requests = [line for line in lines if line["event"] == "request"]
    report = run["report"]
    assert len(requests) == report["request_count"]
    paths = {line["path"] for line in requests}
    assert {"/accessTokens", "/listings", "/conversations", MESSAGES} <= paths
    assert not [path for path in paths if re.search(r"\d", path)]
    of_listings = [(r["attempt"], r["status"]) for r in requests if r["path"] == "/listings"]
    assert of_listings[:2] == [(1, 503), (2, 200)]
    for line in requests:
        assert line["method"] in {"GET", "POST"}
        assert 0 <= line["duration_seconds"] < 60
        assert 0 <= line["wait_seconds"] < 60
    for canonical in ("run_finished", "job_finished"):
        assert [line["event"] for line in lines].count(canonical) == 1
