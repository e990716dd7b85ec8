"""Keep the columns current: rows are made anew for every conversation that changed."""

from collections.abc import Sequence
from itertools import groupby

from hostaway_message_db.insights.facts import (
    LAYOUT,
    ODD,
    Facts,
    build,
    compacted,
    from_segment,
    joined,
    to_segment,
    without,
)
from hostaway_message_db.ports import FigureStore, Outdated, bucket_of

BATCH_SIZE = 2_000
"""Conversations that are worked on at once; memory is bounded by them and one bucket."""


async def refresh(store: FigureStore) -> int:
    """Make the rows of changed conversations anew; return how many conversations changed.

    Total in effect: rows become exactly what a fresh computation from the messages gives.
    Stopped anywhere, the next call goes on: a conversation stays marked until its rows are
    stored, and a change in between marks it again.
    """
    await store.mark_all(LAYOUT)
    count = 0
    zones: dict[str, str] | None = None
    while batch := await store.outdated(BATCH_SIZE):
        zones = await store.zones() if zones is None else zones
        for bucket, marked in groupby(batch, lambda one: bucket_of(one.conversation_id)):
            await _refresh_bucket(store, bucket, list(marked), zones)
        count += len(batch)
    return count


async def _refresh_bucket(
    store: FigureStore, bucket: int, marked: Sequence[Outdated], zones: dict[str, str]
) -> None:
    ids = [one.conversation_id for one in marked]
    threads = await store.threads(ids)
    fresh = build(threads.values(), zones)
    stored = await store.segment(bucket)
    kept = from_segment(stored) if stored is not None and stored.layout == LAYOUT else None
    rows = compacted(joined([without(kept, ids), fresh])) if kept is not None else fresh
    await store.put_segment(bucket, to_segment(rows))
    await store.settle(marked)


async def load_facts(store: FigureStore, columns: Sequence[str]) -> Facts:
    """Return the rows of all messages with these columns, current as of now."""
    await refresh(store)
    wanted = tuple(dict.fromkeys(("at", "flags", ODD, *columns)))
    return joined([from_segment(s) async for s in store.segments(wanted, LAYOUT)])
