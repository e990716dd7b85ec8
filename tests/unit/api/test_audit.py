"""Each attempt is noted, with nothing in it that must not be kept, and never in the way."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import web

from hostaway_message_db.api import audit
from hostaway_message_db.api.audit import AuditWriter, masked_values, masked_words, path_template
from hostaway_message_db.api.hostaway_client import ClientOptions, HostawayClient
from hostaway_message_db.errors import (
    DatabaseUnavailable,
    NotFound,
    RequestRefused,
    TransportFailed,
)
from hostaway_message_db.ports import ApiCall
from unit.api.loopback import ClientMaker, FakeClock, LoopbackHostaway, page

CALL = ApiCall(
    at=datetime(2026, 5, 2, tzinfo=UTC),
    account_id="61234",
    run_id="r",
    method="GET",
    path="/listings",
    status=200,
    duration_seconds=0.1,
    bytes=3,
    attempt=1,
    pace_wait_seconds=0.0,
)


class Shelf:
    """A store in memory, which can be away."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.batches: list[list[ApiCall]] = []
        self.is_away = is_away

    async def write(self, calls: Sequence[ApiCall]) -> None:
        if self.is_away:
            raise DatabaseUnavailable("MongoDB cannot be reached.")
        self.batches.append(list(calls))

    @property
    def calls(self) -> list[ApiCall]:
        return [call for batch in self.batches for call in batch]


def audited(maker: ClientMaker, writer: AuditWriter, clock: FakeClock) -> HostawayClient:
    options: ClientOptions = maker()._options
    return HostawayClient(options, clock, writer)


async def test_every_attempt_is_one_record_with_its_figures(
    hostaway: LoopbackHostaway, new_client: ClientMaker, clock: FakeClock
) -> None:
    replies = [
        web.json_response(
            {"status": "fail", "message": "too many requests of ana@example.com"},
            status=429,
            headers={"X-RateLimit-Limit": "200", "X-RateLimit-Applied": "ip", "X-Other": "1"},
        ),
        page(7, count=1),
    ]

    async def answer(_request: web.Request) -> web.StreamResponse:
        return replies.pop(0)

    hostaway.answer = answer
    shelf = Shelf()
    async with (
        AuditWriter(shelf, "61234", "run-1", clock) as writer,
        audited(new_client, writer, clock) as client,
    ):
        assert [p.count async for p in client.messages("55512")] == [1]
    token, refused, read = shelf.calls
    assert (token.method, token.path, token.status) == ("POST", "/accessTokens", 200)
    assert token.body == {
        "grant_type": "client_credentials",
        "client_id": "61234",
        "client_secret": "***",
        "scope": "general",
    }
    assert (refused.path, refused.ids) == ("/conversations/{id}/messages", ("55512",))
    assert refused.params == {"includeScheduledMessages": "1", "limit": "100"}
    assert (refused.status, refused.error, refused.attempt) == (429, "rate_limited", 1)
    assert refused.rate_headers == {"x-ratelimit-limit": "200", "x-ratelimit-applied": "ip"}
    assert refused.error_words is not None
    assert "too many requests of ***" in refused.error_words
    assert (read.status, read.error, read.attempt, read.rate_headers) == (200, None, 2, {})
    assert read.bytes > 0
    assert read.run_id == "run-1"
    written = repr(shelf.calls)
    assert "the-key" not in written
    assert "ana@example.com" not in written
    assert "token-1" not in written


async def test_an_attempt_without_a_reply_is_noted_too(
    hostaway: LoopbackHostaway, new_client: ClientMaker, clock: FakeClock
) -> None:
    async def broken(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=404, text="<html>")

    hostaway.answer = broken
    shelf = Shelf()
    async with (
        AuditWriter(shelf, "61234", "r", clock) as writer,
        audited(new_client, writer, clock) as client,
    ):
        with pytest.raises(NotFound):
            await client.reservation("9")
        client._options = replace(client._options, base_url="http://127.0.0.1:9/v1", max_retries=0)
        with pytest.raises(TransportFailed):
            await client.listing("9")
    assert [(c.status, c.error) for c in shelf.calls[1:]] == [
        (404, "not_found"),
        (None, "transport_failed"),
    ]


def test_only_what_is_known_to_be_harmless_is_kept_of_parameters() -> None:
    given = (("limit", "100"), ("guestEmail", "ana@example.com"), ("match", "Ana"), ("a.b$", "1"))
    assert masked_values(given) == {
        "limit": "100", "guestEmail": "***", "match": "***", "a_b_": "***",
    }  # fmt: skip
    assert path_template("/listings/4711/calendar") == "/listings/{id}/calendar"
    assert path_template("/reservations/paymentMethods") == "/reservations/paymentMethods"


def test_addresses_numbers_and_tokens_in_hostaways_words_are_masked() -> None:
    error = RequestRefused(
        "Hostaway answered: “Ana <ana@example.com>, +351 912 345 678, eyJhbGciOi.eyJzdWIi.c2ln”"
    )
    words = masked_words(error)
    assert words == "Hostaway answered: “Ana <***>, ***, ***”"


async def test_records_that_nobody_can_take_are_dropped_and_counted(
    monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    monkeypatch.setattr(audit, "MOST_WAITING", 10)
    shelf = Shelf()
    async with AuditWriter(shelf, "61234", "r", clock) as writer:
        for _ in range(25):
            writer.note(CALL)
        assert writer.lost == 15
    assert len(shelf.calls) == 10
    away = Shelf(is_away=True)
    async with AuditWriter(away, "61234", "r", clock) as writer:
        writer.note(CALL)
    assert writer.lost == 1
