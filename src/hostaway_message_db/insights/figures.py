"""Figures: which metrics, over which period, filter and groups; one way for every surface."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.fact_filter import Found, looked_up, matching, needed_columns
from hostaway_message_db.insights.facts import Facts, conversation_ids, key_of
from hostaway_message_db.insights.metrics import METRICS, Anchor, Figure, Metric, catalogue
from hostaway_message_db.insights.metrics.registry import Mask, Rows, anchored
from hostaway_message_db.insights.metrics.topics import topic_masks
from hostaway_message_db.insights.metrics.volume import local_seconds
from hostaway_message_db.insights.operands import nearest, read_moment
from hostaway_message_db.insights.query_language import to_json
from hostaway_message_db.insights.search import notices_to_json, understand
from hostaway_message_db.insights.threads import Flag
from hostaway_message_db.insights.upkeep import load_facts
from hostaway_message_db.models.query import Condition, Query, Reading, Term, Text
from hostaway_message_db.ports import FigureStore, MessageQueries

DEFAULT_DAYS = 30
MOST_GROUPS = 500
_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)


class By(StrEnum):
    """What figures can be broken down by."""

    PROPERTY = "property"
    COUNTRY = "country"
    LANGUAGE = "language"
    CHANNEL = "channel"
    TOPIC = "topic"
    STAGE = "stage"
    WEEK = "week"
    MONTH = "month"


_BY_COLUMNS: dict[By, tuple[str, ...]] = {
    By.TOPIC: ("topics",),
    By.WEEK: ("at", "offset_minutes"),
    By.MONTH: ("at", "offset_minutes"),
}


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment on, up to another that is not in it; in UTC."""

    since: datetime
    until: datetime

    @property
    def before(self) -> "Period":
        """Return the period of the same length before this one."""
        return Period(self.since - (self.until - self.since), self.since)

    @property
    def days(self) -> float:
        """Return its length."""
        return (self.until - self.since).total_seconds() / 86_400


def period_of(since: datetime | None, until: datetime | None, now: datetime) -> Period:
    """Return the period that was asked for, or the last 30 days; raises `UsageError`."""
    end = min(until, now) if until is not None else now
    if end < _EARLIEST:
        raise UsageError(f"The period ends on {end:%Y-%m-%d}: it must end after 1970.")
    start = since if since is not None else end - timedelta(days=DEFAULT_DAYS)
    if start >= (until if until is not None else now):
        raise UsageError(
            f"The period begins on {start:%Y-%m-%d}, which is not before its end on"
            f" {(until or now):%Y-%m-%d}."
        )
    if start < _EARLIEST:
        raise UsageError(f"The period begins on {start:%Y-%m-%d}: it must begin after 1970.")
    return Period(start, max(end, start))


def read_period(since: str, until: str, now: datetime, names: tuple[str, str]) -> Period:
    """Return the period that two typed moments mean; raises `UsageError`, naming the wrong one."""
    first, last = (_read(text, name, now) for text, name in zip((since, until), names, strict=True))
    return period_of(first, last, now)


def _read(text: str, name: str, now: datetime) -> datetime | None:
    if not text:
        return None
    try:
        moment = read_moment(text, now)
    except ValueError:
        raise UsageError(f"{name} is {text!r}: the calendar has no such day.") from None
    if moment is None:
        raise UsageError(f"{name} is {text!r}: write a day (2026-05-01), a month, or a span (90d).")
    return moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One metric with its figure, its groups, and the figure of the period before."""

    metric: Metric
    figure: Figure
    groups: list[tuple[str, Figure]] = field(default_factory=list)
    previous: Figure | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        told: dict[str, Any] = {
            "metric": self.metric.id,
            "title": self.metric.title,
            "unit": str(self.metric.unit),
            "definition": self.metric.definition,
            "rows": str(self.metric.anchor),
            "has_own_window": self.metric.has_own_window,
            **self.figure.to_json(),
        }
        if self.groups:
            told["groups"] = [{"group": name, **f.to_json()} for name, f in self.groups]
        if self.previous is not None:
            told["previous"] = self.previous.to_json()
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Figures with what they are of: period, filter, groups."""

    period: Period
    typed: str
    reading: Reading
    by: By | None
    told: list[Told]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "period": {"since": self.period.since, "until": self.period.until},
            "filter": self.typed,
            "parts": to_json(self.reading.query),
            "notices": notices_to_json(self.reading.notices),
            "by": str(self.by) if self.by else None,
            "figures": [one.to_json() for one in self.told],
        }


def metrics_named(names: Iterable[str]) -> list[Metric]:
    """Return the metrics of these ids, or all; raises `UsageError` naming the nearest ids."""
    wanted = [name.upper() for name in names]
    for name in wanted:
        if name not in METRICS:
            close = nearest(name, METRICS) or tuple(METRICS)
            raise UsageError(
                f"There is no metric {name}. Did you mean {' or '.join(close)}?",
                "The manual's page on metrics lists them all.",
            )
    return [METRICS[name] for name in dict.fromkeys(wanted)] or catalogue()


