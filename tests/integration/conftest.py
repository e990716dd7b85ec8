"""The stores on a real MongoDB."""

from collections.abc import AsyncIterator

import pytest
from pymongo.database import Database

from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.ports import Stores
from support.truth import Document


@pytest.fixture
async def mongo(database: Database[Document], mongodb_uri: str) -> AsyncIterator[MongoDatabase]:
    async with MongoDatabase(mongodb_uri, database.name) as opened:
        yield opened


@pytest.fixture
def stores(mongo: MongoDatabase) -> Stores:
    return mongo.stores()
