"""The first load and the run after it: everything is there, field by field, and stays."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from bson.decimal128 import Decimal128

from hostaway_message_db.pipeline.transform import SECRET_KEYS
from hostaway_message_db.simulator import Switches
from support.installation import Account, OpenAccount, check_columns
from support.truth import SECRETS, Document, keys_of, stored, values_of

AWKWARD_PRICES = ("0.1", "1e3", "99999.99", "0.30000000000000004", "1234.50", "267", "-12.00")


@pytest.fixture(scope="module")
def loaded(open_shared_account: OpenAccount) -> tuple[Account, Any]:
    """An account of 60 conversations after its first load, and the load's report."""
    account = open_shared_account(60, switches=Switches(rate_limit_requests=None))
    conversations = account.conversation_ids()
    reservations = [row["id"] for row in account.control.truth_reservations()]
    for reservation, digits in zip(reservations, AWKWARD_PRICES, strict=False):
        account.control.change_reservation(reservation, totalPrice=msgspec.Raw(digits.encode()))
    listing = next(account.control.truth_listings())["id"]
    account.control.change_listing(listing, nested={"deep": [{"wifiPassword": "swordfish"}]})
    last = next(m for m in account.control.truth_messages() if m["status"] == "sent")
    account.control.add_attachment(conversations[0], last["id"], "house rules", is_public=True)
    account.control.add_message(
        conversations[1], "<p>Bonjour&nbsp;!</p><p>Caf&eacute; &amp; thé</p>", direction="outgoing"
    )
    account.control.add_message(conversations[2], "", fields={"futureKey": {"a": [1, 2.50, None]}})
    account.control.add_inquiry(guestCountry="Deutschland")
    # Nothing in the message agrees with its conversation, or it says nothing at all.
    truth = account.truth()
    its_listing = str(truth.reservation_rows[str(reservations[9])]["listingMapId"])
    other_listing = int(min(truth.listing_rows.keys() - {its_listing}))
    for odd in (
        {"listingMapId": other_listing, "reservationId": reservations[9], "channelId": 2005},
        {"listingMapId": None, "reservationId": None, "channelId": None},
        {"communicationType": None, "channelId": 2002},
        {"communicationType": None, "channelId": None},
        {"sentChannelDate": "2026-01-02 03:04:05", "isSeen": None},
    ):
        account.control.add_message(conversations[3], "Where do I belong?", fields=odd)
    account.control.clear_requests()
    finished = account.sync()
    assert finished.code == 0, finished.errors
    return account, finished.json


def test_every_stored_field_is_as_hostaway_has_it(loaded: tuple[Account, Any]) -> None:
    account, _ = loaded
    assert account.differences() == []
    contents = {d["content"] for d in account.database["messages"].find()}
    assert "Bonjour !\n\nCafé & thé" in contents


def test_the_report_has_the_keys_of_the_contract(loaded: tuple[Account, Any]) -> None:
    account, report = loaded
    truth = account.truth()
    assert report["mode"] == "initial"
    assert report["is_complete"] is True
    assert report["retry_count"] == report["refused_count"] == 0
    assert report["duration_seconds"] > 0
    count = len(truth.conversation_rows)
    assert report["conversations"] == {
        "listed": count,
        "changed": count,
        "read": count,
        "failed": 0,
    }
    messages = len(truth.message_rows)
    assert report["messages"] == {
        "extracted": messages,
        "inserted": messages,
        "updated": 0,
        "unchanged": 0,
        "quarantined": 0,
    }
    newest = max(
        d["timestamp"] for d in account.database["messages"].find({"status": "sent"})
    ).isoformat()
    assert report["latest_message_at"] == newest
    check_columns(report)


def test_a_first_load_costs_one_request_for_each_conversation_and_page(
    loaded: tuple[Account, Any],
) -> None:
    account, report = loaded
    # The token, one page each of listings, reservations and conversations, the messages.
    assert report["request_count"] == 4 + report["conversations"]["listed"]
    run = account.database["sync_runs"].find_one({"_id": report["run_id"]})
    assert run is not None
    assert run["outcome"] == "complete"
    assert run["report"]["request_count"] == report["request_count"]


def test_money_keeps_the_digits_of_the_wire(loaded: tuple[Account, Any]) -> None:
    account, _ = loaded
    kept = {str(d["price"]) for d in account.database["reservations"].find()}
    shown = {str(d["reservation"]["price"]) for d in account.database["messages"].find()}
    for digits in AWKWARD_PRICES:
        price = str(Decimal128(Decimal(digits)))
        assert price in kept
        assert price in shown


def test_the_four_indexes_of_the_contract_are_there(loaded: tuple[Account, Any]) -> None:
    account, _ = loaded
    indexes = list(account.database["messages"].list_indexes())
    by_key: dict[tuple[Any, ...], Document] = {
        tuple(index["key"].items()): dict(index) for index in indexes
    }
    assert by_key[("message_id", 1),]["unique"] is True
    assert (("property.id", 1), ("timestamp", 1)) in by_key
    assert (("guest.nationality", 1), ("timestamp", 1)) in by_key
    (text,) = (index for index in indexes if "weights" in index)
    assert dict(text["weights"]) == {"content": 1}
    assert text["default_language"] == "none"
    override = text["language_override"]
    assert account.database["messages"].find_one({override: {"$exists": True}}) is None


