"""Whatever is typed is understood somehow, and what was understood can be written again."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from hostaway_message_db.database.query_compiler import compile_query
from hostaway_message_db.enrichment.search_terms import words_of
from hostaway_message_db.insights.query_language import from_json, read_query, to_json, to_text
from hostaway_message_db.models.query import Operator, Query, Term, Text, Vocabulary

NOW = datetime(2026, 11, 23, 4, 5, tzinfo=UTC)
STORED = Vocabulary({"9": "Casa Azul"}, ("airbnbOfficial",), ("wifi",), ("email",))

pieces = st.one_of(
    st.sampled_from([f"{operator}:" for operator in Operator]),
    st.sampled_from(["-", '"', " ", " OR ", "OR", ":", "guest", "2026-05-01", "7d", "casa", "es"]),
    st.text(max_size=8),
)
typed = st.lists(pieces, max_size=20).map("".join)


def meaning(query: Query) -> list[list[tuple[object, bool]]]:
    """Return what counts in a query: a text's words, not how they are joined."""

    def of(term: Term) -> object:
        part = term.of
        return (tuple(words_of(part.text)), part.is_phrase) if isinstance(part, Text) else part

    return [[(of(term), term.is_negated) for term in clause] for clause in query.clauses]


@given(typed)
@example('from:"')
@example("-OR:OR")
def test_typing_never_errors_and_what_was_understood_can_be_said_again(text: str) -> None:
    reading = read_query(text, NOW, STORED)
    again = read_query(to_text(reading.query), NOW, STORED)
    assert meaning(again.query) == meaning(reading.query)
    compile_query(reading.query)


@given(typed)
def test_the_json_form_says_the_same(text: str) -> None:
    reading = read_query(text, NOW, STORED)
    if "Nothing is after" not in str(reading.notices):
        assert from_json(to_json(reading.query), NOW, STORED) == reading.query
