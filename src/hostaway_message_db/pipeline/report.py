"""What a run did: every raw record in exactly one column, everything left behind named."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hostaway_message_db.errors import ExitCode, HostawayMessageDbError
from hostaway_message_db.pipeline.known_keys import KNOWN_KEYS
from hostaway_message_db.pipeline.labelling import LabellingReport
from hostaway_message_db.ports import LoadOutcome, RequestCounts, Tidied

MAX_NAMED_FAILURES = 100
MAX_UNKNOWN_KEYS = 200
MAX_KEY_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that was left for the next run, and why."""

    subject: str
    code: str
    reason: str


@dataclass(slots=True)
class Columns:
    """Where the raw records of one entity went; the columns add up to `extracted`."""

    extracted: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0

    def account_for(self, extracted: int, outcome: LoadOutcome, quarantined: int) -> None:
        """Count a page at once, after its writes: a run that is cut never counts half a page."""
        self.extracted += extracted
        self.quarantined += quarantined
        self.add(outcome)

    def add(self, outcome: LoadOutcome) -> None:
        """Count a loaded batch."""
        self.inserted += outcome.inserted
        self.updated += outcome.updated
        self.unchanged += outcome.unchanged

    def to_json(self) -> dict[str, Any]:
        """Return the columns by name."""
        return {
            "extracted": self.extracted,
            "inserted": self.inserted,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "quarantined": self.quarantined,
        }


