"""What is told, in words and figures, and what never is."""

from html.parser import HTMLParser

import pytest

from hostaway_message_db.notifications.notice import Notice, NoticeKind, compose
from hostaway_message_db.notifications.rendering import to_html, to_text
from hostaway_message_db.ports import Incident, JobOutcome
from support.calendar import utc
from unit.notifications.conftest import facts

FAILED = facts(
    JobOutcome.FAILED,
    exit_code=77,
    error_code="credentials_refused",
    problem="Hostaway does not accept the account id and API key.",
    hint="Check <HOSTAWAY_API_KEY> & the account.",
    report=None,
    status=None,
)


@pytest.mark.parametrize(
    ("outcome", "subject"),
    [
        (JobOutcome.COMPLETE, "daily job complete: 1,200 new messages"),
        (JobOutcome.ATTENTION, "daily job needs attention: 5 new in quarantine"),
        (JobOutcome.PARTIAL, "daily job incomplete: 2 left for the next run"),
    ],
)
def test_the_subject_says_the_outcome(outcome: JobOutcome, subject: str) -> None:
    notice = compose(facts(outcome), NoticeKind.SUMMARY)
    assert notice.subject == f"Hostaway messages: {subject} (account 61234)"


def test_a_failure_says_why_and_what_to_do() -> None:
    notice = compose(FAILED, NoticeKind.FAILURE)
    assert notice.subject == (
        "Hostaway messages: daily job failed: credentials refused (account 61234)"
    )
    assert FAILED.problem in notice.sentences
    assert notice.hint == FAILED.hint
    assert notice.sections == ()
    assert "exit code 77" in notice.footer
    assert "20260502T010000Z-abcd" in notice.footer


@pytest.mark.parametrize(("failures", "words"), [(1, "one run"), (4, "4 runs")])
def test_a_recovery_says_since_when_it_failed(failures: int, words: str) -> None:
    incident = Incident(utc(1, 1), failures)
    notice = compose(facts(), NoticeKind.RECOVERY, incident)
    assert "works again: 1,200 new messages" in notice.subject
    assert f"Since 2026-05-01 01:00 UTC, {words} had not been complete." in notice.sentences


@pytest.mark.parametrize(("missed", "words"), [(1, "One scheduled time was"), (3, "3 scheduled")])
def test_missed_times_are_told(missed: int, words: str) -> None:
    notice = compose(facts(missed_times=missed), NoticeKind.SUMMARY)
    assert any(words in sentence for sentence in notice.sentences)


FIGURES = {
    "read from Hostaway": "12,345", "new": "1,200", "not understood": "100",
    "no longer listed (text kept)": "3", "listed": "900", "failed": "2", "server failed": "2",
    "messages stored": "56,789", "conversations waiting to be read": "2",
    "records in quarantine": "105", "newest message": "2026-05-02 00:55 UTC",
    "last complete run": "never", "sent": "4,321", "run time": "1,234.6 s",
}  # fmt: skip


def test_the_figures_of_a_run_are_all_there_in_both_forms() -> None:
    notice = compose(facts(JobOutcome.PARTIAL), NoticeKind.SUMMARY)
    rows = dict(row for section in notice.sections for row in section.rows)
    assert {label: rows[label] for label in FIGURES} == FIGURES
    text, page = to_text(notice), to_html(notice)
    for section in notice.sections:
        assert section.title in text
        for label, value in section.rows:
            assert f"  {label:<36} {value}\n" in text
            assert f">{label}</th>" in page
            assert f">{value}</td>" in page


def test_figures_that_are_not_known_are_said_to_be_unknown() -> None:
    notice = compose(facts(report={}, status={}), NoticeKind.SUMMARY)
    assert "unknown new messages" in notice.subject
    assert "unknown" in to_text(notice)


def test_no_sentence_of_hostaways_is_told() -> None:
    notice = compose(facts(JobOutcome.PARTIAL), NoticeKind.FAILURE)
    assert "Anna" not in notice.subject + to_text(notice) + to_html(notice)


class Checked(HTMLParser):
    """Checks that every element is closed in order."""

    VOID = ("meta",)

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", NoticeKind)
def test_the_page_is_well_formed_and_escaped(kind: NoticeKind) -> None:
    page = to_html(compose(FAILED, kind))
    parser = Checked()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    assert "Check &lt;HOSTAWAY_API_KEY&gt; &amp; the account." in page


def test_the_text_is_lines_without_gaps() -> None:
    notice: Notice = compose(FAILED, NoticeKind.FAILURE)
    text = to_text(notice)
    assert "\n\n\n" not in text
    assert text.startswith("The run ended early.")
    assert "What to do: Check <HOSTAWAY_API_KEY> & the account.\n" in text


def test_who_waits_and_who_is_unhappy_stand_first_and_name_no_guest() -> None:
    guests = {
        "waiting_count": 12,
        "waiting": [
            {"conversation_id": "7", "property": "Casa Azul", "stage": "in_stay", "tone": "alert",
             "age_seconds": 9000},
            {"conversation_id": "8", "property": None, "stage": None, "tone": None,
             "age_seconds": 90_000},
        ],
        "labelled_stays": 40, "unhappy_count": 1,
        "unhappy": [{"reservation_id": "70", "tone": -0.61}],
    }  # fmt: skip
    sections = compose(facts(guests=guests), NoticeKind.SUMMARY).sections
    assert [section.title for section in sections[:2]] == [
        "Guests who wait for an answer",
        "Unhappy stays of two weeks",
    ]
    assert sections[0].rows == (
        ("in all", "12"),
        ("conversation 7", "Casa Azul, in stay, alert, for 2 h 30 min"),
        ("conversation 8", "for 1 d 1 h"),
    )
    assert sections[1].rows == (("in all", "1"), ("reservation 70", "tone -0.61"))
    without = compose(facts(guests={**guests, "labelled_stays": 0}), NoticeKind.SUMMARY).sections
    assert "Unhappy stays of two weeks" not in [section.title for section in without]
