"""Search, threads, status, doctor and the proof, on a loaded account."""

import json
from typing import Any

import pytest

from hostaway_message_db.simulator import FaultRule, Switches
from support.installation import Account, OpenAccount

PASSWORD = "hunter2-of-the-mail"


@pytest.fixture(scope="module")
def loaded(open_shared_account: OpenAccount) -> Account:
    account = open_shared_account(15)
    first, second = account.conversation_ids()[:2]
    account.control.add_message(first, "Where does the quokka sleep?")
    account.control.add_message(
        second, "<p>The quokka&nbsp;sleeps.</p><p>Quokka quokka!</p>", direction="outgoing"
    )
    account.control.add_message(second, "[bold]no markup[/bold] of ours, Straße, 東京タワー")
    account.installation.secrets.add(PASSWORD)
    account.installation.settings |= {"SMTP_USERNAME": "keeper", "SMTP_PASSWORD": PASSWORD}
    account.synced()
    return account


def test_search_finds_the_words_best_match_first(loaded: Account) -> None:
    told = loaded.run("search", "quokka", "--order", "relevance", "--json").json
    assert told["query"] == "quokka"
    assert told["count"] == len(told["results"]) == 2
    best, other = told["results"]
    assert "Quokka quokka!" in best["content"]
    assert best["direction"] == "outbound"
    assert other["direction"] == "inbound"
    assert other["content"] == "Where does the quokka sleep?"
    truth = loaded.truth()
    expected = truth.message(truth.message_rows[other["message_id"]])
    assert other["guest"] == expected["guest"]
    assert other["property"] == expected["property"]
    price = expected["reservation"]["price"]
    assert other["reservation"]["price"] == str(price)
    assert other["timestamp"] == f"{expected['timestamp']:%Y-%m-%dT%H:%M:%SZ}"


def test_search_is_limited_and_finds_other_scripts(loaded: Account) -> None:
    assert loaded.run("search", "quokka", "--limit", "1", "--json").json["count"] == 1
    assert loaded.run("search", "straße", "--json").json["count"] >= 1
    assert loaded.run("search", "unfindableword", "--json").json["results"] == []
    (tower,) = loaded.run("search", "東京", "--json").json["results"]
    ((start, end),) = tower["marks"]
    assert tower["content"][start:end] == "東京"


def test_search_pages_and_says_what_it_did_not_understand(loaded: Account) -> None:
    first = loaded.run("search", "quokka from:gust OR from:guest", "--limit", "1", "--json").json
    assert first["notices"][0]["suggestions"][0] == "guest"
    first = loaded.run("search", "quokka", "--limit", "1", "--json").json
    rest = ["search", "quokka", "--limit", "1", "--json", "--cursor", first["next_cursor"]]
    second = loaded.run(*rest).json
    assert second["next_cursor"] is None
    assert first["results"][0]["timestamp"] >= second["results"][0]["timestamp"]
    assert first["results"][0]["message_id"] != second["results"][0]["message_id"]
    assert loaded.run("search", "other", "--cursor", first["next_cursor"]).code == 64
    assert loaded.run("search", "quokka", "--limit", "0").code == 64


def test_figures_are_told_with_their_definitions_and_mistakes_with_the_nearest(
    loaded: Account,
) -> None:
    told = loaded.run("stats", "R2", "V1", "--since", "10y", "--by", "channel", "--json").json
    volume = told["figures"][1]
    truth = loaded.truth()
    assert volume["n"] == len(truth.message_rows)
    assert sum(group["n"] for group in volume["groups"]) == volume["n"]
    assert told["figures"][0]["definition"].startswith("From the first guest message")
    shown = loaded.run("stats", "--since", "10y", "--by", "month", "--compare", "previous")
    assert shown.code == 0
    assert "Airbnb response rate (estimate)" in shown.output
    for wrong, sentence in (
        (("stats", "R22"), "Did you mean R2"),
        (("stats", "--since", "2026-02-30"), "the calendar has no such day"),
        (("stats", "--since", "2026-05-02", "--until", "2026-05-01"), "not before its end"),
        (("stats", "--compare", "last"), "takes `previous`"),
        (("waiting", "--limit", "0"), "from 1 to 1000"),
    ):
        finished = loaded.run(*wrong)
        assert finished.code == 64
        assert sentence in finished.errors


