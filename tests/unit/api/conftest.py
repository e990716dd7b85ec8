"""A client whose Hostaway is a server on loopback and whose clock never waits."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hostaway_message_db.api.hostaway_client import ClientOptions, HostawayClient
from unit.api.loopback import ClientMaker, FakeClock, LoopbackHostaway


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def hostaway(clock: FakeClock) -> AsyncIterator[LoopbackHostaway]:
    server = LoopbackHostaway(clock)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.base_url = f"http://{host}:{port}/v1"
    yield server
    await runner.cleanup()


@pytest.fixture
def new_client(hostaway: LoopbackHostaway, clock: FakeClock, tmp_path: Path) -> ClientMaker:
    options = ClientOptions(
        base_url=hostaway.base_url,
        account_id="61234",
        api_key="the-key",
        request_delay_seconds=0.0,
        timeout_seconds=20.0,
        max_retries=3,
        page_size=100,
        concurrency=4,
        data_dir=tmp_path,
    )

    def make(**changes: Any) -> HostawayClient:
        return HostawayClient(replace(options, **changes), clock)

    return make
