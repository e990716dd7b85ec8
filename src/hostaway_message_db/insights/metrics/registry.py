"""What a metric is: rows that count, one function over them, and a definition in its docstring."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from hostaway_message_db.insights.facts import Column, Facts
from hostaway_message_db.insights.threads import Flag

Mask = npt.NDArray[np.bool_]
DAY_SECONDS = 86_400


class Unit(StrEnum):
    """What a figure is counted in."""

    SECONDS = "seconds"
    SHARE = "share"
    COUNT = "count"
    SCORE = "score"


class Anchor(StrEnum):
    """Which rows a metric looks at; a row counts when it is in the period and meets the filter."""

    THREADS = "the first guest message of each thread"
    CYCLES = "the first guest message of each cycle"
    INBOUND = "each guest message that was sent"
    OUTBOUND = "each message of the host, whatever became of it"
    MESSAGES = "each message that was sent"
    WAITING = "each guest message that waits for an answer"
    THANKED = "each guest message that ends a thread and asks for no answer"
    STORE = "the copy as a whole; no filter applies"


def anchored(anchor: Anchor, facts: Facts) -> Mask:
    """Return which rows an anchor means."""
    ways: dict[Anchor, Callable[[], Mask]] = {
        Anchor.THREADS: lambda: facts.has(Flag.OPENS_THREAD),
        Anchor.CYCLES: lambda: facts.has(Flag.OPENS_CYCLE),
        Anchor.INBOUND: lambda: facts.has(Flag.INBOUND | Flag.SENT),
        Anchor.OUTBOUND: lambda: ~facts.has(Flag.INBOUND),
        Anchor.MESSAGES: lambda: facts.has(Flag.SENT),
        Anchor.WAITING: lambda: facts.has(Flag.WAITS),
        Anchor.THANKED: lambda: facts.has(Flag.CLOSED_BY_THANKS),
        Anchor.STORE: lambda: np.zeros(len(facts), dtype=bool),
    }
    return ways[anchor]()


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows a metric is computed from, and what it needs to know beside them."""

    facts: Facts
    index: npt.NDArray[np.int64]
    until: int
    """The end of the period, in seconds since 1970; for what is open, now."""
    days: float = 0.0
    records: Mapping[str, Any] = field(default_factory=dict)
    """What the store tells of itself, for the metrics about the copy and about ratings."""

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, column: str) -> Column:
        return np.asarray(self.facts.columns[column][self.index])

    def has(self, flag: int) -> Mask:
        """Return which rows have all these flags."""
        return np.asarray((self["flags"] & flag) == flag)

    def where(self, mask: Mask) -> "Rows":
        """Return the rows for which a mask holds."""
        return replace(self, index=self.index[mask])

    def names(self, column: str) -> list[str | None]:
        """Return the name of each row."""
        names = np.array(self.facts.names[column], dtype=object)
        return list(names[self[column]]) if len(self) else []

    def is_named(self, column: str, fragment: str) -> Mask:
        """Return which rows have a name with this fragment."""
        codes = [n for n, name in enumerate(self.facts.names[column]) if fragment in (name or "")]
        return np.isin(self[column], codes)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: from how many cases, its headline (None without any), and what is beside it."""

    n: int
    value: float | None
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {"n": self.n, "value": self.value, "details": self.details}


NONE = Figure(0, None)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of the catalogue."""

    id: str
    title: str
    unit: Unit
    anchor: Anchor
    columns: tuple[str, ...]
    compute: Callable[[Rows], Figure]
    has_own_window: bool = False
    """It looks back from the end of the period by its own rule, whatever its start is."""
    needs_records: bool = False

    @property
    def definition(self) -> str:
        """Return the definition: the docstring of its function after the title, on one line."""
        _, _, text = (inspect.getdoc(self.compute) or "").partition("\n")
        return re.sub(r"\s+", " ", text).strip()


METRICS: dict[str, Metric] = {}
"""Every metric by its id."""
_FAMILIES = "RUVASTLNGCE"


def catalogue() -> list[Metric]:
    """Return every metric in the order of the catalogue."""
    return sorted(METRICS.values(), key=lambda m: (_FAMILIES.index(m.id[0]), int(m.id[1:])))


def metric(
    identity: str,
    title: str,
    unit: Unit,
    anchor: Anchor,
    *columns: str,
    has_own_window: bool = False,
    needs_records: bool = False,
) -> Callable[[Callable[[Rows], Figure]], Callable[[Rows], Figure]]:
    """Enter a function into the catalogue."""

    def enter(compute: Callable[[Rows], Figure]) -> Callable[[Rows], Figure]:
        METRICS[identity] = Metric(
            identity, title, unit, anchor, columns, compute, has_own_window, needs_records
        )
        return compute

    return enter


def spread(values: Column) -> dict[str, float] | None:
    """Return median, further percentiles, mean and bounds; None without values.

    Percentiles are interpolated between the two nearest values.
    """
    if not len(values):
        return None
    p50, p75, p90, p95 = np.percentile(values, [50, 75, 90, 95])
    return {
        "p50": _plain(p50),
        "p75": _plain(p75),
        "p90": _plain(p90),
        "p95": _plain(p95),
        "mean": _plain(np.mean(values)),
        "min": _plain(np.min(values)),
        "max": _plain(np.max(values)),
    }


def median(values: Column) -> float | None:
    """Return the median; None without values."""
    return _plain(np.median(values)) if len(values) else None


def share(part: float, whole: float) -> float | None:
    """Return a share; None of nothing."""
    return round(float(part) / float(whole), 6) if whole else None


def counted(rows: Rows, column: str) -> dict[str, int]:
    """Count rows by name, the most frequent first; rows without a name are `unknown`."""
    totals = np.bincount(rows[column], minlength=len(rows.facts.names[column]))
    every = zip(rows.facts.names[column], totals, strict=True)
    pairs = [(name or "unknown", int(total)) for name, total in every if total]
    return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def _plain(value: Any) -> float:
    return round(float(value), 4)