def test_who_waits_is_told_worst_first(loaded: Account) -> None:
    told = loaded.run("waiting", "--json").json
    assert told["n"] == len(told["waiting"]) > 0
    urgencies = [one["urgency"] for one in told["waiting"]]
    assert urgencies == sorted(urgencies, reverse=True)
    asking = next(one for one in told["waiting"] if "quokka" in one["content"])
    assert asking["conversation_id"] == str(loaded.conversation_ids()[0])
    found = loaded.run("search", "is:unanswered quokka", "--json").json
    assert found["count"] >= 1
    assert "wait for an answer" in loaded.run("waiting").output


def test_search_for_people_is_a_table(loaded: Account) -> None:
    finished = loaded.run("search", "quokka", COLUMNS="200")
    assert finished.code == 0
    assert "2 found" in finished.output
    assert "Where does the quokka sleep?" in finished.output
    assert str(loaded.conversation_ids()[0]) in finished.output
    nothing = loaded.run("search", "unfindableword")
    assert nothing.code == 0
    assert "Nothing stored holds" in nothing.output


def test_a_thread_is_told_whole_and_in_order(loaded: Account) -> None:
    conversation = str(loaded.conversation_ids()[1])
    told = loaded.run("thread", conversation, "--json").json
    assert told["conversation_id"] == conversation
    truth = loaded.truth()
    expected = sorted(
        truth.messages_of(conversation),
        key=lambda i: (truth.message(truth.message_rows[i])["timestamp"], i),
    )
    assert [message["message_id"] for message in told["messages"]] == expected
    shown = loaded.run("thread", conversation)
    assert shown.code == 0
    assert "[bold]no markup[/bold] of ours, Straße, 東京タワー" in shown.output
    assert told["messages"][0]["guest"]["name"] in shown.output


def test_a_thread_that_is_not_there_is_said(loaded: Account) -> None:
    finished = loaded.run("thread", "1", "--json")
    assert finished.code != 0
    assert finished.json["error"]["code"] == "not_found"


def test_status_counts_and_is_well(loaded: Account) -> None:
    told = loaded.run("status", "--json").json
    truth = loaded.truth()
    assert told["health"] == "ok"
    assert told["problems"] == []
    assert told["counts"]["messages"] == len(truth.message_rows)
    assert told["counts"]["conversations"] == len(truth.conversation_rows)
    assert told["counts"]["quarantine"] == 0
    assert told["last_runs"][0]["outcome"] == "complete"
    assert told["missing_indexes"] == []
    shown = loaded.run("status")
    assert shown.code == 0
    assert "Health: ok" in shown.output


def test_status_of_an_empty_database_says_what_to_do(open_account: OpenAccount) -> None:
    account = open_account(1)
    finished = account.run("status", "--json")
    assert finished.code == 0
    assert finished.json["health"] == "empty"
    assert account.run("status").code == 0


def test_doctor_shows_each_setting_with_its_origin_and_no_secret(loaded: Account) -> None:
    (loaded.installation.folder / ".env").write_text("HOSTAWAY_PAGE_SIZE=77\n")
    finished = loaded.run("doctor", "--json")
    (loaded.installation.folder / ".env").unlink()
    assert finished.code == 0
    told = finished.json
    settings = {s["name"]: s for s in told["settings"]}
    assert settings["HOSTAWAY_ACCOUNT_ID"]["origin"] == "environment"
    assert settings["HOSTAWAY_ACCOUNT_ID"]["value"] == loaded.id
    assert settings["HOSTAWAY_PAGE_SIZE"] == {
        "name": "HOSTAWAY_PAGE_SIZE",
        "value": "77",
        "origin": ".env",
    }
    assert settings["HOSTAWAY_TIMEOUT"]["origin"] == "default"
    assert set(settings["HOSTAWAY_API_KEY"]["value"]) == {"*"}
    assert all(check["is_good"] for check in told["checks"])
    assert {check["name"] for check in told["checks"]} >= {"Hostaway", "MongoDB", "Indexes"}


def test_doctor_finds_what_is_wrong(loaded: Account) -> None:
    refused = loaded.run("doctor", "--json", HOSTAWAY_API_KEY="wrong")
    assert refused.code == 77
    bad = [check for check in refused.json["checks"] if not check["is_good"]]
    assert [check["name"] for check in bad] == ["Hostaway"]
    assert bad[0]["hint"]
    away = "mongodb://keeper:hunter3@127.0.0.1:9/?serverSelectionTimeoutMS=300"
    unreachable = loaded.run("doctor", MONGODB_URI=away)
    assert unreachable.code == 69
    assert "127.0.0.1:9" in unreachable.output
    assert "hunter3" not in unreachable.output + unreachable.errors


