"""What a reply means: the envelope, or the error that says what to do."""

import json
from decimal import Decimal
from typing import Any

import pytest

from hostaway_message_db.api import protocol
from hostaway_message_db.api.protocol import Reply, decipher, decipher_token, read_json
from hostaway_message_db.errors import (
    AccessDenied,
    CredentialsRefused,
    HostawayError,
    NotFound,
    RateLimited,
    Recovery,
    RequestRefused,
    ServerFailed,
    TransportFailed,
)

DENIED = b'{"status":"fail","message":"The resource owner or authorization server denied."}'
OVER = b'{"status":"fail","message":"exceeded the rate limits"}'
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
FAIL_IN_RESULT = b'{"status":"fail","result":"Reservation not found"}'
GOOD = b'{"status":"success","result":[{"id":1}],"limit":null,"offset":null,"count":1}'

TABLE: list[tuple[int, bytes, type[HostawayError], str]] = [
    (200, b'{"status":"fail","message":"Limit is wrong"}', RequestRefused, "Limit is wrong"),
    (200, FAIL_IN_RESULT, RequestRefused, "Reservation not found"),
    (200, b'{"status":"fail"}', RequestRefused, "no reason given"),
    (200, b'{"status":null,"result":[]}', RequestRefused, "no reason given"),
    (200, b"", TransportFailed, "not JSON"),
    (200, HTML, TransportFailed, "not JSON"),
    (200, GOOD[:-9], TransportFailed, "cut off"),
    (200, b"[]", TransportFailed, "not its envelope"),
    (200, b"null", TransportFailed, "not its envelope"),
    (200, b'{"result":[]}', TransportFailed, "not its envelope"),
    (204, b"", TransportFailed, "not JSON"),
    (301, GOOD, TransportFailed, "redirects"),
    (302, b"", TransportFailed, "redirects"),
    (307, GOOD, TransportFailed, "redirects"),
    (400, b'{"status":"fail","message":"listingMapIds is wrong"}', RequestRefused, "listingMapIds"),
    (400, HTML, RequestRefused, "no reason given"),
    (401, DENIED, AccessDenied, "denied"),
    (401, b"", AccessDenied, "no reason given"),
    (403, DENIED, AccessDenied, "denied"),
    (403, HTML, AccessDenied, "no reason given"),
    (404, FAIL_IN_RESULT, NotFound, "Reservation not found"),
    (404, HTML, NotFound, "no reason given"),
    (405, b"", RequestRefused, "no reason given"),
    (418, b"{", RequestRefused, "no reason given"),
    (422, b'{"error":"what"}', RequestRefused, "what"),
    (429, OVER, RateLimited, "exceeded"),
    (429, HTML, RateLimited, "no reason given"),
    (500, GOOD, ServerFailed, "HTTP 500"),
    (502, HTML, ServerFailed, "HTTP 502"),
    (503, b"", ServerFailed, "HTTP 503"),
    (599, DENIED, ServerFailed, "HTTP 599"),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), TABLE)
def test_every_bad_reply_becomes_the_error_that_says_what_to_do(
    status: int, body: bytes, kind: type[HostawayError], words: str
) -> None:
    with pytest.raises(HostawayError) as caught:
        decipher(Reply(status, {}, body))
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert words in caught.value.message


def test_a_good_reply_is_its_result_and_its_count() -> None:
    envelope = decipher(Reply(200, {}, GOOD))
    assert envelope.result == [{"id": 1}]
    assert envelope.count == 1


@pytest.mark.parametrize(
    ("count", "read"),
    [
        ("7", 7),
        ('"7"', 7),
        ("0", 0),
        ("null", None),
        ('""', None),
        ('"many"', None),
        ("1.5", None),
        ("true", None),
        ("[1]", None),
        ("-3", None),
        ('"9999999999999999999"', None),
    ],
)
def test_a_count_is_a_whole_number_or_unknown(count: str, read: int | None) -> None:
    body = f'{{"status":"success","result":[],"count":{count}}}'.encode()
    assert decipher(Reply(200, {}, body)).count == read


