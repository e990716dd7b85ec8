"""A forgotten guest is nowhere in the database, and does not come back by any way."""

import json
import stat
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from hostaway_message_db.privacy.holdings import HOLDINGS
from hostaway_message_db.simulator import Switches
from support.dumps import dump, places_of
from support.installation import Account, OpenAccount

EMAIL = "Zq.Quixworth@planted.example"
PHONE = "+351 912 345 678"
PLANTED = (
    "Zebulon", "Quixworth", "zq.quixworth@planted.example", "912 345 678", "912345678",
    "plantedguesttext", "plantedhosttext", "plantedhtmlmark", "plantedpassport", "plantedraw",
    "plantednote", "plantedscheduled", "plantedsecondstay",
)  # fmt: skip
NOT_IN_STORE = {"912345678"}
"""Written with spaces; looked for without them too, since that is how it could be kept."""
BROUGHT_IN = ("messages", "conversations", "reservations", "listings", "quarantine")


@dataclass(slots=True)
class Planted:
    """An account with one guest whose every string is unique."""

    account: Account
    reservation_ids: set[str]
    conversation_ids: set[str]

    def places(self) -> list[tuple[str, str]]:
        return places_of(dump(self.account.database), PLANTED)

    def brought_in(self) -> dict[str, dict[str, bytes]]:
        return {name: d for name, d in dump(self.account.database).items() if name in BROUGHT_IN}

    def others(self) -> dict[str, dict[str, bytes]]:
        """Return the documents of everybody else."""
        database, left = self.account.database, dump(self.account.database)
        mine: set[str] = set()
        for name in BROUGHT_IN:
            for document in database[name].find():
                stay = document.get("reservation") or {}
                ids = {document.get("reservation_id"), stay.get("id"), document.get("record_id")}
                is_mine = document.get("conversation_id") in self.conversation_ids
                mine |= {repr(document["_id"])} if is_mine or ids & self.reservation_ids else set()
        return {
            name: {i: raw for i, raw in left[name].items() if i not in mine} for name in BROUGHT_IN
        }


def plant(account: Account) -> Planted:
    control = account.control
    first = control.add_conversation(
        guestName="Zebulon Quixworth",
        guestFirstName="Zebulon",
        guestLastName="Quixworth",
        guestEmail=EMAIL,
        phone=PHONE,
        guestCountry="PT",
        guestNote="plantednote",
        status="new",
    )
    second = control.add_inquiry(guestName="Z. Quixworth", guestEmail=EMAIL.upper())
    asked = control.add_message(
        first["id"], "<p>plantedguesttext <b>of Zebulon</b></p><i data-x='plantedhtmlmark'></i>"
    )
    control.add_attachment(first["id"], asked["id"], "plantedpassport")
    control.add_message(first["id"], "Dear Zebulon, plantedhosttext", direction="outgoing")
    control.schedule_message(first["id"], "plantedscheduled", "2027-05-01 09:00:00")
    broken = control.add_message(first["id"], "plantedraw")
    control.change_message(first["id"], broken["id"], isIncoming="perhaps")
    nameless = control.add_message(first["id"], "plantedraw without an id")
    control.change_message(first["id"], nameless["id"], isIncoming="perhaps")
    control.add_message(second["id"], "plantedsecondstay?")
    return Planted(
        account,
        {str(first["reservationId"]), str(second["reservationId"])},
        {str(first["id"]), str(second["id"])},
    )


@pytest.fixture(scope="module")
def planted(open_shared_account: OpenAccount) -> Planted:
    account = open_shared_account(
        8, switches=Switches(rate_limit_requests=None, share_without_reservation=0.2)
    )
    guest = plant(account)
    finished = account.sync()
    assert finished.code == 65, finished.output + finished.errors
    return guest


@pytest.fixture(scope="module")
def before(planted: Planted) -> dict[str, Any]:
    """What was there before the erasure, and what a dry run said and did."""
    found = {text for _, text in planted.places()}
    assert found == set(PLANTED) - NOT_IN_STORE, "the guest is not planted as meant"
    everything = dump(planted.account.database)
    told = planted.account.run("forget-guest", "--email", EMAIL, "--dry-run", "--json")
    assert told.code == 0, told.errors
    assert dump(planted.account.database) == everything
    return {
        "dry_run": told,
        "others": planted.others(),
        "messages": list(planted.account.database["messages"].find()),
    }


