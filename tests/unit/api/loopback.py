"""A clock that never waits, and a small Hostaway on loopback."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from aiohttp import web

from hostaway_message_db.api.hostaway_client import HostawayClient

START = datetime(2026, 5, 2, 12, tzinfo=UTC)
_ROUNDS_BEFORE_TIME_PASSES = 20

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
ClientMaker = Callable[..., HostawayClient]


class FakeClock:
    """A clock whose time passes only while somebody waits, sleepers waking in their order."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.start = START
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._slept = 0

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        self._slept += 1
        heapq.heappush(self._sleepers, (self.elapsed + max(seconds, 0.0), self._slept, woken))
        loop.call_soon(self._let_time_pass, _ROUNDS_BEFORE_TIME_PASSES)
        await woken

    def _let_time_pass(self, rounds: int) -> None:
        """Wake the next sleeper, once everybody who can run did."""
        if rounds:
            asyncio.get_running_loop().call_soon(self._let_time_pass, rounds - 1)
            return
        moment, _, woken = heapq.heappop(self._sleepers)
        self.elapsed = max(self.elapsed, moment)
        if not woken.done():
            woken.set_result(None)


class LoopbackHostaway:
    """A Hostaway of a few lines: counts what it is asked, answers what a test told it."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.minted = 0
        self.valid_tokens: set[str] = set()
        self.requests: list[web.Request] = []
        self.started_at: list[float] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.answer: Answer = self._empty_page
        self.mint: Answer = self._good_token
        self.base_url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.started_at.append(self._clock.monotonic())
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if request.path == "/v1/accessTokens":
                await request.post()
                return await self.mint(request)
            if self._token_of(request) not in self.valid_tokens:
                return web.json_response(
                    {"status": "fail", "message": "The resource owner denied the request."},
                    status=403,
                )
            return await self.answer(request)
        finally:
            self.in_flight -= 1

    @staticmethod
    def _token_of(request: web.Request) -> str:
        return request.headers.get("Authorization", "").removeprefix("Bearer ")

    async def _good_token(self, _request: web.Request) -> web.StreamResponse:
        self.minted += 1
        token = f"token-{self.minted}"
        self.valid_tokens = {token}
        return web.json_response(
            {"token_type": "Bearer", "expires_in": 15_897_600, "access_token": token}
        )

    async def _empty_page(self, _request: web.Request) -> web.StreamResponse:
        return page()

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]


def page(*ids: int, count: int | None = 0) -> web.Response:
    return web.json_response(
        {"status": "success", "result": [{"id": i} for i in ids], "count": count}
    )
