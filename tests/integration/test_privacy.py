"""Erasure, its memory and retention on a real MongoDB."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.errors import NotFound
from hostaway_message_db.models.records import Conversation, Erasure, Reservation
from hostaway_message_db.ports import ConversationMark, LoadOutcome, Stores
from hostaway_message_db.ports.stores import MessageStore, QuarantineStore, SideStore
from hostaway_message_db.privacy.desk import PrivacyDesk
from hostaway_message_db.privacy.guard import (
    Guard,
    GuardedMessages,
    GuardedQuarantine,
    GuardedSides,
    guarded_stores,
)
from hostaway_message_db.privacy.identity import Selectors
from hostaway_message_db.privacy.retention import Retention
from support.dumps import dump, places_of
from support.records import ACCOUNT, NOON, at, conversation, message, quarantined, reservation
from support.truth import Document

Db = Database[Document]
BY_STAY = Selectors(frozenset({"7"}))
BY_EMAIL = Selectors(emails=frozenset({"ana@example.com"}))
SECRETS = ("ana@example.com", "plantedtext", "plantedraw", "plantedname")


@pytest.fixture
def desk(mongo: MongoDatabase, stores: Stores) -> PrivacyDesk:
    return PrivacyDesk(stores, mongo.privacy(), ACCOUNT)


@pytest.fixture
def retained(mongo: MongoDatabase, stores: Stores) -> Callable[[int], Retention]:
    return lambda days: Retention(stores, mongo.privacy(), days)


@pytest.fixture
def guarded(mongo: MongoDatabase, stores: Stores) -> Stores:
    store = mongo.privacy()
    return guarded_stores(stores, Guard(store, Retention(stores, store, 0)))


def named(identity: str = "7", **fields: Any) -> Reservation:
    return reservation(identity, guest_name="plantedname", **fields)


async def fill(
    stores: Stores,
    stays: Sequence[Reservation] = (),
    threads: Sequence[Conversation] = (),
) -> None:
    """Store a thread of one message, and further reservations and conversations."""
    stays = stays or [named()]
    threads = threads or [conversation(recipient_name="plantedname")]
    await stores.sides.load_reservations(stays, at(0))
    await stores.sides.load_conversations(threads, at(0))
    marks = [
        ConversationMark(
            c.conversation_id, c.reservation_id, c.stamp, c.last_active_at, is_pending=False
        )
        for c in threads
    ]
    await stores.state.mark(ACCOUNT, marks)
    by_id = {stay.reservation_id: stay for stay in stays}
    messages = [
        message(
            f"m{c.conversation_id}",
            conversation_id=c.conversation_id,
            content="plantedtext",
            timestamp=c.last_active_at or NOON,
            reservation_id=c.reservation_id,
            reservation=by_id.get(c.reservation_id or ""),
        )
        for c in threads
    ]
    await stores.messages.load(messages, at(0))


# --- every collection ----------------------------------------------------------------------


async def test_every_collection_that_may_hold_the_guest_is_erased(
    stores: Stores, desk: PrivacyDesk, database: Db
) -> None:
    other = conversation("6", reservation_id="8")
    stay = reservation("8", guest_name="Bob", guest_email="bob@example.com")
    await fill(stores, [named(), stay], [conversation(recipient_name="plantedname"), other])
    database["messages"].update_one(
        {"message_id": "m6"}, {"$set": {"content": "kept", "search_terms": []}}
    )
    await stores.state.note_failure(ACCOUNT, "5", "plantedraw of Hostaway", gives_up=False)
    await stores.state.note_failure(ACCOUNT, "6", "kept", gives_up=False)
    failures = [
        {"subject": "conversation 5", "code": "x", "reason": "plantedraw"},
        {"subject": "reservation 7", "code": "x", "reason": "plantedraw"},
        {"subject": "conversation 6", "code": "x", "reason": "kept"},
    ]
    await stores.runs.start("run", ACCOUNT, "sync", "initial", at(0))
    await stores.runs.finish("run", "partial", {"failures": failures}, at(1))
    for owner, thread in (("m5", "5"), ("m6", "6")):
        text = "plantedtext" if thread == "5" else "kept"
        database["message_versions"].insert_one({"message_id": owner, "content": text})
        owners = {"message_ids": [owner], "conversation_ids": [thread]}
        database["fs.files"].insert_one({"_id": owner, "metadata": owners})
        database["attachment_queue"].insert_one({"message_id": owner, "name": text})
        database["fs.chunks"].insert_one({"files_id": owner, "n": 0, "data": text.encode()})
        database["webhook_inbox"].insert_one({"conversation_id": thread, "body": text})
        database["reviews"].insert_one(
            {"reservation_id": "7" if thread == "5" else "8", "text": text}
        )
    await stores.quarantine.put(
        [
            quarantined("70", '{"body": "plantedraw"}'),
            quarantined(None, '{"body": "plantedraw one"}'),
            quarantined(None, '{"body": "plantedraw two"}'),
            replace(quarantined("7", '{"guestName": "plantedname"}', ""), entity="reservation"),
            replace(
                quarantined(None, '{"guestEmail": "ANA@example.com"}', ""), entity="reservation"
            ),
            replace(
                quarantined("9", '{"reservationId": 7, "n": "plantedname"}', ""),
                entity="conversation",
            ),
            quarantined("71", '{"body": "kept"}', "6"),
        ],
        "run",
        at(0),
    )
    kept = {
        name: [d for d in database[name].find() if "kept" in str(d)]
        for name in database.list_collection_names()
    }
    plan = await desk.plan(BY_STAY)
    assert plan.counts["sync_state"] == plan.counts["sync_runs"] == 1
    done = await desk.forget(BY_STAY, "receipt", at(60))
    assert places_of(dump(database), SECRETS) == []
    assert done.receipt.counts == plan.counts
    assert database["fs.chunks"].count_documents({}) == 1
    for name, documents in kept.items():
        if name != "sync_runs":
            for document in documents:
                assert database[name].find_one({"_id": document["_id"]}) == document
    reasons = [f["reason"] for f in database["sync_runs"].find_one({})["report"]["failures"]]  # type: ignore[index]
    assert reasons == ["erased", "erased", "kept"]
    assert (await desk.plan(BY_STAY)).is_empty


async def test_a_malformed_record_of_the_forgotten_comes_back_as_the_same_stub(
    stores: Stores, guarded: Stores, desk: PrivacyDesk, database: Db
) -> None:
    await fill(stores)
    records = [
        quarantined("70", '{"body": "plantedraw"}'),
        quarantined(None, '{"body": "plantedraw one"}'),
        quarantined(None, '{"body": "plantedraw two"}'),
    ]
    nameless = replace(
        quarantined(None, '{"guestEmail": "Ana@Example.com"}', ""), entity="reservation"
    )
    await stores.quarantine.put([*records, nameless], "run", at(0))
    await desk.forget(BY_EMAIL, "receipt", at(60))
    left = list(database["quarantine"].find())
    assert await guarded.quarantine.put([*records, nameless], "again", at(120)) == 0
    assert list(database["quarantine"].find()) == left
    assert {record["raw"] for record in left} == {"null"}


# --- whom somebody means -------------------------------------------------------------------


async def test_a_guest_who_only_is_in_quarantine_is_found(
    stores: Stores, desk: PrivacyDesk, database: Db
) -> None:
    row = replace(quarantined("12", '{"guestEmail": "ANA@example.com"}', ""), entity="reservation")
    await stores.quarantine.put([row], "run", at(0))
    done = await desk.forget(BY_EMAIL, "receipt", at(60))
    assert done.receipt.subject.reservation_ids == {"12"}
    assert places_of(dump(database), SECRETS) == []


async def test_another_guests_malformed_message_that_names_an_address_pulls_nobody_in(
    stores: Stores, desk: PrivacyDesk, database: Db
) -> None:
    await fill(stores, [named(), named("8", guest_email="bob@example.com")])
    quoting = quarantined("80", '{"body": "write to ana@example.com"}', "6")
    await stores.quarantine.put([quoting], "run", at(0))
    done = await desk.forget(BY_EMAIL, "receipt", at(60))
    assert done.receipt.subject.conversation_ids == {"5"}
    assert database["quarantine"].count_documents({"raw": "null"}) == 1


async def test_a_thread_that_runs_over_two_stays_is_one_guests(
    stores: Stores, desk: PrivacyDesk, database: Db
) -> None:
    await fill(stores, [named(), named("8", guest_email=None)])
    second = message("m2", reservation_id="8", reservation=named("8"), content="plantedtext")
    await stores.messages.load([second], at(0))
    done = await desk.forget(BY_STAY, "receipt", at(60))
    assert done.receipt.subject.reservation_ids == {"7", "8"}
    assert places_of(dump(database), SECRETS) == []


async def test_other_accounts_are_left_alone(stores: Stores, desk: PrivacyDesk) -> None:
    await fill(stores)
    elsewhere = PrivacyDesk(desk.stores, desk.store, "99")
    for selectors in (BY_STAY, BY_EMAIL):
        with pytest.raises(NotFound):
            await elsewhere.forget(selectors, "receipt", at(60))


# --- the memory ----------------------------------------------------------------------------


async def test_an_erasure_that_was_killed_is_finished_by_the_next_run(
    stores: Stores,
    desk: PrivacyDesk,
    database: Db,
    retained: Callable[[int], Retention],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await fill(stores)

    async def die(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(desk.store), "rewrite_messages", die)
        with pytest.raises(KeyboardInterrupt):
            await desk.forget(BY_EMAIL, "receipt", at(60))
    assert database["erasures"].count_documents({"kind": "receipt", "finished_at": None}) == 1
    await retained(0)(ACCOUNT, at(120))
    assert places_of(dump(database), SECRETS) == []
    again = await desk.forget(BY_EMAIL, "other", at(180))
    assert again.is_already_forgotten
    assert again.receipt.receipt_id == "receipt"
    assert again.receipt.finished_at == at(120)


async def test_the_address_is_kept_as_a_hash_of_the_accounts_own_salt(
    stores: Stores, desk: PrivacyDesk, database: Db
) -> None:
    await fill(stores)
    await desk.forget(BY_EMAIL, "receipt", at(60))
    salt = database["erasures"].find_one({"kind": "salt"})
    assert salt is not None
    assert len(salt["salt"]) == 32
    kinds = sorted(d["kind"] for d in database["erasures"].find())
    assert kinds == ["conversation", "email", "receipt", "reservation", "salt"]
    assert await desk.store.new_salt(ACCOUNT, b"x" * 32) == bytes(salt["salt"])


async def test_what_a_later_version_adds_to_a_message_does_not_outlive_it(
    stores: Stores, desk: PrivacyDesk, database: Db
) -> None:
    await fill(stores)
    labels = {"language": "en", "sentiment": 1, "topics": ["x"], "summary": "plantedtext"}
    database["messages"].update_one({}, {"$set": {**labels, "is_unsent": True}})
    await desk.forget(BY_STAY, "receipt", at(60))
    erased = database["messages"].find_one()
    assert erased is not None
    assert "summary" not in erased
    assert (erased["language"], erased["sentiment"], erased["topics"]) == (None, None, [])
    assert erased["is_unsent"] is True


def test_every_way_into_a_store_is_guarded() -> None:
    takes = ("Message]", "Reservation]", "Conversation]", "Quarantined]")
    pairs: tuple[tuple[type, type], ...] = (
        (MessageStore, GuardedMessages),
        (SideStore, GuardedSides),
        (QuarantineStore, GuardedQuarantine),
    )
    for port, guard in pairs:
        for name, method in inspect.getmembers(port, inspect.isfunction):
            parameters = inspect.signature(method).parameters.values()
            if any(str(p.annotation).endswith(takes) for p in parameters):
                assert name in vars(guard), f"{port.__name__}.{name} goes past the guard"


# --- retention -----------------------------------------------------------------------------


@pytest.mark.parametrize(("days_ago", "is_erased"), [(29, False), (30, False), (31, True)])
async def test_a_stay_is_erased_on_the_day_after_the_last_one(
    stores: Stores,
    database: Db,
    retained: Callable[[int], Retention],
    days_ago: int,
    is_erased: bool,
) -> None:
    departure = NOON.date() - timedelta(days=days_ago)
    await fill(stores, [named(departure_date=departure)])
    tidied = await retained(30)(ACCOUNT, NOON)
    expected = int(is_erased)
    assert (tidied.messages, tidied.conversations, tidied.reservations) == (expected,) * 3
    assert (places_of(dump(database), SECRETS) == []) is is_erased
    assert database["messages"].count_documents({"erasure": "retention"}) == expected


@pytest.mark.parametrize(("seconds", "is_erased"), [(0, False), (1, True)])
async def test_a_thread_without_a_stay_is_erased_so_long_after_its_last_message(
    stores: Stores,
    database: Db,
    retained: Callable[[int], Retention],
    seconds: int,
    is_erased: bool,
) -> None:
    last = NOON - timedelta(days=30, seconds=seconds)
    thread = conversation(reservation_id=None, message_sent_on=last, recipient_name="plantedname")
    undated = conversation("6", reservation_id="8", message_sent_on=None, message_received_on=last)
    stay = named("8", arrival_date=None, departure_date=None)
    await fill(stores, [stay], [thread, undated])
    tidied = await retained(30)(ACCOUNT, NOON)
    assert tidied.messages == tidied.conversations == 2 * is_erased
    assert (places_of(dump(database), SECRETS) == []) is is_erased


async def test_an_old_thread_about_a_stay_to_come_is_kept(
    stores: Stores, retained: Callable[[int], Retention]
) -> None:
    await fill(
        stores,
        [named(departure_date=date(2027, 5, 1))],
        [conversation(message_sent_on=NOON - timedelta(days=300))],
    )
    assert (await retained(30)(ACCOUNT, NOON)).to_json() == {
        "conversations": 0, "messages": 0, "reservations": 0, "is_more_left": False,
    }  # fmt: skip


async def test_a_thread_that_goes_on_keeps_its_new_messages_until_they_are_old(
    stores: Stores, guarded: Stores, database: Db, retained: Callable[[int], Retention]
) -> None:
    old = NOON - timedelta(days=400)
    thread = conversation(reservation_id=None, message_sent_on=old)
    await fill(stores, [], [thread])
    await retained(30)(ACCOUNT, NOON)
    first = message(
        "m5", content="plantedtext", timestamp=old, reservation_id=None, reservation=None
    )
    later = NOON + timedelta(days=10)
    new = message(
        "m6", content="plantedtext, new", timestamp=later, reservation_id=None, reservation=None
    )
    loaded = await guarded.messages.load([first, new], later)
    assert loaded == LoadOutcome(inserted=1, unchanged=1)
    assert await guarded.messages.differences([first, new]) == {}
    kept = database["messages"].find_one({"message_id": "m6"})
    assert kept is not None
    assert kept["content"] == "plantedtext, new"
    assert (await retained(30)(ACCOUNT, later + timedelta(days=30))).messages == 0
    assert (await retained(30)(ACCOUNT, later + timedelta(days=31))).messages == 1
    everything = dump(database)
    assert (await retained(30)(ACCOUNT, later + timedelta(days=32))).messages == 0
    assert await guarded.messages.load([first, new], later) == LoadOutcome(unchanged=2)
    assert dump(database) == everything


async def test_a_run_erases_a_bounded_number_and_the_next_goes_on(
    mongo: MongoDatabase, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hostaway_message_db.privacy.retention.BATCH_SIZE", 2)
    old = NOON.date() - timedelta(days=400)
    await fill(
        stores,
        [named(str(i), departure_date=old) for i in range(5)],
        [conversation(f"c{i}", reservation_id=str(i)) for i in range(5)],
    )
    retention = Retention(stores, mongo.privacy(), 30, max_batches=2)
    first, second = await retention(ACCOUNT, NOON), await retention(ACCOUNT, NOON)
    assert (first.reservations, first.is_more_left) == (4, True)
    assert (second.reservations, second.is_more_left) == (1, False)


async def test_a_request_goes_further_than_retention_and_stays(
    stores: Stores,
    guarded: Stores,
    desk: PrivacyDesk,
    database: Db,
    retained: Callable[[int], Retention],
) -> None:
    stay = named(departure_date=NOON.date() - timedelta(days=400))
    await fill(stores, [stay])
    await retained(30)(ACCOUNT, NOON)
    done = await desk.forget(BY_STAY, "receipt", at(60))
    assert done.receipt.counts["messages"] == 1
    await retained(30)(ACCOUNT, at(120))
    assert {d["erasure"] for d in database["messages"].find()} == {"request"}
    new = message("m9", timestamp=NOON + timedelta(days=9), content="plantedtext")
    await guarded.messages.load([new], at(180))
    (kept,) = await guarded.privacy.reservations([stay])
    assert kept.erasure is Erasure.REQUEST
    assert places_of(dump(database), SECRETS) == []
