"""A query of the language → a filter of MongoDB."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from hostaway_message_db.database.documents import Document
from hostaway_message_db.enrichment.search_terms import (
    GUEST_PREFIX,
    MAX_TERM_LENGTH,
    asked_terms,
    fold,
    folding_pattern,
    words_of,
)
from hostaway_message_db.models.query import Clause, Condition, Operator, Query, Term, Text

TERMS = "search_terms"
NOTHING: Document = {"message_id": {"$in": []}}
FAILED_STATUSES = ("failed", "cancelled_by_system")
_UNICODE = "(*UCP)"


def compile_query(query: Query) -> Document:
    """Return the filter that matches exactly the messages of a query.

    Who waits for an answer is a matter of whole threads: the caller names their conversations
    in place of `is:unanswered`.
    """
    filters: list[Document] = []
    for clause in query.clauses:
        filters += _clause(clause)
    return {"$and": filters} if filters else {}


def _clause(clause: Clause) -> list[Document]:
    if len(clause) == 1:
        return _term(clause[0])
    return [{"$or": [_all(_term(term)) for term in clause]}]


def _all(filters: list[Document]) -> Document:
    return filters[0] if len(filters) == 1 else {"$and": filters}


def _term(term: Term) -> list[Document]:
    filters = text_filters(term.of) if isinstance(term.of, Text) else [_condition(term.of)]
    return [{"$nor": [_all(filters)]}] if term.is_negated else filters


def text_filters(text: Text) -> list[Document]:
    """Return what holds of a message with these words: its terms, then the order of a phrase."""
    words = words_of(text.text)
    filters: list[Document] = []
    for word in words:
        whole, beginning = asked_terms(word)
        filters += [{TERMS: term} for term in whole]
        filters += [{TERMS: {"$regex": f"^{re.escape(beginning)}"}}] if beginning else []
    if text.is_phrase:
        pattern = _UNICODE + folding_pattern(tuple(words))
        filters.append({"content": {"$regex": pattern}})
    unique: list[Document] = []
    for one in filters:
        if one not in unique:
            unique.append(one)
    return unique or [NOTHING]


def _condition(condition: Condition) -> Document:
    return _COMPILERS[condition.operator](condition)


def _field(path: str) -> Callable[[Condition], Document]:
    def compiled(condition: Condition) -> Document:
        values = list(condition.values)
        return {path: values[0] if len(values) == 1 else {"$in": values}}

    return compiled


def _guest(condition: Condition) -> Document:
    address = fold(condition.operand)
    words = [address] if "@" in address else words_of(condition.operand)
    starts = (re.escape(GUEST_PREFIX + word[:MAX_TERM_LENGTH]) for word in words)
    return _all([{TERMS: {"$regex": f"^{start}"}} for start in starts] or [NOTHING])


def _from(condition: Condition) -> Document:
    ways: dict[str, Document] = {
        "guest": {"direction": "inbound"},
        "host": {"direction": "outbound", "is_automated": False},
        "auto": {"direction": "outbound", "is_automated": True},
    }
    return ways[condition.values[0]]


def _tone(condition: Condition) -> Document:
    tone = condition.values[0]
    return {"sentiment.alert": True} if tone == "alert" else {"sentiment.label": tone}


def _has(_condition: Condition) -> Document:
    return {"attachments.0": {"$exists": True}}


def _is(condition: Condition) -> Document:
    ways: dict[str, Any] = {
        "failed": {"status": {"$in": list(FAILED_STATUSES)}},
        "unsent": {"is_unsent": True},
    }
    return dict(ways[condition.values[0]])


def _moment(comparison: str) -> Callable[[Condition], Document]:
    def compiled(condition: Condition) -> Document:
        return {"timestamp": {comparison: datetime.fromisoformat(condition.values[0])}}

    return compiled


_COMPILERS: dict[Operator, Callable[[Condition], Document]] = {
    Operator.GUEST: _guest,
    Operator.PROPERTY: _field("property.id"),
    Operator.CHANNEL: _field("channel.name"),
    Operator.FROM: _from,
    Operator.IN: _field("stage"),
    Operator.LANG: _field("language"),
    Operator.COUNTRY: _field("guest.nationality"),
    Operator.TONE: _tone,
    Operator.TOPIC: _field("topics"),
    Operator.HAS: _has,
    Operator.IS: _is,
    Operator.BEFORE: _moment("$lt"),
    Operator.AFTER: _moment("$gte"),
    Operator.RESERVATION: _field("reservation.id"),
    Operator.CONVERSATION: _field("conversation_id"),
    Operator.TYPE: _field("message_type"),
    Operator.ACCOUNT: _field("account_id"),
}
