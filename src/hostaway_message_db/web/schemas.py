"""The shapes of the answers, for `/openapi.json` and what is generated from it.

They describe; the values themselves are made by the use cases, the same for every surface.
"""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Shape(BaseModel):
    """A shape that is complete: an answer has these keys and no other."""

    model_config = ConfigDict(extra="forbid")


class NoticeShape(_Shape):
    """What of a query was not understood, or cannot be."""

    about: str
    sentence: str
    suggestions: list[str]


class MessageShape(BaseModel):
    """A message; the manual's page on documents has every field."""

    model_config = ConfigDict(extra="allow")

    message_id: str
    account_id: str
    conversation_id: str
    content: str
    timestamp: datetime
    direction: str = Field(description="`inbound` (guest) or `outbound` (host).")
    property: dict[str, Any]
    guest: dict[str, Any]
    reservation: dict[str, Any]
    attachments: list[dict[str, Any]] = Field(description="`file_id` leads to the stored file.")


class HitShape(MessageShape):
    """A message that was found."""

    marks: list[list[int]] = Field(description="Where the words stand in `content`.")
    score: float | None = Field(default=None, description="Of an order by relevance or meaning.")


class MessagesShape(_Shape):
    """A page of messages."""

    query: str
    parts: list[Any] = Field(description="The query as it was understood.")
    notices: list[NoticeShape]
    order: str
    count: int
    ranked_count: int | None = Field(description="How many were ranked, where not all were.")
    next_cursor: str | None = Field(description="Of the next page; null at the last.")
    results: list[HitShape]


class ConversationShape(_Shape):
    """A conversation, oldest message first."""

    conversation_id: str
    messages: list[MessageShape]


class FigureShape(_Shape):
    """A figure; empty, not zero, when nothing was counted."""

    n: int
    value: float | None
    details: dict[str, Any]


class GroupShape(FigureShape):
    """A figure of one group."""

    group: str


class ToldShape(FigureShape):
    """A figure with what it means."""

    metric: str
    title: str
    unit: str
    definition: str
    rows: str = Field(description="What it counts.")
    has_own_window: bool = Field(description="It looks back by its own rule.")
    groups: list[GroupShape] = Field(default_factory=list)
    previous: FigureShape | None = None


class PeriodShape(_Shape):
    """From a moment on, up to another that is not in it."""

    since: datetime
    until: datetime


class FiguresShape(_Shape):
    """Figures with what they are of."""

    period: PeriodShape
    filter: str
    parts: list[Any]
    notices: list[NoticeShape]
    by: str | None
    figures: list[ToldShape]


class WaitingShape(_Shape):
    """A thread whose guest wrote last."""

    conversation_id: str
    since: datetime
    age_seconds: int
    messages: int
    stage: str | None
    tone: str | None
    urgency: float
    reason: str | None
    guest: str | None
    property: dict[str, Any] | None
    channel: str | None
    content: str | None


class WaitingListShape(_Shape):
    """Who waits, worst first; and whose last message asks for no answer."""

    definition: str
    as_of: datetime
    filter: str
    notices: list[NoticeShape]
    n: int
    count: int
    waiting: list[WaitingShape]
    no_reply_needed: list[WaitingShape]


class StatusShape(_Shape):
    """How the copy is doing."""

    health: str = Field(description="`ok`, `attention` or `empty`.")
    problems: list[str]
    is_sample: bool
    counts: dict[str, int]
    pending_conversations: int
    failing_count: int
    failing_conversations: list[dict[str, Any]] = Field(description="The first twenty.")
    quarantine: list[dict[str, Any]] = Field(description="The first twenty.")
    messages_without_labels: int
    latest_message_at: datetime | None
    last_complete_run_at: datetime | None
    hours_since_complete_run: float | None
    missing_indexes: list[str]
    files_not_stored_count: int
    files_not_stored: list[dict[str, Any]] = Field(description="The first twenty.")
    api: dict[str, Any]
    last_runs: list[dict[str, Any]] = Field(description="The last five.")


class HealthShape(_Shape):
    """That all is well."""

    status: str
    missing_indexes: list[str] = Field(default_factory=list)


def of(shape: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Return what a route says of its answer."""
    return {200: {"model": shape}}
