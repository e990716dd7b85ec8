"""Files in GridFS: each content once, with its owners, and gone with the last of them."""

import hashlib
from datetime import timedelta

import pytest
from pymongo.database import Database

from hostaway_message_db.database.file_store import PART_BYTES, file_identity
from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.errors import DatabaseUnavailable, NotFound
from hostaway_message_db.ports import Stores, Subject
from hostaway_message_db.privacy.holdings import holding
from support.records import ACCOUNT, at, attachment, message
from support.truth import Document

Db = Database[Document]
CONTENT = b"%PDF-" + b"x" * (PART_BYTES + 10)


async def load(
    stores: Stores, *identities: str, seconds: float = 0, url: str = "https://a"
) -> None:
    file = attachment(url, is_public=False)
    made = [message(i, conversation_id=f"c{i}", attachments=(file,)) for i in identities]
    await stores.messages.load(made, at(seconds), "run")


async def test_what_is_new_is_enlisted_once_and_stored_once(stores: Stores, database: Db) -> None:
    await load(stores, "1", "2")
    due = await stores.files.due(ACCOUNT, at(1), 10)
    assert [w.message_id for w in due] == ["1", "2"]
    assert await stores.files.due(ACCOUNT, at(1), 1) == due[:1]
    assert await stores.files.due("another", at(1), 10) == []
    assert [await stores.files.keep(w, CONTENT, "application/pdf") for w in due] == [True, False]
    assert await stores.files.due(ACCOUNT, at(1), 10) == []
    assert database["fs.files"].count_documents({}) == 1
    for stored in database["messages"].find():
        part = stored["attachments"][0]
        assert (part["size_bytes"], len(part["sha256"])) == (len(CONTENT), 64)
        assert database["fs.files"].find_one({"_id": part["file_id"]}) is not None

    before = list(database["messages"].find())
    await load(stores, "1", "2", seconds=60, url="https://another")
    assert list(database["messages"].find()) == before
    assert database["attachment_queue"].count_documents({}) == 0

    opened = await stores.files.open(
        str(file_identity(ACCOUNT, hashlib.sha256(CONTENT).hexdigest()))
    )
    assert opened is not None
    assert b"".join([part async for part in opened.parts]) == CONTENT
    assert opened.headers["Content-Disposition"] == 'attachment; filename="photo.jpeg"'
    assert opened.headers["Content-Type"] == "application/pdf"
    assert opened.headers["X-Content-Type-Options"] == "nosniff"
    assert await stores.files.open("0" * 24) is None


async def test_another_file_joins_and_the_stored_one_stays(stores: Stores, database: Db) -> None:
    await load(stores, "1")
    (wanted,) = await stores.files.due(ACCOUNT, at(1), 10)
    await stores.files.keep(wanted, CONTENT, "application/pdf")
    first = attachment("https://b", is_public=False)
    second = attachment("https://c", is_public=False)
    both = (first, type(second)(**{**_fields(second), "id": "4"}))
    await stores.messages.load([message("1", conversation_id="c1", attachments=both)], at(2), "r")
    stored = database["messages"].find_one()
    assert stored is not None
    assert ["file_id" in part for part in stored["attachments"]] == [True, False]
    assert stored["versions_count"] == 1
    assert [w.attachment_id for w in await stores.files.due(ACCOUNT, at(3), 10)] == ["4"]


def _fields(value: object) -> Document:
    return {name: getattr(value, name) for name in value.__slots__}  # type: ignore[attr-defined]


async def test_a_failed_download_waits_and_a_new_address_renews_it(
    stores: Stores, database: Db
) -> None:
    await load(stores, "1")
    (wanted,) = await stores.files.due(ACCOUNT, at(1), 10)
    await stores.files.postpone(wanted, "no answer", at(3600))
    assert await stores.files.due(ACCOUNT, at(60), 10) == []
    assert [w.tries for w in await stores.files.due(ACCOUNT, at(3600), 10)] == [1]
    eight_days = timedelta(days=8).total_seconds()
    assert await stores.files.due(ACCOUNT, at(eight_days), 10) == []
    await load(stores, "1", seconds=eight_days, url="https://fresh")
    assert [w.url for w in await stores.files.due(ACCOUNT, at(eight_days), 10)] == ["https://fresh"]
    await stores.files.refuse(wanted, "too large")
    assert await stores.files.due(ACCOUNT, at(eight_days), 10) == []
    assert database["messages"].find_one({"versions_count": 0}) is not None


@pytest.mark.parametrize("lost", [{}, {"n": 0}, {"n": {"$gt": 0}}])
async def test_a_file_that_lost_a_part_is_not_passed_off_as_whole(
    stores: Stores, database: Db, lost: Document
) -> None:
    await load(stores, "1")
    (wanted,) = await stores.files.due(ACCOUNT, at(1), 10)
    await stores.files.keep(wanted, CONTENT, "application/pdf")
    database["fs.chunks"].delete_many(lost)
    identity = file_identity(ACCOUNT, hashlib.sha256(CONTENT).hexdigest())
    opened = await stores.files.open(str(identity))
    assert opened is not None
    with pytest.raises(DatabaseUnavailable, match="not whole"):
        async for _ in opened.parts:
            pass
    database["fs.files"].delete_many({})
    with pytest.raises(NotFound):
        await anext(stores.files.parts_of(str(identity)))


async def test_a_half_written_file_is_written_again(stores: Stores, database: Db) -> None:
    await load(stores, "1")
    (wanted,) = await stores.files.due(ACCOUNT, at(1), 10)
    identity = file_identity(ACCOUNT, hashlib.sha256(CONTENT).hexdigest())
    database["fs.chunks"].insert_one({"files_id": identity, "n": 0, "data": b"half"})
    assert await stores.files.keep(wanted, CONTENT, "application/pdf") is True
    opened = await stores.files.open(
        str(file_identity(ACCOUNT, hashlib.sha256(CONTENT).hexdigest()))
    )
    assert opened is not None
    assert b"".join([part async for part in opened.parts]) == CONTENT


async def test_a_shared_file_goes_with_its_last_owner(
    stores: Stores, database: Db, mongo: MongoDatabase
) -> None:
    await load(stores, "1", "2")
    for wanted in await stores.files.due(ACCOUNT, at(1), 10):
        await stores.files.keep(wanted, CONTENT, "application/pdf")
    files, privacy = holding("fs.files"), mongo.privacy()

    def of(identity: str) -> Subject:
        return Subject(
            conversation_ids=frozenset([f"c{identity}"]), message_ids=frozenset([identity])
        )

    assert await privacy.delete(ACCOUNT, files, of("1")) == 0
    kept = database["fs.files"].find_one()
    assert kept is not None
    assert (kept["metadata"]["message_ids"], kept["metadata"]["conversation_ids"]) == (
        ["2"],
        ["c2"],
    )
    assert await privacy.delete(ACCOUNT, files, of("2")) == 1
    assert database["fs.chunks"].count_documents({}) == 0
