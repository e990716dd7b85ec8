"""Search by meaning: the words of a query as a vector, beside those of all texts."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.vector_file import VectorFiles
from hostaway_message_db.models.query import Query, Text
from hostaway_message_db.ports import TextLabeller, VectorStore

MAX_NEAREST = 200
"""So many of the nearest texts are ranked."""
FUSION = 60
"""Of reciprocal rank fusion: how much less the next rank counts."""


class Meaning:
    """Ranks messages by how near their texts are to the words of a query.

    Models and matrix do their work in threads: whoever serves others goes on meanwhile.
    """

    def __init__(self, store: VectorStore, load: Callable[[], TextLabeller], folder: Path) -> None:
        self._store = store
        self._load = load
        self._files = VectorFiles(folder)
        self._turn = asyncio.Lock()

    async def rank(self, query: Query) -> list[tuple[dict[str, Any], float]]:
        """Return the messages that are nearest to the words of a query, with their nearness.

        Everything else the query asks is a filter and applies before the ranking. Of messages
        that say the same, the newest is returned. Raises `ModelsMissing`, and `UsageError` when
        the query has no words.
        """
        sentence, filters = split(query)
        if not sentence:
            raise UsageError("An order by meaning needs words to search for.")
        async with self._turn:  # one at a time: the models are loaded once, whoever comes first
            model, numbers = await asyncio.to_thread(self._vector_of, sentence)
        allowed = await self._store.hashes_of(filters) if filters.clauses else None
        nearest = await self._store.nearest(model, numbers, MAX_NEAREST, allowed)
        if nearest is None:
            file = await self._files.current(self._store, model)
            vector = np.frombuffer(numbers, dtype="<f4")
            nearest = await asyncio.to_thread(file.nearest, vector, MAX_NEAREST, allowed)
        messages = await self._store.messages_saying(filters, [hashed for hashed, _ in nearest])
        return [(messages[h], round(score, 6)) for h, score in nearest if h in messages]

    def _vector_of(self, sentence: str) -> tuple[str, bytes]:
        """Return the name of the model and the numbers of a sentence."""
        labeller = self._load()
        return labeller.vector_model, labeller.label([sentence])[0].vector.tobytes()


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
