"""Measure searches, figures and exports on made-up messages, beside plain `$text`.

Every query is asked of a real MongoDB (the embedded one) that holds so many messages of a
portfolio of 200 properties over three years, a tenth of them Chinese. Latencies are of the
use cases, from question to marked answer, over one connection; each question is asked with
ten different words or properties, so that nothing is measured twice from one cache line.

    python benchmarks/queries.py                     100,000 messages
    python benchmarks/queries.py --messages 1000000  a million; needs 6 GB of disk
    python benchmarks/queries.py --keep FOLDER       again on what an earlier run left there
"""

import argparse
import asyncio
import os
import platform
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hostaway_message_db.bootstrap import load_labeller
from hostaway_message_db.database.documents import message_document
from hostaway_message_db.database.embedded import EmbeddedMongo
from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.database.reading_documents import search_fields
from hostaway_message_db.enrichment.stage import Stage
from hostaway_message_db.insights.export.run import export_messages
from hostaway_message_db.insights.export.writers import Format
from hostaway_message_db.insights.figures import By, Figures, Period
from hostaway_message_db.insights.metrics import catalogue
from hostaway_message_db.insights.query_language import read_query
from hostaway_message_db.insights.search import Order, Search
from hostaway_message_db.insights.semantic import Meaning
from hostaway_message_db.insights.upkeep import refresh
from hostaway_message_db.models.records import (
    Channel,
    Direction,
    Guest,
    Listing,
    Message,
    Reading,
    Reservation,
)

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PROPERTIES, DAYS, PER_THREAD = 200, 3 * 365, 10
BATCH = 2_000
ROUNDS = 30
FEW = 100_000
"""Of more, the export of four months tells enough."""
COUNTRIES = ("DE", "FR", "ES", "IT", "GB", "US", "NL", "PL", "CN", "BR", None)
CHANNELS = ((2018, "airbnbOfficial"), (2005, "bookingcom"), (2000, "direct"))
STAGES = tuple(Stage)
TOPICS = ("access", "wifi", "parking", "noise", "cleaning", "price")
# Words of the trade and the share of messages that hold them; the rest is Zipf's.
SHARES = {
    "the": 0.42, "people": 0.05, "wifi": 0.027, "password": 0.017, "towel": 0.015,
    "balcony": 0.015, "heating": 0.01, "parking": 0.02, "dishwasher": 0.0004, "quokka": 0.0003,
}  # fmt: skip
HAN = "停车密码房间钥匙早餐时间入住退房请问可以吗谢谢您好我们明天到达附近有超市"