@pytest.fixture(scope="module")
def receipt(planted: Planted, before: dict[str, Any]) -> Any:
    del before
    ran = planted.account.run("forget-guest", "--email", f" {EMAIL.swapcase()} ", "--yes", "--json")
    assert ran.code == 0, ran.errors
    return ran.json


def test_a_dry_run_tells_figures_and_no_names(planted: Planted, before: dict[str, Any]) -> None:
    told = before["dry_run"].json
    assert told["dry_run"] is True
    assert set(told["reservation_ids"]) == planted.reservation_ids
    assert told["would_erase"]["messages"] == 4
    assert told["would_erase"]["conversations"] == 2
    assert told["would_erase"]["reservations"] == 2
    assert told["would_erase"]["quarantine"] == 2
    shown = before["dry_run"].output + before["dry_run"].errors
    assert not [text for text in PLANTED if text.lower() in shown.lower()]


def test_nothing_of_the_guest_is_left_and_the_receipt_says_so(
    planted: Planted, receipt: Any
) -> None:
    assert planted.places() == []
    assert receipt["already_forgotten"] is False
    assert receipt["selected_by"] == ["email"]
    assert set(receipt["reservation_ids"]) == planted.reservation_ids
    counts = receipt["counts"]
    assert (counts["messages"], counts["conversations"], counts["reservations"]) == (4, 2, 2)
    assert counts["quarantine"] == 2
    assert receipt["finished_at"]
    assert receipt["remains"]
    assert "Backups" in receipt["backups"]
    kept = planted.account.database["erasures"].find_one({"kind": "receipt"})
    assert kept is not None
    assert kept["receipt_id"] == receipt["receipt_id"]
    assert not [t for t in PLANTED if t.lower() in planted.account.installation.logs().lower()]


def test_every_collection_of_a_real_database_is_covered(planted: Planted, receipt: Any) -> None:
    del receipt
    present = dump(planted.account.database).keys()
    assert {"messages", "erasures", "sync_state", "quarantine"} <= present
    assert present <= {holding.collection for holding in HOLDINGS}


def test_what_figures_are_made_of_stays(
    planted: Planted, before: dict[str, Any], receipt: Any
) -> None:
    del receipt
    now = {d["message_id"]: d for d in planted.account.database["messages"].find()}
    assert len(now) == len(before["messages"])
    kept = (
        "_id", "message_id", "account_id", "conversation_id", "property", "timestamp",
        "direction", "reservation", "message_type", "status", "channel", "is_automated",
        "is_read", "is_unsent", "stage", "schema_version", "created_at",
    )  # fmt: skip
    for document in before["messages"]:
        erased = now[document["message_id"]]
        if document["conversation_id"] not in planted.conversation_ids:
            assert erased == document
            continue
        assert {name: erased[name] for name in kept} == {name: document[name] for name in kept}
        assert set(erased["guest"].values()) == {None}
        assert (erased["content"], erased["content_html"]) == ("", None)
        assert (erased["attachments"], erased["source"]) == ([], {})
        assert (erased["language"], erased["sentiment"], erased["topics"]) == (None, None, [])
        assert erased["erasure"] == "request"
        assert erased["updated_at"] > document["updated_at"]


@pytest.mark.parametrize(
    "command",
    [
        ("sync", "--json"),
        ("sync", "--full", "--json"),
        ("verify", "--deep", "--repair", "--json"),
        ("replay", "--json"),
    ],
    ids=" ".join,
)
def test_no_command_brings_the_guest_back_or_writes_anything(
    planted: Planted, before: dict[str, Any], receipt: Any, command: tuple[str, ...]
) -> None:
    del receipt
    stored = planted.brought_in()
    ran = planted.account.run(*command)
    assert ran.code == 0, ran.output + ran.errors
    assert ran.json["is_complete"] is True
    assert planted.places() == []
    assert planted.brought_in() == stored
    assert planted.others() == before["others"]
    if command[0] == "verify":
        assert ran.json["difference_count"] == 0
    elif command[0] == "sync" and "--full" not in command:
        assert ran.json["conversations"]["changed"] == 0
    elif command[0] == "sync":
        messages = ran.json["messages"]
        assert messages["quarantined"] == 2
        assert messages["inserted"] == messages["updated"] == 0
        assert messages["extracted"] == messages["unchanged"] + messages["quarantined"]


