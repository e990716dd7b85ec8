"""Measure search by meaning on made-up vectors, beside reading what the store has of them.

Every text is said by one message of 200 properties. The vectors are random: how near they are
does not change what the comparison costs. The sentence is read by the shipped models.

    python benchmarks/semantic.py                     100,000 texts
    python benchmarks/semantic.py --texts 1000000     a million; needs 8 GB of disk
"""

import argparse
import asyncio
import hashlib
import os
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from hostaway_message_db.bootstrap import load_labeller
from hostaway_message_db.database.embedded import EmbeddedMongo
from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.database.vector_search import stored_vector
from hostaway_message_db.database.vectors import vector_id
from hostaway_message_db.insights.query_language import read_query
from hostaway_message_db.insights.semantic import Meaning
from hostaway_message_db.ports import TextVector

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PROPERTIES, BATCH, DIMENSIONS, ROUNDS = 200, 5_000, 512, 10
NEWS = 300
"""So many new texts a day."""
load = lru_cache(maxsize=1)(load_labeller)


def hash_of(number: int) -> str:
    """Return what stands for the hash of a text."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def vectors(start: int, count: int) -> list[TextVector]:
    """Return so many vectors of length one."""
    rows = np.random.default_rng(start).normal(size=(count, DIMENSIONS)).astype("<f4")
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    model = load().vector_model
    return [TextVector(hash_of(start + n), model, row.tobytes()) for n, row in enumerate(rows)]


def message(number: int) -> dict[str, Any]:
    """Return as much of a message as a search by meaning reads."""
    return {
        "message_id": str(number),
        "account_id": "1",
        "guest": {"name": None, "email": None, "phone": None},
        "content": f"text {number}",
        "content_hash": hash_of(number),
        "property_id": str(number % PROPERTIES),
        "timestamp": NOW - timedelta(seconds=number),
        "direction": "inbound",
    }


async def fill(mongo: MongoDatabase, count: int) -> None:
    """Store texts and their vectors."""
    for start in range(0, count, BATCH):
        found = vectors(start, min(BATCH, count - start))
        await mongo.database["messages"].insert_many(
            [message(start + n) for n in range(len(found))], ordered=False
        )
        await mongo.database["embeddings"].insert_many(
            [
                {
                    "_id": vector_id(each.text_hash, each.model),
                    "text_hash": each.text_hash,
                    "model": each.model,
                    "vector": stored_vector(each.vector),
                    "stored_at": NOW,
                }
                for each in found
            ],
            ordered=False,
        )
    await mongo.stores().messages.build_indexes(with_heavy=True)


async def told(name: str, ask: Callable[[], Awaitable[Any]], rounds: int = ROUNDS) -> float:
    """Print and return the median and the longest of so many times."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        await ask()
        times.append((time.perf_counter() - started) * 1000)
    print(f"{name:<58}{statistics.median(times):>10,.1f}{max(times):>10,.1f}")
    return statistics.median(times)


def told_of_memory(folder: Path) -> None:
    """Print what the file and the process take."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = sum(file.stat().st_size for file in folder.glob("vectors-*")) / 1e6
    print(f"file {size:,.0f} MB; peak memory, mapped pages included: {peak:,.0f} MB")


async def measure(uri: str, count: int, folder: Path) -> None:
    """Fill a database and measure."""
    async with MongoDatabase(uri, "benchmark_semantic") as mongo:
        await fill(mongo, count)
        store = mongo.vectors()
        words = "the heating does not work"
        query = read_query(words, NOW).query
        one = read_query(f"{words} property:7", NOW).query
        month = read_query(f"{words} after:2026-10-31", NOW).query
        meaning = Meaning(store, load, folder)
        print(f"\n{'':<58}{'p50 ms':>10}{'most ms':>10}")
        await told("the first search, which writes the file", lambda: meaning.rank(query), 1)
        usual = await told("every further search of the same process", lambda: meaning.rank(query))
        await told("  of one property", lambda: meaning.rank(one))
        await told("  of the last day", lambda: meaning.rank(month))
        await told(
            "the first search of a further process",
            lambda: Meaning(store, load, folder).rank(query),
        )
        await mongo.labels().put_vectors(vectors(count, NEWS), NOW + timedelta(days=1))
        await told(f"a search after {NEWS} new texts", lambda: meaning.rank(query), 1)
        model = load().vector_model
        whole = await told(
            "for comparison: reading which texts have vectors", lambda: store.text_hashes(model), 3
        )
        print(f"{whole / usual:.1f} times as long as a search")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--cache", type=float, default=0.5, help="MongoDB's cache in GB")
    options = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{options.texts:,} texts, MongoDB cache {options.cache} GB")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with EmbeddedMongo(folder / "mongod", cache_gigabytes=options.cache) as mongo:
            asyncio.run(measure(mongo.uri, options.texts, folder))
        told_of_memory(folder)


if __name__ == "__main__":
    main()
