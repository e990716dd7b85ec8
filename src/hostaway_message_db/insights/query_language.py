"""The query language: text ↔ query ↔ JSON. Pure and total; `docs/reference/query-language.md`.

    query    = { part } ;                      all parts hold
    part     = term { "OR" term } ;            one of them holds
    term     = [ "-" ] ( operator ":" operand | operand ) ;
    operand  = word | '"' anything but '"' [ '"' ] ;

A text is never refused, since somebody may be in the middle of typing it: what is not
understood is searched as words and named in a notice. JSON comes from programs, so there a
mistake is an error.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from hostaway_message_db.enrichment.search_terms import words_of
from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.operands import nearest, quoted, read_operand
from hostaway_message_db.models.query import (
    Clause,
    Condition,
    Notice,
    Operator,
    Query,
    Reading,
    Term,
    Text,
    Vocabulary,
)

MAX_LENGTH: Final = 2_000
MAX_PARTS: Final = 50
NO_VOCABULARY: Final = Vocabulary()
_TOKEN: Final = re.compile(
    r'(-?)([^\W\d_]+):(?=\s|$)|(-?)(?:([^\W\d_]+):)?(?:"([^"]*)(?:"|$)|([^\s"]+))'
)
_PLAIN_WORD: Final = re.compile(r'(?!OR$)[^\s:"-][^\s:"]*')
_AS_WORDS: Final = "It was searched as words."
_OPERATORS: Final = {str(operator): operator for operator in Operator}


def read_query(text: str, now: datetime, vocabulary: Vocabulary = NO_VOCABULARY) -> Reading:
    """Read a query as it is typed; whatever comes in, a reading comes out.

    `now` is what spans ago and `today` are counted from; `vocabulary` is what the store
    holds, for the operands that name something in it.
    """
    notices: list[Notice] = []
    if len(text) > MAX_LENGTH:
        notices.append(Notice("", f"Only the first {MAX_LENGTH} characters were read."))
    clauses: list[list[Term]] = []
    is_alternative = False
    for match in _TOKEN.finditer(_whole(text[:MAX_LENGTH])):
        if match[0] == "OR":
            is_alternative = bool(clauses)
            continue
        term = _term(match, now, vocabulary, notices)
        if term is None:
            continue
        if sum(map(len, clauses)) >= MAX_PARTS:
            notices.append(Notice(match[0], f"Only the first {MAX_PARTS} parts were read."))
            break
        if is_alternative:
            clauses[-1].append(term)
        else:
            clauses.append([term])
        is_alternative = False
    query = Query(tuple(tuple(clause) for clause in clauses))
    return Reading(query, (*notices, *contradictions(query)))


def _whole(text: str) -> str:
    """Return a text that can be stored and asked for: no half of a character's two."""
    return text.encode("utf-8", "replace").decode()


def _term(
    match: re.Match[str], now: datetime, vocabulary: Vocabulary, notices: list[Notice]
) -> Term | None:
    unfinished, minus, name, phrase, word = match.groups()[1:]
    if unfinished is not None:
        return _unfinished(match, notices)
    operand = word if phrase is None else phrase
    if name is None:
        return _text(operand, is_phrase=phrase is not None, is_negated=bool(minus))
    operator = _OPERATORS.get(name.lower())
    if operator is None:
        close = nearest(name, _OPERATORS)
        if close and not operand.startswith("//"):
            meant = " or ".join(f"{other}:" for other in close)
            sentence = f"There is no operator {name}: (did you mean {meant}?)."
            notices.append(Notice(match[0], f"{sentence} {_AS_WORDS}", close))
        return _text(f"{name} {operand}", is_phrase=False, is_negated=bool(minus))
    if not operand.strip():
        notices.append(Notice(match[0], f"{operator}: says nothing yet, and was left out."))
        return None
    found = read_operand(operator, operand.strip(), now, vocabulary)
    if isinstance(found, Notice):
        notices.append(Notice(found.about, f"{found.sentence} {_AS_WORDS}", found.suggestions))
        return _text(f"{name} {operand}", is_phrase=False, is_negated=bool(minus))
    return Term(Condition(operator, operand.strip(), found), bool(minus))


def _unfinished(match: re.Match[str], notices: list[Notice]) -> Term | None:
    minus, name = match[1], match[2]
    operator = _OPERATORS.get(name.lower())
    if operator is None:
        return _text(name, is_phrase=False, is_negated=bool(minus))
    notices.append(Notice(match[0], f"{operator}: says nothing yet, and was left out."))
    return None


def _text(text: str, *, is_phrase: bool, is_negated: bool) -> Term | None:
    words = words_of(text)
    if not words:
        return None
    if is_phrase and len(words) > 1:
        return Term(Text(text, is_phrase=True), is_negated)
    written = text if _PLAIN_WORD.fullmatch(text) else "_".join(words)
    return Term(Text(written), is_negated)


