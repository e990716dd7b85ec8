"""Extract: walk a list until it is proved to be whole.

Offsets shift while rows move, orders are not guaranteed and pages may repeat or end too
early (API reference 6, 12, 13.3). So a list is walked again until as many distinct
records were seen as Hostaway counts, or the walk is given up and said to be incomplete.
"""

from collections.abc import AsyncIterator, Callable, Sized
from dataclasses import dataclass, field
from typing import Any, Protocol

from hostaway_message_db.errors import ListingStuck
from hostaway_message_db.models.raw_rows import row_identity
from hostaway_message_db.ports import Page
from hostaway_message_db.utils.distinct import DistinctCounter

MAX_PASSES = 30
MAX_PASSES_WITHOUT_NEWS = 3


class DistinctIds(Sized, Protocol):
    """Takes note of ids; its length is how many distinct ones there were."""

    def add(self, identity: str, /) -> None:
        """Take note of one."""
        ...


@dataclass(slots=True)
class Tally:
    """What a walk has seen: the distinct ids over all passes, and the present pass.

    `ids` counts them; where the ids themselves are needed it is a set.
    """

    ids: DistinctIds = field(default_factory=DistinctCounter)
    rows: int = 0
    rows_without_id: int = 0
    has_unidentified_rows: bool = False
    new_ids: int = 0
    counts: list[int] = field(default_factory=list)
    last_page: tuple[str | None, ...] = ()
    has_stalled: bool = False
    passes: int = 0
    passes_without_news: int = 0

    def start_pass(self) -> None:
        """Begin at the list's front again."""
        self.passes += 1
        self.rows = self.rows_without_id = self.new_ids = 0
        self.counts = []
        self.last_page, self.has_stalled = (), False

    def note(self, page: Page) -> None:
        """Count one page."""
        self.rows += len(page.rows)
        before = len(self.ids)
        identities = tuple(row_identity(row) for row in page.rows)
        self.has_stalled = self.has_stalled or bool(identities and identities == self.last_page)
        self.last_page = identities
        for identity in identities:
            if identity is None:
                self.rows_without_id += 1
                self.has_unidentified_rows = True
            else:
                self.ids.add(identity)
        self.new_ids += len(self.ids) - before
        if page.count is not None:
            self.counts.append(page.count)

    def end_pass(self) -> None:
        """Remember whether the pass brought anything new."""
        self.passes_without_news = 0 if self.new_ids else self.passes_without_news + 1

    @property
    def is_whole(self) -> bool:
        """Tell whether the list is proved to be whole.

        With a count: as many distinct records as it said at the pass's start, and it did
        not fall meanwhile (a row that vanishes moves another one past the reader). Without
        one, the rows of the pass stand for it, if it did not stall on one page: a row that
        came twice means that another was skipped.
        """
        seen = len(self.ids) + self.rows_without_id
        if not self.counts:
            return seen >= self.rows and not self.has_stalled
        falls = zip(self.counts, self.counts[1:], strict=False)
        fell = any(later < earlier for earlier, later in falls)
        return seen >= self.counts[0] and not fell

    @property
    def expected(self) -> int | None:
        """Return how many records Hostaway counts, as far as it says."""
        return self.counts[0] if self.counts else None


async def walk(
    read_pages: Callable[[], AsyncIterator[Page]], tally: Tally, what: str
) -> AsyncIterator[list[Any]]:
    """Yield the rows of a list, page by page, pass after pass, until it is whole.

    A row may come more than once. Raises `ListingStuck` when passes bring nothing new
    and the list is still not whole; what was yielded until then is good.
    """
    while tally.passes < MAX_PASSES and tally.passes_without_news < MAX_PASSES_WITHOUT_NEWS:
        tally.start_pass()
        async for page in read_pages():
            tally.note(page)
            yield page.rows
        tally.end_pass()
        if tally.is_whole:
            return
    raise ListingStuck(
        f"{what}: Hostaway counts {tally.expected} but lists {len(tally.ids)}"
        f" after {tally.passes} readings"
    )
