"""What a Python user writes with dlt: its `rest_api` source and a sink of ten lines into MongoDB.

Run by dlt's own interpreter: BASE_URL, TOKEN, MONGODB_URI, DATABASE and CURSOR (1: only
conversations with a newer moment than at the last run) come from the environment.
"""

import os
from typing import Any

import dlt  # type: ignore[import-not-found]
from dlt.sources.rest_api import rest_api_source  # type: ignore[import-not-found]
from pymongo import MongoClient, ReplaceOne

given = os.environ  # noqa: TID251 - this program has no settings of ours

database = MongoClient[dict[str, Any]](given["MONGODB_URI"])[given["DATABASE"]]


@dlt.destination(batch_size=1000, loader_file_format="typed-jsonl", naming_convention="direct")  # type: ignore[untyped-decorator]
def mongodb(items: list[dict[str, Any]], table: dict[str, Any]) -> None:
    """Write a batch by the ids that Hostaway gave."""
    if not table["name"].startswith("_dlt"):
        writes = [ReplaceOne({"id": row["id"]}, row, upsert=True) for row in items]
        database[table["name"]].bulk_write(writes, ordered=False)


conversations: dict[str, Any] = {
    "name": "conversations",
    "max_table_nesting": 0,
    "endpoint": {"path": "conversations", "data_selector": "result"},
}
if given["CURSOR"] == "1":
    conversations["endpoint"]["incremental"] = {
        "cursor_path": "messageReceivedOn",
        "initial_value": "1970-01-01 00:00:00",
        "on_cursor_value_missing": "include",
    }
source = rest_api_source(
    {
        "client": {
            "base_url": given["BASE_URL"],
            "auth": {"type": "bearer", "token": given["TOKEN"]},
            "paginator": {"type": "offset", "limit": 100, "total_path": "count"},
        },
        "resources": [
            conversations,
            {
                "name": "messages",
                "max_table_nesting": 0,
                "parallelized": True,
                "endpoint": {
                    "path": "conversations/{resources.conversations.id}/messages",
                    "data_selector": "result",
                },
            },
        ],
    }
)
database["messages"].create_index("id", unique=True)
pipeline = dlt.pipeline("hostaway", destination=mongodb, pipelines_dir=given["FOLDER"])
pipeline.run(source)
