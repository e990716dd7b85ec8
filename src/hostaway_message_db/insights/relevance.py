"""How well a message answers words: BM25 over the messages that were found. Pure."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from hostaway_message_db.enrichment.search_terms import terms_of_word, words_of
from hostaway_message_db.models.query import Query

SATURATION = 1.2
LENGTH_WEIGHT = 0.75
ADJACENCY_BONUS = 0.5
"""For each searched pair of words that stands in a row, as a share of a term's weight."""


def scores(query: Query, contents: Mapping[str, str]) -> dict[str, float]:
    """Return the score of each text by its key; 0 for all when the query asks no words."""
    asked = [term for text in query.texts for word in words_of(text.text) for term in _terms(word)]
    if not asked or not contents:
        return dict.fromkeys(contents, 0.0)
    texts = {key: [t for w in words_of(c) for t in _terms(w)] for key, c in contents.items()}
    mean_length = sum(map(len, texts.values())) / len(texts) or 1.0
    counts = {key: Counter(terms) for key, terms in texts.items()}
    weights = {
        term: _rarity(sum(1 for found in counts.values() if term in found), len(counts))
        for term in dict.fromkeys(asked)
    }
    return {
        key: round(_score(asked, weights, texts[key], counts[key], mean_length), 6)
        for key in contents
    }


def _terms(word: str) -> list[str]:
    terms = terms_of_word(word)
    return terms if len(terms) == 1 else terms[:-1]


def _rarity(holders: int, total: int) -> float:
    return math.log(1 + (total - holders + 0.5) / (holders + 0.5)) + 0.1


def _score(
    asked: Sequence[str],
    weights: Mapping[str, float],
    terms: Sequence[str],
    counts: Counter[str],
    mean_length: float,
) -> float:
    length = 1 - LENGTH_WEIGHT + LENGTH_WEIGHT * len(terms) / mean_length
    score = sum(
        weight * counts[term] * (SATURATION + 1) / (counts[term] + SATURATION * length)
        for term, weight in weights.items()
    )
    pairs = set(pairwise(asked))
    if pairs and len(weights) > 1:
        rows = pairs & set(pairwise(terms))
        score += ADJACENCY_BONUS * sum(weights[one] for one, _ in rows)
    return score
