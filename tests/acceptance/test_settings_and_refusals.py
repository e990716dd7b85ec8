"""What is wrong is said whole, with what to do, by exit code, and without a secret."""

from datetime import UTC
from typing import Any

import pytest

from hostaway_message_db.simulator import FaultRule
from support.installation import MESSAGES, Account, Finished, Installation, OpenAccount

TOO_SMALL = {
    "HOSTAWAY_ACCOUNT_ID": "my-account",
    "HOSTAWAY_BASE_URL": "http://api.hostaway.com/v1",
    "HOSTAWAY_REQUEST_DELAY": "-0.1",
    "HOSTAWAY_TIMEOUT": "0",
    "HOSTAWAY_MAX_RETRIES": "-1",
    "HOSTAWAY_PAGE_SIZE": "0",
    "HOSTAWAY_CONCURRENCY": "0",
    "MONGODB_URI": "mysql://keeper:hunter2@example.com/",
    "MONGODB_DATABASE": "two words",
    "LOG_LEVEL": "LOUD",
    "LOG_RETENTION_DAYS": "0",
    "SMTP_PORT": "0",
    "SMTP_STARTTLS": "perhaps",
    "WEB_PORT": "-1",
}
TOO_LARGE = {
    "HOSTAWAY_ACCOUNT_ID": "12345678901234567890",
    "HOSTAWAY_BASE_URL": "ftp://127.0.0.1/v1",
    "HOSTAWAY_REQUEST_DELAY": "61",
    "HOSTAWAY_TIMEOUT": "601",
    "HOSTAWAY_MAX_RETRIES": "21",
    "HOSTAWAY_PAGE_SIZE": "1001",
    "HOSTAWAY_CONCURRENCY": "65",
    "MONGODB_DATABASE": "a/b",
    "LOG_RETENTION_DAYS": "3651",
    "SMTP_PORT": "65536",
    "WEB_PORT": "65536",
}
NO_NUMBER = {
    "HOSTAWAY_REQUEST_DELAY": "nan",
    "HOSTAWAY_TIMEOUT": "soon",
    "HOSTAWAY_MAX_RETRIES": "2.5",
    "HOSTAWAY_PAGE_SIZE": "many",
    "HOSTAWAY_CONCURRENCY": "0x10",
    "MONGODB_DATABASE": "$",
    "LOG_RETENTION_DAYS": "month",
    "SMTP_PORT": "smtp",
    "WEB_PORT": "http",
}


# Addresses may hold a login, and an API key is easily pasted into the account's id.
MAY_HOLD_A_SECRET = {"MONGODB_URI", "HOSTAWAY_BASE_URL", "HOSTAWAY_ACCOUNT_ID"}


@pytest.fixture
def installation(open_account: OpenAccount) -> Installation:
    """An installation without one setting."""
    installation = open_account(0).installation
    installation.settings.clear()
    installation.secrets.add("hunter2")
    return installation


@pytest.mark.parametrize("wrong", [TOO_SMALL, TOO_LARGE, NO_NUMBER], ids=["small", "large", "no"])
def test_all_wrong_settings_are_named_at_once(
    installation: Installation, wrong: dict[str, str]
) -> None:
    finished = installation.run("sync", "--json", **wrong)
    assert finished.code == 78
    problems = [line for line in finished.errors.splitlines() if line.startswith("  - ")]
    named = [line.split()[1] for line in problems]
    missing = {"HOSTAWAY_ACCOUNT_ID", "HOSTAWAY_API_KEY"} - wrong.keys()
    assert sorted(set(named)) == sorted({*wrong, *missing})
    for line in problems:
        name = line.split()[1]
        assert len(line) > len(name) + 20, line
        if name in wrong and name not in MAY_HOLD_A_SECRET:
            assert wrong[name] in line
    error = finished.json["error"]
    assert error["code"] == "configuration"
    assert all(name in error["message"] for name in wrong)
    assert ".env" in error["hint"]
    assert not (installation.folder / "data").exists()


