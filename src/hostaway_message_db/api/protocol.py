"""The Hostaway protocol without any I/O: requests, replies, paging, retries.

Nothing here sends, waits, reads a clock or rolls dice; every decision is a function
of its arguments. Wire facts name the section of the API reference they come from.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hostaway_message_db.errors import (
    AccessDenied,
    CredentialsRefused,
    HostawayError,
    ListingStuck,
    NotFound,
    RateLimited,
    RequestRefused,
    ServerFailed,
    TransportFailed,
)
from hostaway_message_db.models.entities import Asked, Entity
from hostaway_message_db.models.entities import Paging as EntityPaging
from hostaway_message_db.models.raw_rows import row_identity

MAX_BODY_BYTES = 64 * 1024 * 1024
"""A reply larger than this is not read to its end."""
DEFAULT_PAGE_SIZE = 100
"""What Hostaway gives when no limit is asked for (API reference 6)."""
MAX_ROWS_OF_A_LIST = 50_000_000
"""No list is followed further than this."""
MAX_MESSAGES_OF_A_CONVERSATION = 20_000
"""A conversation whose pages do not end is given up after so many rows."""
MAX_WAIT_SECONDS = 60.0
"""No wait that Hostaway or our back-off asks for is longer."""
RATE_WINDOW_SECONDS = 10.0
"""Hostaway counts requests in a sliding window of this length (API reference 5)."""
TOKEN_SETTLE_SECONDS = 1.0
"""A token is valid only from one second after its issue (API reference 3)."""
FIRST_BACKOFF_SECONDS = 0.5
MAX_NUMBER_DIGITS = 4_000
MAX_TOKEN_SECONDS = 20 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request, before it becomes HTTP."""

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] = ()
    needs_token: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, after it was HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """The standard envelope (API reference 4); `count` is that of all matching records."""

    result: Any
    count: int | None


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token with the moments (Unix seconds) it was issued and expires."""

    access_token: str
    issued_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class ListRequest:
    """A list to be read page by page."""

    path: str
    page_size: int
    params: tuple[tuple[str, str], ...] = ()
    pages_by_after_id: bool = False
    is_whole: bool = False
    """No paging is documented: it is asked for without, and gone on with only if proved cut."""
    max_rows: int = MAX_ROWS_OF_A_LIST


def conversations(page_size: int) -> ListRequest:
    """List all conversations with their latest message (API reference 7.1, 7.2)."""
    return ListRequest("/conversations", page_size, (("includeResources", "1"),))


def conversation_messages(conversation_id: str, page_size: int) -> ListRequest:
    """List a conversation's messages, unsent and failed ones too (API reference 7.1, 0 no. 12)."""
    return ListRequest(
        f"/conversations/{conversation_id}/messages",
        page_size,
        (("includeScheduledMessages", "1"),),
        max_rows=MAX_MESSAGES_OF_A_CONVERSATION,
    )


def reservations(page_size: int) -> ListRequest:
    """List reservations, newest change first, by `afterId` (API reference 6, 9.2)."""
    return ListRequest("/reservations", page_size, pages_by_after_id=True)


def listings(page_size: int) -> ListRequest:
    """List all listings, archived ones too (API reference 10)."""
    return ListRequest("/listings", page_size)


def entity(wanted: Entity, asked: Asked, page_size: int) -> ListRequest:
    """List the rows of a further entity (API reference 9.1, 10)."""
    window: tuple[tuple[str, str], ...] = ()
    if asked.first_day is not None and asked.last_day is not None:
        first, last = asked.first_day.isoformat(), asked.last_day.isoformat()
        window = (("startDate", first), ("endDate", last))
    return ListRequest(
        wanted.path.replace("{parent}", asked.parent_id or ""),
        page_size,
        window,
        is_whole=wanted.paging is not EntityPaging.OFFSET,
    )


def rows_by_code(result: Any) -> Any:
    """Return an object keyed by code as rows (API reference 10); anything else as it is."""
    if not isinstance(result, dict):
        return result
    return [
        {**value, "id": code} if isinstance(value, dict) else {"id": code, "name": value}
        for code, value in result.items()
    ]


def single(entity_path: str, record_id: str) -> ApiRequest:
    """Ask for one object, such as `/reservations/12` (API reference 9.1, 10)."""
    return ApiRequest("GET", f"{entity_path}/{record_id}")


def token_request(account_id: str, api_key: str) -> ApiRequest:
    """Ask for a token: a form, scope always `general` (API reference 3)."""
    form = (
        ("grant_type", "client_credentials"),
        ("client_id", account_id),
        ("client_secret", api_key),
        ("scope", "general"),
    )
    return ApiRequest("POST", "/accessTokens", form=form, needs_token=False)


