"""Connections that say nothing, little or too much do not keep the others out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.types import Receive, Scope, Send

from hostaway_message_db.web.server import listen, serve_until_stopped

LOOPBACK = "127.0.0.1"
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
Plug = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def served(*, head_seconds: float, most_connections: int) -> AsyncIterator[int]:
    with listen(LOOPBACK, 0) as listening:
        serving = asyncio.create_task(
            serve_until_stopped(
                app, listening, head_seconds=head_seconds, most_connections=most_connections
            )
        )
        yield listening.getsockname()[1]
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def ended(plug: Plug) -> bytes:
    """Return what came until the other side closed."""
    reader, writer = plug
    came = b""
    with suppress(ConnectionError):
        came = await reader.read()
    writer.close()
    return came


async def asked(port: int) -> bytes:
    plug = await asyncio.open_connection(LOOPBACK, port)
    plug[1].write(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    return await ended(plug)


async def test_the_silent_and_the_slow_are_left() -> None:
    async with served(head_seconds=0.1, most_connections=50) as port:
        silent, slow, second = [await asyncio.open_connection(LOOPBACK, port) for _ in range(3)]
        slow[1].write(REQUEST[:20])
        # The second request of a kept connection is waited for no longer than the first.
        second[1].write(REQUEST)
        assert (await second[0].readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        second[1].write(REQUEST[:20])
        for plug in (silent, slow, second):
            assert await ended(plug) == b""


async def test_too_many_connections_are_refused_and_room_is_found_again() -> None:
    async with served(head_seconds=30, most_connections=3) as port:
        held = [await asyncio.open_connection(LOOPBACK, port) for _ in range(3)]
        held[0][1].write(REQUEST)
        assert (await held[0][0].readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        assert await asked(port) == b""
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        while not (answer := await asked(port)):
            pass
        assert answer.endswith(b"ok")


async def test_a_kept_connection_is_used_again() -> None:
    async with served(head_seconds=30, most_connections=3) as port:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        for _ in range(3):
            writer.write(REQUEST)
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        writer.close()
