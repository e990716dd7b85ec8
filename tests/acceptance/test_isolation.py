"""One bad conversation or record never stops the others; it is named, kept and brought back."""

from typing import Any

import pytest

from hostaway_message_db.simulator import FaultRule, Switches
from support.installation import MESSAGES, Account, OpenAccount

CONVERSATIONS = 1_000
SETTINGS = {"HOSTAWAY_MAX_RETRIES": "1", "SYNC_MAX_FAILED_RUNS": "2"}
COUNTLESS = Switches(rate_limit_requests=None, count="null")


def _named(failures: list[dict[str, Any]]) -> set[str]:
    return {failure["subject"].removeprefix("conversation ") for failure in failures}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_of_a_thousand_conversations_three_are_bad_and_998_complete(
    open_account: OpenAccount,
) -> None:
    """The whole story: left and named, given up after two runs, brought back by `replay`."""
    account = open_account(CONVERSATIONS, messages_per_conversation=2, switches=COUNTLESS)
    ids = account.conversation_ids()
    failing, malformed, endless = ids[100], ids[500], ids[900]
    account.fault(
        FaultRule(effect="status", status=500, path=MESSAGES, conversation_id=failing),
        FaultRule(effect="malformed", kind="null_id", path=MESSAGES, conversation_id=malformed),
        FaultRule(effect="endless_pages", path=MESSAGES, conversation_id=endless),
    )
    _first_run_leaves_two_and_puts_one_message_aside(account, failing, malformed, endless)
    _second_run_gives_both_up(account, failing, endless)
    third = account.synced(**SETTINGS)
    assert third["conversations"]["read"] == third["conversations"]["failed"] == 0
    status = account.run("status", "--json").json
    assert status["pending_conversations"] == 0
    assert status["last_complete_run_at"] is not None

    account.control.clear_faults()
    account.control.clear_requests()
    replay = account.run("replay", "--json", **SETTINGS)
    assert replay.code == 0, replay.output + replay.errors
    assert set(account.asked()) == {str(failing), str(endless)}
    left = list(account.database["quarantine"].find())
    assert [(d["entity"], d["conversation_id"]) for d in left] == [("message", str(malformed))]
    # A record without an id cannot be understood however often it is looked at; it is read
    # again with its conversation.
    account.control.add_message(malformed, "Something new")
    account.synced(**SETTINGS)
    assert account.differences() == []


def _first_run_leaves_two_and_puts_one_message_aside(
    account: Account, failing: int, malformed: int, endless: int
) -> None:
    finished = account.sync(**SETTINGS)
    assert finished.code == 75
    report = finished.json
    assert report["is_complete"] is False
    assert report["conversations"]["read"] == CONVERSATIONS - 2
    assert report["conversations"]["failed"] == 2
    assert _named(report["failures"]) == {str(failing), str(endless)}
    codes = {f["subject"]: f["code"] for f in report["failures"]}
    assert codes[f"conversation {failing}"] == "server_failed"
    assert codes[f"conversation {endless}"] == "listing_stuck"
    assert report["messages"]["quarantined"] >= 1
    assert report["quarantine"]["new"] == 1
    status = account.run("status", "--json").json
    assert status["failing_count"] == 2
    names = {c["conversation_id"] for c in status["failing_conversations"]}
    assert names == {str(failing), str(endless)}
    assert all(c["last_error"] for c in status["failing_conversations"])
    assert [q["conversation_id"] for q in status["quarantine"]] == [str(malformed)]
    assert any("conversations wait to be read" in problem for problem in status["problems"])
    assert any("in quarantine" in problem for problem in status["problems"])
    # Everything else is there, field by field.
    truth = account.truth()
    missing = truth.messages_of(str(failing)) | truth.messages_of(str(malformed))
    stored = set(account.database["messages"].distinct("message_id"))
    assert set(truth.message_rows) - stored <= missing
    assert len(stored & truth.messages_of(str(malformed))) == 1
    assert account.differences(unless=frozenset(missing)) == []


