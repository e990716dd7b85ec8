"""`verify` against deliberate damage: found, healed by what differs alone, and on record."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from bson.decimal128 import Decimal128

from hostaway_message_db.simulator import FaultRule, Switches
from support.installation import MESSAGES, Account, OpenAccount
from support.processes import wait_for_readings
from support.truth import Document

CONVERSATIONS = 12


@pytest.fixture
def account(open_account: OpenAccount) -> Account:
    account = open_account(CONVERSATIONS, messages_per_conversation=4)
    account.synced()
    account.control.clear_requests()
    return account


def _first_message(account: Account, conversation: int) -> Document:
    wanted = {"conversation_id": str(conversation)}
    found = account.database["messages"].find_one(wanted, sort=[("message_id", 1)])
    assert found is not None
    return dict(found)


# --- the damages: each takes the account and one of its conversations, returns the message -------


def _remove_message(account: Account, conversation: int) -> str:
    message = _first_message(account, conversation)
    account.database["messages"].delete_one({"_id": message["_id"]})
    return str(message["message_id"])


def _change(field: str, value: Any) -> Callable[[Account, int], str]:
    def change(account: Account, conversation: int) -> str:
        message = _first_message(account, conversation)
        account.database["messages"].update_one({"_id": message["_id"]}, {"$set": {field: value}})
        return str(message["message_id"])

    return change


def _remove_field(account: Account, conversation: int) -> str:
    message = _first_message(account, conversation)
    account.database["messages"].update_one({"_id": message["_id"]}, {"$unset": {"stage": ""}})
    return str(message["message_id"])


def _add_message(account: Account, conversation: int) -> str:
    message = _first_message(account, conversation)
    del message["_id"]
    account.database["messages"].insert_one({**message, "message_id": "999"})
    return "999"


def _remove_conversation(account: Account, conversation: int) -> None:
    deleted = account.database["conversations"].delete_one({"conversation_id": str(conversation)})
    assert deleted.deleted_count == 1


def _remove_state(account: Account, conversation: int) -> None:
    wanted = {"kind": "conversation", "conversation_id": str(conversation)}
    assert account.database["sync_state"].delete_one(wanted).deleted_count == 1


def _remove_everything(account: Account, conversation: int) -> None:
    _remove_conversation(account, conversation)
    _remove_state(account, conversation)
    account.database["messages"].delete_many({"conversation_id": str(conversation)})


@dataclass(frozen=True)
class Damage:
    """What is done to one conversation, and under which name it must be found."""

    do: Callable[[Account, int], str | None]
    kind: str
    fields: tuple[str, ...] = ()


DAMAGES = {
    "a message removed": Damage(_remove_message, "message_missing"),
    "the text changed": Damage(_change("content", "?"), "message_differs", ("content",)),
    "the direction turned": Damage(
        _change("direction", "sideways"), "message_differs", ("direction",)
    ),
    "the guest's name changed": Damage(
        _change("guest.name", "Mallory"), "message_differs", ("guest",)
    ),
    "the price changed": Damage(
        _change("reservation.price", Decimal128("0.01")), "message_differs", ("reservation",)
    ),
    "a key of the source changed": Damage(
        _change("source.hash", "0"), "message_differs", ("source",)
    ),
    "marked unsent though it is listed": Damage(
        _change("is_unsent", value=True), "message_differs", ("is_unsent",)
    ),
    "a field removed": Damage(_remove_field, "message_differs", ("stage",)),
    "a message too many": Damage(_add_message, "message_not_listed"),
    "the conversation's document removed": Damage(_remove_conversation, "conversation_missing"),
    "the conversation's state removed": Damage(_remove_state, "conversation_missing"),
    "the conversation removed whole": Damage(_remove_everything, "conversation_missing"),
}


def _found(proof: Any, damage: Damage, conversation: int, message_id: str | None) -> bool:
    return any(
        d["kind"] == damage.kind
        and d["conversation_id"] == str(conversation)
        and (message_id is None or d["message_id"] == message_id)
        and set(damage.fields) <= set(d["fields"])
        for d in proof["differences"]
    )


def _check_healed(account: Account) -> None:
    """What is stored equals the truth; a message too many stays, marked as unsent."""
    differences = [d for d in account.differences() if d != "messages 999: not in the truth"]
    assert differences == []
    extra = account.database["messages"].find_one({"message_id": "999"})
    assert extra is None or extra["is_unsent"] is True


@pytest.mark.timeout(300)
def test_every_damage_is_found_by_the_deep_proof_and_healed_by_what_differs_alone(
    account: Account,
) -> None:
    """All damages at once, each in a conversation of its own."""
    ids = account.conversation_ids()
    assert len(DAMAGES) == len(ids)
    struck = {}
    for conversation, (name, damage) in zip(ids, DAMAGES.items(), strict=True):
        struck[name] = (conversation, damage.do(account, conversation))
    finished = account.run("verify", "--deep", "--json")
    assert finished.code == 75
    proof = finished.json
    assert proof["is_complete"] is False
    for name, damage in DAMAGES.items():
        assert _found(proof, damage, *struck[name]), name
    # The proof alone mends nothing.
    assert account.differences() != []

    account.control.clear_requests()
    healed = account.run("verify", "--deep", "--repair", "--json")
    assert healed.code == 0, healed.output
    assert healed.json["is_complete"] is True
    assert healed.json["conversations"]["repaired"] == len(DAMAGES)
    _check_healed(account)
    account.control.clear_requests()
    again = account.run("verify", "--deep", "--json")
    assert again.code == 0, again.output
    assert again.json["difference_count"] == 0
    assert again.json["messages"]["checked"] == 4 * CONVERSATIONS


@pytest.mark.slow
@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_alone_costs_its_own_conversation(account: Account, name: str) -> None:
    _check_one_damage(account, DAMAGES[name])


@pytest.mark.parametrize("name", ["a message removed", "the conversation's document removed"])
def test_a_repair_reads_the_conversation_that_differs_and_no_other(
    account: Account, name: str
) -> None:
    _check_one_damage(account, DAMAGES[name])


def _check_one_damage(account: Account, damage: Damage) -> None:
    conversation = account.conversation_ids()[5]
    message_id = damage.do(account, conversation)
    finished = account.run("verify", "--deep", "--repair", "--json")
    assert finished.code == 0, finished.output
    assert _found(finished.json, damage, conversation, message_id)
    asked = account.asked()
    # Each is asked once for the proof, and the one that differs once more for its repair; one
    # that was never read, as far as is known, has nothing to be compared, and is only read.
    was_compared = damage.do not in (_remove_state, _remove_everything)
    assert asked.count(str(conversation)) == (2 if was_compared else 1)
    assert len(asked) == CONVERSATIONS - 1 + asked.count(str(conversation))
    assert finished.json["request_count"] == account.control.requests().total
    _check_healed(account)
    account.control.clear_requests()
    assert account.synced()["messages"]["extracted"] == 0


def test_the_plain_proof_finds_what_counts_and_stamps_show_and_costs_the_list(
    account: Account,
) -> None:
    ids = account.conversation_ids()
    _remove_message(account, ids[0])
    _add_message(account, ids[1])
    _remove_conversation(account, ids[2])
    _remove_state(account, ids[3])
    account.control.add_message(ids[4], "Not yet read")
    account.control.clear_requests()
    finished = account.run("verify", "--json")
    assert finished.code == 75
    kinds = {(d["conversation_id"], d["kind"]) for d in finished.json["differences"]}
    assert kinds == {
        (str(ids[0]), "message_count_differs"),
        (str(ids[1]), "message_count_differs"),
        (str(ids[2]), "conversation_missing"),
        (str(ids[3]), "conversation_missing"),
        (str(ids[4]), "conversation_changed"),
    }
    assert account.control.requests().total == finished.json["request_count"] == 1
    account.control.clear_requests()
    repaired = account.run("verify", "--repair", "--json")
    assert repaired.code == 0, repaired.output
    assert sorted(account.asked()) == sorted(str(i) for i in ids[:5])
    account.synced()  # the new message moved its reservation, which is not the proof's business
    _check_healed(account)


def test_the_proof_is_on_record_and_status_tells_of_it(account: Account) -> None:
    _remove_message(account, account.conversation_ids()[0])
    proof = account.run("verify", "--deep", "--json").json
    (run,) = account.database["sync_runs"].find({"kind": "verify"})
    assert run["outcome"] == "partial"
    report = run["report"]
    for key in ("is_complete", "is_deep", "request_count", "conversations", "messages"):
        assert report[key] == proof[key], key
    assert report["differences"] == proof["differences"]
    told = account.run("status", "--json").json["last_runs"][0]
    assert told["kind"] == "verify"
    assert told["report"]["difference_count"] == proof["difference_count"]
    assert told["report"]["request_count"] == proof["request_count"]
    for_people = account.run("status").output
    assert "verify" in for_people
    assert "partial" in for_people


def test_an_interrupted_deep_proof_goes_on_where_it_stopped(open_account: OpenAccount) -> None:
    account = open_account(
        30,
        messages_per_conversation=2,
        switches=Switches(rate_limit_requests=None, latency_seconds=0.02),
    )
    account.synced()
    ids = account.conversation_ids()
    account.control.clear_requests()
    account.fault(FaultRule(effect="hang", path=MESSAGES, nth=18))
    process = account.installation.start("verify", "--deep", "--json")
    assert wait_for_readings(account, 18, process, 0.3)
    process.send_signal(signal.SIGTERM)
    assert account.installation.finish(process).code == 130
    before = set(account.asked())
    # Damage in what was not looked at yet is found by the second half.
    unseen = next(i for i in ids if str(i) not in before)
    lost = _remove_message(account, unseen)
    account.control.clear_faults()
    account.control.clear_requests()
    finished = account.run("verify", "--deep", "--json")
    after = account.asked()
    assert len(after) == len(set(after))
    assert before | set(after) == {str(i) for i in ids}
    # Only those that were under way when it was stopped are asked again.
    assert len(before & set(after)) <= 8
    assert finished.code == 75
    assert lost in {d["message_id"] for d in finished.json["differences"]}
    # That proof is through; the next one begins at the front.
    account.control.clear_requests()
    assert account.run("verify", "--deep", "--json").code == 75
    assert len(account.asked()) == 30
