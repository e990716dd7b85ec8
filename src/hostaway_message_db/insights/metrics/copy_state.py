"""E1-E4: how good the copy is."""

from datetime import datetime
from typing import Any

import numpy as np

from hostaway_message_db.insights.metrics.registry import (
    NONE,
    Anchor,
    Figure,
    Rows,
    Unit,
    metric,
    share,
    spread,
)
from hostaway_message_db.insights.threads import Flag


def _runs(rows: Rows, *kinds: str) -> list[dict[str, Any]]:
    """Return the finished runs of the period, newest first."""
    runs = rows.records.get("runs", ())
    start = rows.until - rows.days * 86_400
    return [
        run
        for run in runs
        if run["kind"] in kinds
        and run.get("report")
        and start <= _at(run["started_at"]) < rows.until
    ]


def _at(moment: datetime) -> float:
    return moment.timestamp()


@metric("E1", "Freshness", Unit.SECONDS, Anchor.MESSAGES, "at", "lag_seconds")
def freshness(rows: Rows) -> Figure:
    """Freshness.

    From the moment of the newest stored message to the end of the period; beside it how long
    messages took from Hostaway's `insertedOn` to being stored.
    """
    if not len(rows):
        return NONE
    lags = rows["lag_seconds"]
    newest = float(rows.until - int(rows["at"].max()))
    return Figure(len(rows), max(newest, 0.0), {"ingest_lag_seconds": spread(lags[lags >= 0])})


@metric("E2", "Completeness", Unit.SHARE, Anchor.STORE, needs_records=True)
def completeness(rows: Rows) -> Figure:
    """Completeness.

    Conversations stored against those Hostaway counted, by the last proof (`verify`) or sync of
    the period: a proof says which are missing, a sync how many it listed.
    """
    for run in _runs(rows, "verify", "sync"):
        told = run["report"].get("conversations", {})
        counted = told.get("hostaway_count") or told.get("listed")
        if not counted:
            continue
        if run["kind"] == "verify":
            differences = run["report"].get("differences", ())
            stored = counted - sum(d["kind"] == "conversation_missing" for d in differences)
        else:
            stored = min(rows.records["counts"].get("conversations", 0), counted)
        details = {"stored": stored, "counted": counted, "run": run["_id"], "kind": run["kind"]}
        return Figure(int(counted), share(stored, counted), details)
    return NONE


@metric("E3", "Request budget", Unit.COUNT, Anchor.STORE, needs_records=True)
def request_budget(rows: Rows) -> Figure:
    """Request budget.

    Requests sent to Hostaway by the runs of the period, with repetitions and refusals for the
    rate limit; and how many requests reading every conversation in each of those runs would
    have cost beyond that.
    """
    runs = _runs(rows, "sync")
    if not runs:
        return NONE
    reports = [run["report"] for run in runs]
    requests = sum(report.get("request_count", 0) for report in reports)
    saved = sum(report.get("requests_saved", 0) for report in reports)
    details = {
        "retries": sum(report.get("retry_count", 0) for report in reports),
        "refused": sum(report.get("refused_count", 0) for report in reports),
        "requests_saved": saved,
        "per_run": spread(np.array([report.get("request_count", 0) for report in reports])),
    }
    return Figure(len(runs), float(requests), details)


@metric("E4", "Quality", Unit.COUNT, Anchor.MESSAGES, needs_records=True)
def quality(rows: Rows) -> Figure:
    """Quality.

    Records in quarantine now; beside it, of the messages of the period, how many were changed
    after they were first seen.
    """
    aside = rows.records.get("counts", {}).get("quarantine", 0)
    unknown: set[str] = set()
    for run in _runs(rows, "sync"):
        unknown |= set(run["report"].get("newly_unknown_keys") or ())
    details = {
        "changed_after_first_sight": int(rows.has(Flag.EDITED).sum()),
        "newly_unknown_fields": sorted(unknown),
    }
    return Figure(len(rows), float(aside), details) if len(rows) or aside else NONE