def test_an_api_key_in_the_wrong_setting_is_not_shown(installation: Installation) -> None:
    installation.secrets.add("k3y-of-the-account")
    finished = installation.run(
        "sync", HOSTAWAY_ACCOUNT_ID="k3y-of-the-account", HOSTAWAY_API_KEY="61234"
    )
    assert finished.code == 78
    assert "HOSTAWAY_ACCOUNT_ID" in finished.errors


@pytest.mark.parametrize("command", [("sync",), ("daily-job",), ("verify",), ("sync", "--dry-run")])
def test_missing_credentials_are_both_named(
    installation: Installation, command: tuple[str, ...]
) -> None:
    finished = installation.run(*command)
    assert finished.code == 78
    assert "HOSTAWAY_ACCOUNT_ID is not set" in finished.errors
    assert "HOSTAWAY_API_KEY is not set" in finished.errors
    assert finished.output == ""


def test_a_log_directory_that_is_a_file_is_a_wrong_setting(open_account: OpenAccount) -> None:
    account = open_account(0)
    (account.installation.folder / "logs").write_text("a file")
    finished = account.sync()
    assert finished.code == 78
    assert "LOG_DIR" in finished.errors


def test_settings_come_from_dotenv_below_the_environment(open_account: OpenAccount) -> None:
    account = open_account(3)
    settings = account.installation.settings
    lines = [f"{name}='{value}'" for name, value in settings.items()]
    wrong = "HOSTAWAY_PAGE_SIZE=0"
    (account.installation.folder / ".env").write_text("\n".join([*lines, wrong]))
    settings.clear()
    refused = account.sync()
    assert refused.code == 78
    assert "HOSTAWAY_PAGE_SIZE" in refused.errors
    account.synced(HOSTAWAY_PAGE_SIZE="7")
    assert {"limit=7"} <= {r.query for r in account.requests()}


AWAY = "mongodb://keeper:hunter2@127.0.0.1:9/?serverSelectionTimeoutMS=300"


@pytest.mark.parametrize("command", [("sync",), ("status",), ("search", "wifi"), ("verify",)])
def test_a_database_that_is_away_is_named_without_its_password(
    open_account: OpenAccount, command: tuple[str, ...]
) -> None:
    account = open_account(3)
    account.installation.secrets.add("hunter2")
    finished = account.run(*command, "--json", MONGODB_URI=AWAY)
    assert finished.code == 69
    assert "127.0.0.1:9" in finished.errors
    assert finished.json["error"]["code"] == "database_unavailable"
    assert "MONGODB_URI" in finished.json["error"]["hint"]
    assert account.requests() == []
    assert "hunter2" not in account.installation.logs()


def test_a_database_that_refuses_the_login_is_said_without_the_password(
    open_account: OpenAccount,
) -> None:
    account = open_account(3)
    account.installation.secrets.add("hunter2")
    address = account.installation.settings["MONGODB_URI"]
    finished = account.sync(MONGODB_URI=address.replace("mongodb://", "mongodb://keeper:hunter2@"))
    assert finished.code == 69
    assert "login" in finished.errors
    assert account.requests() == []


@pytest.mark.parametrize("place", ["host:abc/", "[::1", "", "host/?tls=perhaps&ssl=maybe"])
def test_an_address_of_the_database_that_cannot_be_read_is_a_sentence(
    open_account: OpenAccount, place: str
) -> None:
    account = open_account(0)
    account.installation.secrets.add("hunter2")
    finished = account.run("status", MONGODB_URI=f"mongodb://keeper:hunter2@{place}")
    assert finished.code in {69, 78}
    assert "MONGODB_URI" in finished.errors


def test_wrong_credentials_end_the_run_after_one_request(open_account: OpenAccount) -> None:
    account = open_account(3)
    finished = account.sync(HOSTAWAY_API_KEY="not-the-key")
    assert finished.code == 77
    assert finished.json["error"]["code"] == "credentials_refused"
    assert "HOSTAWAY_API_KEY" in finished.errors
    assert "not-the-key" not in finished.errors + finished.output
    assert [r.path for r in account.requests()] == ["/v1/accessTokens"]
    assert not list(account.installation.folder.glob("data/token-*"))


