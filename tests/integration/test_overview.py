"""What the store tells of itself: the first of what is wrong, and how much there is in all."""

from pymongo.database import Database

from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.insights.status import assess
from hostaway_message_db.web.meters import Meters
from support.records import ACCOUNT, at
from support.truth import Document

MANY = 23
"""More than are named."""


async def test_what_is_wrong_is_counted_whole_and_named_in_part(
    mongo: MongoDatabase, database: Database[Document]
) -> None:
    for number in range(MANY):
        failing = {
            "account_id": ACCOUNT,
            "conversation_id": str(number),
            "is_pending": True,
            "failed_runs": 1,
        }
        file = {"account_id": ACCOUNT, "attachment_id": str(number), "error": "gone", "tries": 1}
        database["sync_state"].insert_one(failing)
        database["attachment_queue"].insert_one({**file, "message_id": "1", "name": None})
    database["sync_state"].update_one({"conversation_id": "0"}, {"$set": {"account_id": "other"}})
    overview = await mongo.queries().overview()
    assert overview.failing_count == overview.files_not_stored_count == MANY
    assert len(overview.failing_conversations) == len(overview.files_not_stored) == 20
    assert (await mongo.queries().overview(ACCOUNT)).failing_count == MANY - 1
    page = Meters().page(assess(overview, at(0))).decode().splitlines()
    assert f"hostaway_failing_conversations {MANY}.0" in page
    assert f"hostaway_files_not_stored {MANY}.0" in page
    assert "hostaway_database_up 0.0" in Meters().page(None).decode().splitlines()
