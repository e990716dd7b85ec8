"""Where in a message's text the searched words stand. Pure."""

import re
from collections.abc import Iterator
from itertools import islice

from hostaway_message_db.enrichment.search_terms import folding_pattern, terms_of_word, words_of
from hostaway_message_db.models.query import Query, Text

Span = tuple[int, int]
MAX_MARKS = 200


def marks(query: Query, content: str) -> list[Span]:
    """Return where the query's words stand in a text: start and end, in order, not overlapping."""
    spans: list[Span] = []
    for text in query.texts:
        for pattern in _patterns(text, content):
            spans += [match.span() for match in islice(pattern.finditer(content), MAX_MARKS)]
    return _merged(spans)[:MAX_MARKS]


def _patterns(text: Text, content: str) -> Iterator[re.Pattern[str]]:
    words = words_of(text.text)
    if text.is_phrase:
        yield re.compile(folding_pattern(tuple(words)))
        return
    for word in words:
        whole = re.compile(folding_pattern((word,)))
        if whole.search(content):
            yield whole
        else:
            yield from (re.compile(folding_pattern((t,))) for t in terms_of_word(word)[:-1])


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def excerpt(content: str, spans: list[Span], width: int) -> tuple[str, list[Span]]:
    """Return the part of a text around its first mark, and the marks within it."""
    if len(content) <= width:
        return content, spans
    first = spans[0][0] if spans else 0
    start = max(0, min(first - width // 4, len(content) - width))
    end = start + width
    inside = [(a, b) for a, b in spans if a < end and b > start]
    return content[start:end], [(max(a - start, 0), min(b, end) - start) for a, b in inside]
