"""How the copy is doing: last runs, freshness, counts, quarantine, health. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hostaway_message_db.ports import StoreOverview

STALE_AFTER_HOURS = 26.0
"""A daily job that ran is never older than a day and some slack."""


@dataclass(frozen=True, slots=True)
class Status:
    """What `status` tells."""

    health: str
    problems: tuple[str, ...]
    overview: StoreOverview
    hours_since_complete_run: float | None

    @property
    def exit_code(self) -> int:
        """Return what the process says: that something needs attention is no failure of it."""
        return 0

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        overview = self.overview
        return {
            "health": self.health,
            "problems": list(self.problems),
            "is_sample": overview.is_sample,
            "counts": overview.counts,
            "pending_conversations": overview.pending_conversations,
            "failing_count": overview.failing_count,
            "failing_conversations": list(overview.failing_conversations),
            "quarantine": list(overview.quarantine),
            "messages_without_labels": overview.messages_without_labels,
            "latest_message_at": overview.latest_message_at,
            "last_complete_run_at": overview.last_complete_run_at,
            "hours_since_complete_run": self.hours_since_complete_run,
            "missing_indexes": list(overview.missing_indexes),
            "files_not_stored_count": overview.files_not_stored_count,
            "files_not_stored": list(overview.files_not_stored),
            "api": overview.api,
            "last_runs": list(overview.last_runs),
        }


def assess(overview: StoreOverview, now: datetime) -> Status:
    """Judge an overview: `ok`, `attention` or `empty`, with every reason."""
    hours = None
    if overview.last_complete_run_at is not None:
        hours = round((now - overview.last_complete_run_at).total_seconds() / 3600, 2)
    if not overview.last_runs:
        return Status("empty", ("no run yet: start with `sync`",), overview, hours)
    problems: list[str] = []
    if hours is None:
        problems.append("no run was complete yet: run `sync` again")
    elif hours > STALE_AFTER_HOURS:
        problems.append(f"the last complete run is {hours:.0f} hours old")
    if overview.pending_conversations:
        problems.append(f"{overview.pending_conversations} conversations wait to be read")
    if overview.counts.get("quarantine"):
        problems.append(f"{overview.counts['quarantine']} records are in quarantine")
    if overview.missing_indexes:
        problems.append(f"indexes are missing: {', '.join(overview.missing_indexes)}")
    return Status("attention" if problems else "ok", tuple(problems), overview, hours)
