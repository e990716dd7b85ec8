"""What is asked of the messages: words and conditions, as values (the manual has the grammar)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Operator(StrEnum):
    """What can be asked beside words."""

    GUEST = "guest"
    PROPERTY = "property"
    CHANNEL = "channel"
    FROM = "from"
    IN = "in"
    LANG = "lang"
    COUNTRY = "country"
    TONE = "tone"
    TOPIC = "topic"
    HAS = "has"
    IS = "is"
    BEFORE = "before"
    AFTER = "after"
    RESERVATION = "reservation"
    CONVERSATION = "conversation"
    TYPE = "type"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Text:
    """Words that a message holds: all of them, or in a row."""

    text: str
    is_phrase: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """What holds of a message; `values` are what is stored, of which one must be there."""

    operator: Operator
    operand: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a query, or its opposite."""

    of: Text | Condition
    is_negated: bool = False


Clause = tuple[Term, ...]
"""Terms of which at least one holds."""


@dataclass(frozen=True, slots=True)
class Query:
    """Clauses that all hold; without one, every message is meant."""

    clauses: tuple[Clause, ...] = ()

    def of_account(self, account_id: str | None) -> "Query":
        """Return the query for the messages of one account; of all if none is named."""
        if account_id is None:
            return self
        return self & Query(((Term(Condition(Operator.ACCOUNT, account_id, (account_id,))),),))

    def __and__(self, other: "Query") -> "Query":
        return Query((*self.clauses, *other.clauses))

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Return all conditions, in order."""
        terms = (term.of for clause in self.clauses for term in clause)
        return tuple(part for part in terms if isinstance(part, Condition))

    @property
    def texts(self) -> tuple[Text, ...]:
        """Return the texts that a message is to hold, in order."""
        terms = (term for clause in self.clauses for term in clause if not term.is_negated)
        return tuple(term.of for term in terms if isinstance(term.of, Text))


@dataclass(frozen=True, slots=True)
class Notice:
    """What of a query was not understood, or cannot be; a sentence, and what might be meant."""

    about: str
    sentence: str
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A query as it was understood."""

    query: Query
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the store holds that operators name; empty: anything is taken as it stands."""

    properties: Mapping[str, str] = field(default_factory=dict)
    """Names by id."""
    channels: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