def texts(dice: random.Random) -> Iterator[str]:
    """Yield made-up texts with the word frequencies of a natural language."""
    syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er")]
    words = ["".join(dice.choices(syllables, k=dice.choice((1, 2, 2, 3)))) for _ in range(20_000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    drawn: list[str] = []
    while True:
        if len(drawn) < 400:  # noqa: PLR2004 - more than one text takes
            drawn += dice.choices(words, weights, k=50_000)
        if dice.random() < 0.1:  # noqa: PLR2004 - the Chinese tenth
            yield "".join(dice.choices(HAN, k=dice.randrange(8, 60)))
            continue
        size = min(int(dice.lognormvariate(3.5, 0.7)) + 3, 300)
        found, drawn = drawn[:size], drawn[size:]
        found += [word for word, share in SHARES.items() if dice.random() < share]
        dice.shuffle(found)
        yield " ".join(found)


def thread(number: int, dice: random.Random, source: Iterator[str]) -> list[Message]:
    """Return the messages of one stay."""
    place = dice.randrange(PROPERTIES)
    channel = Channel(*dice.choice(CHANNELS))
    country = dice.choice(COUNTRIES)
    began = NOW - timedelta(days=dice.random() * DAYS)
    arrival = (began + timedelta(days=dice.randrange(40))).date()
    stay = Reservation(
        account_id="1", reservation_id=str(10_000_000 + number), listing_id=str(place),
        guest_name=None, guest_email=None, guest_phone=None, guest_country=country,
        price=Decimal("123.45"), currency="EUR", status=dice.choice(("new", "new", "inquiry")),
        arrival_date=arrival, departure_date=arrival + timedelta(days=4), channel=channel,
        updated_on=None, source={},
    )  # fmt: skip
    guest = Guest(
        name=f"Guest{number % 5000} Name{number % 700}", email=None, phone=None,
        nationality=country, nationality_basis="country" if country else None,
    )  # fmt: skip
    found: list[Message] = []
    moment = began
    for place_in_thread in range(PER_THREAD):
        is_inbound = dice.random() < 0.5  # noqa: PLR2004 - a coin
        moment = min(moment + timedelta(minutes=dice.expovariate(1 / 300)), NOW)
        found.append(
            Message(
                account_id="1", message_id=str(number * PER_THREAD + place_in_thread + 1),
                conversation_id=str(20_000_000 + number), property_id=str(place),
                property_name=f"House {place}", guest=guest, content=next(source),
                content_html=None, timestamp=moment.replace(microsecond=0),
                direction=Direction.INBOUND if is_inbound else Direction.OUTBOUND,
                reservation_id=stay.reservation_id, reservation=stay,
                message_type=dice.choice(("channel", "channel", "email")), status="sent",
                channel=channel, is_automated=not is_inbound and dice.random() < 0.4,  # noqa: PLR2004 - a share
                is_read=True, attachments=(), stage=dice.choice(STAGES),
                reading=Reading(language=dice.choice(("en", "de", "es", "fr")),
                                needs_reply=True if is_inbound else None),
                source={"insertedOn": f"{moment:%Y-%m-%d %H:%M:%S}", "sentUsingHostaway": 1},
            )
        )  # fmt: skip
    return found


def document(message: Message, dice: random.Random) -> dict[str, Any]:
    """Return a message as it is stored, labelled."""
    score = round(dice.uniform(-1, 1), 2)
    label = "negative" if score < -0.3 else "positive" if score > 0.3 else "neutral"  # noqa: PLR2004 - bounds
    made = message_document(message)
    return {
        **made, **search_fields(made), "versions_count": 0, "created_at": message.timestamp,
        "updated_at": message.timestamp, "topics": dice.sample(TOPICS, dice.randrange(3)),
        "sentiment": {"label": label, "score": score, "alert": score < -0.9},  # noqa: PLR2004 - a bound
    }  # fmt: skip


async def fill(mongo: MongoDatabase, count: int) -> dict[str, float]:
    """Store messages, and build indexes and columns; return seconds."""
    dice = random.Random(1)  # noqa: S311 - repeatable, no secret
    source = texts(dice)
    collection = mongo.database["messages"]
    started = time.perf_counter()
    batch: list[dict[str, Any]] = []
    for number in range(count // PER_THREAD):
        batch += [document(message, dice) for message in thread(number, dice, source)]
        if len(batch) >= BATCH:
            await collection.insert_many(batch, ordered=False)
            batch = []
    if batch:
        await collection.insert_many(batch, ordered=False)
    listings = [
        Listing(
            account_id="1", listing_id=str(n), name=f"House {n}", time_zone_name="Europe/Berlin",
            is_archived=False, source={},
        )
        for n in range(PROPERTIES)
    ]  # fmt: skip
    await mongo.stores().sides.load_listings(listings, NOW)
    made = time.perf_counter()
    await mongo.stores().messages.build_indexes(with_heavy=True)
    built = time.perf_counter()
    await refresh(mongo.figures())
    return {
        "made and inserted": made - started,
        "indexes built": built - made,
        "columns of the figures": time.perf_counter() - built,
    }


async def timed(ask: Callable[[int], Awaitable[Any]], rounds: int = ROUNDS) -> list[float]:
    """Return milliseconds of each of so many questions, the first two left out."""
    found: list[float] = []
    for number in range(rounds + 2):
        started = time.perf_counter()
        await ask(number)
        found.append((time.perf_counter() - started) * 1000)
    return sorted(found[2:])


def told(name: str, times: list[float], beside: str = "") -> None:
    """Print one line."""
    p95 = times[min(int(len(times) * 0.95), len(times) - 1)]
    print(f"{name:<46}{statistics.median(times):>9.1f}{p95:>9.1f}  {beside}")


SEARCHES = (
    ("one word, rare", ("quokka", "dishwasher")),
    ("one word, common", ("wifi", "towel", "balcony", "people", "parking", "heating")),
    ("one word, in 42 %", ("the",)),
    ("one word, Chinese", ("停车", "密码", "早餐", "钥匙")),
    ("two words, common", ("wifi password", "towel balcony", "people parking")),
    ("two words, common and rare", ("wifi quokka", "the dishwasher", "people quokka")),
    ("two words, property", ("wifi the property:7", "towel the property:31")),
    ("two words, a month", ("wifi the after:2026-03-01 before:2026-04-01",
                            "towel the after:2025-03-01 before:2025-04-01")),
    ("two words, property and a month",
     ("wifi the property:7 after:2026-03-01 before:2026-04-01",)),
    ("a phrase", ('"wifi password"', '"towel balcony"')),
    ("a word or another, not a third", ("quokka OR dishwasher -the", "wifi OR towel -people")),
    ("from the guest, property, unhappy", ("from:guest property:7 tone:negative",)),
    ("a guest's name", ("guest:guest123", "guest:name55")),
)  # fmt: skip


async def searches(mongo: MongoDatabase, figures: Figures) -> None:
    """Measure searches, and the same words with plain `$text`."""
    meaning = Meaning(mongo.vectors(), load_labeller, Path())
    search = Search(mongo.queries(), figures.waiting_conversations, meaning)
    messages = mongo.database["messages"]
    print(
        f"\n{'search, first page of 20':<46}{'p50 ms':>9}{'p95 ms':>9}  plain $text, by time, p50"
    )
    for name, asked in SEARCHES:
        times = await timed(lambda n, a=asked: search.run(a[n % len(a)], NOW))  # type: ignore[misc]
        beside = ""
        if all(":" not in a and "OR" not in a for a in asked) and "Chinese" not in name:
            plain = [a if '"' in a else " ".join(f'"{w}"' for w in a.split()) for a in asked]

            async def text(n: int, plain: list[str] = plain) -> None:
                query = {"$text": {"$search": plain[n % len(plain)]}}
                found = messages.find(query, {"source": 0}).sort("timestamp", -1)
                await found.limit(20).to_list(20)

            usual = statistics.median(await timed(text, 6))
            beside = f"{usual:,.1f} ms, {usual / statistics.median(times):.1f} times as long"
        told(name, times, beside)
    for name, asked in SEARCHES[:6]:
        times = await timed(
            lambda n, a=asked: search.run(a[n % len(a)], NOW, order=Order.RELEVANCE),  # type: ignore[misc]
            10,
        )
        told(f"by relevance: {name}", times)


async def figures_over_a_year(figures: Figures) -> None:
    """Measure every figure over the whole portfolio and a year."""
    period = Period(NOW - timedelta(days=365), NOW)
    print(f"\n{'figure, whole portfolio, a year':<46}{'p50 ms':>9}{'p95 ms':>9}")
    for metric in catalogue():
        times = await timed(lambda _, m=metric: figures.tell([m.id], period, NOW), 7)  # type: ignore[misc]
        told(f"{metric.id} {metric.title}", times)
    for by in (By.PROPERTY, By.MONTH):
        times = await timed(lambda _, b=by: figures.tell(["R2"], period, NOW, by=b), 7)  # type: ignore[misc]
        told(f"R2 by {by}", times)
    where = "property:7 from:guest"
    told(
        f"R2 where {where}",
        await timed(lambda _: figures.tell(["R2"], period, NOW, where=where), 7),
    )


async def exports(mongo: MongoDatabase, folder: Path, count: int) -> None:
    """Measure each kind of export."""
    print(f"\n{'export':<46}{'rows/s':>9}{'MB':>9}")
    query = read_query("" if count <= FEW else "after:2026-07-01", NOW).query
    for kind in Format:
        path = folder / f"messages.{kind}"
        started = time.perf_counter()
        rows = await export_messages(mongo.queries(), query, kind, str(path), lambda _: None)
        seconds = time.perf_counter() - started
        print(f"{kind:<46}{rows / seconds:>9,.0f}{path.stat().st_size / 1e6:>9.1f}")
        path.unlink()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process: {peak:,.0f} MB")


async def sizes(mongo: MongoDatabase, count: int) -> None:
    """Print what each index and the columns take."""
    stats = await mongo.database.command("collStats", "messages")
    print(f"\n{'on disk':<46}{'MB':>9}{'B/message':>11}")
    every = {"messages (data)": stats["storageSize"], **stats["indexSizes"]}
    facts = await mongo.database.command("collStats", "message_facts")
    every["message_facts (columns of the figures)"] = facts["size"]
    for name, size in every.items():
        print(f"{name:<46}{size / 1e6:>9.1f}{size / count:>11.0f}")


async def measure(uri: str, count: int, folder: Path) -> None:
    """Fill a database unless it is full, and measure."""
    async with MongoDatabase(uri, "benchmark_queries") as mongo:
        if await mongo.database["messages"].estimated_document_count() != count:
            await mongo.database["messages"].drop()
            for name, seconds in (await fill(mongo, count)).items():
                print(f"{name:<46}{seconds:>9.1f} s{count / seconds:>12,.0f} messages/s")
        await sizes(mongo, count)
        figures = Figures(mongo.queries(), mongo.figures())
        await searches(mongo, figures)
        await figures_over_a_year(figures)
        await exports(mongo, folder, count)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="folder for the database, kept for another run")
    parser.add_argument("--cache", type=float, default=2.0, help="MongoDB's cache in GB")
    options = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(
        f"{options.messages:,} messages, {PROPERTIES} properties, MongoDB cache {options.cache} GB"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = (options.keep or Path(name)).absolute()
        with EmbeddedMongo(folder / "mongod", cache_gigabytes=options.cache) as mongo:
            asyncio.run(measure(mongo.uri, options.messages, folder))


if __name__ == "__main__":
    main()
