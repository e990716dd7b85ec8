"""Malformed records are put aside with their reasons; everything else goes on."""

from typing import Any

import pytest

from hostaway_message_db.simulator import FaultRule
from support.installation import MESSAGES, Account, OpenAccount, check_columns

QUARANTINED = {
    "null_id": "id",
    "wrong_type": "body",
    "bad_date": "date",
    "lone_surrogate": "broken Unicode",
    "invalid_utf8": "broken Unicode",
    "huge_body": "body",
    "not_an_object": "is no object",
}


def _malformed(account: Account) -> dict[str, tuple[FaultRule, int, str | None]]:
    """Give each kind a conversation of its own: its rule, the conversation, the message struck."""
    truth = account.truth()
    plan = {}
    for kind, conversation in zip(QUARANTINED, account.conversation_ids(), strict=False):
        struck = max(
            truth.messages_of(str(conversation)),
            key=lambda i: (truth.message_rows[i]["isIncoming"], int(i)),
        )
        # `date` decides only where nothing was given to a channel: an incoming message.
        rule = FaultRule(
            effect="malformed",
            kind=kind,  # type: ignore[arg-type]  # the keys above are kinds
            path=MESSAGES,
            conversation_id=conversation,
            message_id=int(struck),
        )
        named = kind not in {"null_id", "not_an_object"}
        plan[kind] = (rule, conversation, struck if named else None)
    return plan


@pytest.fixture(scope="module")
def struck(open_shared_account: OpenAccount) -> tuple[Account, dict[str, Any], Any]:
    """An account whose first load met one record of each malformed kind."""
    account = open_shared_account(14, messages_per_conversation=5)
    plan = _malformed(account)
    account.fault(*(rule for rule, _, _ in plan.values()))
    finished = account.sync()
    assert finished.code == 65, finished.errors
    return account, plan, finished.json


def test_the_report_counts_what_was_put_aside(struck: tuple[Account, dict[str, Any], Any]) -> None:
    account, plan, report = struck
    check_columns(report)
    assert report["is_complete"] is False
    assert report["messages"]["quarantined"] == len(plan)
    assert report["messages"]["extracted"] == len(account.truth().message_rows)
    assert report["quarantine"] == {"new": len(plan), "size": len(plan)}
    assert report["conversations"]["failed"] == 0


@pytest.mark.parametrize("kind", QUARANTINED)
def test_a_malformed_record_is_kept_with_its_reasons(
    struck: tuple[Account, dict[str, Any], Any], kind: str
) -> None:
    account, plan, report = struck
    _, conversation, record_id = plan[kind]
    (kept,) = account.database["quarantine"].find({"conversation_id": str(conversation)})
    assert kept["entity"] == "message"
    assert kept["record_id"] == record_id
    assert any(QUARANTINED[kind] in reason for reason in kept["reasons"])
    assert kept["run_id"] == report["run_id"]
    expected = "this is not an object" if kind == "not_an_object" else str(conversation)
    assert expected in kept["raw"]


def test_the_rest_of_each_conversation_is_stored(
    struck: tuple[Account, dict[str, Any], Any],
) -> None:
    account, plan, _ = struck
    stored = account.database["messages"].count_documents({})
    assert stored == len(account.truth().message_rows) - len(plan)
    aside = frozenset(str(rule.message_id) for rule, _, _ in plan.values())
    assert account.differences(unless=aside) == []


def test_status_and_the_proof_know_of_the_quarantine(
    struck: tuple[Account, dict[str, Any], Any],
) -> None:
    account, plan, _ = struck
    told = account.run("status", "--json").json
    assert told["health"] == "attention"
    assert len(told["quarantine"]) == len(plan)
    assert account.run("verify", "--json").code == 0


def test_a_second_run_does_not_grow_the_quarantine(
    struck: tuple[Account, dict[str, Any], Any],
) -> None:
    account, plan, _ = struck
    before = list(account.database["quarantine"].find())
    assert account.sync().code == 0
    again = account.sync("--full")
    assert again.code == 0
    check_columns(again.json)
    assert again.json["messages"]["quarantined"] == len(plan)
    assert list(account.database["quarantine"].find()) == before


def test_records_that_are_well_again_leave_the_quarantine(
    struck: tuple[Account, dict[str, Any], Any],
) -> None:
    account, _, _ = struck
    account.control.clear_faults()
    account.synced("--full")
    assert account.differences() == []
    left = list(account.database["quarantine"].find())
    # What has no identity cannot be recognised when it is well again.
    assert [record["record_id"] for record in left] == [None] * len(left)


@pytest.mark.parametrize("field", ["communicationType", "status"])
def test_an_unknown_enum_value_is_put_aside(open_account: OpenAccount, field: str) -> None:
    account = open_account(4, messages_per_conversation=3)
    conversation = account.conversation_ids()[0]
    account.fault(
        FaultRule(effect="unknown_enum", path=MESSAGES, conversation_id=conversation, field=field)
    )
    finished = account.sync()
    assert finished.code == 65
    kept = list(account.database["quarantine"].find())
    assert len(kept) == 3
    name = {"communicationType": "communicationType", "status": "status"}[field]
    assert all(name in record["reasons"][0] for record in kept)
    assert all("from_the_future" in record["raw"] for record in kept)
    account.control.clear_faults()
    account.synced("--full")
    assert account.database["quarantine"].count_documents({}) == 0
    assert account.differences() == []


def test_odd_unicode_and_a_missing_date_are_no_reason_for_quarantine(
    open_account: OpenAccount,
) -> None:
    account = open_account(4, messages_per_conversation=3)
    first, second = account.conversation_ids()[:2]
    account.fault(
        FaultRule(effect="malformed", kind="odd_unicode", path=MESSAGES, conversation_id=first),
        FaultRule(effect="malformed", kind="missing_date", path=MESSAGES, conversation_id=second),
    )
    account.synced()
    assert account.database["quarantine"].count_documents({}) == 0
    rows = account.truth().message_rows
    for document in account.database["messages"].find({"conversation_id": str(second)}):
        row = rows[document["message_id"]]
        moments = {row["sentChannelDate"], row["date"], row["insertedOn"]}
        assert f"{document['timestamp']:%Y-%m-%d %H:%M:%S}" in moments


def test_malformed_side_records_are_put_aside_and_hold_no_message_back(
    open_account: OpenAccount,
) -> None:
    account = open_account(6, messages_per_conversation=3)
    account.fault(
        FaultRule(effect="malformed", kind="bad_date", path="/reservations", row=0),
        FaultRule(effect="malformed", kind="wrong_type", path="/listings", row=1, field="name"),
        FaultRule(effect="malformed", kind="not_an_object", path="/conversations", row=2),
    )
    finished = account.sync()
    check_columns(finished.json)
    assert finished.code in {65, 75}
    kept = {record["entity"] for record in account.database["quarantine"].find()}
    assert kept == {"reservation", "listing", "conversation"}
    assert finished.json["messages"]["inserted"] == 5 * 3
    account.control.clear_faults()
    account.synced()
    assert account.differences() == []
