"""What people are told: which sentences, which figures. Pure, and without guests' data.

A new group of figures is one more function in `FIGURES`; every channel then shows it.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from hostaway_message_db.ports import Incident, JobOutcome


class NoticeKind(StrEnum):
    """Why people are told."""

    FAILURE = "failure"
    """Runs begin to fail."""
    RECOVERY = "recovery"
    """Runs no longer fail."""
    SUMMARY = "summary"
    """A run took place, and every one is to be told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """How a call of the daily job went, as plain values."""

    account_id: str
    run_id: str
    scheduled_for: datetime
    outcome: JobOutcome
    exit_code: int
    missed_times: int = 0
    attempt: int = 1
    error_code: str = ""
    problem: str = ""
    hint: str = ""
    report: dict[str, Any] | None = None
    """The run's report (contract 3.2), where there is one."""
    status: dict[str, Any] | None = None
    """What `status` tells, where the store can be asked."""
    guests: dict[str, Any] | None = None
    """Who waits and who is unhappy, without their names, where the store can be asked."""


@dataclass(frozen=True, slots=True)
class Section:
    """A group of figures under a title."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told, whatever the channel."""

    kind: NoticeKind
    subject: str
    sentences: tuple[str, ...]
    sections: tuple[Section, ...]
    hint: str
    footer: str


def compose(facts: RunFacts, kind: NoticeKind, incident: Incident | None = None) -> Notice:
    """Put into words how a run went; `incident` is the one that has ended."""
    happened = "works again" if kind is NoticeKind.RECOVERY else _HAPPENED[facts.outcome]
    detail = _detail(facts)
    return Notice(
        kind=kind,
        subject=f"Hostaway messages: daily job {happened}{f': {detail}' if detail else ''}"
        f" (account {facts.account_id})",
        sentences=tuple(_sentences(facts, kind, incident)),
        sections=tuple(s for make in FIGURES if (s := make(facts)) and s.rows),
        hint=facts.hint,
        footer=f"Run {facts.run_id}, scheduled for {_moment(facts.scheduled_for)},"
        f" exit code {facts.exit_code}. The log of that run has the details.",
    )


_HAPPENED = {
    JobOutcome.COMPLETE: "complete",
    JobOutcome.ATTENTION: "needs attention",
    JobOutcome.PARTIAL: "incomplete",
    JobOutcome.FAILED: "failed",
}


def _detail(facts: RunFacts) -> str:
    if facts.outcome is JobOutcome.FAILED:
        return facts.error_code.replace("_", " ")
    report = facts.report or {}
    if facts.outcome is JobOutcome.PARTIAL:
        return f"{report.get('failure_count', 0)} left for the next run"
    if facts.outcome is JobOutcome.ATTENTION:
        return f"{_in(report, 'quarantine', 'new')} new in quarantine"
    return f"{_in(report, 'messages', 'inserted')} new messages"


def _sentences(facts: RunFacts, kind: NoticeKind, incident: Incident | None) -> list[str]:
    told = [_OUTCOME_SENTENCES[facts.outcome]]
    if facts.problem:
        told.append(facts.problem)
    if kind is NoticeKind.FAILURE:
        told.append("You will be told once more: when a run is complete again.")
    if kind is NoticeKind.RECOVERY and incident:
        times = "one run" if incident.failures == 1 else f"{incident.failures} runs"
        told.append(f"Since {_moment(incident.failing_since)}, {times} had not been complete.")
    if facts.missed_times:
        number = facts.missed_times
        times = "One scheduled time was" if number == 1 else f"{number} scheduled times were"
        told.append(f"{times} missed before; this run makes up for them.")
    return told


_OUTCOME_SENTENCES = {
    JobOutcome.COMPLETE: "Every message that Hostaway lists is stored.",
    JobOutcome.ATTENTION: "The run went through, but some records could not be understood; they"
    " are kept in quarantine.",
    JobOutcome.PARTIAL: "The run went through, but left something for the next run.",
    JobOutcome.FAILED: "The run ended early. What was stored before stays; the next run goes on.",
}