def test_a_key_without_the_right_to_read_ends_the_run(open_account: OpenAccount) -> None:
    account = open_account(3)
    account.fault(FaultRule(effect="status", status=403, path=MESSAGES))
    finished = account.sync()
    assert finished.code == 77
    assert account.control.requests().by_template["POST /accessTokens"] <= 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("sync", "--bogus"),
        ("bogus",),
        ("search",),
        ("search", "   "),
        ("search", "x", "--limit", "0"),
        ("thread",),
        ("sync", "--dry-run", "--full"),
    ],
)
def test_a_command_line_without_sense_is_a_usage_error(
    installation: Installation, arguments: tuple[str, ...]
) -> None:
    finished = installation.run(*arguments, HOSTAWAY_ACCOUNT_ID="1", HOSTAWAY_API_KEY="k")
    assert finished.code == 64
    assert finished.errors
    assert finished.output == ""


def _shrunken(open_account: OpenAccount, account: Account, conversations: int) -> Account:
    """The same account, listing fewer conversations than before."""
    small = open_account(conversations)
    small.installation = account.installation
    small.installation.settings["HOSTAWAY_BASE_URL"] = small.simulator.base_url
    small.database = account.database
    return small


@pytest.mark.parametrize("left", [0, 9])
def test_an_account_that_shrank_beyond_belief_is_suspicious(
    open_account: OpenAccount, left: int
) -> None:
    account = open_account(20)
    account.synced()
    messages = list(account.database["messages"].find())
    small = _shrunken(open_account, account, left)
    finished = small.sync()
    assert finished.code == 65
    assert finished.json["error"]["code"] == "suspicious_emptiness"
    assert "--accept-shrink" in finished.errors
    assert str(left) in finished.errors
    assert "20" in finished.errors
    assert list(small.database["messages"].find()) == messages
    assert small.sync("--accept-shrink").code == 0
    stored = {d["message_id"] for d in small.database["messages"].find()}
    assert {d["message_id"] for d in messages} <= stored


def test_a_run_while_another_has_the_right_to_run_is_told_who_and_until_when(
    open_account: OpenAccount,
) -> None:
    account = open_account(3)
    now = account.database.client.admin.command("hello")["localTime"]
    until = now.replace(year=now.year + 1, microsecond=0)
    lease = {
        "_id": f"lease:sync:{account.id}",
        "kind": "lease",
        "holder": "the-run-before",
        "expires_at": until.replace(tzinfo=UTC),
    }
    account.database["sync_state"].insert_one(dict(lease))
    finished = account.sync()
    assert finished.code == 75
    assert "the-run-before" in finished.errors
    assert f"{until:%Y-%m-%d %H:%M:%S}" in finished.errors
    assert finished.json["error"]["code"] == "lease_held"
    assert account.requests() == []
    assert account.database["sync_state"].find_one({"_id": lease["_id"]}) == lease
    assert account.run("verify").code == 75
    account.database["sync_state"].update_one({"_id": lease["_id"]}, {"$set": {"expires_at": now}})
    account.synced()
    assert account.database["sync_state"].find_one({"_id": lease["_id"]}) is None


def test_a_conversation_that_always_fails_stops_no_other(open_account: OpenAccount) -> None:
    account = open_account(12)
    bad = account.conversation_ids()[4]
    account.fault(FaultRule(effect="status", status=500, path=MESSAGES, conversation_id=bad))
    finished = account.sync(HOSTAWAY_MAX_RETRIES="1")
    assert finished.code == 75
    report = finished.json
    assert report["is_complete"] is False
    assert report["conversations"]["read"] == 11
    assert report["conversations"]["failed"] == 1
    assert [f["subject"] for f in report["failures"]] == [f"conversation {bad}"]
    assert "500" in report["failures"][0]["reason"]
    unread = frozenset(account.truth().messages_of(str(bad)))
    assert account.differences(unless=unread) == []
    told: Any = account.run("status", "--json").json
    assert told["health"] == "attention"
    assert [c["conversation_id"] for c in told["failing_conversations"]] == [str(bad)]
    shown: Finished = account.run("status")
    assert str(bad) in shown.output
    account.control.clear_faults()
    account.control.clear_requests()
    account.synced()
    assert account.asked() == [str(bad)]
    assert account.differences() == []
    assert account.run("status", "--json").json["failing_conversations"] == []