def decipher_token(reply: Reply, now: float) -> Token:
    """Read the reply to `token_request`, which is not enveloped (API reference 3).

    Raises `CredentialsRefused` for 400, 401 and 403, and what `decipher` raises for
    429, 5xx and bodies that are not JSON.
    """
    if reply.status in {400, 401, 403}:
        words = _words(_json_or_none(reply))
        raise CredentialsRefused(
            f"Hostaway refused the account id and API key: {words}", status=reply.status
        )
    body = _checked_json(reply)
    token = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token:
        raise RequestRefused(f"Hostaway gave no token: {_words(body)}", status=reply.status)
    lifetime = _lifetime_seconds(body.get("expires_in"))
    return Token(token, issued_at=now, expires_at=now + lifetime)


def _lifetime_seconds(value: Any) -> float:
    """Read how long a token lasts; nonsense means that it is not kept for another run."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return 0.0
    if isinstance(value, Decimal) and not value.is_finite():
        return 0.0
    return float(value) if 0 < value < MAX_TOKEN_SECONDS else 0.0


def decipher(reply: Reply) -> Envelope:
    """Read a reply: the envelope, or the error that says what to do.

    Raises `RateLimited` (429), `AccessDenied` (401, 403), `NotFound` (404),
    `RequestRefused` (other 4xx, or HTTP 200 with `status: fail`, API reference 4),
    `ServerFailed` (5xx), `TransportFailed` (redirect, not JSON, no envelope).
    """
    body = _checked_json(reply)
    if not isinstance(body, dict) or "status" not in body:
        raise TransportFailed("Hostaway's reply is JSON, but not its envelope", status=reply.status)
    if body["status"] != "success":
        raise RequestRefused(f"Hostaway answered: {_words(body)}", status=reply.status)
    return Envelope(body.get("result"), _whole_number(body.get("count")))


def _checked_json(reply: Reply) -> Any:
    """Return the body of a reply whose HTTP status is good, or raise what it means."""
    status = reply.status
    if status == 429:  # noqa: PLR2004 - HTTP's own number
        raise _rate_limited(reply)
    if status >= 500:  # noqa: PLR2004
        raise ServerFailed(f"Hostaway answered HTTP {status}", status=status)
    if 300 <= status < 400:  # noqa: PLR2004 - a redirect could carry the token elsewhere
        raise TransportFailed(f"Hostaway redirects (HTTP {status}); not followed", status=status)
    if status >= 400:  # noqa: PLR2004
        words = _words(_json_or_none(reply))
        if status in {401, 403}:
            raise AccessDenied(f"Hostaway denied access: {words}", status=status)
        if status == 404:  # noqa: PLR2004
            raise NotFound(f"Hostaway has no such object: {words}", status=status)
        raise RequestRefused(f"Hostaway refused the request: {words}", status=status)
    return read_json(reply.body, status)


def read_json(body: bytes, status: int | None = None) -> Any:
    """Read JSON whose numbers keep their own digits: fractions and exponents as `Decimal`.

    Broken Unicode does not sink a page: a byte that is not UTF-8 and an escaped lone
    surrogate both arrive as a lone surrogate in their own record, where the transform
    finds it. `NaN` and `Infinity`, which JSON does not have, arrive as `Decimal` too.
    Raises `TransportFailed` for what is not JSON.
    """
    try:
        text = body.decode("utf-8", errors="surrogateescape")
        try:
            return json.loads(text, parse_float=_number, parse_constant=Decimal)
        except json.JSONDecodeError:
            raise
        except ValueError:
            # A whole number of thousands of digits, which Python does not read as one.
            return json.loads(text, parse_float=_number, parse_int=_number, parse_constant=Decimal)
    except (ValueError, RecursionError) as error:
        raise TransportFailed(
            f"Hostaway's reply is not JSON or was cut off ({type(error).__name__},"
            f" {len(body)} bytes)",
            status=status,
        ) from error


def _number(digits: str) -> Decimal | int | str:
    """Read a number exactly; one that is beyond reading stays the text that it is."""
    if len(digits) > MAX_NUMBER_DIGITS:
        return digits
    try:
        return int(digits) if digits.lstrip("-").isdecimal() else Decimal(digits)
    except ArithmeticError:
        return digits


def _json_or_none(reply: Reply) -> Any:
    try:
        return read_json(reply.body)
    except TransportFailed:
        return None


def _words(body: Any) -> str:
    """Return Hostaway's own words: in `message` or in `result` (API reference 4)."""
    if isinstance(body, dict):
        for key in ("message", "error_description", "result", "error"):
            if isinstance(body.get(key), str) and body[key]:
                return f"“{body[key][:300]}”"
    return "no reason given"