def test_a_second_forgetting_says_so_with_the_former_receipt(
    planted: Planted, receipt: Any
) -> None:
    everything = dump(planted.account.database)
    for selector in (("--email", EMAIL), ("--reservation", min(planted.reservation_ids))):
        again = planted.account.run("forget-guest", *selector, "--yes", "--json")
        assert again.code == 0, again.errors
        assert again.json == {**receipt, "already_forgotten": True}
    assert dump(planted.account.database) == everything


def test_an_update_of_a_forgotten_guest_changes_figures_alone(
    planted: Planted, receipt: Any
) -> None:
    del receipt
    control, ids = planted.account.control, sorted(map(int, planted.conversation_ids))
    stay = int(min(planted.reservation_ids))
    control.change_reservation(stay, status="cancelled", guestName="Zebulon Quixworth II")
    control.add_message(ids[0], "It is Zebulon again: plantedguesttext")
    control.edit_message(ids[0], _a_message_of(planted, ids[0]), "edited plantedguesttext")
    report = planted.account.synced()
    assert report["messages"]["inserted"] == 1
    assert planted.places() == []
    erased = planted.account.database["reservations"].find_one({"reservation_id": str(stay)})
    assert erased is not None
    assert erased["status"] == "cancelled"
    stored = planted.brought_in()
    assert planted.account.synced()["conversations"]["changed"] == 0
    assert planted.brought_in() == stored


def _a_message_of(planted: Planted, conversation_id: int) -> int:
    found = planted.account.database["messages"].find_one(
        {"conversation_id": str(conversation_id), "direction": "inbound"}
    )
    assert found is not None
    return int(found["message_id"])


def test_a_reservation_that_existed_stays_away_and_a_later_one_is_a_new_relationship(
    planted: Planted, receipt: Any
) -> None:
    control = planted.account.control
    existed = control.add_inquiry(
        guestName="Zebulon Quixworth",
        guestEmail=EMAIL,
        insertedOn="2026-01-01 00:00:00",
        reservationDate="2026-01-01 00:00:00",
    )
    control.add_message(existed["id"], "plantedguesttext, listed late")
    planted.account.synced()
    assert planted.places() == []
    stored = planted.brought_in()
    planted.account.synced("--full")
    assert planted.brought_in() == stored

    later = {"insertedOn": "2099-01-01 00:00:00", "reservationDate": "2099-01-01 00:00:00"}
    new = control.add_inquiry(None, guestName="Zebulon Anew", guestEmail=EMAIL, **later)
    control.add_message(new["id"], "I come again")
    planted.account.synced()
    kept = planted.account.database["messages"].find_one({"conversation_id": str(new["id"])})
    assert kept is not None
    assert kept["content"] == "I come again"
    assert kept["guest"]["name"] == "Zebulon Anew"

    again = planted.account.run("forget-guest", "--email", EMAIL, "--yes", "--json")
    assert again.json["reservation_ids"] == [str(new["reservationId"])]
    assert again.json["receipt_id"] != receipt["receipt_id"]
    assert planted.places() == []


def test_a_guest_is_found_by_phone_and_the_same_address_elsewhere_is_told(
    open_account: OpenAccount,
) -> None:
    account = open_account(3)
    guest = plant(account)
    account.sync()
    told = account.run("forget-guest", "--phone", "00351912345678", "--dry-run", "--json").json
    assert len(told["reservation_ids"]) == 1
    assert told["other_reservations_of_the_same_contact"] == 1
    ran = account.run("forget-guest", "--phone", "00351 912-345-678", "--yes")
    assert ran.code == 0, ran.errors
    assert "Receipt: " in ran.output
    assert {text for _, text in guest.places()} == {
        "Quixworth", "zq.quixworth@planted.example", "plantedsecondstay",
    }  # fmt: skip


