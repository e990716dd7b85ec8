"""Who may ask: loopback's own names without keys, one of the keys with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostaway_message_db.errors import HostRefused, KeyRefused, RequestTooLarge
from hostaway_message_db.web.access import (
    MOST_ADDRESS_BYTES,
    MOST_BODY_BYTES,
    Access,
    size_refusal,
)

KEYS = ("first-key-of-the-api", "second-key-of-the-api")
PATH = "/api/v1/messages"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:80"]
)
def test_without_keys_loopbacks_names_are_answered(host: str) -> None:
    assert Access(()).refusal(PATH, {"host": host}) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:80",
        "evil@",
        "[",
        "[::2]",
        "::1",
        "localhost, evil.example",
        "127.0.0.1\\@evil.example",
    ],
)
@pytest.mark.parametrize("path", [PATH, "/healthz", "/docs"])
def test_without_keys_no_other_name_is_answered(host: str, path: str) -> None:
    refusal = Access(()).refusal(path, {"host": host})
    assert isinstance(refusal, HostRefused)
    assert isinstance(Access(()).refusal(path, {}), HostRefused)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_each_key_opens_under_any_name(key: str, scheme: str) -> None:
    sent = {"authorization": f"{scheme} {key}", "host": "anything.example"}
    assert Access(KEYS).refusal(PATH, sent) is None


@given(st.text(max_size=60), st.text(max_size=200))
def test_nothing_else_does_and_nothing_breaks(host: str, authorization: str) -> None:
    refusal = Access(KEYS).refusal(PATH, {"host": host, "authorization": authorization})
    assert isinstance(refusal, KeyRefused)
    assert Access(KEYS).refusal("/healthz", {"host": host}) is None
    Access(()).refusal(PATH, {"host": host})


@pytest.mark.parametrize("path", ["/docsx", "/docs/../api", "/healthz/", "/metrics", "//docs"])
def test_only_what_is_open_needs_no_key(path: str) -> None:
    is_open = path.startswith("/docs/")
    assert (Access(KEYS).refusal(path, {}) is None) is is_open


@pytest.mark.parametrize(
    ("address_bytes", "length", "is_fine"),
    [
        (MOST_ADDRESS_BYTES, "0", True),
        (MOST_ADDRESS_BYTES + 1, "0", False),
        (1, str(MOST_BODY_BYTES), True),
        (1, str(MOST_BODY_BYTES + 1), False),
        (1, "-1", False),
        (1, "\u0661", False),
        (1, "9" * 4000, False),
    ],
)
def test_what_is_too_large_is_refused(address_bytes: int, length: str, is_fine: bool) -> None:
    refusal = size_refusal(address_bytes, {"content-length": length})
    assert refusal is None if is_fine else isinstance(refusal, RequestTooLarge)