@dataclass(frozen=True, slots=True)
class Figures:
    """Computes figures of one store."""

    queries: MessageQueries
    store: FigureStore

    async def tell(
        self,
        names: Sequence[str],
        period: Period,
        now: datetime,
        *,
        where: str | list[Any] = "",
        by: By | None = None,
        compares: bool = False,
        account_id: str | None = None,
    ) -> Answer:
        """Compute metrics over a period, of the messages that a query means.

        Raises `UsageError` for a metric that is none.
        """
        metrics = metrics_named(names)
        reading = await understand(self.queries, where, now, account_id)
        columns = {c for metric in metrics for c in metric.columns} | needed_columns(reading.query)
        if by is not None:
            columns |= set(_BY_COLUMNS.get(by, (str(by),)))
        facts = await load_facts(self.store, sorted(columns))
        mask = matching(reading.query, facts, await self.lookups(reading.query))
        needs_records = any(metric.needs_records for metric in metrics)
        records = await self.store.store_records() if needs_records else {}
        labels = await _labels(self.queries, by)

        def told_of(metric: Metric) -> Told:
            rows = _rows(metric, facts, mask, period, records)
            before = _rows(metric, facts, mask, period.before, records) if compares else None
            return Told(
                metric=metric,
                figure=metric.compute(rows),
                groups=_groups(metric, rows, by, labels),
                previous=metric.compute(before) if before is not None else None,
            )

        # In a thread: a server answers others meanwhile.
        told = [await asyncio.to_thread(told_of, metric) for metric in metrics]
        typed = where if isinstance(where, str) else ""
        return Answer(period=period, typed=typed, reading=reading, by=by, told=told)

    async def lookups(self, query: Query) -> Found:
        """Find which messages hold the words and guests of a query."""
        found: dict[Text | Condition, npt.NDArray[np.int64]] = {}
        for part in looked_up(query):
            ids = await self.queries.matching_ids(Query(((Term(part),),)))
            found[part] = np.array([key_of(identity) for identity in ids], dtype=np.int64)
        return found

    async def waiting_conversations(self) -> list[str]:
        """Return the conversations whose guest waits for an answer."""
        facts = await load_facts(self.store, ["conversation"])
        keys = np.unique(facts.columns["conversation"][facts.has(Flag.WAITS)])
        return conversation_ids(facts, keys)


def _rows(
    metric: Metric, facts: Facts, mask: Mask, period: Period, records: dict[str, Any]
) -> Rows:
    start, end = period.since.timestamp(), period.until.timestamp()
    moments = facts.columns["at"]
    counts = anchored(metric.anchor, facts) & mask & (moments < end)
    if not metric.has_own_window:
        counts &= moments >= start
    return Rows(facts, np.flatnonzero(counts), int(end), period.days, records)


async def _labels(queries: MessageQueries, by: By | None) -> dict[str, str]:
    if by is not By.PROPERTY:
        return {}
    return await queries.property_names()


def _groups(
    metric: Metric, rows: Rows, by: By | None, labels: dict[str, str]
) -> list[tuple[str, Figure]]:
    if by is None or metric.anchor is Anchor.STORE or not len(rows):
        return []
    parts = _parts(rows, by)
    found = [(name, metric.compute(part)) for name, part in parts]
    if by not in {By.WEEK, By.MONTH}:
        found.sort(key=lambda pair: (-pair[1].n, pair[0]))
    named = [(f"{labels[name]} ({name})" if name in labels else name, f) for name, f in found]
    return named[:MOST_GROUPS]


def _parts(rows: Rows, by: By) -> list[tuple[str, Rows]]:
    if by is By.TOPIC:
        return [(t, rows.where(mask)) for t, mask in topic_masks(rows).items() if mask.any()]
    if by in {By.WEEK, By.MONTH}:
        days = (local_seconds(rows) // 86_400).astype("datetime64[D]")
        # The 1st of January 1970 was a Thursday; weeks begin on Monday.
        starts = (
            days.astype("datetime64[M]").astype("datetime64[D]")
            if by is By.MONTH
            else days - (days.astype(np.int64) + 3) % 7
        )
        codes, labels = starts.astype(np.int64), None
    else:
        codes, labels = rows[str(by)].astype(np.int64), rows.facts.names[str(by)]
    order = np.argsort(codes, kind="stable")
    values, first = np.unique(codes[order], return_index=True)
    parts = np.split(order, first[1:])
    found: list[tuple[str, Rows]] = []
    for value, part in zip(values, parts, strict=True):
        if labels is None:
            day = str(np.datetime64(int(value), "D"))
            name = day[:7] if by is By.MONTH else day
        else:
            name = labels[int(value)] or "unknown"
        found.append((name, rows.where(np.sort(part))))
    return found
