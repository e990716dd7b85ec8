"""Bulk writes that leave unchanged documents untouched."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pymongo import InsertOne, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError

from hostaway_message_db.database.documents import Document
from hostaway_message_db.database.failures import guarded, is_duplicate_key
from hostaway_message_db.database.message_history import Supersession
from hostaway_message_db.database.message_keeper import MessageKeeper
from hostaway_message_db.ports import LoadOutcome

BATCH_SIZE = 500
_ABSENT = object()


@dataclass(slots=True)
class WritePlan:
    """What to write so that the store equals the given documents, and the resulting counts."""

    operations: list[InsertOne[Document] | UpdateOne] = field(default_factory=list)
    superseded: list[Supersession] = field(default_factory=list)
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0


def plan_writes(
    key: str,
    documents: Sequence[Document],
    stored: dict[str, Document],
    now: datetime,
    first_fields: Document,
    comparable: Callable[[Document], Document],
    keeper: MessageKeeper | None = None,
) -> WritePlan:
    """Decide for each document: insert, update the differing fields, or leave it.

    Pure. Of two documents with one key the later wins and the earlier counts as
    unchanged. `created_at` is set once; `updated_at` moves only when a field differs.
    """
    plan = WritePlan()
    latest = {document[key]: document for document in documents}
    plan.unchanged = len(documents) - len(latest)
    for identity, document in latest.items():
        known = stored.get(identity)
        if known is None:
            made = {**first_fields, **(keeper.derived(document) if keeper else {})}
            fresh = {**document, **made, "created_at": now, "updated_at": now}
            plan.operations.append(InsertOne(fresh))
            plan.inserted += 1
            continue
        if keeper is not None:
            document = keeper.with_stored_files(document, known)  # noqa: PLW2901
        differing = {name: document[name] for name in differing_fields(known, document, comparable)}
        if not differing:
            plan.unchanged += 1
            continue
        superseded = keeper.history.supersession(known, document) if keeper else None
        if superseded is not None:
            plan.superseded.append(superseded)
            differing |= superseded.fields
        if keeper is not None:
            differing |= keeper.renewed(document, differing) | keeper.derived(document)
        change = {"$set": {**differing, "updated_at": now}}
        plan.operations.append(UpdateOne({key: identity}, change))
        plan.updated += 1
    return plan


def differing_fields(
    stored: Document, document: Document, comparable: Callable[[Document], Document]
) -> tuple[str, ...]:
    """Name the document's fields that are stored with another value, or not at all."""
    before, after = comparable(stored), comparable(document)
    return tuple(name for name in after if before.get(name, _ABSENT) != after[name])


def _same(document: Document) -> Document:
    return document


async def upsert(
    collection: AsyncCollection[Document],
    key: str,
    documents: Sequence[Document],
    now: datetime,
    *,
    first_fields: Document | None = None,
    comparable: Callable[[Document], Document] = _same,
    keeper: MessageKeeper | None = None,
) -> LoadOutcome:
    """Make the store equal to the documents in as few and as small writes as possible.

    Raises `StoreContention` when another process keeps inserting the same keys,
    `DatabaseUnavailable` when the server fails.
    """
    outcome = LoadOutcome()
    for start in range(0, len(documents), BATCH_SIZE):
        batch = documents[start : start + BATCH_SIZE]
        outcome += await _upsert_batch(
            collection, key, batch, now, first_fields or {}, comparable, keeper
        )
    return outcome


@guarded
async def _upsert_batch(
    collection: AsyncCollection[Document],
    key: str,
    batch: Sequence[Document],
    now: datetime,
    first_fields: Document,
    comparable: Callable[[Document], Document],
    keeper: MessageKeeper | None,
) -> LoadOutcome:
    for is_last_try in (False, True):
        keys = list({document[key] for document in batch})
        found = collection.find({key: {"$in": keys}})
        stored = {document[key]: document async for document in found}
        plan = plan_writes(key, batch, stored, now, first_fields, comparable, keeper)
        former: Collection[str] = ()
        if keeper is not None:
            former = await keeper.before_write(plan.superseded, batch, stored)
            if plan.operations:
                await keeper.before_change(batch)
        try:
            if plan.operations:
                await collection.bulk_write(plan.operations, ordered=False)
        except BulkWriteError as error:
            # Somebody inserted one of these keys between our look and our write:
            # look again, once.
            if is_last_try or not is_duplicate_key(error):
                raise
            continue
        if keeper is not None:
            await keeper.after_write(former)
        return LoadOutcome(plan.inserted, plan.updated, plan.unchanged)
    raise AssertionError("the second try returns or raises")
