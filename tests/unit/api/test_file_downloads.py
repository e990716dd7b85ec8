"""Downloads against a real server on loopback: bounded, tried again, never led astray."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from hostaway_message_db.api.file_downloads import FileDownloads, PublicResolver
from hostaway_message_db.errors import FileRefused, RequestRefused, ServerFailed, TransportFailed
from unit.api.loopback import FakeClock

LIMIT = 1000
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FileServer:
    address: str = ""
    replies: list[web.Response] = field(default_factory=list)
    asked: list[web.Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        return self.replies.pop(0)


@pytest.fixture
async def server() -> AsyncIterator[FileServer]:
    served = FileServer()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", served.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    served.address = f"http://{host}:{port}"
    yield served
    await runner.cleanup()


@pytest.fixture
async def downloads(server: FileServer, clock: FakeClock) -> AsyncIterator[FileDownloads]:
    async with FileDownloads(f"{server.address}/v1", 10.0, clock) as opened:
        yield opened


async def test_a_file_is_downloaded_without_our_token_through_redirects_and_faults(
    server: FileServer, downloads: FileDownloads
) -> None:
    server.replies = [
        web.Response(status=503),
        web.Response(status=302, headers={"Location": "/elsewhere"}),
        web.Response(body=b"x" * LIMIT),
    ]
    assert await downloads.download(f"{server.address}/a", LIMIT) == b"x" * LIMIT
    assert [r.path for r in server.asked] == ["/a", "/a", "/elsewhere"]
    assert all("Authorization" not in r.headers for r in server.asked)


async def test_what_is_too_large_gone_or_broken_says_so(
    server: FileServer, downloads: FileDownloads
) -> None:
    server.replies = [web.Response(body=b"x" * (LIMIT + 1))]
    with pytest.raises(FileRefused, match="larger"):
        await downloads.download(f"{server.address}/a", LIMIT)
    server.replies = [web.Response(status=403)]
    with pytest.raises(RequestRefused):
        await downloads.download(f"{server.address}/a", LIMIT)
    server.replies = [web.Response(status=500) for _ in range(3)]
    with pytest.raises(ServerFailed):
        await downloads.download(f"{server.address}/a", LIMIT)
    assert server.replies == []
    with pytest.raises(TransportFailed):
        await downloads.download("http://127.0.0.1:9/a", LIMIT)


async def test_a_redirect_leads_nowhere_that_may_not_be_asked(
    server: FileServer, downloads: FileDownloads
) -> None:
    for location in ("http://169.254.169.254/secrets", "file:///etc/passwd", "http://[fe80::1]/"):
        server.replies = [web.Response(status=302, headers={"Location": location})]
        with pytest.raises(FileRefused):
            await downloads.download(f"{server.address}/a", LIMIT)
    server.replies = [web.Response(status=302, headers={"Location": "/a"}) for _ in range(9)]
    with pytest.raises(FileRefused, match="redirects"):
        await downloads.download(f"{server.address}/a", LIMIT)


async def test_with_a_real_account_no_name_leads_to_our_own_network(
    server: FileServer, clock: FakeClock
) -> None:
    resolver = PublicResolver(is_practice=False)
    # Other ways to write loopback, which only the resolver sees through.
    for name in ("localhost", "127.1", "2130706433"):
        with pytest.raises(OSError, match="no public address"):
            await resolver.resolve(name)
    await resolver.close()
    port = server.address.rpartition(":")[2]
    async with FileDownloads("https://api.hostaway.com/v1", 10.0, clock) as downloads:
        with pytest.raises(TransportFailed):
            await downloads.download("https://localhost/a", LIMIT)
        with pytest.raises(FileRefused):
            await downloads.download(f"https://127.0.0.1:{port}/a", LIMIT)
    assert server.asked == []
