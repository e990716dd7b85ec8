"""Search by meaning: the words of a query as a vector, beside those of all texts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.vector_file import current_file
from hostaway_message_db.models.query import Query, Text
from hostaway_message_db.ports import TextLabeller, VectorStore

MAX_NEAREST = 200
"""So many of the nearest texts are ranked."""
FUSION = 60
"""Of reciprocal rank fusion: how much less the next rank counts."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """Ranks messages by how near their texts are to the words of a query."""

    store: VectorStore
    load: Callable[[], TextLabeller]
    folder: Path

    async def rank(self, query: Query) -> list[tuple[dict[str, Any], float]]:
        """Return the messages that are nearest to the words of a query, with their nearness.

        Everything else the query asks is a filter and applies before the ranking. Of messages
        that say the same, the newest is returned. Raises `ModelsMissing`, and `UsageError` when
        the query has no words.
        """
        sentence, filters = split(query)
        if not sentence:
            raise UsageError("An order by meaning needs words to search for.")
        labeller = self.load()
        model, numbers = labeller.vector_model, labeller.label([sentence])[0].vector.tobytes()
        allowed = await self.store.hashes_of(filters) if filters.clauses else None
        nearest = await self.store.nearest(model, numbers, MAX_NEAREST, allowed)
        if nearest is None:
            file = await current_file(self.store, self.folder, model)
            nearest = file.nearest(np.frombuffer(numbers, dtype="<f4"), MAX_NEAREST, allowed)
        messages = await self.store.messages_saying(filters, [hashed for hashed, _ in nearest])
        return [(messages[h], round(score, 6)) for h, score in nearest if h in messages]


def split(query: Query) -> tuple[str, Query]:
    """Return the words whose meaning is searched, and what else the query asks."""
    words: list[str] = []
    rest = []
    for clause in query.clauses:
        is_text = all(isinstance(t.of, Text) and not t.is_negated for t in clause)
        if is_text:
            words += [term.of.text for term in clause if isinstance(term.of, Text)]
        else:
            rest.append(clause)
    return " ".join(words).replace("_", " "), Query(tuple(rest))


def fused(*rankings: Sequence[str]) -> Mapping[str, float]:
    """Return the score of each id by reciprocal rank fusion of several rankings."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, identity in enumerate(ranking, 1):
            scores[identity] = scores.get(identity, 0.0) + 1 / (FUSION + rank)
    return {identity: round(score, 9) for identity, score in scores.items()}
