"""What commands print for programs and for people."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from hostaway_message_db.__main__ import main
from hostaway_message_db.cli.output import one_line, print_json, table, when
from hostaway_message_db.cli.reading import show_thread
from hostaway_message_db.cli.runner import report_error
from hostaway_message_db.cli.searching import show_found
from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.search import Found, Hit, Order
from hostaway_message_db.models.query import Notice, Query, Reading
from hostaway_message_db.utils.plain_json import to_json

MOMENT = datetime(2026, 5, 2, 16, 5, 10, 123000, tzinfo=UTC)


def test_json_holds_moments_in_utc_dates_and_money_with_its_own_digits() -> None:
    told = json.loads(
        to_json({"at": MOMENT, "day": date(2026, 5, 2), "price": Decimal("840.50"), "n": [None, 1]})
    )
    assert told == {
        "at": "2026-05-02T16:05:10.123000Z", "day": "2026-05-02", "price": "840.50", "n": [None, 1],
    }  # fmt: skip


def test_words_of_every_language_are_printed_as_they_are() -> None:
    assert "こんにちは" in to_json({"content": "こんにちは"})


def test_what_has_no_json_form_is_an_error_of_ours() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        to_json({"x": object()})


def test_print_json_writes_one_object_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": 1})
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"a": 1}
    assert shown.err == ""


def test_an_error_is_a_sentence_and_a_hint_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report_error(UsageError("mongodb://a:b@h is wrong.", "Do this."), as_json=False)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "Error: mongodb://***@h is wrong.\nDo this.\n"


def test_an_error_is_one_json_object_where_json_was_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report_error(UsageError("Wrong."), as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["error"]["code"] == "usage"
    assert told["error"]["message"] == "Wrong."
    assert told["error"]["hint"]


def test_a_moment_is_written_for_people_and_none_is_never() -> None:
    assert when(MOMENT) == "2026-05-02 16:05:10"
    assert when(None) == "never"


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\n b\t c", "a b c"), ("abcdef", "abcdef"), ("abcdefg", "abcde…"), ("", "")],
)
def test_a_text_is_shortened_to_one_line(text: str, line: str) -> None:
    assert one_line(text, 6) == line


def test_a_column_of_numbers_is_right_aligned() -> None:
    made = table("Title", "name", "#count")
    assert [(c.header, c.justify) for c in made.columns] == [("name", "left"), ("count", "right")]


@pytest.mark.parametrize(
    "arguments",
    [["no-such-command"], ["sync", "--no-such-option"], ["search"], ["search", "x", "--limit", "y"],
     ["sync", "--dry-run", "--full"]],
)  # fmt: skip
def test_a_command_line_that_makes_no_sense_ends_with_64(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 64
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["sync", "--help"]])
def test_asking_for_help_ends_with_0(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code in {0, None}
    assert capsys.readouterr().out


CLEARS_THE_SCREEN = "Ana\x1b[2J\x9b2J[/bold] [link=http://x]\x07\x7f"


def test_a_terminal_shows_what_came_from_outside_and_does_not_obey_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    message = {
        "guest": {"name": CLEARS_THE_SCREEN},
        "property": {"name": CLEARS_THE_SCREEN},
        "reservation": {
            "arrival_date": "2026-05-02", "departure_date": None, "status": CLEARS_THE_SCREEN,
        },
        "direction": "inbound",
        "timestamp": MOMENT,
        "content": f"one\ntwo\t{CLEARS_THE_SCREEN}",
        "attachments": [{"name": CLEARS_THE_SCREEN}],
        "is_automated": False,
        "is_unsent": False,
        "versions_count": 0,
        "status": CLEARS_THE_SCREEN,
        "conversation_id": CLEARS_THE_SCREEN,
    }  # fmt: skip
    show_thread("1", [message], as_json=False)
    query = Reading(query=Query(), notices=(Notice("unknown", CLEARS_THE_SCREEN),))
    hits = [Hit(message, [(0, 3)])]
    show_found(Found(CLEARS_THE_SCREEN, query, Order.NEWEST, hits, None), as_json=False)
    report_error(UsageError(CLEARS_THE_SCREEN, CLEARS_THE_SCREEN), as_json=False)
    shown = capsys.readouterr()
    assert "one\ntwo" in shown.out
    for written in (shown.out, shown.err):
        assert written.count("Ana\ufffd[2J\ufffd2J[/bold] [link=http://x]\ufffd\ufffd") >= 2
        assert not set(written) & set("\x07\x1b\x7f\x9b")
