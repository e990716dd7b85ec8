"""The record of every call that was made to Hostaway."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """One HTTP attempt; secrets and what may be a guest's are masked already."""

    at: datetime
    account_id: str
    run_id: str
    method: str
    path: str
    """The path as a template, such as `/conversations/{id}/messages`."""
    ids: tuple[str, ...] = ()
    """What stands in the template's places."""
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)
    status: int | None
    error: str | None = None
    error_words: str | None = None
    duration_seconds: float
    bytes: int
    attempt: int
    pace_wait_seconds: float
    rate_headers: Mapping[str, str] = field(default_factory=dict)


class AuditStore(Protocol):
    """The collection `api_audit`."""

    async def write(self, calls: Sequence[ApiCall]) -> None:
        """Keep calls, for as many days as audit records are kept."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls are asked for; what is None does not matter."""

    account_id: str | None = None
    run_id: str | None = None
    status: int | None = None
    """An HTTP status; 0 stands for no reply at all."""
    path: str | None = None
    """A part of the path's template."""
    since: datetime | None = None
    limit: int = 100


class AuditQueries(Protocol):
    """What is asked of the collection `api_audit`."""

    async def calls(self, wanted: CallFilter) -> list[dict[str, Any]]:
        """Return calls, newest first."""
        ...
