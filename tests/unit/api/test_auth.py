"""The token is kept on disk, for its owner only, until shortly before it expires."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostaway_message_db.api.auth import (
    EXPIRY_MARGIN_SECONDS,
    TokenCache,
    seconds_until_usable,
)
from hostaway_message_db.api.protocol import Token

NOW = 1_790_000_000.0
TOKEN = Token("ey.J.x", issued_at=NOW, expires_at=NOW + 1000)


@pytest.fixture
def cache(tmp_path: Path) -> TokenCache:
    return TokenCache(tmp_path / "data", "https://api", "61234", "the-key")


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_token_is_kept_over_restarts(cache: TokenCache, tmp_path: Path) -> None:
    cache.write(TOKEN)
    again = TokenCache(tmp_path / "data", "https://api", "61234", "the-key")
    assert again.read(NOW) == TOKEN


@pytest.mark.usefixtures("no_umask")
def test_the_file_is_readable_by_its_owner_only_whatever_the_umask(
    cache: TokenCache, tmp_path: Path
) -> None:
    cache.write(TOKEN)
    (kept,) = files(tmp_path)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.usefixtures("no_umask")
def test_a_file_that_others_could_read_is_replaced_by_one_that_they_cannot(
    cache: TokenCache, tmp_path: Path
) -> None:
    cache.write(TOKEN)
    (kept,) = files(tmp_path)
    kept.chmod(0o644)
    cache.write(TOKEN)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_writing_replaces_the_file_as_a_whole_and_leaves_nothing_beside_it(
    cache: TokenCache, tmp_path: Path
) -> None:
    cache.write(TOKEN)
    (kept,) = files(tmp_path)
    with kept.open(encoding="utf-8") as reader:
        cache.write(Token("other", NOW, NOW + 2000))
        # A reader that opened the file before still reads the old token to its end.
        assert json.load(reader)["access_token"] == "ey.J.x"
    assert files(tmp_path) == [kept]
    assert cache.read(NOW) == Token("other", NOW, NOW + 2000)


@pytest.mark.parametrize(
    ("seconds_left", "is_good"),
    [
        (EXPIRY_MARGIN_SECONDS + 1, True),
        (EXPIRY_MARGIN_SECONDS, False),
        (1, False),
        (0, False),
        (-1, False),
    ],
)
def test_a_token_is_used_until_a_minute_before_it_expires(
    cache: TokenCache, seconds_left: float, is_good: bool
) -> None:
    cache.write(TOKEN)
    assert (cache.read(TOKEN.expires_at - seconds_left) is not None) is is_good


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"access_token": "x"}',
        b'{"access_token": "x", "issued_at": "soon", "expires_at": 9e99}',
        b'{"access_token": "x", "issued_at": 1, "expires_at": null}',
        b'{"access_token": "x", "issued_at": 1, "expires_at": NaN}',
    ],
)
def test_a_corrupt_file_is_as_good_as_none(
    cache: TokenCache, tmp_path: Path, content: bytes
) -> None:
    cache.write(TOKEN)
    (kept,) = files(tmp_path)
    kept.write_bytes(content)
    assert cache.read(NOW) is None
    cache.write(TOKEN)
    assert cache.read(NOW) == TOKEN


def test_without_a_file_there_is_no_token(cache: TokenCache) -> None:
    assert cache.read(NOW) is None


@pytest.mark.parametrize(
    ("base_url", "account_id", "api_key"),
    [
        ("https://other", "61234", "the-key"),
        ("https://api", "61235", "the-key"),
        ("https://api", "61234", "the-next-key"),
    ],
)
def test_another_address_account_or_key_never_meets_this_token(
    cache: TokenCache, tmp_path: Path, base_url: str, account_id: str, api_key: str
) -> None:
    cache.write(TOKEN)
    other = TokenCache(tmp_path / "data", base_url, account_id, api_key)
    assert other.read(NOW) is None
    other.write(TOKEN)
    assert len(files(tmp_path)) == 2


def test_the_name_of_the_file_tells_nothing_of_the_key(cache: TokenCache, tmp_path: Path) -> None:
    cache.write(TOKEN)
    (kept,) = files(tmp_path)
    assert "the-key" not in kept.name + kept.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("age", "wait"), [(0.0, 1.0), (0.4, 0.6), (1.0, 0.0), (5.0, 0.0), (1e9, 0.0)]
)
def test_a_token_is_first_used_a_second_after_its_issue(age: float, wait: float) -> None:
    assert seconds_until_usable(Token("x", NOW, NOW + 9), NOW + age) == pytest.approx(wait)


@pytest.mark.parametrize("age", [-0.5, -5.0, -1e9])
def test_a_clock_that_was_set_back_makes_nobody_wait_longer_than_a_second(age: float) -> None:
    assert 0 <= seconds_until_usable(Token("x", NOW, NOW + 9), NOW + age) <= 1
