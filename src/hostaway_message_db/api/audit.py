"""The audit of API calls: one record per HTTP attempt, written in batches off the hot path.

A record is made in memory when its attempt ends and written while the next ones run; the
queue is bounded. A process that is killed loses what it noted in its last second.
"""

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Final, Self

from hostaway_message_db.api.protocol import ApiRequest, Reply
from hostaway_message_db.errors import DatabaseError, HostawayError
from hostaway_message_db.ports.audit import ApiCall, AuditStore
from hostaway_message_db.utils.clock import Clock
from hostaway_message_db.utils.logger import get_logger, masked

log = get_logger(__name__)

BATCH_SIZE = 500
MOST_WAITING = 20_000
"""Records that wait to be written; past that they are dropped, and counted."""
FLUSH_SECONDS = 1.0
MAX_WORDS_CHARACTERS = 300
MASK = "***"

OPEN_NAMES: Final = frozenset(
    {
        "limit", "offset", "afterId", "sortOrder", "sortBy", "includeResources",
        "includeScheduledMessages", "startDate", "endDate", "objectType",
        "grant_type", "scope", "client_id",
    }
)  # fmt: skip
"""Parameters and members of a body that are no secret and no guest's; of any other one the
name is kept and the value masked."""

_IDENTITY = re.compile(r"(?<=/)[^/]*\d[^/]*")
_EMAIL = re.compile(r"[^\s@<>\"“”]+@[^\s@<>\"“”]+")
_NUMBER = re.compile(r"\+?\d[\d\s().-]{6,}\d")
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")


def path_template(path: str) -> str:
    """Return a path with `{id}` in the place of each identity."""
    return _IDENTITY.sub("{id}", path)


def masked_values(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return parameters by name; values of those not known to be harmless are masked."""
    return {
        # A name such as `listingMapIds[]` is kept as it is; a point or dollar is MongoDB's own.
        name.replace(".", "_").replace("$", "_"): value if name in OPEN_NAMES else MASK
        for name, value in pairs
    }


def masked_words(error: HostawayError) -> str:
    """Return what Hostaway said was wrong, without secrets, addresses and numbers."""
    words = _JWT.sub(MASK, masked(error.message))
    return _NUMBER.sub(MASK, _EMAIL.sub(MASK, words))[:MAX_WORDS_CHARACTERS]


def rate_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that speak of limits; they come with a 429 only (API reference 5)."""
    return {
        name.lower(): value[:80]
        for name, value in headers.items()
        if name.lower().startswith("x-ratelimit-") or name.lower() == "retry-after"
    }


class AuditWriter:
    """Notes the calls of one run and writes them in batches, inside its `async with`."""

    def __init__(self, store: AuditStore, account_id: str, run_id: str, clock: Clock) -> None:
        self._store = store
        self._account_id = account_id
        self._run_id = run_id
        self._clock = clock
        self._waiting: deque[ApiCall] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._written_at = clock.monotonic()
        self.lost = 0

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is left; a database that went away is not asked again."""
        if self._writing is not None:
            await asyncio.wait([self._writing])
        if isinstance(error, DatabaseError):
            self.lost += len(self._waiting)
            self._waiting.clear()
        await self._write()
        if self.lost:
            log.warning("audit_records_lost", records=self.lost)

    def note_attempt(
        self,
        request: ApiRequest,
        reply: Reply | None,
        error: BaseException | None,
        *,
        at: datetime,
        duration_seconds: float,
        attempt: int,
        pace_wait_seconds: float,
    ) -> None:
        """Take note of one attempt, and begin to write when there is enough of them."""
        ours = error if isinstance(error, HostawayError) else None
        call = ApiCall(
            at=at,
            account_id=self._account_id,
            run_id=self._run_id,
            method=request.method,
            path=path_template(request.path),
            ids=tuple(_IDENTITY.findall(request.path)),
            params=masked_values(request.params),
            body=masked_values(request.form),
            status=reply.status if reply else None,
            error=ours.code if ours else "interrupted" if error else None,
            error_words=masked_words(ours) if ours else None,
            duration_seconds=round(duration_seconds, 4),
            bytes=len(reply.body) if reply else 0,
            attempt=attempt,
            pace_wait_seconds=round(pace_wait_seconds, 4),
            rate_headers=rate_headers(reply.headers) if reply and reply.status >= 400 else {},  # noqa: PLR2004
        )
        self.note(call)

    def note(self, call: ApiCall) -> None:
        """Take note of one attempt; it is written soon."""
        if len(self._waiting) >= MOST_WAITING:
            self.lost += 1
            return
        self._waiting.append(call)
        is_due = self._clock.monotonic() - self._written_at >= FLUSH_SECONDS
        if is_due or len(self._waiting) >= BATCH_SIZE:
            self._begin_to_write()

    def _begin_to_write(self) -> None:
        if self._writing is None or self._writing.done():
            self._written_at = self._clock.monotonic()
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH_SIZE, len(self._waiting)))]
            try:
                await self._store.write(batch)
            except DatabaseError as error:
                # The audit never ends a run: what a run stores itself says that MongoDB is away.
                self.lost += len(batch)
                log.warning("audit_not_written", error=error.code, records=len(batch))
