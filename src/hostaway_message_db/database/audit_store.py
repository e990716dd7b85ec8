"""The collection `api_audit`: written in batches, forgotten by MongoDB when its time is over."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from pymongo import DESCENDING, WriteConcern
from pymongo.asynchronous.database import AsyncDatabase

from hostaway_message_db.database.documents import Document
from hostaway_message_db.database.failures import guarded
from hostaway_message_db.database.indexes import API_AUDIT
from hostaway_message_db.ports.audit import ApiCall, CallFilter

QUERY_TIME_LIMIT_MS = 20_000


class MongoAuditStore:
    """Calls in MongoDB; see `ports.AuditStore` and `ports.AuditQueries`."""

    def __init__(self, database: AsyncDatabase[Document], retention_days: int) -> None:
        # A record that is lost when the server's machine dies is no loss to the copy:
        # the writes of a run need not wait behind the audit's for the journal.
        self._audit = database[API_AUDIT].with_options(write_concern=WriteConcern(w=1))
        self._retention = timedelta(days=retention_days)

    @guarded
    async def write(self, calls: Sequence[ApiCall]) -> None:
        """Keep calls, for as many days as audit records are kept."""
        documents = [
            {**asdict(call), "ids": list(call.ids), "expires_at": call.at + self._retention}
            for call in calls
        ]
        if documents:
            await self._audit.insert_many(documents, ordered=False)

    @guarded
    async def calls(self, wanted: CallFilter) -> list[dict[str, Any]]:
        """Return calls, newest first."""
        query: Document = {}
        if wanted.account_id is not None:
            query["account_id"] = wanted.account_id
        if wanted.run_id is not None:
            query["run_id"] = wanted.run_id
        if wanted.status is not None:
            query["status"] = wanted.status or None
        if wanted.path is not None:
            query["path"] = {"$regex": re.escape(wanted.path), "$options": "i"}
        if wanted.since is not None:
            query["at"] = {"$gte": wanted.since}
        found = self._audit.find(query, {"_id": 0, "expires_at": 0})
        found = found.sort([("at", DESCENDING), ("_id", DESCENDING)]).limit(wanted.limit)
        return await found.max_time_ms(QUERY_TIME_LIMIT_MS).to_list(wanted.limit)
