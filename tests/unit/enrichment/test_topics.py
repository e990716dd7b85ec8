"""Which of the topics' chances are told."""

import numpy as np

from hostaway_message_db.enrichment.cues import TOPICS
from hostaway_message_db.enrichment.heads import Numbers
from hostaway_message_db.enrichment.topics import LEAST_CHANCE, likeliest, likely


def chances(**of: float) -> Numbers:
    return np.array([of.get(topic, 0.001) for topic in TOPICS], dtype=np.float32)


def test_every_likely_topic_is_told_the_likeliest_first() -> None:
    assert likely(chances(wifi=0.6, water=0.9, noise=0.4), 0.5) == ["water", "wifi"]


def test_other_stands_beside_no_topic() -> None:
    assert likely(chances(other=0.9, wifi=0.6), 0.5) == ["wifi"]


def test_where_none_is_likely_the_best_guess_is_told() -> None:
    assert likely(chances(wifi=0.3, water=0.2), 0.5) == []
    assert likeliest(chances(wifi=0.3, water=0.2)) == "wifi"
    assert likeliest(chances(wifi=0.3, other=0.4)) == "other"
    assert likeliest(chances(wifi=LEAST_CHANCE / 2)) == "other"