def test_the_proof_costs_the_list_and_the_deep_one_each_conversation(loaded: Account) -> None:
    truth = loaded.truth()
    loaded.control.clear_requests()
    plain = loaded.run("verify", "--json")
    assert plain.code == 0
    told = plain.json
    assert told["is_complete"] is True
    assert told["conversations"]["hostaway_count"] == len(truth.conversation_rows)
    assert told["messages"]["stored"] == len(truth.message_rows)
    assert told["differences"] == []
    assert [r.template for r in loaded.requests()] == ["/conversations"]
    loaded.control.clear_requests()
    deep = loaded.run("verify", "--deep", "--json").json
    assert deep["is_complete"] is True
    assert deep["messages"]["checked"] == len(truth.message_rows)
    assert len(loaded.asked()) == len(truth.conversation_rows)
    shown = loaded.run("verify")
    assert "Proved complete" in shown.output


def test_logs_hold_no_secret_no_token_and_no_guest(loaded: Account) -> None:
    (cache,) = (loaded.installation.folder / "data").glob("token-*")
    token = json.loads(cache.read_text())["access_token"]
    logs = loaded.installation.logs()
    assert "run_finished" in logs
    assert token not in logs
    assert loaded.simulator.world.options.api_key not in logs
    truth = loaded.truth()
    names = {row["guestName"] for row in truth.reservation_rows.values() if " " in row["guestName"]}
    texts = {row["body"] for row in truth.message_rows.values() if len(row["body"]) > 20}
    assert names
    assert not [secret for secret in names | texts if secret in logs]


def _damage(account: Account) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Lose one message, alter another, and lose a conversation's document."""
    messages = account.database["messages"]
    lost = messages.find_one({"conversation_id": str(account.conversation_ids()[2])})
    altered = messages.find_one({"conversation_id": str(account.conversation_ids()[3])})
    conversation = account.database["conversations"].find_one(
        {"conversation_id": str(account.conversation_ids()[4])}
    )
    assert lost is not None
    assert altered is not None
    assert conversation is not None
    messages.delete_one({"_id": lost["_id"]})
    messages.update_one({"_id": altered["_id"]}, {"$set": {"content": "altered"}})
    account.database["conversations"].delete_one({"_id": conversation["_id"]})
    return lost, altered, conversation


def test_the_proof_finds_damage_and_repairs_it(open_account: OpenAccount) -> None:
    account = open_account(8, messages_per_conversation=4)
    account.synced()
    lost, altered, conversation = _damage(account)
    plain = account.run("verify", "--json")
    assert plain.code == 75
    found = {(d["kind"], d["conversation_id"]) for d in plain.json["differences"]}
    assert found == {
        ("message_count_differs", lost["conversation_id"]),
        ("conversation_missing", conversation["conversation_id"]),
    }
    deep = account.run("verify", "--deep", "--json")
    assert deep.code == 75
    by_kind = {d["kind"]: d for d in deep.json["differences"]}
    assert by_kind["message_missing"]["message_id"] == lost["message_id"]
    assert by_kind["message_differs"]["message_id"] == altered["message_id"]
    assert by_kind["message_differs"]["fields"] == ["content"]
    repaired = account.run("verify", "--deep", "--repair", "--json")
    assert repaired.code == 0
    assert repaired.json["conversations"]["repaired"] == 3
    assert account.differences() == []
    assert account.run("verify", "--deep").code == 0


def test_the_proof_finds_what_changed_since_the_last_run(open_account: OpenAccount) -> None:
    account = open_account(6)
    account.synced()
    changed = account.conversation_ids()[1]
    account.control.add_message(changed, "Not synced yet")
    added = account.control.add_conversation()["id"]
    finished = account.run("verify", "--json")
    assert finished.code == 75
    found = {(d["kind"], d["conversation_id"]) for d in finished.json["differences"]}
    assert found == {
        ("conversation_changed", str(changed)),
        ("conversation_missing", str(added)),
    }
    shown = account.run("verify")
    assert "Not proved" in shown.output
    assert str(changed) in shown.output
    assert account.run("verify", "--repair").code == 0
    assert account.run("verify", "--deep").code == 0


def test_a_deep_proof_that_cannot_read_a_conversation_is_no_proof(
    open_account: OpenAccount,
) -> None:
    account = open_account(5, switches=Switches(rate_limit_requests=None))
    account.synced()
    silent = account.conversation_ids()[2]
    account.fault(FaultRule(effect="status", status=500, conversation_id=silent))
    finished = account.run("verify", "--deep", "--json", HOSTAWAY_MAX_RETRIES="0")
    assert finished.code == 75
    assert finished.json["is_complete"] is False
    assert [f["subject"] for f in finished.json["failures"]] == [f"conversation {silent}"]