def _rate_limited(reply: Reply) -> RateLimited:
    """Read the 429's headers: a Unix stamp, on 429 only (API reference 5)."""
    headers = {name.lower(): value for name, value in reply.headers.items()}
    stamp = _positive_number(headers.get("x-ratelimit-retry-after"))
    seconds = _positive_number(headers.get("retry-after"))
    words = _words(_json_or_none(reply))
    return RateLimited(
        f"Hostaway's rate limit is reached: {words}",
        retry_at=stamp,
        retry_after_seconds=seconds,
        limit=_whole_number(headers.get("x-ratelimit-limit")),
    )


def _positive_number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 < number < 1e12 else None  # noqa: PLR2004 - also refuses inf and nan


def _whole_number(value: Any) -> int | None:
    """Read a count, which may be null or a number as a string (API reference 12 no. 15)."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 19:  # noqa: PLR2004
        return int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_count else None


def retry_wait_seconds(error: HostawayError, attempt: int, now: float, roll: float) -> float:
    """Say how long to wait before trying again after the `attempt`-th failure (from 1).

    A 429 waits until the Unix stamp it names, else for the seconds it names, else for a
    whole window; always at least one second and at most `MAX_WAIT_SECONDS`, because a
    clock that is off turns a stamp into nonsense (API reference 5). Everything else
    backs off exponentially with jitter: `roll` in [0, 1) spreads over half the wait.
    """
    if isinstance(error, RateLimited):
        if error.retry_at is not None:
            wait = error.retry_at - now
        elif error.retry_after_seconds is not None:
            wait = error.retry_after_seconds
        else:
            wait = RATE_WINDOW_SECONDS
        return min(max(wait, 1.0), MAX_WAIT_SECONDS)
    ceiling = min(FIRST_BACKOFF_SECONDS * 2.0 ** min(attempt - 1, 16), MAX_WAIT_SECONDS)
    return ceiling * (0.5 + roll / 2)


class Paging:
    """The walk through one list: which request comes next, and when the end is reached.

    It steps by the rows that came, not by the rows asked for, because Hostaway caps the
    page size silently (API reference 0 no. 11, 6), and ends on an empty page or once
    `offset` reaches `count`. By `afterId` it ends on an empty page (API reference 6), or
    once as many rows came as `count` says.
    """

    def __init__(self, wanted: ListRequest) -> None:
        self._wanted = wanted
        self._rows_so_far = 0
        self._last_id: str | None = None
        self._last_ids: tuple[str | None, ...] = ()

    def first(self) -> ApiRequest:
        """Return the request for the first page."""
        return self._request()

    def next(self, page: Envelope) -> ApiRequest | None:
        """Return the request that follows `page`, or None at the end of the list.

        The same page twice in a row ends the walk: it does not advance. (Whether the list
        is whole is for the reader of the rows to judge.) Raises `ListingStuck` when the
        list passes its bound, `TransportFailed` when `result` is no array.
        """
        rows = page.result
        if not isinstance(rows, list):
            raise TransportFailed(f"{self._wanted.path} answers no array")
        if not rows:
            return None
        ids = tuple(row_identity(row) for row in rows)
        if ids == self._last_ids and any(ids):
            return None
        self._rows_so_far += len(rows)
        self._last_ids = ids
        self._last_id = next((i for i in reversed(ids) if i), None)
        if page.count is not None and self._rows_so_far >= page.count:
            return None
        if self._wanted.is_whole and page.count is None and len(rows) % DEFAULT_PAGE_SIZE:
            return None
        if self._rows_so_far >= self._wanted.max_rows:
            raise ListingStuck(f"{self._wanted.path} does not end after {self._rows_so_far} rows")
        if self._wanted.pages_by_after_id and self._last_id is None:
            raise ListingStuck(f"{self._wanted.path} gives rows without ids to go on after")
        return self._request()

    def _request(self) -> ApiRequest:
        params = [*self._wanted.params]
        if not self._wanted.is_whole:
            params.append(("limit", str(self._wanted.page_size)))
        if self._wanted.pages_by_after_id:
            if self._last_id is not None:
                params.append(("afterId", self._last_id))
        elif self._rows_so_far:
            params.append(("offset", str(self._rows_so_far)))
        return ApiRequest("GET", self._wanted.path, tuple(params))
