"""What a message said before is kept, once, whatever kills the run that sees the change."""

from dataclasses import replace

from pymongo.database import Database

from hostaway_message_db.database.documents import comparable_message, message_document
from hostaway_message_db.database.message_history import MessageHistory
from hostaway_message_db.database.message_keeper import MessageKeeper
from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.database.upserts import plan_writes
from hostaway_message_db.database.vectors import Vectors
from hostaway_message_db.models.records import Erasure
from hostaway_message_db.ports import Stores
from support.records import at, attachment, message
from support.truth import Document

Db = Database[Document]


def versions_of(database: Db) -> list[Document]:
    return list(database["message_versions"].find().sort("number"))


async def test_each_former_text_status_and_set_of_files_is_kept_with_its_time_and_run(
    stores: Stores, database: Db, mongo: MongoDatabase
) -> None:
    file = attachment("https://a", is_public=False)
    said = [
        message(content="one", status="awaiting"),
        message(content="one", status="sent"),
        message(content="two", status="sent"),
        message(content="two", status="sent", attachments=(file,)),
    ]
    for number, form in enumerate(said):
        await stores.messages.load([form], at(number), f"run-{number}")
    kept = versions_of(database)
    assert [(v["content"], v["status"], len(v["attachments"])) for v in kept] == [
        ("one", "awaiting", 0),
        ("one", "sent", 0),
        ("two", "sent", 0),
    ]
    assert [(v["from"], v["until"], v["run_id"]) for v in kept] == [
        (at(0), at(1), "run-1"),
        (at(1), at(2), "run-2"),
        (at(2), at(3), "run-3"),
    ]
    newest = database["messages"].find_one()
    assert newest is not None
    assert (newest["versions_count"], len(newest["attachments"])) == (3, 1)
    shown = await mongo.queries().former_versions("5")
    assert [v["content"] for v in shown["1"]] == ["one", "one", "two"]


async def test_what_is_no_change_of_what_was_said_makes_no_version(
    stores: Stores, database: Db
) -> None:
    private = replace(message(), attachments=(attachment("https://a?1", is_public=False),))
    await stores.messages.load([private], at(0), "a")
    again = replace(private, attachments=(attachment("https://a?2", is_public=False),))
    await stores.messages.load([again], at(1), "b")
    await stores.messages.load([replace(again, is_read=False)], at(2), "c")
    # Another plain text of the same body is ours, not Hostaway's.
    await stores.messages.load([replace(again, content="hello", content_html="Hello")], at(3), "d")
    assert versions_of(database) == []
    newest = database["messages"].find_one()
    assert newest is not None
    assert (newest["content"], newest["versions_count"]) == ("hello", 0)


async def test_a_run_killed_between_the_two_writes_neither_loses_nor_doubles_a_version(
    stores: Stores, database: Db, mongo: MongoDatabase
) -> None:
    await stores.messages.load([message(content="one")], at(0), "a")
    await stores.messages.load([message(content="two")], at(1), "b")
    document = message_document(message(content="three"))
    stored = database["messages"].find_one()
    assert stored is not None
    history = MessageHistory(mongo.database["message_versions"], "killed", at(2))
    keeper = MessageKeeper(history, None, Vectors(mongo.database))
    plan = plan_writes(
        "message_id", [document], {"1": stored}, at(2), {}, comparable_message, keeper
    )
    await history.keep(plan.superseded)
    assert [v["content"] for v in (await mongo.queries().former_versions("5"))["1"]] == ["one"]
    await stores.messages.load([message(content="three")], at(3), "c")
    kept = versions_of(database)
    assert [(v["content"], v["run_id"]) for v in kept] == [("one", "b"), ("two", "c")]
    newest = database["messages"].find_one()
    assert newest is not None
    assert (newest["content"], newest["versions_count"]) == ("three", 2)


async def test_nothing_of_an_erased_message_is_kept_as_a_version(
    stores: Stores, database: Db
) -> None:
    await stores.messages.load([message(content="plantedtext")], at(0), "a")
    erased = message(content="", erasure=Erasure.REQUEST)
    await stores.messages.load([erased], at(1), "b")
    await stores.messages.load([message(content="again")], at(2), "c")
    assert versions_of(database) == []
