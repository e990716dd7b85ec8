"""Downloads of files: bounded, without our token, from public addresses only."""

import asyncio
import socket
from types import TracebackType
from typing import Self

import aiohttp
import tenacity
from aiohttp.abc import AbstractResolver, ResolveResult

from hostaway_message_db import __version__
from hostaway_message_db.api.file_addresses import (
    check_file_address,
    is_allowed,
    is_practice_address,
    redirected,
)
from hostaway_message_db.errors import (
    FileRefused,
    HostawayError,
    Recovery,
    RequestRefused,
    ServerFailed,
    TransportFailed,
)
from hostaway_message_db.utils.clock import Clock

MOST_REDIRECTS = 3
MOST_TRIES = 3
FIRST_WAIT_SECONDS = 0.5
CONNECTIONS = 4
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class PublicResolver(AbstractResolver):
    """Resolves names, and hands out only the addresses that may be asked.

    The connection is made to what was checked here: a name that changes its address
    between the check and the connection gains nothing.
    """

    def __init__(self, *, is_practice: bool) -> None:
        self._is_practice = is_practice
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host that may be asked; raises `OSError` if none may."""
        found = await self._resolver.resolve(host, port, family)
        allowed = [a for a in found if is_allowed(a["host"], is_practice=self._is_practice)]
        if not allowed:
            raise OSError(f"{host} has no public address")
        return allowed

    async def close(self) -> None:
        """Release what the resolver holds."""
        await self._resolver.close()


class FileDownloads:
    """Downloads files, inside its `async with`."""

    def __init__(self, base_url: str, timeout_seconds: float, clock: Clock) -> None:
        self._is_practice = is_practice_address(base_url)
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connections; none is made yet."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._timeout_seconds),
            connector=aiohttp.TCPConnector(
                limit=CONNECTIONS, resolver=PublicResolver(is_practice=self._is_practice)
            ),
            headers={"User-Agent": f"hostaway-message-db/{__version__}"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def download(self, url: str, max_bytes: int) -> bytes:
        """Return a file's bytes.

        Raises `FileRefused` for an address that is not asked or a file that is too large,
        `RequestRefused` when the server says no (the link is dead), `ServerFailed` and
        `TransportFailed` for what may pass, after some tries.
        """
        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(MOST_TRIES),
            retry=tenacity.retry_if_exception(_may_pass),
            wait=tenacity.wait_exponential(multiplier=FIRST_WAIT_SECONDS),
            sleep=self._clock.sleep,
            reraise=True,
        )
        return await retrying(self._download, url, max_bytes)

    async def _download(self, url: str, max_bytes: int) -> bytes:
        for _ in range(MOST_REDIRECTS + 1):
            check_file_address(url, is_practice=self._is_practice)
            content, location = await self._ask(url, max_bytes)
            if location is None:
                return content
            url = redirected(url, location)
        raise FileRefused(f"the file's address redirects more than {MOST_REDIRECTS} times")

    async def _ask(self, url: str, max_bytes: int) -> tuple[bytes, str | None]:
        """Return the bytes, or where a redirect leads."""
        if self._session is None:
            raise RuntimeError("files are downloaded outside their context")
        try:
            async with self._session.get(url, allow_redirects=False) as reply:
                if reply.status in REDIRECTS:
                    return b"", reply.headers.get("Location", "")
                _check_status(reply.status)
                return await _read_bounded(reply, max_bytes), None
        except TimeoutError as error:
            raise TransportFailed(f"no file within {self._timeout_seconds:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
            raise TransportFailed(f"the download failed: {type(error).__name__}") from error


def _check_status(status: int) -> None:
    if status >= 500 or status == 429:  # noqa: PLR2004 - HTTP's own numbers
        raise ServerFailed(f"the file's server answered HTTP {status}", status=status)
    if status != 200:  # noqa: PLR2004
        raise RequestRefused(f"the file's server answered HTTP {status}", status=status)


async def _read_bounded(reply: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    body = bytearray()
    async for part in reply.content.iter_chunked(256 * 1024):
        body += part
        if len(body) > max_bytes:
            raise FileRefused(f"the file is larger than {max_bytes} bytes")
    return bytes(body)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, HostawayError) and error.recovery is Recovery.RETRY
