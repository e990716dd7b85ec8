"""Any text at all has labels, and never an exception."""

import math
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostaway_message_db.enrichment.cues import TOPICS
from hostaway_message_db.enrichment.labeller import Labels
from hostaway_message_db.enrichment.language import GUEST_LANGUAGES, detect_language
from support.models import labeller

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
ODD_ENDS = (0xD800, 0xDFFF, 0, 0x200D, 0xFE0F, 0x202E, 0x5D0, 0x627, 0x3042, 0x1F600, 0x0301)


def check(labels: Labels) -> None:
    assert labels.language is None or labels.language in GUEST_LANGUAGES
    assert labels.sentiment is not None
    assert labels.sentiment.label in ("negative", "neutral", "positive")
    assert -1 <= labels.sentiment.score <= 1
    assert labels.topics
    assert set(labels.topics) <= set(TOPICS)
    assert math.isclose(float(labels.vector @ labels.vector), 1, abs_tol=1e-3)


@given(st.lists(ANY_TEXT, max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_has_labels(texts: list[str]) -> None:
    found = labeller().label(texts)
    assert len(found) == len(texts)
    for labels in found:
        check(labels)


@given(ANY_TEXT)
@settings(max_examples=300, deadline=None)
def test_any_text_has_a_language_or_none(text: str) -> None:
    found = detect_language(text)
    assert found.code is None or found.code in GUEST_LANGUAGES
    assert 0 <= found.confidence <= 1
    assert not (found.is_reliable and found.code is None)


@pytest.mark.slow
@pytest.mark.timeout(600)  # of nonsense nearly half is put to the slow encoder
def test_ten_thousand_random_texts_have_labels() -> None:
    dice = random.Random(7)  # noqa: S311 - repeatable on purpose
    for _ in range(100):
        texts = [
            "".join(
                chr(dice.choice(ODD_ENDS) if dice.random() < 0.1 else dice.randrange(0x110000))
                for _ in range(dice.randrange(40))
            )
            for _ in range(100)
        ]
        for labels in labeller().label(texts):
            check(labels)
