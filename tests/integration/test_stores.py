"""The stores hold what the ports promise, on a real MongoDB."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure

from hostaway_message_db.database.indexes import INDEXES, TERMS_INDEX_NAME, TEXT_INDEX_NAME
from hostaway_message_db.database.message_store import MongoMessageStore
from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.errors import DatabaseUnavailable, LeaseHeld
from hostaway_message_db.ports import (
    AccountState,
    ConversationMark,
    ConversationState,
    LeaseHolder,
    LoadOutcome,
    Stores,
)
from hostaway_message_db.utils.processes import this_process
from support.records import (
    ACCOUNT,
    NOON,
    at,
    attachment,
    conversation,
    listing,
    message,
    quarantined,
    reservation,
    stamp,
)
from support.truth import Document

Db = Database[Document]


def mark(identity: str, latest: str = "1", *, is_pending: bool = True) -> ConversationMark:
    return ConversationMark(identity, "7", stamp(latest), NOON, is_pending)


async def pending(stores: Stores) -> list[ConversationState]:
    return [state async for state in stores.state.pending(ACCOUNT)]


# --- messages ------------------------------------------------------------------------------


async def test_a_message_loaded_again_is_left_untouched(stores: Stores, database: Db) -> None:
    assert await stores.messages.load([message()], at(0)) == LoadOutcome(inserted=1)
    before = database["messages"].find_one()
    assert await stores.messages.load([message()], at(60)) == LoadOutcome(unchanged=1)
    assert database["messages"].find_one() == before


async def test_a_message_that_differs_moves_updated_at_alone(stores: Stores, database: Db) -> None:
    await stores.messages.load([message("1"), message("2")], at(0))
    loaded = await stores.messages.load([message("1", content="Edited"), message("2")], at(60))
    assert loaded == LoadOutcome(updated=1, unchanged=1)
    edited = database["messages"].find_one({"message_id": "1"})
    other = database["messages"].find_one({"message_id": "2"})
    assert edited is not None
    assert other is not None
    assert edited["content"] == "Edited"
    assert (edited["created_at"], edited["updated_at"]) == (at(0), at(60))
    assert (other["created_at"], other["updated_at"]) == (at(0), at(0))


async def test_a_message_twice_in_a_batch_is_stored_once_and_the_later_wins(
    stores: Stores, database: Db
) -> None:
    batch = [message(content="first"), message("2"), message(content="second")]
    assert await stores.messages.load(batch, NOON) == LoadOutcome(inserted=2, unchanged=1)
    assert {d["content"] for d in database["messages"].find()} == {"Hello", "second"}


async def test_a_batch_larger_than_one_write_is_stored_whole(stores: Stores, database: Db) -> None:
    batch = [message(str(number)) for number in range(1, 1_202)]
    assert await stores.messages.load(batch, NOON) == LoadOutcome(inserted=1_201)
    assert database["messages"].count_documents({}) == 1_201


async def test_a_new_address_of_a_private_attachment_is_no_change(
    stores: Stores, database: Db
) -> None:
    async def load(url: str, *, is_public: bool) -> LoadOutcome:
        file = attachment(url, is_public=is_public)
        return await stores.messages.load([message(attachments=(file,))], NOON)

    await load("https://files/1", is_public=False)
    assert await load("https://files/2", is_public=False) == LoadOutcome(unchanged=1)
    assert await load("https://files/3", is_public=True) == LoadOutcome(updated=1)
    assert await load("https://files/4", is_public=True) == LoadOutcome(updated=1)
    kept = database["messages"].find_one()
    assert kept is not None
    assert kept["attachments"][0]["url"] == "https://files/4"


async def test_labels_survive_every_update_but_that_of_the_text(
    stores: Stores, database: Db
) -> None:
    await stores.messages.load([message()], at(0))
    labels = {"language": "pt", "topics": ["wifi"], "enrichment_version": "1"}
    database["messages"].update_one({}, {"$set": labels})
    assert await stores.messages.load([message()], at(1)) == LoadOutcome(unchanged=1)
    await stores.messages.load([message(is_read=False)], at(2))
    kept = database["messages"].find_one()
    assert kept is not None
    assert {name: kept[name] for name in labels} == labels
    await stores.messages.load([message(content="Onde fica a chave da casa?")], at(3))
    changed = database["messages"].find_one()
    assert changed is not None
    assert (changed["language"], changed["language_basis"]) == ("pt", "text")
    assert (changed["topics"], changed["enrichment_version"]) == ([], None)
    assert changed["needs_reply_reason"] == "asks"


async def test_numbers_keep_their_digits(stores: Stores, database: Db) -> None:
    await stores.messages.load([message()], NOON)
    kept = database["messages"].find_one()
    assert kept is not None
    assert kept["reservation"]["price"] == Decimal128("1234.50")
    assert kept["source"]["rate"] == Decimal128("0.1")


async def test_what_is_no_longer_listed_is_marked_and_keeps_its_text(
    stores: Stores, database: Db
) -> None:
    elsewhere = message("3", conversation_id="6")
    await stores.messages.load([message("1"), message("2", content="Gone"), elsewhere], at(0))
    assert await stores.messages.mark_unsent(ACCOUNT, "5", {"1"}, at(60)) == 1
    gone = database["messages"].find_one({"message_id": "2"})
    assert gone is not None
    assert (gone["is_unsent"], gone["content"], gone["updated_at"]) == (True, "Gone", at(60))
    assert database["messages"].count_documents({"is_unsent": False}) == 2
    assert await stores.messages.mark_unsent(ACCOUNT, "5", {"1"}, at(120)) == 0
    assert await stores.messages.count_by_conversation(ACCOUNT, ["5", "6"]) == {"5": 1, "6": 1}
    # Listed again: it was not gone after all.
    await stores.messages.load([message("2", content="Gone")], at(180))
    assert database["messages"].count_documents({"is_unsent": True}) == 0


async def test_a_renamed_property_renames_its_messages_once(stores: Stores, database: Db) -> None:
    await stores.messages.load([message("1"), message("2", property_id="8")], at(0))
    assert await stores.messages.rename_property(ACCOUNT, "9", "Villa", at(60)) == 1
    assert await stores.messages.rename_property(ACCOUNT, "9", "Villa", at(90)) == 0
    renamed = database["messages"].find_one({"message_id": "1"})
    assert renamed is not None
    assert renamed["property"] == {"id": "9", "name": "Villa"}
    assert renamed["updated_at"] == at(60)


async def test_the_newest_moment_is_that_of_a_sent_message(stores: Stores) -> None:
    assert await stores.messages.latest_moment(ACCOUNT) is None
    planned = message("2", timestamp=at(3600), status="awaiting")
    await stores.messages.load([message("1"), planned], NOON)
    assert await stores.messages.latest_moment(ACCOUNT) == NOON


async def test_differences_name_the_fields_and_what_is_missing(stores: Stores) -> None:
    await stores.messages.load([message("1"), message("2")], NOON)
    asked = [message("1"), message("2", content="Hello!", is_read=False), message("3")]
    found = await stores.messages.differences(asked)
    assert found == {"2": ("content", "content_hash", "is_read"), "3": ()}
    assert await stores.messages.unlisted(ACCOUNT, "5", {"1"}) == ["2"]


# --- indexes -------------------------------------------------------------------------------


async def test_missing_indexes_are_noticed_and_built(stores: Stores, database: Db) -> None:
    messages = stores.messages
    assert isinstance(messages, MongoMessageStore)
    assert len(await messages.missing_indexes()) == len(INDEXES)
    await messages.build_indexes(with_heavy=False)
    assert await messages.missing_indexes() == [
        f"messages.{TEXT_INDEX_NAME}",
        f"messages.{TERMS_INDEX_NAME}",
    ]
    await messages.build_indexes(with_heavy=True)
    assert await messages.missing_indexes() == []
    database["messages"].drop_index("message_id_unique")
    assert await messages.missing_indexes() == ["messages.message_id_unique"]
    await messages.build_indexes(with_heavy=True)
    assert await messages.missing_indexes() == []


async def test_the_text_index_takes_messages_of_any_language(stores: Stores, database: Db) -> None:
    await stores.messages.build_indexes(with_heavy=True)
    await stores.messages.load([message("1", content="東京 running"), message("2")], NOON)
    for language in ("zh", "en", "tlh", None):
        database["messages"].update_many({}, {"$set": {"language": language}})
    # Without a language nothing is stemmed: "run" is not "running".
    assert database["messages"].count_documents({"$text": {"$search": "running"}}) == 1
    assert database["messages"].count_documents({"$text": {"$search": "run"}}) == 0


async def test_messages_of_an_earlier_version_get_their_search_terms(
    mongo: MongoDatabase, stores: Stores, database: Db
) -> None:
    await stores.messages.load([message(str(n), content="Où est la clé ?") for n in range(9)], NOON)
    database["messages"].update_many({}, {"$unset": {"search_terms": 1}})
    assert await mongo.queries().lacks_search_terms()
    await stores.messages.build_indexes(with_heavy=True)
    assert not await mongo.queries().lacks_search_terms()
    assert database["messages"].count_documents({"search_terms": "cle"}) == 9
    assert database["messages"].count_documents({"search_terms": "g:ana"}) == 9


async def test_search_terms_follow_what_is_said(stores: Stores, database: Db) -> None:
    await stores.messages.load([message(content="Hello")], NOON)
    await stores.messages.load([message(content="Good bye")], at(5))
    stored = database["messages"].find_one()
    assert stored is not None
    assert stored["search_terms"] == ["bye", "g:ana", "good"]


# --- side entities -------------------------------------------------------------------------


async def test_side_entities_come_back_as_they_were_stored(stores: Stores) -> None:
    await stores.sides.load_listings([listing()], at(0))
    await stores.sides.load_reservations([reservation(), reservation("8", price=None)], at(0))
    await stores.sides.load_conversations([conversation()], at(0))
    kept = await stores.sides.reservations(ACCOUNT, ["7", "8", "404"])
    assert kept.keys() == {"7", "8"}
    for name in ("price", "guest_name", "listing_id", "arrival_date", "updated_on", "channel"):
        assert getattr(kept["7"], name) == getattr(reservation(), name)
    assert kept["8"].price is None
    assert (await stores.sides.listings(ACCOUNT, ["9"]))["9"].name == "House"
    found = await stores.sides.conversation(ACCOUNT, "5")
    assert found is not None
    assert found.stamp == conversation().stamp
    assert await stores.sides.conversation("other account", "5") is None
    assert list(await stores.sides.conversations(ACCOUNT, ["5", "6"])) == ["5"]


async def test_side_entities_loaded_again_are_left_untouched(stores: Stores, database: Db) -> None:
    first = [listing("9"), listing("10")]
    assert await stores.sides.load_listings(first, at(0)) == LoadOutcome(inserted=2)
    before = list(database["listings"].find())
    assert await stores.sides.load_listings(first, at(9)) == LoadOutcome(unchanged=2)
    assert list(database["listings"].find()) == before
    renamed = [listing("9", "Villa"), listing("10")]
    expected = LoadOutcome(updated=1, unchanged=1)
    assert await stores.sides.load_listings(renamed, at(9)) == expected


# --- quarantine ----------------------------------------------------------------------------


async def test_the_quarantine_keeps_each_record_once_with_its_first_run(
    stores: Stores, database: Db
) -> None:
    records = [quarantined("1"), quarantined(None, '"a"'), quarantined(None, '"b"')]
    assert await stores.quarantine.put(records, "run-1", at(0)) == 3
    before = list(database["quarantine"].find())
    assert await stores.quarantine.put(records, "run-2", at(60)) == 0
    assert list(database["quarantine"].find()) == before
    assert {record["run_id"] for record in before} == {"run-1"}
    assert await stores.quarantine.count(ACCOUNT) == 3
    assert await stores.quarantine.count_by_conversation(ACCOUNT, ["5", "6"]) == {"5": 1}


async def test_the_quarantine_releases_what_was_understood_after_all(stores: Stores) -> None:
    await stores.quarantine.put([quarantined("1"), quarantined("2")], "run", NOON)
    assert await stores.quarantine.release(ACCOUNT, "reservation", ["1"]) == 0
    assert await stores.quarantine.release("other account", "message", ["1"]) == 0
    assert await stores.quarantine.release(ACCOUNT, "message", ["1", "404"]) == 1
    assert await stores.quarantine.count(ACCOUNT) == 1


# --- states --------------------------------------------------------------------------------


async def test_pending_conversations_stream_over_many_batches_each_once(stores: Stores) -> None:
    ids = [str(number) for number in range(1_000, 1_531)]
    await stores.state.mark(ACCOUNT, [mark(identity) for identity in ids])
    await stores.state.mark("other account", [mark("1")])
    await stores.state.mark(ACCOUNT, [mark("2", is_pending=False)])
    assert await stores.state.count_pending(ACCOUNT) == len(ids)
    streamed = [state.conversation_id for state in await pending(stores)]
    assert streamed == ids
    everything = [s.conversation_id async for s in stores.state.all_conversations(ACCOUNT, "1500")]
    assert everything == [*ids[501:], "2"]


async def test_conversations_settled_while_they_stream_are_not_streamed_twice(
    stores: Stores,
) -> None:
    ids = [str(number) for number in range(1_000, 1_450)]
    await stores.state.mark(ACCOUNT, [mark(identity) for identity in ids])
    streamed = []
    async for state in stores.state.pending(ACCOUNT):
        streamed.append(state.conversation_id)
        await stores.state.settle_conversation(ACCOUNT, state, 1, NOON)
    assert streamed == ids
    assert await stores.state.count_pending(ACCOUNT) == 0


async def test_a_settled_conversation_is_read_under_the_stamp_listed_before(
    stores: Stores,
) -> None:
    await stores.state.mark(ACCOUNT, [mark("5", "1")])
    (state,) = await pending(stores)
    await stores.state.note_failure(ACCOUNT, "5", "HTTP 500", gives_up=False)
    await stores.state.settle_conversation(ACCOUNT, state, 12, at(60))
    settled = (await stores.state.conversations(ACCOUNT, ["5"]))["5"]
    assert settled.read_stamp == stamp("1")
    assert settled.read_at == at(60)
    assert settled.message_count == 12
    assert settled.failed_runs == 0
    assert not settled.is_pending


async def test_a_conversation_listed_anew_while_it_was_read_stays_pending(
    stores: Stores,
) -> None:
    await stores.state.mark(ACCOUNT, [mark("5", "1")])
    (state,) = await pending(stores)
    await stores.state.mark(ACCOUNT, [mark("5", "2")])
    await stores.state.settle_conversation(ACCOUNT, state, 12, at(60))
    (again,) = await pending(stores)
    assert again.read_stamp == stamp("1")
    assert again.listed_stamp == stamp("2")
    await stores.state.settle_conversation(ACCOUNT, again, 13, at(90))
    assert await pending(stores) == []


async def test_failures_are_counted_until_a_read_is_complete(stores: Stores) -> None:
    await stores.state.mark(ACCOUNT, [mark("5")])
    await stores.state.note_failure(ACCOUNT, "5", "HTTP 500", gives_up=False)
    await stores.state.note_failure(ACCOUNT, "5", "x" * 10_000, gives_up=False)
    (state,) = await pending(stores)
    assert state.failed_runs == 2


async def test_changed_reservations_and_recent_activity_mark_conversations(
    stores: Stores,
) -> None:
    marks = [
        ConversationMark("1", "71", stamp(), at(-100), is_pending=False),
        ConversationMark("2", "72", stamp(), at(0), is_pending=False),
        ConversationMark("3", None, stamp(), None, is_pending=False),
    ]
    await stores.state.mark(ACCOUNT, marks)
    assert await stores.state.mark_pending_by_reservation(ACCOUNT, ["71", "404"]) == 1
    assert await stores.state.mark_pending_by_reservation(ACCOUNT, ["71"]) == 0
    for state in await pending(stores):
        await stores.state.settle_conversation(ACCOUNT, state, 1, at(0))
    # Only what was read before counts as read too long ago.
    assert await stores.state.mark_recent_pending(ACCOUNT, at(-100), at(0)) == 0
    assert await stores.state.mark_recent_pending(ACCOUNT, at(-99), at(1)) == 0
    assert await stores.state.mark_recent_pending(ACCOUNT, at(-100), at(1)) == 1
    assert [state.conversation_id for state in await pending(stores)] == ["1"]
    assert await stores.state.mark_all_pending(ACCOUNT) == 2
    assert await stores.state.mark_pending(ACCOUNT, ["1", "404"]) == 0


async def test_an_account_remembers_its_watermark(stores: Stores) -> None:
    assert await stores.state.account(ACCOUNT) == AccountState()
    state = AccountState(reservations_watermark=at(0), first_load_completed_at=at(5))
    await stores.state.settle_account(ACCOUNT, state)
    assert await stores.state.account(ACCOUNT) == state
    assert await stores.state.account("other account") == AccountState()


async def test_a_deep_proof_remembers_where_it_stopped(stores: Stores) -> None:
    assert await stores.state.verified_up_to(ACCOUNT) is None
    await stores.state.note_verified(ACCOUNT, "5")
    assert await stores.state.verified_up_to(ACCOUNT) == "5"
    await stores.state.note_verified(ACCOUNT, None)
    assert await stores.state.verified_up_to(ACCOUNT) is None
    assert await stores.state.count_conversations(ACCOUNT) == 0


# --- leases --------------------------------------------------------------------------------


def holder(run_id: str, **process: Any) -> LeaseHolder:
    return LeaseHolder(run_id, replace(this_process(), **process))


FIRST, SECOND = holder("first"), holder("second")


@pytest.fixture
def dead_pid() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    return ended.pid


async def test_a_lease_is_held_up_to_its_very_last_moment_and_free_at_its_end(
    stores: Stores,
) -> None:
    await stores.leases.acquire("sync", FIRST, at(0), 60)
    for moment in (at(0), at(59), at(59.999)):
        with pytest.raises(LeaseHeld) as caught:
            await stores.leases.acquire("sync", SECOND, moment, 60)
        assert "first" in caught.value.message
        assert "2026-11-22 12:01:00 UTC" in caught.value.message
    await stores.leases.acquire("sync", SECOND, at(60), 60)
    with pytest.raises(LeaseHeld):
        await stores.leases.acquire("sync", FIRST, at(61), 60)


async def test_a_lease_is_renewed_by_its_holder_and_given_back_by_nobody_else(
    stores: Stores,
) -> None:
    await stores.leases.acquire("sync", FIRST, at(0), 60)
    await stores.leases.acquire("sync", FIRST, at(40), 60)
    with pytest.raises(LeaseHeld):
        await stores.leases.acquire("sync", SECOND, at(99), 60)
    await stores.leases.release("sync", SECOND)
    with pytest.raises(LeaseHeld):
        await stores.leases.acquire("sync", SECOND, at(99), 60)
    await stores.leases.acquire("another job", SECOND, at(99), 60)
    await stores.leases.release("sync", FIRST)
    await stores.leases.acquire("sync", SECOND, at(99), 60)


async def test_the_lease_of_a_dead_process_is_free_that_of_another_computer_is_not(
    stores: Stores, dead_pid: int
) -> None:
    elsewhere = holder("elsewhere", pid=dead_pid, space="another computer")
    await stores.leases.acquire("far", elsewhere, at(0), 60)
    with pytest.raises(LeaseHeld):
        await stores.leases.acquire("far", SECOND, at(1), 60)
    await stores.leases.acquire("near", holder("dead", pid=dead_pid), at(0), 60)
    await stores.leases.acquire("near", SECOND, at(1), 60)
    with pytest.raises(LeaseHeld):
        await stores.leases.acquire("near", FIRST, at(2), 60)


async def test_of_many_runs_at_once_one_takes_the_lease(stores: Stores, dead_pid: int) -> None:
    await stores.leases.acquire("sync", holder("dead", pid=dead_pid), at(0), 60)
    attempts = [stores.leases.acquire("sync", holder(f"run {n}"), at(1), 60) for n in range(12)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, LeaseHeld) for outcome in outcomes) == 11


# --- failures ------------------------------------------------------------------------------


WRONG: dict[str, Callable[[str], str]] = {
    "away": lambda _: "mongodb://keeper:hunter2@127.0.0.1:9/?serverSelectionTimeoutMS=200",
    "no login": lambda uri: uri.replace("mongodb://", "mongodb://keeper:hunter2@"),
    "no address": lambda _: "mongodb://keeper:hunter2@[::1",
    "no port": lambda _: "mongodb://keeper:hunter2@host:abc/",
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_connection_that_cannot_be_made_tells_no_password(
    mongodb_uri: str, name: str
) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        async with MongoDatabase(WRONG[name](mongodb_uri), "test"):
            pass
    assert "hunter2" not in caught.value.message + caught.value.hint
    assert caught.value.hint


async def test_the_right_to_write_is_checked_by_the_server(
    stores: Stores, database: Db, mongodb: MongoClient[Any]
) -> None:
    database.create_collection("messages", validator={"content": "never"})
    assert database.name in mongodb.list_database_names()
    with pytest.raises(DatabaseUnavailable) as caught:
        await stores.messages.load([message()], NOON)
    assert "121" in caught.value.message
    assert "Hello" not in caught.value.message
    with pytest.raises(OperationFailure):
        database["messages"].insert_one({})