def _second_run_gives_both_up(account: Account, failing: int, endless: int) -> None:
    account.control.clear_requests()
    finished = account.sync(**SETTINGS)
    assert finished.code == 65, finished.output
    assert set(account.asked()) == {str(failing), str(endless)}
    aside = list(account.database["quarantine"].find({"entity": "conversation"}))
    assert {d["record_id"] for d in aside} == {str(failing), str(endless)}
    assert all("2 runs in a row" in d["reasons"][0] for d in aside)
    report = finished.json
    assert report["quarantine"]["new"] == 2
    assert report["quarantine"]["size"] == 3


def test_a_success_between_two_failures_makes_the_count_begin_anew(
    open_account: OpenAccount,
) -> None:
    account = open_account(6)
    failing = account.conversation_ids()[2]
    rule = FaultRule(effect="fail_200", path=MESSAGES, conversation_id=failing)
    for _ in range(3):
        account.fault(rule)
        assert account.sync(**SETTINGS).code == 75
        assert account.database["quarantine"].count_documents({}) == 0
        account.control.clear_faults()
        account.synced(**SETTINGS)
        account.control.add_message(failing, "Read me again")
    account.synced(**SETTINGS)
    assert account.differences() == []


def test_a_given_up_conversation_is_read_again_when_it_changes(open_account: OpenAccount) -> None:
    account = open_account(6)
    failing = account.conversation_ids()[2]
    account.fault(FaultRule(effect="fail_200", path=MESSAGES, conversation_id=failing))
    assert account.sync(**{**SETTINGS, "SYNC_MAX_FAILED_RUNS": "1"}).code == 65
    account.synced(**SETTINGS)
    account.control.clear_faults()
    account.control.add_message(failing, "I am still here")
    account.synced(**SETTINGS)
    assert account.differences() == []
    assert account.database["quarantine"].count_documents({}) == 0


# --- suspicious emptiness ----------------------------------------------------------------------


def _everything(account: Account) -> dict[str, Any]:
    names = ("messages", "conversations", "reservations", "listings", "quarantine", "sync_state")
    return {name: list(account.database[name].find().sort("_id")) for name in names}


@pytest.mark.parametrize(
    ("fault", "listed"),
    [
        (FaultRule(effect="empty_page", path="/conversations"), 0),
        (FaultRule(effect="empty_page", path="/conversations", query=r"offset="), 9),
    ],
    ids=["none is left", "less than half is left"],
)
def test_an_account_that_shrank_beyond_belief_stops_the_run_and_changes_nothing(
    open_account: OpenAccount, fault: FaultRule, listed: int
) -> None:
    switches = Switches(rate_limit_requests=None, count="null", conversation_cap=9)
    account = open_account(20, switches=switches)
    account.synced()
    before = _everything(account)
    account.fault(fault)
    account.control.clear_requests()
    finished = account.sync()
    assert finished.code == 65
    error = finished.json["error"]
    assert error["code"] == "suspicious_emptiness"
    assert f"lists {listed} conversations, but 20 were known" in error["message"]
    assert "--accept-shrink" in error["hint"]
    assert account.asked() == []
    assert _everything(account) == before
    runs = list(account.database["sync_runs"].find().sort("started_at"))
    assert [run["outcome"] for run in runs] == ["complete", "failed"]

    account.synced("--accept-shrink")
    assert _everything(account) == before
    account.control.clear_faults()
    assert account.synced()["messages"]["extracted"] == 0
    assert account.differences() == []


def test_an_account_that_lists_half_is_no_reason_to_stop(open_account: OpenAccount) -> None:
    switches = Switches(rate_limit_requests=None, count="null", conversation_cap=10)
    account = open_account(20, switches=switches)
    account.synced()
    account.fault(FaultRule(effect="empty_page", path="/conversations", query=r"offset="))
    account.synced()