def test_a_reply_without_a_count_has_none() -> None:
    assert decipher(Reply(200, {}, b'{"status":"success","result":[]}')).count is None


def test_hostaways_words_are_cut_off_when_they_are_endless() -> None:
    body = json.dumps({"status": "fail", "message": "x" * 10_000}).encode()
    with pytest.raises(RequestRefused) as caught:
        decipher(Reply(200, {}, body))
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    ("headers", "retry_at", "retry_after"),
    [
        ({"X-RateLimit-Retry-After": "1790000000"}, 1_790_000_000.0, None),
        ({"x-ratelimit-retry-after": "1790000000.5"}, 1_790_000_000.5, None),
        ({"Retry-After": "7"}, None, 7.0),
        ({"retry-after": " 7 "}, None, 7.0),
        ({"X-RateLimit-Retry-After": "1790000000", "Retry-After": "7"}, 1_790_000_000.0, 7.0),
        ({}, None, None),
        ({"X-RateLimit-Retry-After": ""}, None, None),
        ({"X-RateLimit-Retry-After": "soon"}, None, None),
        ({"X-RateLimit-Retry-After": "nan"}, None, None),
        ({"X-RateLimit-Retry-After": "inf"}, None, None),
        ({"X-RateLimit-Retry-After": "-5"}, None, None),
        ({"X-RateLimit-Retry-After": "1e300"}, None, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None, None),
    ],
)
def test_a_429_names_its_moment_only_where_its_headers_make_sense(
    headers: dict[str, str], retry_at: float | None, retry_after: float | None
) -> None:
    with pytest.raises(RateLimited) as caught:
        decipher(Reply(429, headers, OVER))
    assert caught.value.retry_at == retry_at
    assert caught.value.retry_after_seconds == retry_after


NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("retry_at", "retry_after", "wait"),
    [
        (NOW + 12, None, 12.0),
        (NOW + 12, 3.0, 12.0),
        (None, 3.0, 3.0),
        (None, 0.1, 1.0),
        (None, 1e9, 60.0),
        (None, None, 10.0),
        (NOW, None, 1.0),
        (NOW - 86_400, None, 1.0),
        (NOW + 86_400, None, 60.0),
        (30.0, None, 1.0),
        (9e11, None, 60.0),
    ],
)
def test_a_429_waits_as_told_but_never_less_than_a_second_nor_more_than_a_minute(
    retry_at: float | None, retry_after: float | None, wait: float
) -> None:
    error = RateLimited("slow down", retry_at=retry_at, retry_after_seconds=retry_after)
    assert protocol.retry_wait_seconds(error, 1, NOW, 0.5) == wait


@pytest.mark.parametrize("error", [ServerFailed("x"), TransportFailed("x")])
def test_other_failures_back_off_twice_as_long_each_time_up_to_a_minute(
    error: HostawayError,
) -> None:
    longest = [protocol.retry_wait_seconds(error, n, NOW, 1.0) for n in range(1, 30)]
    shortest = [protocol.retry_wait_seconds(error, n, NOW, 0.0) for n in range(1, 30)]
    assert longest[:4] == [0.5, 1.0, 2.0, 4.0]
    assert longest == sorted(longest)
    assert max(longest) == 60.0
    assert shortest == [wait / 2 for wait in longest]


def test_only_what_may_pass_by_itself_is_tried_again() -> None:
    retried = {kind for _, _, kind, _ in TABLE if kind.recovery is Recovery.RETRY}
    assert retried == {RateLimited, ServerFailed, TransportFailed}


@pytest.mark.parametrize("digits", ["0.1", "99999.99", "1e3", "1E-7", "0.10", "-0.0", "123.4500"])
def test_fractions_and_exponents_keep_their_own_digits(digits: str) -> None:
    read = read_json(f'{{"totalPrice": {digits}}}'.encode())["totalPrice"]
    assert isinstance(read, Decimal)
    assert read.as_tuple() == Decimal(digits).as_tuple()


