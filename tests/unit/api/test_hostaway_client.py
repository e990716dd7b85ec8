"""The client against a real server on loopback, with a clock that never waits."""

import asyncio
import itertools
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hostaway_message_db.api.hostaway_client import HostawayClient
from hostaway_message_db.api.protocol import MAX_BODY_BYTES, Token
from hostaway_message_db.errors import (
    AccessDenied,
    ConfigurationError,
    CredentialsRefused,
    NotFound,
    RateLimited,
    RequestRefused,
    ServerFailed,
    TransportFailed,
)
from unit.api.loopback import ClientMaker, FakeClock, LoopbackHostaway, page

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def then(*answers: Callable[[], web.StreamResponse]) -> Answer:
    """Give these answers one after the other, the last one for ever."""
    given = itertools.chain(answers[:-1], itertools.repeat(answers[-1]))

    async def answer(_request: web.Request) -> web.StreamResponse:
        return next(given)()

    return answer


def failing(status: int, **headers: str) -> Callable[[], web.StreamResponse]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    body = '{"status":"fail","message":"Hostaway says no"}'
    return lambda: web.Response(
        status=status, text=body, content_type="application/json", headers=names
    )


def one(result: Any = None) -> Callable[[], web.StreamResponse]:
    return lambda: web.json_response({"status": "success", "result": result or {"id": 12}})


async def listed(client: HostawayClient) -> list[int]:
    return [row["id"] async for page in client.listings() for row in page.rows]


