"""Whatever order a list comes in, the walk sees every record or says that it did not."""

import asyncio
import random
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from hostaway_message_db.api.protocol import Envelope, ListRequest, Paging
from hostaway_message_db.errors import ListingStuck
from hostaway_message_db.pipeline.extract import Tally, walk
from hostaway_message_db.ports import Page


class RestlessList:
    """A list of Hostaway whose rows come in another order on every page."""

    def __init__(self, size: int, page_size: int, seed: int, *, counts: bool) -> None:
        self.ids = list(range(1, size + 1))
        self._page_size = page_size
        self._dice = random.Random(seed)  # noqa: S311 - no secret
        self._counts = counts

    def _reply(self, offset: int) -> Envelope:
        self._dice.shuffle(self.ids)
        rows = self.ids[offset : offset + self._page_size]
        return Envelope([{"id": i} for i in rows], len(self.ids) if self._counts else None)

    async def pages(self) -> AsyncIterator[Page]:
        paging = Paging(ListRequest("/restless", self._page_size))
        request = paging.first()
        while True:
            envelope = self._reply(int(dict(request.params).get("offset", 0)))
            following = paging.next(envelope)
            yield Page(envelope.result, envelope.count)
            if following is None:
                return
            request = following


@given(
    size=st.integers(0, 25),
    page_size=st.integers(1, 12),
    seed=st.integers(0, 10**9),
    counts=st.booleans(),
)
def test_every_record_is_seen_or_the_list_is_said_to_be_stuck(
    size: int, page_size: int, seed: int, counts: bool
) -> None:
    restless = RestlessList(size, page_size, seed, counts=counts)
    seen: set[int] = set()

    async def read() -> None:
        async for rows in walk(restless.pages, Tally(), "restless"):
            seen.update(row["id"] for row in rows)

    try:
        asyncio.run(read())
    except ListingStuck:
        return
    assert seen == set(restless.ids)
