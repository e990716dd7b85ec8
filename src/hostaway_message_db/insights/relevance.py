"""How well a message answers words: BM25 over the messages that were found. Pure."""

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from hostaway_message_db.enrichment.search_terms import fold, folded_pattern, words_of
from hostaway_message_db.models.query import Query

SATURATION = 1.2
LENGTH_WEIGHT = 0.75
ADJACENCY_BONUS = 0.5
"""For a searched pair of words that stands in a row, as a share of the first one's weight."""


def scores(query: Query, contents: Mapping[str, str]) -> dict[str, float]:
    """Return the score of each text by its key; 0 for all when the query asks no words."""
    asked = [word for text in query.texts for word in words_of(text.text)]
    if not asked or not contents:
        return dict.fromkeys(contents, 0.0)
    texts = {key: fold(content) for key, content in contents.items()}
    mean_length = sum(map(len, texts.values())) / len(texts) or 1.0
    distinct = list(dict.fromkeys(asked))
    patterns = [re.compile(folded_pattern((word,))) for word in distinct]
    counts = {
        key: [len(pattern.findall(text)) for pattern in patterns] for key, text in texts.items()
    }
    weights = [
        _rarity(sum(1 for found in counts.values() if found[place]), len(counts))
        for place in range(len(distinct))
    ]
    rows = [
        (re.compile(folded_pattern(pair)), weights[distinct.index(pair[0])])
        for pair in dict.fromkeys(pairwise(asked))
    ]
    return {
        key: round(
            _score(weights, counts[key], len(text) / mean_length)
            + sum(ADJACENCY_BONUS * weight for row, weight in rows if row.search(text)),
            6,
        )
        for key, text in texts.items()
    }


def _rarity(holders: int, total: int) -> float:
    return math.log(1 + (total - holders + 0.5) / (holders + 0.5)) + 0.1


def _score(weights: Sequence[float], counts: Sequence[int], relative_length: float) -> float:
    length = 1 - LENGTH_WEIGHT + LENGTH_WEIGHT * relative_length
    return sum(
        weight * count * (SATURATION + 1) / (count + SATURATION * length)
        for weight, count in zip(weights, counts, strict=True)
    )
