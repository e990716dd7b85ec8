"""The query language: what is typed, what is understood, what is said about the rest."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.query_language import (
    MAX_LENGTH,
    MAX_PARTS,
    from_json,
    read_query,
    to_json,
    to_text,
)
from hostaway_message_db.models.query import Condition, Operator, Reading, Text, Vocabulary

NOW = datetime(2026, 11, 23, 4, 5, tzinfo=UTC)
STORED = Vocabulary(
    {"9": "Casa Azul", "12": "Beach House", "13": "Beach Hut"},
    ("airbnbOfficial", "bookingcom", "vrboical"),
    ("access", "wifi_tv_appliances"),
    ("email", "channel"),
)


def read(text: str) -> Reading:
    return read_query(text, NOW, STORED)


def values(text: str) -> tuple[str, ...]:
    (clause,) = read(text).query.clauses
    condition = clause[0].of
    assert isinstance(condition, Condition), read(text).notices
    return condition.values


def test_words_phrases_negation_and_alternatives() -> None:
    found = read('wifi "check in" -noise towel OR sheet OR -pillow').query
    assert [[(t.of, t.is_negated) for t in clause] for clause in found.clauses] == [
        [(Text("wifi"), False)],
        [(Text("check in", is_phrase=True), False)],
        [(Text("noise"), True)],
        [(Text("towel"), False), (Text("sheet"), False), (Text("pillow"), True)],
    ]
    assert found.texts == (
        Text("wifi"), Text("check in", is_phrase=True), Text("towel"), Text("sheet")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from:GUEST", ("guest",)),
        ("in:pre-arrival", ("pre_arrival",)),
        ('in:"in stay"', ("in_stay",)),
        ("lang:es", ("es",)),
        ("lang:Spanish", ("es",)),
        ("country:DEU", ("DE",)),
        ("country:España", ("ES",)),
        ("tone:alert", ("alert",)),
        ("topic:access", ("access",)),
        ("topic:wifi/tv/appliances", ("wifi_tv_appliances",)),
        ("has:attachment", ("attachment",)),
        ("is:unanswered", ("unanswered",)),
        ("property:9", ("9",)),
        ("property:beach", ("12", "13")),
        ('property:"beach hut"', ("13",)),
        ("channel:airbnb", ("airbnbOfficial",)),
        ("channel:Booking.com", ("bookingcom",)),
        ("channel:vrbo", ("vrboical",)),
        ("type:Email", ("email",)),
        ("reservation:77", ("77",)),
        ("conversation:5", ("5",)),
        ("after:2026-05-01", ("2026-05-01T00:00:00Z",)),
        ("before:2026-05", ("2026-05-01T00:00:00Z",)),
        ("after:7d", ("2026-11-16T00:00:00Z",)),
        ("after:today", ("2026-11-23T00:00:00Z",)),
        ("before:yesterday", ("2026-11-22T00:00:00Z",)),
        ("after:9999y", ("0001-01-01T00:00:00Z",)),
    ],
)
def test_each_operator_knows_its_values(text: str, expected: tuple[str, ...]) -> None:
    assert values(text) == expected
    assert read(text).notices == ()


@pytest.mark.parametrize(
    ("text", "sentence", "suggestion"),
    [
        ("from:gust", "from: knows no 'gust'", "guest"),
        ("in:arival-day", "in: knows no", "arrival_day"),
        ("topic:acess", "topic: knows no", "access"),
        ("property:cassa", "property: knows no", "Casa Azul"),
        ("country:germny", "country: knows no", "Germany"),
        ("lang:spanich", "lang: knows no", "Spanish"),
        ("guset:ana", "There is no operator guset:", "guest"),
        ("before:2026-02-30", "The calendar has no 2026-02-30", None),
        ("after:someday", "is no date", None),
        ("is:anything", "is: knows no", "unanswered"),
    ],
)
def test_what_is_not_understood_is_searched_as_words_and_named(
    text: str, sentence: str, suggestion: str | None
) -> None:
    reading = read(text)
    (notice,) = reading.notices
    assert sentence in notice.sentence
    assert notice.sentence.endswith("It was searched as words.")
    assert suggestion is None or suggestion in notice.suggestions
    assert [type(clause[0].of) for clause in reading.query.clauses] == [Text]


@pytest.mark.parametrize("text", ["from:", "wifi from:", "from: ", 'from:""', 'from:"'])
def test_an_operator_that_is_still_being_typed_is_left_out(text: str) -> None:
    reading = read(text)
    assert all(isinstance(clause[0].of, Text) for clause in reading.query.clauses)
    assert "says nothing yet" in reading.notices[0].sentence


@pytest.mark.parametrize("text", ["", "  ", "OR", "-", "--", '"', '""', "!?", "OR OR"])
def test_what_says_nothing_means_everything(text: str) -> None:
    assert read(text).query.clauses == ()


@pytest.mark.parametrize("text", ["10:30", "Frage: wo?", "http://example.com/a"])
def test_colons_of_everyday_texts_are_words(text: str) -> None:
    reading = read(text)
    assert reading.notices == ()
    assert all(isinstance(clause[0].of, Text) for clause in reading.query.clauses)


def test_bounds_of_time_that_leave_nothing_are_said() -> None:
    reading = read("after:2026-05-02 before:2026-05-01")
    assert reading.notices[0].sentence == "Nothing is after 2026-05-02 and before 2026-05-01."
    assert read("after:2026-05-01 before:2026-05-02").notices == ()


def test_length_and_number_of_parts_are_bounded() -> None:
    assert "Only the first" in read("x " * MAX_LENGTH).notices[0].sentence
    reading = read("ab " * (MAX_PARTS + 1))
    assert len(reading.query.clauses) == MAX_PARTS
    assert "parts were read" in reading.notices[-1].sentence


def test_json_says_the_same_both_ways() -> None:
    query = read('wifi -"check in" property:beach OR from:guest').query
    parts = to_json(query)
    assert parts == [
        {"operator": "words", "operand": "wifi"},
        {"operator": "phrase", "operand": "check in", "negated": True},
        {
            "any": [
                {"operator": "property", "operand": "beach"},
                {"operator": "from", "operand": "guest"},
            ]
        },
    ]
    assert from_json(parts, NOW, STORED) == query
    assert to_text(query) == 'wifi -"check in" property:beach OR from:guest'


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({}, "is a list of parts"),
        ([1], 'with "operator" and "operand"'),
        ([{"any": []}], "holds a list"),
        ([{"operator": "frm", "operand": "guest"}], "Did you mean from"),
        ([{"operator": "from", "operand": "gust"}], "Try from:guest"),
        ([{"operator": "from", "operand": "guest", "negatd": True}], "Did you mean negated"),
        ([{"operator": "words", "operand": "?!"}], "holds no word"),
        ([{"operator": "words", "operand": 'a"b'}], "quotation mark"),
        ([{"operator": "words", "operand": ""}], "not empty"),
        ([{"operator": "from", "operand": "guest", "negated": 1}], "true or false"),
        ([{"operator": "before", "operand": "2026-13"}], "The calendar has no 2026-13"),
        (
            [
                {"operator": "after", "operand": "2026-05-02"},
                {"operator": "before", "operand": "2026-05-01"},
            ],
            "Nothing is after",
        ),
        ([{"operator": "words", "operand": "a"}] * (MAX_PARTS + 1), "at most"),
    ],
)
def test_a_programs_mistake_is_one_clear_sentence(parts: Any, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        from_json(parts, NOW, STORED)


def test_every_operator_can_be_read() -> None:
    samples = {
        Operator.IN: "after", Operator.FROM: "host", Operator.TONE: "neutral",
        Operator.BEFORE: "today", Operator.AFTER: "1w", Operator.LANG: "fr",
        Operator.COUNTRY: "France", Operator.HAS: "attachment", Operator.IS: "failed",
    }  # fmt: skip
    for operator in Operator:
        reading = read_query(f"{operator}:{samples.get(operator, 'x')}", NOW)
        assert reading.notices == (), operator
        assert isinstance(reading.query.clauses[0][0].of, Condition)


def test_half_a_character_becomes_one_that_can_be_asked_for() -> None:
    """Bytes of a command line that are no UTF-8 arrive as such halves, and escapes in JSON do."""
    (clause,) = read("from:caf\udce9").query.clauses
    assert str(clause[0].of).encode()
    for operator in ("words", "guest"):
        made = from_json([{"operator": operator, "operand": "caf\ud83d"}], NOW)
        assert str(made).encode()
