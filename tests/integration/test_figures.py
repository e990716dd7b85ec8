"""Figures on a real MongoDB: rows kept current, filters that mean the same everywhere."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest
from pymongo.database import Database

from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.briefing import brief
from hostaway_message_db.insights.fact_filter import matching, needed_columns
from hostaway_message_db.insights.facts import NAMES, NUMBERS, Facts, build, key_of
from hostaway_message_db.insights.figures import By, Figures, period_of
from hostaway_message_db.insights.search import resolve, understand
from hostaway_message_db.insights.upkeep import load_facts, refresh
from hostaway_message_db.insights.waiting_list import who_waits
from hostaway_message_db.models.records import Channel, Direction, Guest, Message
from hostaway_message_db.ports import Stores
from hostaway_message_db.privacy.desk import PrivacyDesk
from hostaway_message_db.privacy.identity import Selectors
from support.records import (
    ACCOUNT,
    NOON,
    at,
    attachment,
    conversation,
    listing,
    message,
    reservation,
)

Db = Database[dict[str, Any]]
EVERY = (*NUMBERS, *NAMES)


@pytest.fixture
def figures(mongo: MongoDatabase) -> Figures:
    return Figures(mongo.queries(), mongo.figures())


def random_messages(dice: Random, number: int) -> list[Message]:
    """Return messages over some threads, of every kind a query can ask for."""
    found = []
    for identity in range(number):
        is_inbound = dice.random() < 0.5
        stay = dice.choice(["7", "8"])
        found.append(
            message(
                str(identity),
                conversation_id=str(dice.randrange(6)),
                content=dice.choice(["wifi password", "the towel", "wifi towel", "鍵はどこ"]),
                timestamp=NOON - timedelta(hours=dice.randrange(2000)),
                direction=Direction.INBOUND if is_inbound else Direction.OUTBOUND,
                is_automated=not is_inbound and dice.random() < 0.3,
                property_id=dice.choice(["9", "10", None]),
                channel=Channel(None, dice.choice(["airbnbOfficial", "bookingcom", None])),
                stage=dice.choice(["in_stay", "after", None]),
                status=dice.choice(["sent", "sent", "failed", "cancelled_by_system", None]),
                message_type=dice.choice(["email", "channel"]),
                attachments=(attachment("x", is_public=True),) if dice.random() < 0.2 else (),
                reservation_id=stay,
                reservation=reservation(stay),
                guest=Guest(
                    name=dice.choice(["Ana Silva", "Bo", None]), email=None, phone=None,
                    nationality=dice.choice(["PT", "ES", None]), nationality_basis=None,
                ),
            )
        )  # fmt: skip
    return found


def label(database: Db, dice: Random) -> None:
    """Label messages, and unsend some, as enrichment and sync do."""
    for document in database["messages"].find({}, {"_id": 1}):
        tone = dice.choice(["negative", "neutral", "positive", None])
        change = {
            "language": dice.choice(["en", "es", None]),
            "topics": dice.sample(["wifi", "access", "noise"], dice.randrange(3)),
            "sentiment": {"label": tone, "score": 0.5, "alert": dice.random() < 0.3},
            "is_unsent": dice.random() < 0.1,
        }
        if tone is None:
            change["sentiment"] = None
        database["messages"].update_one({"_id": document["_id"]}, {"$set": change})


def table_of(facts: Facts) -> dict[int, tuple[Any, ...]]:
    """Return rows by message, names in place of their positions, for comparing."""
    columns: list[list[Any]] = []
    for name in EVERY:
        values = facts.columns[name].tolist()
        if name in NAMES:
            values = [facts.names[name][value] for value in values]
        elif name == "topics":
            known = facts.names["topics"]
            values = [sorted(str(t) for n, t in enumerate(known) if v >> n & 1) for v in values]
        columns.append([None if value != value else value for value in values])  # noqa: PLR0124 - NaN
    return dict(zip(facts.columns["message"].tolist(), zip(*columns, strict=True), strict=True))


async def fresh(mongo: MongoDatabase) -> dict[int, tuple[Any, ...]]:
    """Return rows computed anew from all stored messages."""
    ids = mongo.database["messages"].distinct("conversation_id")
    threads = await mongo.figures().threads(await ids)
    return table_of(build(threads.values(), await mongo.figures().zones()))


async def test_rows_kept_by_the_load_equal_a_fresh_computation(
    mongo: MongoDatabase, stores: Stores, database: Db
) -> None:
    dice = Random(7)  # noqa: S311 - repeatable, no secret
    store = mongo.figures()
    await stores.sides.load_listings([listing("9"), listing("10")], NOON)
    messages = random_messages(dice, 120)
    await stores.messages.load(messages[:60], NOON)
    assert await refresh(store) == 6
    assert await refresh(store) == 0
    # Late arrivals, edits, what is no longer listed, another reservation.
    await stores.messages.load(messages[60:], at(5))
    edited = message("3", conversation_id=messages[3].conversation_id, content="other", stage=None)
    await stores.messages.load([edited], at(6))
    kept = {m.message_id for m in messages if m.conversation_id == "1"} - {"11", "12"}
    await stores.messages.mark_unsent(ACCOUNT, "1", kept, at(7))
    rows = await load_facts(store, EVERY)
    assert len(rows) == 120
    assert table_of(rows) == await fresh(mongo)
    assert database["outdated_facts"].count_documents({}) == 0
    # An unchanged read leaves nothing to do.
    await stores.messages.load(messages[61:70], at(8))
    assert database["outdated_facts"].count_documents({}) == 0


async def test_erasures_reach_the_rows(mongo: MongoDatabase, stores: Stores) -> None:
    await stores.sides.load_reservations([reservation()], NOON)
    await stores.sides.load_conversations([conversation()], NOON)
    await stores.messages.load([message("1", reservation_id="7")], NOON)
    before = await load_facts(mongo.figures(), EVERY)
    assert before.names["country"] == ["PT"]
    desk = PrivacyDesk(stores, mongo.privacy(), ACCOUNT)
    await desk.forget(Selectors(frozenset({"7"})), "receipt", at(60))
    after = await load_facts(mongo.figures(), EVERY)
    assert after.names["country"] == [None]
    assert table_of(after) == await fresh(mongo)


async def test_a_first_load_marks_everything_at_its_end(
    mongo: MongoDatabase, stores: Stores, database: Db
) -> None:
    await stores.messages.build_indexes(with_heavy=False)
    await stores.messages.load([message("1")], NOON)
    assert database["outdated_facts"].count_documents({}) == 0
    # Somebody asks in the middle.
    assert len(await load_facts(mongo.figures(), EVERY)) == 1
    await stores.messages.load([message("2")], NOON)
    await stores.messages.build_indexes(with_heavy=True)
    assert table_of(await load_facts(mongo.figures(), EVERY)) == await fresh(mongo)
    await stores.messages.load([message("3")], NOON)
    assert database["outdated_facts"].count_documents({}) == 1


async def test_a_change_during_the_refresh_is_not_lost(
    mongo: MongoDatabase, stores: Stores
) -> None:
    store = mongo.figures()
    await stores.messages.load([message("1")], NOON)
    await store.mark_all(1)
    marked = await store.outdated(10)
    await stores.messages.load([message("2")], at(1))
    await store.settle(marked)
    assert [one.conversation_id for one in await store.outdated(10)] == ["5"]


async def test_a_store_of_an_earlier_version_gets_its_rows(
    mongo: MongoDatabase, stores: Stores, database: Db
) -> None:
    await stores.messages.load([message("1"), message("odd-id", conversation_id="x")], NOON)
    database["outdated_facts"].drop()
    assert len(await load_facts(mongo.figures(), EVERY)) == 2
    database["message_facts"].update_many({}, {"$set": {"layout": 0}})
    database["sync_state"].update_one({"_id": "facts"}, {"$set": {"layout": 0}})
    rows = await load_facts(mongo.figures(), EVERY)
    assert table_of(rows) == await fresh(mongo)


QUERIES = (
    "", "wifi", "-wifi", '"wifi password" OR towel', "鍵", "guest:ana", "-guest:bo", "property:9",
    "property:9 OR property:10", "-property:9", "channel:airbnb", "from:guest", "from:host",
    "from:auto", "in:in-stay", "-in:after", "lang:es", "-lang:es", "country:ES", "tone:negative",
    "tone:alert", "topic:wifi", "-topic:wifi topic:noise", "has:attachment", "is:failed",
    "-is:failed", "is:unsent", "is:unanswered", "-is:unanswered from:guest",
    "after:2026-10-01", "before:2026-10-01", "reservation:8", "conversation:3", "type:email",
    "-account:9 type:email",
    "wifi from:guest OR country:PT -in:after",
)  # fmt: skip


async def test_a_filter_means_the_same_for_figures_and_for_search(
    mongo: MongoDatabase, stores: Stores, database: Db, figures: Figures
) -> None:
    dice = Random(3)  # noqa: S311 - repeatable, no secret
    await stores.messages.load(random_messages(dice, 300), NOON)
    label(database, dice)
    for text in QUERIES:
        query = (await understand(mongo.queries(), text, NOON)).query
        columns = {"message"} | needed_columns(query)
        facts = await load_facts(mongo.figures(), sorted(columns))
        mask = matching(query, facts, await figures.lookups(query))
        rows = set(facts.columns["message"][mask].tolist())
        resolved = await resolve(query, figures.waiting_conversations)
        found = {key_of(i) for i in await mongo.queries().matching_ids(resolved)}
        assert rows == found, text
        assert not text or 0 < len(found) < 300, text


async def test_figures_state_what_they_are_of(stores: Stores, figures: Figures) -> None:
    await stores.sides.load_listings([listing("9", "Casa Azul")], NOON)
    guest = [
        message(str(n), conversation_id=str(n), timestamp=at(-9000 * n), content="When?")
        for n in range(1, 5)
    ]
    replies = [
        message(f"1{n}", conversation_id=str(n), timestamp=at(-9000 * n + 60 * n),
                direction=Direction.OUTBOUND) for n in range(1, 4)
    ]  # fmt: skip
    await stores.messages.load([*guest, *replies], NOON)
    period = period_of(None, None, NOON)
    answer = await figures.tell(
        ["r2", "U1"], period, NOON, where="property:azul", by=By.PROPERTY, compares=True
    )
    told = answer.to_json()
    assert told["filter"] == "property:azul"
    assert told["period"] == {"since": NOON - timedelta(days=30), "until": NOON}
    response, unanswered = told["figures"]
    assert (response["n"], response["value"]) == (3, 120.0)
    assert "cycle" in response["definition"]
    assert response["groups"][0]["group"] == "Casa Azul (9)"
    assert response["groups"][0]["value"] == 120.0
    assert response["previous"] == {"n": 0, "value": None, "details": {"unanswered": 0}}
    assert unanswered["value"] == 1
    by_week = await figures.tell(["V1"], period, NOON, by=By.WEEK)
    assert [name for name, _ in by_week.told[0].groups] == ["2026-11-16"]
    with pytest.raises(UsageError, match="no metric R22"):
        await figures.tell(["R22"], period, NOON)
    with pytest.raises(UsageError, match="not before its end"):
        period_of(NOON, at(-5), NOON)
    with pytest.raises(UsageError, match="must end after 1970"):
        period_of(None, datetime(1, 1, 1, tzinfo=UTC), NOON)


async def test_who_waits_worst_first_without_those_who_only_thank(
    stores: Stores, database: Db, figures: Figures
) -> None:
    hours = {"1": 10, "2": 2, "3": 4, "4": 5, "5": 6}
    stages = {"1": "after", "2": "arrival_day", "3": "in_stay", "4": "in_stay", "5": "in_stay"}
    guest = [
        message(
            i, conversation_id=i, stage=stages[i], timestamp=at(-3600 * hours[i]), content="When?"
        )
        for i in hours
    ]
    reply = message("9", conversation_id="5", direction=Direction.OUTBOUND)
    again = message(
        "33",
        conversation_id="3",
        stage="in_stay",
        timestamp=at(-60),
        content="Hello, where is the key?",
    )
    await stores.messages.load([*guest, reply, again], NOON)
    database["messages"].update_one(
        {"message_id": "4"}, {"$set": {"needs_reply": False, "needs_reply_reason": "thanks"}}
    )
    tone = {"label": "negative", "score": -0.7, "alert": True}
    database["messages"].update_one({"message_id": "2"}, {"$set": {"sentiment": tone}})
    found = await who_waits(figures, NOON)
    # Weights: 6 x 2 h x 3 (alert), 5 x 4 h, 1 x 10 h.
    assert [(w.conversation_id, w.urgency) for w in found.waiting] == [
        ("2", 36.0), ("3", 20.0), ("1", 10.0)
    ]  # fmt: skip
    assert found.n == 3
    assert (found.waiting[1].messages, found.waiting[1].message["content"]) == (
        2,
        "Hello, where is the key?",
    )
    (thanked,) = found.closed_by_thanks
    assert (thanked.conversation_id, thanked.reason) == ("4", "thanks")
    only = await who_waits(figures, NOON, where="in:after", limit=1)
    assert [w.conversation_id for w in only.waiting] == ["1"]
    with pytest.raises(UsageError, match="from 1 to 1000"):
        await who_waits(figures, NOON, limit=0)
    told = await brief(figures, NOON, ACCOUNT)
    assert [one["conversation_id"] for one in told["waiting"]] == ["2", "3", "1"]
    assert told["unhappy"] == [{"reservation_id": "7", "tone": -0.7}]
    assert "Ana" not in str(told)
    assert (await brief(figures, NOON, "9"))["waiting_count"] == 0


def test_odd_ids_have_keys_of_their_own() -> None:
    assert key_of("123") == 123
    assert key_of(None) == 0
    assert key_of("0123") < 0
    assert key_of("x") != key_of("y")
    assert np.int64(key_of("9" * 30)) < 0
