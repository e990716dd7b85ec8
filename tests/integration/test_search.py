"""Search on a real MongoDB: every script, every operator, pages without gaps."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.database.query_compiler import compile_query
from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.figures import Figures
from hostaway_message_db.insights.search import Found, Order, Search
from hostaway_message_db.insights.semantic import Meaning
from hostaway_message_db.models.query import Query
from hostaway_message_db.models.records import Channel, Direction, Guest
from support.records import NOON, at, attachment, listing, message, reservation
from support.word_labeller import WordLabeller

Db = Database[dict[str, Any]]
SAID = {
    "1": "Where is the wifi password?",
    "2": "The WiFi does not work, wifi wifi!",
    "3": "Wo ist der Schlüssel für die Straße?",
    "4": "附近有免费停车场吗 wifi密码",
    "5": "部屋の鍵はどこですか",
    "6": "체크인 시간은 몇 시예요",
    "7": "มีที่จอดรถไหมคะ",
    "8": "أين مِفْتَاح الشقّة",
    "9": "The password of the wifi, please",
    "10": "Check-in is at three",
    "11": "Check the oven in the kitchen",
}
NOBODY = Guest(name=None, email=None, phone=None, nationality=None, nationality_basis=None)


@pytest.fixture
async def search(mongo: MongoDatabase) -> Search:
    stores = mongo.stores()
    messages = [
        message(identity, content=content, timestamp=at(int(identity)), guest=NOBODY)
        for identity, content in SAID.items()
    ]
    await stores.messages.load(messages, NOON)
    await stores.messages.build_indexes(with_heavy=True)
    return search_of(mongo)


def search_of(mongo: MongoDatabase) -> Search:
    figures = Figures(mongo.queries(), mongo.figures())
    meaning = Meaning(mongo.vectors(), WordLabeller, Path())
    return Search(mongo.queries(), figures.waiting_conversations, meaning)


def ids(found: Found) -> list[str]:
    return [hit.message["message_id"] for hit in found.hits]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("wifi", ["9", "4", "2", "1"]),
        ("WIFI password", ["9", "1"]),
        ('"wifi password"', ["1"]),
        ('"check in"', ["10"]),
        ("check in", ["11", "10"]),
        ("wifi -password", ["4", "2"]),
        ("schlussel OR 鍵", ["5", "3"]),
        ("STRASSE", ["3"]),
        ('"die strasse"', ["3"]),
        ("停车", ["4"]),
        ("停车场", ["4"]),
        ("密", ["4"]),
        ("鍵", ["5"]),
        ("시간", ["6"]),
        ("จอดรถ", ["7"]),
        ("مفتاح الشقه", ["8"]),
        ("车停", []),
        ('-"wifi password" wifi', ["9", "4", "2"]),
    ],
)
async def test_words_are_found_in_every_script(
    search: Search, asked: str, expected: list[str]
) -> None:
    found = await search.run(asked, NOON)
    assert ids(found) == expected
    for hit in found.hits:
        assert hit.marks, hit.message["content"]


async def test_marks_stand_where_the_words_are(search: Search) -> None:
    found = await search.run('strasse schlussel OR "wifi password"', NOON)
    told = {
        hit.message["message_id"]: [hit.message["content"][a:b] for a, b in hit.marks]
        for hit in found.hits
    }
    assert told == {"3": ["Schlüssel", "Straße"]}


async def test_relevance_puts_the_best_first_and_pages_go_on(search: Search) -> None:
    whole = await search.run("wifi password", NOON, order=Order.RELEVANCE)
    assert ids(whole) == ["1", "9"]
    assert ids(await search.run("wifi", NOON, order=Order.RELEVANCE))[0] == "2"
    assert ids(await search.run("nowhere", NOON, order=Order.RELEVANCE)) == []
    paged: list[str] = []
    cursor = ""
    while True:
        page = await search.run("wifi", NOON, order=Order.RELEVANCE, limit=1, cursor=cursor)
        paged += ids(page)
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert paged == ids(await search.run("wifi", NOON, order=Order.RELEVANCE))


async def test_pages_never_skip_nor_repeat_though_moments_are_equal(
    mongo: MongoDatabase, search: Search
) -> None:
    same = [
        message(f"s{n}", content="towel", timestamp=at(n // 7), guest=NOBODY) for n in range(40)
    ]
    await mongo.stores().messages.load(same, NOON)
    paged: list[str] = []
    cursor = ""
    for _ in range(20):
        page = await search.run("towel", NOON, limit=3, cursor=cursor)
        paged += ids(page)
        late = message(f"late{len(paged)}", content="towel", timestamp=at(99), guest=NOBODY)
        await mongo.stores().messages.load([late], NOON)
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert len(paged) == len(set(paged)) == 40


async def test_a_cursor_of_another_search_and_a_limit_out_of_bounds_are_refused(
    search: Search,
) -> None:
    page = await search.run("wifi", NOON, limit=1)
    assert page.next_cursor is not None
    for wrong in (page.next_cursor, "nonsense", "é", "e30"):
        with pytest.raises(UsageError, match="cursor is not of this search"):
            await search.run("password", NOON, limit=1, cursor=wrong)
    for limit in (0, 1001):
        with pytest.raises(UsageError, match="from 1 to 1000"):
            await search.run("wifi", NOON, limit=limit)


async def test_each_operator_matches_what_it_says(mongo: MongoDatabase, database: Db) -> None:
    stores = mongo.stores()
    ana = Guest(
        name="Ana Díaz", email="ana@example.com", phone=None, nationality="ES",
        nationality_basis="country",
    )  # fmt: skip
    await stores.sides.load_listings([listing("9", "Casa Azul"), listing("10", "Beach")], NOON)
    await stores.messages.load(
        [
            message("1", guest=ana, attachments=(attachment("x", is_public=True),)),
            message("2", direction=Direction.OUTBOUND, conversation_id="6", property_id="10",
                    channel=Channel(2005, "bookingcom"), stage="after", status="failed"),
            message("3", direction=Direction.OUTBOUND, is_automated=True, message_type="email",
                    timestamp=NOON - timedelta(days=40), reservation_id="8",
                    reservation=reservation("8"), conversation_id="6"),
        ],
        NOON,
    )  # fmt: skip
    database["messages"].update_one(
        {"message_id": "1"},
        {
            "$set": {
                "language": "es",
                "topics": ["wifi", "access"],
                "sentiment": {"label": "negative", "score": -0.8, "alert": True},
                "is_unsent": True,
            }
        },
    )
    search = search_of(mongo)
    for asked, expected in {
        "guest:dia": ["1"], "guest:ana@example.com": ["1"], 'guest:"ana diaz"': ["1"],
        "property:azul": ["1", "3"], "property:10": ["2"], "channel:booking": ["2"],
        "from:guest": ["1"], "from:host": ["2"], "from:auto": ["3"], "in:after": ["2"],
        "lang:spanish": ["1"], "country:spain": ["1"], "tone:negative": ["1"],
        "tone:alert": ["1"], "topic:wifi": ["1"], "has:attachment": ["1"], "is:failed": ["2"],
        "is:unsent": ["1"], "is:unanswered": [], "after:30d": ["1", "2"], "before:30d": ["3"],
        "reservation:8": ["3"], "conversation:6": ["2", "3"], "type:email": ["3"],
        "-type:email -from:host": ["1"], "": ["1", "2", "3"],
        "-lang:es": ["2", "3"], "lang:es OR type:email": ["1", "3"],
    }.items():  # fmt: skip
        found = await search.run(asked, NOON)
        assert sorted(ids(found)) == expected, asked
        assert found.reading.notices == (), asked
    await stores.messages.load([message("4", conversation_id="7", content="When?")], at(9))
    assert ids(await search.run("is:unanswered", NOON)) == ["4"]


async def test_words_that_cannot_be_found_yet_are_said(search: Search, database: Db) -> None:
    database["messages"].update_one({"message_id": "1"}, {"$unset": {"search_terms": 1}})
    found = await search.run("wifi", NOON)
    assert "run `sync`" in found.reading.notices[0].sentence
    assert (await search.run("from:guest", NOON)).reading.notices == ()


def test_no_query_is_no_filter() -> None:
    assert compile_query(Query()) == {}