def contradictions(query: Query) -> tuple[Notice, ...]:
    """Say where the bounds of time leave nothing."""
    bounds: dict[Operator, list[Condition]] = {Operator.AFTER: [], Operator.BEFORE: []}
    for clause in query.clauses:
        condition = clause[0].of
        if len(clause) == 1 and not clause[0].is_negated and isinstance(condition, Condition):
            bounds.get(condition.operator, []).append(condition)
    if not bounds[Operator.AFTER] or not bounds[Operator.BEFORE]:
        return ()
    after = max(bounds[Operator.AFTER], key=lambda c: c.values)
    before = min(bounds[Operator.BEFORE], key=lambda c: c.values)
    if after.values < before.values:
        return ()
    about = f"after:{after.operand} before:{before.operand}"
    return (Notice(about, f"Nothing is after {after.operand} and before {before.operand}."),)


def to_text(query: Query) -> str:
    """Write a query as it is typed; read again it is the same query."""
    return " ".join(" OR ".join(_typed(term) for term in clause) for clause in query.clauses)


def _typed(term: Term) -> str:
    minus = "-" if term.is_negated else ""
    if isinstance(term.of, Condition):
        return f"{minus}{term.of.operator}:{quoted(term.of.operand)}"
    if term.of.is_phrase:
        return f'{minus}"{term.of.text}"'
    return f"{minus}{term.of.text}"


def to_json(query: Query) -> list[dict[str, Any]]:
    """Write a query as JSON for programs: a list of parts; see `from_json`."""
    return [_part(clause) for clause in query.clauses]


def _part(clause: Clause) -> dict[str, Any]:
    terms = [_json_term(term) for term in clause]
    return terms[0] if len(terms) == 1 else {"any": terms}


def _json_term(term: Term) -> dict[str, Any]:
    if isinstance(term.of, Condition):
        said = {"operator": str(term.of.operator), "operand": term.of.operand}
    else:
        said = {"operator": "phrase" if term.of.is_phrase else "words", "operand": term.of.text}
    return {**said, "negated": True} if term.is_negated else dict(said)


def from_json(parts: Any, now: datetime, vocabulary: Vocabulary = NO_VOCABULARY) -> Query:
    """Read a query of a program: `[{"operator", "operand", "negated"?} | {"any": [...]}, ...]`.

    Operators are those of the language, and `words` and `phrase`. Raises `UsageError` with
    one sentence for the first thing that is wrong, the nearest valid values named.
    """
    if not isinstance(parts, list):
        raise UsageError("A query in JSON is a list of parts.")
    clauses: list[Clause] = []
    for part in parts:
        terms = part.get("any") if isinstance(part, dict) and set(part) == {"any"} else [part]
        if not isinstance(terms, list) or not terms:
            raise UsageError('"any" of a query holds a list of parts.')
        clauses.append(tuple(_term_from_json(term, now, vocabulary) for term in terms))
    if sum(map(len, clauses)) > MAX_PARTS:
        raise UsageError(f"A query has at most {MAX_PARTS} parts.")
    query = Query(tuple(clauses))
    for notice in contradictions(query):
        raise UsageError(notice.sentence)
    return query


def _term_from_json(term: Any, now: datetime, vocabulary: Vocabulary) -> Term:
    if not isinstance(term, dict) or not {"operator", "operand"} <= set(term):
        raise UsageError('A part of a query is an object with "operator" and "operand".')
    _refuse_unknown(set(term) - {"operator", "operand", "negated"}, ("negated",), "key of a part")
    name, operand, is_negated = term["operator"], term["operand"], term.get("negated", False)
    if not isinstance(operand, str) or not operand.strip() or len(operand) > MAX_LENGTH:
        raise UsageError('"operand" is a text that is not empty and not too long.')
    if '"' in operand:
        raise UsageError('"operand" holds a quotation mark, which no operand can hold.')
    if not isinstance(name, str) or not isinstance(is_negated, bool):
        raise UsageError('"operator" is a text and "negated" is true or false.')
    operand = _whole(operand)
    if name in {"words", "phrase"}:
        made = _text(operand, is_phrase=name == "phrase", is_negated=is_negated)
        if made is None:
            raise UsageError(f"{operand!r} holds no word to search for.")
        return made
    operator = _OPERATORS.get(name)
    if operator is None:
        _refuse_unknown({name}, (*_OPERATORS, "words", "phrase"), "operator")
        raise AssertionError("an unknown operator is refused")
    found = read_operand(operator, operand.strip(), now, vocabulary)
    if isinstance(found, Notice):
        raise UsageError(found.sentence)
    return Term(Condition(operator, operand.strip(), found), is_negated)


def _refuse_unknown(names: set[str], valid: Iterable[str], what: str) -> None:
    for name in sorted(map(str, names)):
        close = nearest(name, valid)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise UsageError(f"There is no {what} {name!r}.{hint}")