def _messages(facts: RunFacts) -> Section | None:
    if facts.report is None:
        return None
    labels = {
        "extracted": "read from Hostaway",
        "inserted": "new",
        "updated": "changed",
        "unchanged": "unchanged",
        "quarantined": "not understood",
    }
    rows = [(label, _in(facts.report, "messages", key)) for key, label in labels.items()]
    rows.append(("no longer listed (text kept)", _in(facts.report, "unsent_messages")))
    return Section("Messages of this run", tuple(rows))


def _conversations(facts: RunFacts) -> Section | None:
    if facts.report is None:
        return None
    labels = {"listed": "listed", "changed": "to read", "read": "read", "failed": "failed"}
    rows = tuple((label, _in(facts.report, "conversations", k)) for k, label in labels.items())
    return Section("Conversations of this run", rows)


def _left(facts: RunFacts) -> Section | None:
    """Count what was left by reason: the words of a reply may quote a guest, codes do not."""
    failures = (facts.report or {}).get("failures", ())
    codes = Counter(str(failure["code"]).replace("_", " ") for failure in failures)
    return Section("Left for the next run", tuple((c, str(n)) for c, n in codes.most_common()))


def _requests(facts: RunFacts) -> Section | None:
    if facts.report is None:
        return None
    return Section(
        "Requests of this run",
        (
            ("sent", _in(facts.report, "request_count")),
            ("repeated", _in(facts.report, "retry_count")),
            ("refused for the rate limit", _in(facts.report, "refused_count")),
            ("run time", f"{facts.report.get('duration_seconds', 0.0):,.1f} s"),
        ),
    )


def _completeness(facts: RunFacts) -> Section | None:
    if facts.status is None:
        return None
    return Section(
        "The whole store",
        (
            ("messages stored", _in(facts.status, "counts", "messages")),
            ("conversations stored", _in(facts.status, "counts", "conversations")),
            ("conversations waiting to be read", _in(facts.status, "pending_conversations")),
            ("of them failing before", _in(facts.status, "failing_count")),
            ("records in quarantine", _in(facts.status, "counts", "quarantine")),
        ),
    )


def _freshness(facts: RunFacts) -> Section | None:
    if facts.status is None:
        return None
    return Section(
        "Freshness",
        (
            ("newest message", _moment(facts.status.get("latest_message_at"))),
            ("last complete run", _moment(facts.status.get("last_complete_run_at"))),
        ),
    )


def _waiting(facts: RunFacts) -> Section | None:
    """Say whose guests wait, worst first, by thread and place: a mail names no guest."""
    if facts.guests is None:
        return None
    rows = [
        (
            f"conversation {one['conversation_id']}",
            _words(one["property"], one["stage"], one["tone"], f"for {_span(one['age_seconds'])}"),
        )
        for one in facts.guests["waiting"]
    ]
    return Section(
        "Guests who wait for an answer", (("in all", f"{facts.guests['waiting_count']:,}"), *rows)
    )


def _unhappy(facts: RunFacts) -> Section | None:
    """Say which stays sound unhappy, the worst first; nothing where none is labelled."""
    if not (facts.guests or {}).get("labelled_stays"):
        return None
    guests = facts.guests or {}
    rows = [
        (f"reservation {one['reservation_id']}", f"tone {one['tone']:+.2f}")
        for one in guests["unhappy"]
    ]
    return Section(
        "Unhappy stays of two weeks", (("in all", f"{guests['unhappy_count']:,}"), *rows)
    )


def _words(*parts: str | None) -> str:
    return ", ".join(part.replace("_", " ") for part in parts if part)


def _span(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    hours = rest // 3600
    return f"{days} d {hours} h" if days else f"{hours} h {rest % 3600 // 60} min"


FIGURES: tuple[Callable[[RunFacts], Section | None], ...] = (
    _waiting,
    _unhappy,
    _messages,
    _conversations,
    _left,
    _completeness,
    _freshness,
    _requests,
)
"""Every group of figures, in the order in which it is shown; None or no row leaves it out."""


def _in(values: dict[str, Any], *keys: str) -> str:
    """Return a figure for people: thousands apart, a word where there is none."""
    found: Any = values
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return f"{found:,}" if isinstance(found, int) else "unknown"


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"