def test_whole_numbers_stay_whole_however_large() -> None:
    assert read_json(b"[9223372036854775808, 7]") == [2**63, 7]


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have_arrive_as_decimals_that_are_not_finite(word: str) -> None:
    read = read_json(f'[{word}, "other"]'.encode())
    assert not read[0].is_finite()
    assert read[1] == "other"


@pytest.mark.parametrize(
    "number",
    [b"9" * 5000, b"1e99999999999999999999", b"-1E-99999999999999999999", b"0." + b"1" * 9999],
)
def test_a_monstrous_number_does_not_sink_the_page_it_stands_in(number: bytes) -> None:
    read = read_json(b'[{"id":1},{"id":2,"totalPrice":' + number + b"}]")
    assert read[0] == {"id": 1}
    assert read[1]["id"] == 2


@pytest.mark.parametrize("broken", [b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\\ud83d", b"\\udfff"])
def test_broken_unicode_spoils_its_own_record_only(broken: bytes) -> None:
    read = read_json(b'[{"id":1,"body":"' + broken + b'"},{"id":2,"body":"\xc3\xa9"}]')
    assert read[1] == {"id": 2, "body": "é"}
    with pytest.raises(UnicodeEncodeError):
        read[0]["body"].encode()


def test_an_escaped_pair_of_surrogates_is_one_whole_character() -> None:
    assert read_json(b'["\\ud83d\\ude00"]') == ["😀"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1,]", b"\x00", b"[" * 100_000, b'{"a":1}{', HTML, b'"\n"']
)
def test_what_is_not_json_failed_in_transport(body: bytes) -> None:
    with pytest.raises(TransportFailed) as caught:
        read_json(body, 200)
    assert caught.value.status == 200


def test_the_error_about_an_unreadable_reply_does_not_quote_it() -> None:
    with pytest.raises(TransportFailed) as caught:
        read_json(b'{"guestName": "Anna Secret"')
    assert "Anna" not in caught.value.message


def token_reply(body: Any, status: int = 200) -> Reply:
    return Reply(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def test_a_token_lives_as_long_as_its_reply_says() -> None:
    body = {"token_type": "Bearer", "expires_in": 15_897_600, "access_token": "ey.J.x"}
    token = decipher_token(token_reply(body), NOW)
    assert token.access_token == "ey.J.x"
    assert token.issued_at == NOW
    assert token.expires_at == NOW + 15_897_600


@pytest.mark.parametrize(
    "lifetime", [b"null", b'"long"', b"-5", b"[]", b"NaN", b"1" + b"0" * 400, b"Infinity"]
)
def test_a_lifetime_that_makes_no_sense_is_no_reason_to_fail(lifetime: bytes) -> None:
    body = b'{"access_token":"abc","expires_in":' + lifetime + b"}"
    token = decipher_token(token_reply(body), NOW)
    assert token.access_token == "abc"
    assert token.expires_at >= NOW


@pytest.mark.parametrize("status", [400, 401, 403])
def test_wrong_credentials_are_refused_in_hostaways_words(status: int) -> None:
    body = {"error": "invalid_client", "error_description": "Client authentication failed"}
    with pytest.raises(CredentialsRefused, match="Client authentication failed"):
        decipher_token(token_reply(body, status), NOW)


@pytest.mark.parametrize(
    "body",
    [{}, {"access_token": ""}, {"access_token": None}, {"access_token": "tökén"}, [], b'"abc"'],
)
def test_a_reply_without_a_usable_token_is_refused(body: Any) -> None:
    with pytest.raises(RequestRefused, match="no token"):
        decipher_token(token_reply(body), NOW)


@pytest.mark.parametrize(
    ("status", "kind"), [(429, RateLimited), (500, ServerFailed), (302, TransportFailed)]
)
def test_the_token_endpoint_fails_like_every_other(status: int, kind: type[HostawayError]) -> None:
    with pytest.raises(kind):
        decipher_token(token_reply(b"", status), NOW)