async def test_a_list_is_read_page_by_page_under_one_token(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    pages = {"0": [1, 2], "2": [3, 4], "4": [5]}

    async def answer(request: web.Request) -> web.StreamResponse:
        return page(*pages[request.query.get("offset", "0")], count=5)

    hostaway.answer = answer
    async with new_client() as client:
        assert await listed(client) == [1, 2, 3, 4, 5]
        assert (client.counts.requests, client.counts.retries, client.counts.refused) == (4, 0, 0)
    assert hostaway.minted == 1
    assert hostaway.paths() == ["/v1/accessTokens", *["/v1/listings"] * 3]
    asked = hostaway.requests[1]
    assert asked.headers["Authorization"] == "Bearer token-1"
    assert asked.headers["Cache-Control"] == "no-cache"
    assert asked.headers["User-Agent"].startswith("hostaway-message-db/")
    assert asked.query["limit"] == "100"


async def test_the_token_is_asked_for_with_a_form(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    async with new_client() as client:
        await client.check_access()
    minting = hostaway.requests[0]
    assert minting.method == "POST"
    assert minting.content_type == "application/x-www-form-urlencoded"
    assert dict(await minting.post()) == {
        "grant_type": "client_credentials",
        "client_id": "61234",
        "client_secret": "the-key",
        "scope": "general",
    }
    assert "Authorization" not in minting.headers


async def test_a_new_token_is_first_used_a_second_later(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    async with new_client() as client:
        await client.check_access()
    assert hostaway.started_at[1] - hostaway.started_at[0] >= 1.0


async def test_the_token_is_used_again_by_the_next_process(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    for _ in range(2):
        async with new_client() as client:
            await client.check_access()
    assert hostaway.minted == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_token_is_renewed_once_and_the_request_sent_again(
    hostaway: LoopbackHostaway, new_client: ClientMaker, status: int
) -> None:
    hostaway.answer = then(failing(status), one())
    async with new_client() as client:
        assert await client.reservation("12") == {"id": 12}
        assert client.counts.retries == 0
    assert hostaway.minted == 2
    assert hostaway.requests[-1].headers["Authorization"] == "Bearer token-2"


async def test_many_workers_whose_token_expired_at_once_renew_it_once(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    hostaway.answer = then(one())
    async with new_client(concurrency=16) as client:
        await client.reservation("1")
        hostaway.valid_tokens = set()
        answers = await asyncio.gather(*(client.reservation(str(n)) for n in range(40)))
    assert len(answers) == 40
    assert hostaway.minted == 2


async def test_a_second_refusal_in_a_row_is_access_denied(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    hostaway.answer = then(failing(403))
    async with new_client() as client:
        with pytest.raises(AccessDenied, match="Hostaway says no"):
            await client.reservation("12")
    assert hostaway.minted == 2
    assert hostaway.paths().count("/v1/reservations/12") == 2


async def test_wrong_credentials_are_refused_without_a_second_try(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    async def mint(_request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {"error": "invalid_client", "error_description": "Client authentication failed"},
            status=401,
        )

    hostaway.mint = mint
    async with new_client() as client:
        with pytest.raises(CredentialsRefused, match="Client authentication failed") as caught:
            await client.check_access()
        assert (client.counts.requests, client.counts.retries) == (1, 0)
    assert "the-key" not in caught.value.message + caught.value.hint


async def test_a_token_from_the_future_does_not_stop_the_client(
    hostaway: LoopbackHostaway, new_client: ClientMaker, clock: FakeClock
) -> None:
    async with new_client() as client:
        later = clock.now().timestamp() + 86_400
        hostaway.valid_tokens = {"kept"}
        client._tokens.write(Token("kept", issued_at=later, expires_at=later + 86_400))
        await client.check_access()
    assert clock.monotonic() < 10


async def test_failures_that_pass_are_retried_and_counted(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    hostaway.answer = then(failing(500), failing(502), one())
    async with new_client() as client:
        assert await client.reservation("12") == {"id": 12}
        assert (client.counts.requests, client.counts.retries, client.counts.refused) == (4, 2, 0)


async def test_retries_are_bounded_and_only_those_that_happened_are_counted(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    hostaway.answer = then(failing(503))
    async with new_client(max_retries=2) as client:
        with pytest.raises(ServerFailed):
            await client.reservation("12")
        assert (client.counts.requests, client.counts.retries) == (1 + 3, 2)


async def test_with_no_retries_a_request_is_sent_once(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    hostaway.answer = then(failing(503))
    async with new_client(max_retries=0) as client:
        with pytest.raises(ServerFailed):
            await client.reservation("12")
        assert (client.counts.requests, client.counts.retries) == (2, 0)


@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (400, RequestRefused)])
async def test_what_does_not_pass_is_not_tried_again(
    hostaway: LoopbackHostaway, new_client: ClientMaker, status: int, kind: type[Exception]
) -> None:
    hostaway.answer = then(failing(status))
    async with new_client() as client:
        with pytest.raises(kind):
            await client.listing("12")
        assert client.counts.retries == 0


async def test_a_429_is_counted_obeyed_and_widens_the_interval(
    hostaway: LoopbackHostaway, new_client: ClientMaker, clock: FakeClock
) -> None:
    async with new_client() as client:
        await client.check_access()
        at = clock.now().timestamp() + 25
        refused_at = clock.monotonic()
        hostaway.answer = then(failing(429, X_RateLimit_Retry_After=str(at)), one())
        await client.reservation("12")
        assert (client.counts.refused, client.counts.retries) == (1, 1)
        assert client._pacer.interval.seconds > 0
    assert hostaway.started_at[-1] - refused_at >= 25 - 0.01
    assert hostaway.started_at[-1] - refused_at < 27


async def test_a_429_holds_back_every_other_worker(
    hostaway: LoopbackHostaway, new_client: ClientMaker, clock: FakeClock
) -> None:
    async with new_client() as client:
        await client.check_access()
        refused_at = clock.monotonic()
        hostaway.answer = then(failing(429, Retry_After="25"), one())
        first = asyncio.create_task(client.reservation("1"))
        while not client.counts.refused:
            await clock.sleep(0)
        await client.reservation("2")
        await first
    assert all(start - refused_at >= 25 - 0.01 for start in hostaway.started_at[3:])


async def test_a_429_is_obeyed_by_the_next_request_even_when_it_is_not_retried(
    hostaway: LoopbackHostaway, new_client: ClientMaker, clock: FakeClock
) -> None:
    async with new_client(max_retries=0) as client:
        await client.check_access()
        refused_at = clock.monotonic()
        hostaway.answer = then(failing(429, Retry_After="25"), one())
        with pytest.raises(RateLimited):
            await client.reservation("1")
        await client.reservation("2")
    assert hostaway.started_at[-1] - refused_at >= 25 - 0.01


async def test_requests_of_many_workers_never_start_closer_than_the_delay(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    hostaway.answer = then(one())
    async with new_client(concurrency=8, request_delay_seconds=0.5) as client:
        await asyncio.gather(*(client.reservation(str(n)) for n in range(30)))
    starts = sorted(hostaway.started_at)
    assert len(starts) == 31
    assert min(b - a for a, b in itertools.pairwise(starts)) >= 0.5 - 1e-9


async def test_no_more_requests_are_in_flight_than_allowed(
    hostaway: LoopbackHostaway, new_client: ClientMaker, clock: FakeClock
) -> None:
    full, let_go = asyncio.Event(), asyncio.Event()

    async def answer(_request: web.Request) -> web.StreamResponse:
        if hostaway.in_flight == 3:
            full.set()
        await let_go.wait()
        return one()()

    hostaway.answer = answer
    async with new_client(concurrency=3) as client:
        reading = asyncio.gather(*(client.reservation(str(n)) for n in range(20)))
        await full.wait()
        for _ in range(50):  # everybody who could start would have
            await clock.sleep(0)
        assert client.counts.requests == 1 + 3
        let_go.set()
        assert len(await reading) == 20
    assert hostaway.most_in_flight == 3


async def test_a_body_over_the_bound_is_not_read_to_its_end(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join([*(packer.compress(b" " * 2**20) for _ in range(80)), packer.flush()])
    assert len(bomb) < MAX_BODY_BYTES / 100
    hostaway.answer = then(lambda: web.Response(body=bomb, headers={"Content-Encoding": "gzip"}))
    async with new_client(max_retries=0) as client:
        with pytest.raises(TransportFailed, match="larger than"):
            await client.reservation("12")


async def test_a_reply_that_breaks_off_or_is_garbled_failed_in_transport(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    async def cut_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"status":')
        assert request.transport is not None
        request.transport.close()
        return response

    garbled = then(lambda: web.Response(body=b"no gzip", headers={"Content-Encoding": "gzip"}))
    for answer in (cut_off, garbled):
        hostaway.answer = answer
        async with new_client(max_retries=0) as client:
            with pytest.raises(TransportFailed, match="the connection failed"):
                await client.reservation("12")


async def test_a_server_that_does_not_answer_in_time_failed_in_transport(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    async def never(_request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    hostaway.answer = then(one())
    async with new_client() as client:
        await client.reservation("1")
    hostaway.answer = never
    async with new_client(max_retries=0, timeout_seconds=0.05) as client:
        with pytest.raises(TransportFailed, match=r"no reply within 0\.05 s"):
            await client.reservation("2")


async def test_a_server_that_cannot_be_reached_failed_in_transport(new_client: ClientMaker) -> None:
    async with new_client(max_retries=1, base_url="http://127.0.0.1:1/v1") as client:
        with pytest.raises(TransportFailed, match="ClientConnector"):
            await client.check_access()
        assert client.counts.retries == 1


async def test_a_redirect_is_not_followed_so_that_no_token_goes_elsewhere(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    hostaway.answer = then(lambda: web.Response(status=302, headers={"Location": "/elsewhere"}))
    async with new_client(max_retries=0) as client:
        with pytest.raises(TransportFailed, match="redirects"):
            await client.reservation("12")
    assert "/elsewhere" not in hostaway.paths()


async def test_cookies_are_not_kept(hostaway: LoopbackHostaway, new_client: ClientMaker) -> None:
    def with_cookie() -> web.StreamResponse:
        response = one()()
        response.set_cookie("track", "1")
        return response

    hostaway.answer = then(with_cookie)
    # From an address in digits no cookie would be taken anyway.
    named = hostaway.base_url.replace("127.0.0.1", "localhost")
    async with new_client(base_url=named) as client:
        await client.reservation("1")
        await client.reservation("2")
    assert "Cookie" not in hostaway.requests[-1].headers


async def test_a_list_that_repeats_its_page_is_not_followed_for_ever(
    hostaway: LoopbackHostaway, new_client: ClientMaker
) -> None:
    hostaway.answer = then(lambda: page(1, 2, count=10))
    async with new_client() as client:
        assert set(await listed(client)) == {1, 2}
        assert client.counts.requests == 3


async def test_a_data_folder_that_cannot_be_written_is_a_problem_of_the_configuration(
    new_client: ClientMaker, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    for delay in (0.0, 0.1):
        async with new_client(data_dir=tmp_path / "file", request_delay_seconds=delay) as client:
            with pytest.raises(ConfigurationError, match="DATA_DIR"):
                await client.check_access()


async def test_a_client_outside_its_context_says_so(new_client: ClientMaker) -> None:
    with pytest.raises(RuntimeError, match="outside its context"):
        await new_client().check_access()