@dataclass(slots=True)
class EntityColumns(Columns):
    """Where the rows of a further entity went; all columns but `requests` add up.

    `withheld` rows are forgotten guests'; `unasked` ones do not answer what was asked for.
    """

    withheld: int = 0
    unasked: int = 0
    requests: int = 0
    skipped: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the columns by name; `skipped` says why nothing could be read."""
        return {
            # Named, because a class with slots is another one than `super()` looks for.
            **Columns.to_json(self),
            "withheld": self.withheld,
            "unasked": self.unasked,
            "requests": self.requests,
            "skipped": self.skipped,
        }


@dataclass(slots=True)
class ConversationColumns:
    """How the conversations fared; `changed` are those that had to be read."""

    listed: int = 0
    changed: int = 0
    read: int = 0
    failed: int = 0


@dataclass(slots=True)
class FileColumns:
    """What became of the files that were due; `known` contents were stored already."""

    stored: int = 0
    known: int = 0
    failed: int = 0
    refused: int = 0
    named: list[Failure] = field(default_factory=list)

    def name(self, subject: str, code: str, reason: str) -> None:
        """Name a file that could not be downloaded."""
        if len(self.named) < MAX_NAMED_FAILURES:
            self.named.append(Failure(subject, code, reason))

    def to_json(self) -> dict[str, Any]:
        """Return the columns by name, with what could not be downloaded."""
        return {
            "stored": self.stored,
            "known": self.known,
            "failed": self.failed,
            "refused": self.refused,
            "failures": [
                {"subject": f.subject, "code": f.code, "reason": f.reason} for f in self.named
            ],
        }


@dataclass(slots=True)
class SyncReport:
    """The report of one sync; `sync --json` prints it."""

    run_id: str
    account_id: str
    mode: str
    started_at: datetime
    duration_seconds: float = 0.0
    counts: RequestCounts = field(default_factory=RequestCounts)
    conversations: ConversationColumns = field(default_factory=ConversationColumns)
    messages: Columns = field(default_factory=Columns)
    reservations: Columns = field(default_factory=Columns)
    listings: Columns = field(default_factory=Columns)
    conversation_rows: Columns = field(default_factory=Columns)
    entities: dict[str, EntityColumns] = field(default_factory=dict)
    files: FileColumns = field(default_factory=FileColumns)
    unsent_messages: int = 0
    retention: Tidied = field(default_factory=Tidied)
    labelling: LabellingReport | None = None
    """What was labelled after the run, which is complete without it."""
    unknown_keys: Counter[str] = field(default_factory=Counter)
    newly_unknown_keys: list[str] = field(default_factory=list)
    new_in_quarantine: int = 0
    quarantine_size: int = 0
    latest_message_at: datetime | None = None
    failures: list[Failure] = field(default_factory=list)
    failure_count: int = 0
    is_interrupted: bool = False
    """Stopped by the user after the load: what is said here is stored, labels may be left."""

    def columns_of(self, entity: str) -> Columns:
        """Return the columns of an entity."""
        return {
            "message": self.messages,
            "conversation": self.conversation_rows,
            "reservation": self.reservations,
            "listing": self.listings,
        }[entity]

    def note_keys(self, entity: str, row: Any) -> None:
        """Count the keys of a record that Hostaway was not known to send."""
        if not isinstance(row, dict):
            return
        for key in row.keys() - KNOWN_KEYS[entity]:
            name = f"{entity}.{key}".encode("utf-8", "replace").decode()[:MAX_KEY_CHARACTERS]
            if name in self.unknown_keys or len(self.unknown_keys) < MAX_UNKNOWN_KEYS:
                self.unknown_keys[name] += 1

    def leave(self, subject: str, error: HostawayMessageDbError) -> None:
        """Name something that is left for the next run."""
        self.failure_count += 1
        if len(self.failures) < MAX_NAMED_FAILURES:
            self.failures.append(Failure(subject, error.code, error.message))

    @property
    def requests_saved(self) -> int:
        """Return how many requests a full re-read would have cost more, at the least.

        One for each conversation that was listed and not read; long ones cost more.
        """
        if self.mode != "incremental":
            return 0
        return max(self.conversations.listed - self.conversations.read, 0)

    @property
    def nothing_is_left(self) -> bool:
        """Tell whether the next run has nothing to make up for."""
        return self.failure_count == 0

    @property
    def is_complete(self) -> bool:
        """Tell whether every listed message is stored, or was known to be in quarantine."""
        return self.nothing_is_left and self.new_in_quarantine == 0

    @property
    def exit_code(self) -> int:
        """Return what the process says: partial wins over quarantine, since it wants a rerun."""
        if self.is_interrupted:
            return ExitCode.INTERRUPTED
        if not self.nothing_is_left:
            return ExitCode.PARTIAL
        return ExitCode.DATA if self.new_in_quarantine else ExitCode.COMPLETE

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON-ready values (contract 3.2)."""
        latest = self.latest_message_at
        return {
            "run_id": self.run_id,
            "account_id": self.account_id,
            "mode": self.mode,
            "is_complete": self.is_complete,
            "started_at": self.started_at.isoformat(),
            "duration_seconds": round(self.duration_seconds, 3),
            "request_count": self.counts.requests,
            "retry_count": self.counts.retries,
            "refused_count": self.counts.refused,
            "requests_saved": self.requests_saved,
            "conversations": {
                "listed": self.conversations.listed,
                "changed": self.conversations.changed,
                "read": self.conversations.read,
                "failed": self.conversations.failed,
            },
            "messages": self.messages.to_json(),
            "reservations": self.reservations.to_json(),
            "listings": self.listings.to_json(),
            "conversation_rows": self.conversation_rows.to_json(),
            "attachments": self.files.to_json(),
            "entities": {name: columns.to_json() for name, columns in self.entities.items()},
            "unsent_messages": self.unsent_messages,
            "retention": self.retention.to_json(),
            "labelling": self.labelling.to_json() if self.labelling else None,
            "unknown_keys": dict(sorted(self.unknown_keys.items())),
            "newly_unknown_keys": self.newly_unknown_keys,
            "quarantine": {"new": self.new_in_quarantine, "size": self.quarantine_size},
            "latest_message_at": latest.isoformat() if latest else None,
            "failure_count": self.failure_count,
            "failures": [
                {"subject": f.subject, "code": f.code, "reason": f.reason} for f in self.failures
            ],
        }


class SyncStopped(asyncio.CancelledError):
    """Asked to stop after the load: a cancellation that carries what was done."""

    def __init__(self, report: SyncReport) -> None:
        super().__init__("stopped after the load")
        report.is_interrupted = True
        self.report = report
