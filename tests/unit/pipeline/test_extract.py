"""A list is walked until it is proved to be whole, or said not to be."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from hostaway_message_db.errors import ListingStuck
from hostaway_message_db.pipeline.extract import (
    MAX_PASSES,
    MAX_PASSES_WITHOUT_NEWS,
    Tally,
    walk,
)
from hostaway_message_db.ports import Page

Pass = Sequence[tuple[Sequence[Any], int | None]]


class CannedList:
    """A list of Hostaway that serves prepared pages, pass after pass; the last one for ever."""

    def __init__(self, *passes: Pass) -> None:
        self._passes = passes
        self.passes_read = 0

    async def pages(self) -> AsyncIterator[Page]:
        pages = self._passes[min(self.passes_read, len(self._passes) - 1)]
        self.passes_read += 1
        for ids, count in pages:
            yield Page([x if isinstance(x, dict | None) else {"id": x} for x in ids], count)


async def collect(pages: Callable[[], AsyncIterator[Page]], rows: list[Any]) -> Tally:
    tally = Tally(set())
    async for page in walk(pages, tally, "things"):
        rows += page
    return tally


async def walked(canned: CannedList) -> tuple[list[Any], Tally]:
    rows: list[Any] = []
    return rows, await collect(canned.pages, rows)


async def test_a_list_as_long_as_its_count_is_read_once() -> None:
    canned = CannedList([([1, 2], 3), ([3], 3)])
    rows, tally = await walked(canned)
    assert [row["id"] for row in rows] == [1, 2, 3]
    assert (canned.passes_read, tally.ids, tally.expected) == (1, {"1", "2", "3"}, 3)


async def test_an_empty_account_is_whole() -> None:
    for count in (0, None):
        rows, tally = await walked(CannedList([([], count)]))
        assert (rows, tally.passes) == ([], 1)


async def test_a_row_that_shifted_past_the_reader_is_found_by_the_next_pass() -> None:
    canned = CannedList([([1, 2], 4), ([2, 3], 4)], [([4, 1], 4), ([2, 3], 4)])
    rows, tally = await walked(canned)
    assert {row["id"] for row in rows} == {1, 2, 3, 4}
    assert tally.passes == 2


async def test_an_empty_page_before_the_count_makes_another_pass() -> None:
    canned = CannedList([([1, 2], 3), ([], 3)], [([1, 2], 3), ([3], 3)])
    _, tally = await walked(canned)
    assert (tally.passes, len(tally.ids)) == (2, 3)


async def test_a_count_that_falls_while_reading_makes_another_pass() -> None:
    canned = CannedList([([1, 2], 3), ([4], 2)], [([2, 3], 3), ([4], 3)])
    _, tally = await walked(canned)
    assert (tally.passes, tally.ids) == (2, {"1", "2", "3", "4"})


async def test_a_count_that_grows_while_reading_is_whole_by_the_count_at_the_start() -> None:
    _, tally = await walked(CannedList([([1, 2], 3), ([3, 4], 4)]))
    assert tally.passes == 1


async def test_rows_without_an_id_count_as_rows() -> None:
    rows, tally = await walked(CannedList([([1, {"x": 1}, None, {"id": None}], 4)]))
    assert (len(rows), tally.rows_without_id, tally.passes) == (4, 3, 1)


async def test_rows_without_an_id_are_counted_anew_in_each_pass() -> None:
    canned = CannedList([([1, {}], 4)])
    with pytest.raises(ListingStuck):
        await walked(canned)


async def test_duplicates_do_not_make_a_list_whole() -> None:
    canned = CannedList([([1, 1], 2)], [([1, 2], 2)])
    _, tally = await walked(canned)
    assert tally.passes == 2


async def test_a_list_that_never_becomes_whole_is_stuck_and_says_what_is_missing() -> None:
    canned = CannedList([([1, 2], 5)])
    seen: list[Any] = []
    with pytest.raises(ListingStuck, match="things: Hostaway counts 5 but lists 2 after 4"):
        await collect(canned.pages, seen)
    assert {row["id"] for row in seen} == {1, 2}
    assert canned.passes_read == 1 + MAX_PASSES_WITHOUT_NEWS


async def test_a_list_that_always_brings_news_but_is_never_whole_ends_all_the_same() -> None:
    canned = CannedList(*[[([n], 1000)] for n in range(100)])
    with pytest.raises(ListingStuck):
        await walked(canned)
    assert canned.passes_read == MAX_PASSES


async def test_news_resets_the_patience() -> None:
    empty: Pass = [([1], 3)]
    canned = CannedList(empty, empty, empty, [([2], 3)], empty, empty, [([3], 3)])
    _, tally = await walked(canned)
    assert tally.passes == 7


async def test_without_a_count_a_pass_that_repeats_no_row_is_whole() -> None:
    _, tally = await walked(CannedList([([1, 2], None), ([3], None), ([], None)]))
    assert (tally.passes, tally.expected) == (1, None)


async def test_without_a_count_a_repeated_row_makes_another_pass() -> None:
    canned = CannedList(
        [([1, 2], None), ([2], None)], [([3, 1], None), ([2], None)], [([3, 1, 2], None)]
    )
    _, tally = await walked(canned)
    assert tally.ids == {"1", "2", "3"}


async def test_without_a_count_two_passes_that_miss_the_same_row_prove_nothing() -> None:
    canned = CannedList(
        [([1, 2], None), ([2], None)], [([1, 2], None), ([1], None)], [([1, 2], None), ([3], None)]
    )
    _, tally = await walked(canned)
    assert tally.ids == {"1", "2", "3"}


async def test_without_a_count_a_list_that_stalls_on_one_page_is_never_whole() -> None:
    canned = CannedList([([1, 2], None), ([1, 2], None)])
    with pytest.raises(ListingStuck, match="Hostaway counts None but lists 2"):
        await walked(canned)


async def test_passes_that_stall_on_different_pages_prove_nothing_together() -> None:
    canned = CannedList(
        [([1, 2], None), ([1, 2], None)],
        [([3, 4], None), ([3, 4], None)],
        [([1, 2], None), ([3, 4], None), ([5, 6], None)],
    )
    _, tally = await walked(canned)
    assert tally.ids == {"1", "2", "3", "4", "5", "6"}


async def test_a_stall_in_one_pass_is_forgiven_when_the_next_one_is_whole() -> None:
    canned = CannedList([([1], None), ([1], None)], [([1, 2], None), ([3], None)])
    _, tally = await walked(canned)
    assert tally.ids == {"1", "2", "3"}


async def test_ids_are_the_same_as_numbers_and_as_text() -> None:
    _, tally = await walked(CannedList([([1, "1"], 2)], [([1, "2"], 2)]))
    assert (tally.passes, tally.ids) == (2, {"1", "2"})


async def test_a_pass_that_breaks_off_is_handed_on() -> None:
    async def broken() -> AsyncIterator[Page]:
        yield Page([{"id": 1}], 9)
        raise ListingStuck("the same page again and again")

    seen: list[Any] = []
    with pytest.raises(ListingStuck, match="same page"):
        await collect(broken, seen)
    assert seen == [{"id": 1}]
