"""The client's shell: send, wait, hand on. What to send and when is decided elsewhere.

`protocol` decides what a reply means and which request comes next, `pacing` when the
next one may start, `auth` keeps the token. This module alone speaks HTTP to Hostaway.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import tenacity

from hostaway_message_db import __version__
from hostaway_message_db.api import protocol
from hostaway_message_db.api.audit import AuditWriter, path_template
from hostaway_message_db.api.auth import TokenCache, seconds_until_usable
from hostaway_message_db.api.file_downloads import FileDownloads
from hostaway_message_db.api.pacing import Pacer
from hostaway_message_db.api.protocol import (
    DEFAULT_PAGE_SIZE,
    MAX_BODY_BYTES,
    ApiRequest,
    Envelope,
    ListRequest,
    Paging,
    Reply,
    Token,
)
from hostaway_message_db.errors import (
    AccessDenied,
    HostawayError,
    RateLimited,
    Recovery,
    RequestRefused,
    TransportFailed,
)
from hostaway_message_db.models.entities import Asked, Entity
from hostaway_message_db.ports import Page, RequestCounts
from hostaway_message_db.utils.clock import Clock
from hostaway_message_db.utils.logger import get_logger

log = get_logger(__name__)

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """What the client needs to know; times in seconds."""

    base_url: str
    account_id: str
    api_key: str
    request_delay_seconds: float
    timeout_seconds: float
    max_retries: int
    page_size: int
    concurrency: int
    data_dir: Path


class HostawayClient:
    """Reads one Hostaway account, politely, through every fault that passes by itself."""

    def __init__(
        self, options: ClientOptions, clock: Clock, audit: AuditWriter | None = None
    ) -> None:
        self._options = options
        self._clock = clock
        self._audit = audit
        self._page_size = options.page_size
        self._dice = random.Random()  # noqa: S311 - jitter is no secret
        self._pacer = Pacer(
            options.request_delay_seconds, clock, options.data_dir / f"pace-{options.account_id}"
        )
        self._tokens = TokenCache(
            options.data_dir, options.base_url, options.account_id, options.api_key
        )
        self._token: Token | None = None
        self._token_turn = asyncio.Lock()
        self._places = asyncio.Semaphore(options.concurrency)
        self._session: aiohttp.ClientSession | None = None
        self._files = FileDownloads(options.base_url, options.timeout_seconds, clock)
        self.counts = RequestCounts()

    async def __aenter__(self) -> Self:
        """Open the connections."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._options.timeout_seconds),
            connector=aiohttp.TCPConnector(limit=self._options.concurrency),
            headers={"User-Agent": f"hostaway-message-db/{__version__}"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        await self._files.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self._files.__aexit__(kind, error, trace)
        if self._session is not None:
            await self._session.close()

    def conversations(self) -> AsyncIterator[Page]:
        """Read the list of all conversations, page by page."""
        return self._pages(protocol.conversations(self._page_size))

    def messages(self, conversation_id: str) -> AsyncIterator[Page]:
        """Read a conversation's messages, page by page."""
        return self._pages(protocol.conversation_messages(conversation_id, self._page_size))

    def reservations(self) -> AsyncIterator[Page]:
        """Read the reservations, newest change first, page by page."""
        return self._pages(protocol.reservations(self._page_size))

    def listings(self) -> AsyncIterator[Page]:
        """Read all listings, page by page."""
        return self._pages(protocol.listings(self._page_size))

    async def entity_rows(self, entity: Entity, asked: Asked) -> AsyncIterator[Page]:
        """Read a list of a further entity, page by page."""
        async for page in self._pages(protocol.entity(entity, asked, self._page_size)):
            yield page

    async def reservation(self, reservation_id: str) -> Any:
        """Read one reservation; raises `NotFound`."""
        return (await self._ask(protocol.single("/reservations", reservation_id))).result

    async def listing(self, listing_id: str) -> Any:
        """Read one listing; raises `NotFound`."""
        return (await self._ask(protocol.single("/listings", listing_id))).result

    async def download(self, url: str, max_bytes: int) -> bytes:
        """Return a file's bytes; see `FileDownloads.download`."""
        return await self._files.download(url, max_bytes)

    async def check_access(self) -> None:
        """Make one cheap request; raises `CredentialsRefused` or why nothing answers."""
        await self._ask(Paging(protocol.listings(1)).first())

    async def _pages(self, wanted: ListRequest) -> AsyncIterator[Page]:
        """Walk through a list; a page size that is refused is given up for the default one.

        What Hostaway does with a limit over its maximum is unknown (API reference 13.2).
        """
        paging = Paging(wanted)
        try:
            envelope = await self._ask(paging.first())
        except RequestRefused as refusal:
            if refusal.status != 400 or wanted.page_size <= DEFAULT_PAGE_SIZE:  # noqa: PLR2004
                raise
            self._page_size = DEFAULT_PAGE_SIZE
            paging = Paging(replace(wanted, page_size=DEFAULT_PAGE_SIZE))
            envelope = await self._ask(paging.first())
        if wanted.is_whole:
            envelope = replace(envelope, result=protocol.rows_by_code(envelope.result))
        request = paging.next(envelope)
        yield Page(rows=envelope.result, count=envelope.count)
        while request is not None:
            envelope = await self._ask(request)
            request = paging.next(envelope)
            yield Page(rows=envelope.result, count=envelope.count)

    async def _ask(self, request: ApiRequest) -> Envelope:
        """Send until there is an envelope, renewing the token once when it is refused."""
        token = await self._usable_token(refused=None)
        try:
            return await self._retrying(request, token, protocol.decipher)
        except AccessDenied:
            # An expired token shows as 403, in places as 401 (API reference 3).
            token = await self._usable_token(refused=token)
            return await self._retrying(request, token, protocol.decipher)

    async def _usable_token(self, refused: Token | None) -> Token:
        """Return a token that Hostaway has not refused; mints at most one at a time."""
        async with self._token_turn:
            if self._token is None and refused is None:
                self._token = self._tokens.read(self._unix_now())
            if self._token is None or self._token is refused:
                self._token = await self._mint()
                self._tokens.write(self._token)
            # One wait, never a loop: a clock that was set back must not stop the client.
            await self._clock.sleep(seconds_until_usable(self._token, self._unix_now()))
            return self._token

    async def _mint(self) -> Token:
        request = protocol.token_request(self._options.account_id, self._options.api_key)
        return await self._retrying(
            request, None, lambda reply: protocol.decipher_token(reply, self._unix_now())
        )

    async def _retrying(
        self, request: ApiRequest, token: Token | None, read: Callable[[Reply], _Read]
    ) -> _Read:
        """Send a request, and again while its error says that this may help."""

        def note_failure(state: tenacity.RetryCallState) -> None:
            self._note_failure(request, state)

        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(self._options.max_retries + 1),
            retry=tenacity.retry_if_exception(_may_pass),
            wait=self._wait_seconds,
            before_sleep=note_failure,
            sleep=self._clock.sleep,
            reraise=True,
        )

        async def send() -> _Read:
            return await self._send_once(request, token, read, attempts=retrying.statistics)

        return await retrying(send)

    def _wait_seconds(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, HostawayError):
            return 0.0
        return protocol.retry_wait_seconds(
            error, state.attempt_number, self._unix_now(), self._dice.random()
        )

    def _note_failure(self, request: ApiRequest, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0.0
        self.counts.retries += 1
        log.info(
            "request_retried",
            path=path_template(request.path),
            attempt=state.attempt_number,
            error=error.code if isinstance(error, HostawayError) else None,
            status=error.status if isinstance(error, HostawayError) else None,
            wait_seconds=round(wait, 2),
        )

    async def _send_once(
        self,
        request: ApiRequest,
        token: Token | None,
        read: Callable[[Reply], _Read],
        attempts: Mapping[str, Any],
    ) -> _Read:
        asked_at = self._clock.monotonic()
        async with self._places:
            await self._pacer.wait_for_turn()
            self.counts.requests += 1
            at, started_at = self._clock.now(), self._clock.monotonic()
            reply: Reply | None = None
            error: BaseException | None = None
            try:
                reply = await self._send(request, token)
                return self._read(reply, read)
            except BaseException as problem:
                error = problem
                raise
            finally:
                seconds = self._clock.monotonic() - started_at
                attempt, waited = int(attempts["attempt_number"]), started_at - asked_at
                if self._audit is not None:
                    self._audit.note_attempt(
                        request,
                        reply,
                        error,
                        at=at,
                        duration_seconds=seconds,
                        attempt=attempt,
                        pace_wait_seconds=waited,
                    )
                log.debug(
                    "request",
                    method=request.method,
                    path=path_template(request.path),
                    status=reply.status if reply else None,
                    duration_seconds=round(seconds, 4),
                    attempt=attempt,
                    wait_seconds=round(waited, 4),
                )

    def _read(self, reply: Reply, read: Callable[[Reply], _Read]) -> _Read:
        """Read a reply; what it says of the limit sets the pace."""
        try:
            read_reply = read(reply)
        except RateLimited as refusal:
            self.counts.refused += 1
            self._pacer.interval.refused(refusal.limit)
            self._pacer.hold(protocol.retry_wait_seconds(refusal, 1, self._unix_now(), 0.0))
            raise
        self._pacer.interval.accepted()
        return read_reply

    async def _send(self, request: ApiRequest, token: Token | None) -> Reply:
        """Do the HTTP; every way in which it can break becomes `TransportFailed`."""
        if self._session is None:
            raise RuntimeError("the client is used outside its context")
        headers = {"Cache-Control": "no-cache"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token.access_token}"
        try:
            async with self._session.request(
                request.method,
                self._options.base_url + request.path,
                params=request.params,
                data=dict(request.form) or None,
                headers=headers,
                allow_redirects=False,
            ) as response:
                body = await _read_bounded(response)
                return Reply(response.status, response.headers, body)
        except TimeoutError as error:
            raise TransportFailed(f"no reply within {self._options.timeout_seconds:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise TransportFailed(f"the connection failed: {type(error).__name__}") from error

    def _unix_now(self) -> float:
        return self._clock.now().timestamp()


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, HostawayError) and error.recovery is Recovery.RETRY


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for part in response.content.iter_chunked(256 * 1024):
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise TransportFailed(f"a reply is larger than {MAX_BODY_BYTES} bytes")
    return bytes(body)
