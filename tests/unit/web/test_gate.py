"""The gate: as many as may be at once, as long as it may take, a fault told of in no words."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hostaway_message_db.utils.clock import SystemClock
from hostaway_message_db.web import gate
from hostaway_message_db.web.access import Access
from hostaway_message_db.web.gate import MOST_AT_ONCE, Gate
from hostaway_message_db.web.meters import Meters

Ask = Callable[[str], Coroutine[Any, Any, tuple[int, bytes]]]


async def nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def asking(app: ASGIApp) -> Ask:
    made = Gate(app, Access(()), Meters(), SystemClock())

    async def ask(path: str) -> tuple[int, bytes]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        scope: Scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
            "query_string": b"", "headers": [(b"host", b"localhost")],
        }  # fmt: skip
        await made(scope, nothing, send)
        return sent[0]["status"], b"".join(part.get("body", b"") for part in sent[1:])

    return ask


def code_of(body: bytes) -> Any:
    return json.loads(body)["error"]["code"]


async def answer(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def full_house() -> AsyncIterator[tuple[Ask, asyncio.Event, list[asyncio.Task[Any]]]]:
    may_end, waiting = asyncio.Event(), asyncio.Semaphore(0)

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            waiting.release()
            await may_end.wait()
        await answer(send)

    ask = asking(app)
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(ask("/slow")) for _ in range(MOST_AT_ONCE)]
        for _ in asked:
            await waiting.acquire()
        yield ask, may_end, asked
        may_end.set()


async def test_a_full_house_refuses_and_still_says_that_it_lives() -> None:
    async with full_house() as (ask, may_end, asked):
        status, body = await ask("/api/v1/messages")
        assert (status, code_of(body)) == (503, "server_busy")
        assert await ask("/healthz") == (200, b"ok")
        may_end.set()
        assert {(await task)[0] for task in asked} == {200}
        assert await ask("/api/v1/messages") == (200, b"ok")


async def test_what_takes_too_long_is_ended_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "SECONDS_TO_ANSWER", 0.01)
    was_ended = asyncio.Event()

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            was_ended.set()

    status, body = await asking(app)("/api/v1/messages")
    assert (status, code_of(body)) == (504, "took_too_long")
    assert was_ended.is_set()


async def test_a_fault_is_told_of_without_its_words() -> None:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ValueError("the guest Mallory")

    status, body = await asking(app)("/api/v1/messages")
    assert (status, code_of(body)) == (500, "unexpected")
    assert b"Mallory" not in body


async def test_half_an_answer_is_not_followed_by_another() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError

    assert await asking(app)("/api/v1/messages") == (200, b"")
