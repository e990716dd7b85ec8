"""A query of the language → which rows of the columns it means. Pure.

Means exactly what the compiler to MongoDB means; a property test holds the two together. Words
and guests are not in the columns: the caller says which messages hold them.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

import numpy as np
import numpy.typing as npt

from hostaway_message_db.insights.facts import MOST_TOPICS, TONES, Facts, key_of
from hostaway_message_db.insights.threads import Flag
from hostaway_message_db.models.query import Clause, Condition, Operator, Query, Term, Text

Mask = npt.NDArray[np.bool_]
Found = Mapping[Text | Condition, npt.NDArray[np.int64]]
"""The keys of the messages that hold a text or a guest's name."""
FAILED = ("failed", "cancelled_by_system")
COLUMNS: dict[Operator, tuple[str, ...]] = {
    Operator.PROPERTY: ("property",),
    Operator.CHANNEL: ("channel",),
    Operator.IN: ("stage",),
    Operator.LANG: ("language",),
    Operator.COUNTRY: ("country",),
    Operator.TONE: ("tone",),
    Operator.TOPIC: ("topics",),
    Operator.IS: ("status", "conversation"),
    Operator.RESERVATION: ("reservation",),
    Operator.CONVERSATION: ("conversation",),
    Operator.TYPE: ("type",),
    Operator.ACCOUNT: ("account",),
    Operator.GUEST: ("message",),
}


def needed_columns(query: Query) -> set[str]:
    """Return the columns that a query looks at, beside `at` and `flags`."""
    columns = {c for condition in query.conditions for c in COLUMNS.get(condition.operator, ())}
    terms = (term.of for clause in query.clauses for term in clause)
    return columns | ({"message"} if any(isinstance(part, Text) for part in terms) else set())


def looked_up(query: Query) -> list[Text | Condition]:
    """Return the parts of a query that the columns cannot answer."""
    parts = (term.of for clause in query.clauses for term in clause)
    return list(
        dict.fromkeys(p for p in parts if isinstance(p, Text) or p.operator is Operator.GUEST)
    )


def matching(query: Query, facts: Facts, found: Found) -> Mask:
    """Return which rows a query means."""
    mask = np.ones(len(facts), dtype=bool)
    for clause in query.clauses:
        mask &= _clause(clause, facts, found)
    return mask


def _clause(clause: Clause, facts: Facts, found: Found) -> Mask:
    mask = np.zeros(len(facts), dtype=bool)
    for term in clause:
        mask |= _term(term, facts, found)
    return mask


def _term(term: Term, facts: Facts, found: Found) -> Mask:
    if isinstance(term.of, Text) or term.of.operator is Operator.GUEST:
        mask = np.isin(facts.columns["message"], found[term.of])
    else:
        mask = _TESTS[term.of.operator](term.of, facts)
    return ~mask if term.is_negated else mask


def _named(column: str) -> Callable[[Condition, Facts], Mask]:
    def test(condition: Condition, facts: Facts) -> Mask:
        codes = [facts.code(column, value) for value in condition.values]
        return np.isin(facts.columns[column], [code for code in codes if code >= 0])

    return test


def _keyed(column: str) -> Callable[[Condition, Facts], Mask]:
    def test(condition: Condition, facts: Facts) -> Mask:
        return np.isin(facts.columns[column], [key_of(value) for value in condition.values])

    return test


def _from(condition: Condition, facts: Facts) -> Mask:
    inbound, automated = facts.has(Flag.INBOUND), facts.has(Flag.AUTOMATED)
    ways = {"guest": inbound, "host": ~inbound & ~automated, "auto": ~inbound & automated}
    return ways[condition.values[0]]


def _tone(condition: Condition, facts: Facts) -> Mask:
    tone = condition.values[0]
    if tone == "alert":
        return facts.has(Flag.ALERT)
    return np.asarray(facts.columns["tone"] == TONES[tone])


def _topic(condition: Condition, facts: Facts) -> Mask:
    mask = np.zeros(len(facts), dtype=bool)
    for value in condition.values:
        position = facts.code("topics", value)
        if 0 <= position < MOST_TOPICS:
            mask |= (facts.columns["topics"] >> np.uint64(position)) & np.uint64(1) == 1
    return mask


def _is(condition: Condition, facts: Facts) -> Mask:
    state = condition.values[0]
    if state == "unsent":
        return facts.has(Flag.UNSENT)
    if state == "failed":
        codes = [facts.code("status", status) for status in FAILED]
        return np.isin(facts.columns["status"], [code for code in codes if code >= 0])
    waiting = facts.columns["conversation"][facts.has(Flag.WAITS)]
    return np.isin(facts.columns["conversation"], waiting)


def _moment(*, is_after: bool) -> Callable[[Condition, Facts], Mask]:
    def test(condition: Condition, facts: Facts) -> Mask:
        bound = datetime.fromisoformat(condition.values[0]).timestamp()
        moments = facts.columns["at"]
        return np.asarray(moments >= bound if is_after else moments < bound)

    return test


_TESTS: dict[Operator, Callable[[Condition, Facts], Mask]] = {
    Operator.PROPERTY: _named("property"),
    Operator.CHANNEL: _named("channel"),
    Operator.FROM: _from,
    Operator.IN: _named("stage"),
    Operator.LANG: _named("language"),
    Operator.COUNTRY: _named("country"),
    Operator.TONE: _tone,
    Operator.TOPIC: _topic,
    Operator.HAS: lambda _, facts: facts.has(Flag.ATTACHMENT),
    Operator.IS: _is,
    Operator.BEFORE: _moment(is_after=False),
    Operator.AFTER: _moment(is_after=True),
    Operator.RESERVATION: _keyed("reservation"),
    Operator.CONVERSATION: _keyed("conversation"),
    Operator.TYPE: _named("type"),
    Operator.ACCOUNT: _named("account"),
}