def test_no_secret_is_stored_anywhere_at_any_depth(loaded: tuple[Account, Any]) -> None:
    account, _ = loaded
    assert SECRETS <= SECRET_KEYS
    truth = account.truth()
    rows = [*truth.listing_rows.values(), *truth.reservation_rows.values()]
    hidden = {row[k] for row in rows for k in SECRETS if isinstance(row.get(k), str)}
    assert len(hidden) > 20
    for name in account.database.list_collection_names():
        for document in account.database[name].find():
            assert not SECRET_KEYS.intersection(keys_of(document)), name
            values = {value for value in values_of(document) if isinstance(value, str)}
            assert not (hidden | {"swordfish"}) & values, name


def test_an_unchanged_second_run_writes_no_document_and_asks_three_times(
    loaded: tuple[Account, Any],
) -> None:
    account, _ = loaded
    before = stored(account.database)
    account.control.clear_requests()
    report = account.synced()
    assert stored(account.database) == before
    assert report["mode"] == "incremental"
    assert report["messages"]["extracted"] == 0
    assert report["conversations"]["changed"] == 0
    assert sorted(r.template for r in account.requests()) == [
        "/conversations",
        "/listings",
        "/reservations",
    ]
    assert report["request_count"] == 3


def test_a_full_run_reads_everything_again_and_changes_nothing(
    loaded: tuple[Account, Any],
) -> None:
    account, first = loaded
    messages = account.database["messages"]
    before = {d["message_id"]: d for d in messages.find()}
    report = account.synced("--full")
    assert report["messages"]["extracted"] == first["messages"]["extracted"]
    assert report["messages"]["unchanged"] == report["messages"]["extracted"]
    assert {d["message_id"]: d for d in messages.find()} == before


def test_an_unchanged_account_in_pages_of_ten_costs_its_list_pages_plus_one(
    open_account: OpenAccount,
) -> None:
    account = open_account(
        34,
        listing_count=11,
        switches=Switches(
            rate_limit_requests=None,
            conversation_cap=10,
            message_cap=10,
            reservation_cap=10,
            listing_cap=10,
        ),
    )
    first = account.synced()
    assert account.differences() == []
    truth = account.truth()
    pages = sum(max(1, -(-len(truth.messages_of(c)) // 10)) for c in truth.conversation_rows)
    assert first["request_count"] == 1 + 2 + 4 + 4 + pages
    before = stored(account.database)
    account.control.clear_requests()
    report = account.synced(SYNC_RESERVATIONS_OVERLAP_HOURS="0")
    assert stored(account.database) == before
    assert len(account.requests()) == report["request_count"] == 4 + 1 + 2


def test_a_conversation_of_more_messages_than_a_page_is_read_whole(
    open_account: OpenAccount,
) -> None:
    account = open_account(
        3,
        messages_per_conversation=1_203,
        switches=Switches(rate_limit_requests=None, message_cap=100),
    )
    report = account.synced()
    assert report["messages"]["inserted"] == 3 * 1_203
    assert account.differences() == []


def test_an_account_without_conversations_loads_to_nothing(open_account: OpenAccount) -> None:
    account = open_account(0)
    report = account.synced()
    assert report["messages"]["extracted"] == 0
    assert report["latest_message_at"] is None
    assert account.synced()["mode"] == "incremental"


def test_without_a_mongodb_address_the_embedded_one_keeps_the_messages(
    open_account: OpenAccount,
) -> None:
    account = open_account(10)
    report = account.synced(MONGODB_URI="")
    assert report["messages"]["inserted"] == len(account.truth().message_rows)
    assert (account.installation.folder / "data" / "mongodb").is_dir()
    again = account.synced(MONGODB_URI="")
    assert again["mode"] == "incremental"
    assert again["messages"]["extracted"] == 0
    told = account.run("status", "--json", MONGODB_URI="").json
    assert told["health"] == "ok"
    assert told["counts"]["messages"] == report["messages"]["inserted"]
    assert account.database.list_collection_names() == []


def test_a_dry_run_asks_nothing_and_writes_nothing(open_account: OpenAccount) -> None:
    account = open_account(10)
    finished = account.sync("--dry-run", MONGODB_URI="")
    assert finished.code == 0
    told = finished.json
    assert told["mode"] == "dry-run"
    assert told["request_count"] == 0
    columns = dict(told["messages"])
    assert columns.pop("extracted") == sum(columns.values()) > 0
    assert account.requests() == []
    assert account.database.list_collection_names() == []
    assert list(account.installation.folder.iterdir()) == []


def test_a_dry_run_for_people_shows_what_it_would_store(open_account: OpenAccount) -> None:
    account = open_account(10)
    finished = account.run("sync", "--dry-run")
    assert finished.code == 0
    assert "no call was made, nothing was written" in finished.output
    assert account.requests() == []
    assert account.database.list_collection_names() == []


def test_the_report_for_people_is_no_json(open_account: OpenAccount) -> None:
    account = open_account(10)
    finished = account.run("sync")
    assert finished.code == 0
    assert finished.output.startswith("Complete initial run")
    with pytest.raises(json.JSONDecodeError):
        json.loads(finished.output)