def test_forgetting_asks_refuses_and_says_who_runs(open_account: OpenAccount) -> None:
    account = open_account(2)
    account.synced()
    stay = account.database["reservations"].find_one()
    assert stay is not None
    chosen = ("forget-guest", "--reservation", stay["reservation_id"])
    everything = dump(account.database)
    for arguments, code, words in (
        (chosen, 64, "--yes"),
        (("forget-guest", "--phone", "12", "--yes"), 64, "--phone"),
        (("forget-guest", "--email", "nobody@example.com", "--yes"), 75, "Nothing is stored"),
    ):
        ran = account.run(*arguments)
        assert ran.code == code, ran.errors
        assert words in ran.errors
    ran = account.run(*chosen, "--yes", HOSTAWAY_ACCOUNT_ID=None)
    assert ran.code == 78
    assert "HOSTAWAY_ACCOUNT_ID" in ran.errors
    _lease_of_somebody(account, stay["created_at"].replace(year=2099))
    ran = account.run(*chosen, "--yes", "--json")
    assert ran.code == 75
    assert ran.json["error"]["code"] == "lease_held"
    assert "run-of-somebody" in ran.json["error"]["message"]
    account.database["sync_state"].delete_one({"holder": "run-of-somebody"})
    assert dump(account.database) == everything


def _lease_of_somebody(account: Account, expires_at: datetime) -> None:
    account.database["sync_state"].insert_one(
        {
            "_id": f"lease:sync:{account.id}",
            "kind": "lease",
            "holder": "run-of-somebody",
            "space": "elsewhere",
            "host_name": "other-host",
            "pid": 1,
            "expires_at": expires_at,
        }
    )


def test_an_export_holds_all_of_the_guest_for_its_owner_alone(open_account: OpenAccount) -> None:
    account = open_account(3)
    guest = plant(account)
    account.sync()
    script = "<script>alert('x')</script>"
    control = account.control
    control.add_message(int(min(guest.conversation_ids)), f"&lt;script&gt; {script}")
    account.sync()
    everything = dump(account.database)
    ran = account.run("export-guest", "--email", EMAIL, "--output", "dossier")
    assert ran.code == 0, ran.errors
    folder = account.installation.folder / "dossier"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("guest.json", "guest.html"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
        text = (folder / name).read_text("utf-8")
        assert not [t for t in PLANTED if t not in NOT_IN_STORE and t.lower() not in text.lower()]
    page = (folder / "guest.html").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not [mark for mark in (" src=", " href=", "url(", "@import", "<link") if mark in page]
    told = json.loads((folder / "guest.json").read_text("utf-8"))
    assert told["counts"]["messages"] == 5
    assert told["counts"]["quarantine"] == 2
    ids = {m["conversation_id"] for m in told["records"]["messages"]}
    assert ids == guest.conversation_ids

    single = account.installation.folder / "mine.json"
    single.write_text("old")
    single.chmod(0o644)
    stay = min(guest.reservation_ids)
    ran = account.run("export-guest", "--reservation", stay, "--output", "mine.json", "--json")
    assert ran.json["files"] == ["mine.json"]
    assert stat.S_IMODE(single.stat().st_mode) == 0o600
    assert dump(account.database) == everything


def test_retention_erases_after_a_sync_once_and_for_good(open_account: OpenAccount) -> None:
    account = open_account(10)
    account.synced()
    stays = {d["reservation_id"]: d for d in account.database["reservations"].find()}
    old = {i for i, d in stays.items() if (d["departure_date"] or "9") < "2026-05-01"}
    assert old
    report = account.synced(RETENTION_DAYS="180")
    assert report["retention"]["reservations"] >= len(old)
    erased = {
        d["reservation_id"] for d in account.database["reservations"].find({"erasure": "retention"})
    }
    assert old <= erased
    for identity in erased:
        departure = stays[identity]["departure_date"]
        assert departure is None or departure < "2026-07-01"
    texts = account.database["messages"]
    assert texts.count_documents({"reservation.id": {"$in": sorted(old)}}) > 0
    assert (
        texts.count_documents({"reservation.id": {"$in": sorted(old)}, "content": {"$ne": ""}}) == 0
    )
    assert texts.count_documents({"erasure": None, "content": {"$ne": ""}}) > 0
    stored = dump(account.database)["messages"]
    assert account.synced(RETENTION_DAYS="180")["conversations"]["changed"] == 0
    again = account.synced("--full")
    assert again["messages"]["updated"] == again["messages"]["inserted"] == 0
    assert dump(account.database)["messages"] == stored
