"""How the heads' answers are weighed, by numbers worked out by hand."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from hostaway_message_db.enrichment.heads import Head, Heads, Numbers, WordHead
from hostaway_message_db.enrichment.sentiment import SentimentModel, find_unsure, weigh_shares
from hostaway_message_db.enrichment.word_slots import slots_of


def numbers(*rows: Sequence[float]) -> Numbers:
    return np.array(rows, dtype=np.float32)


def test_heads_that_agree_are_believed_and_complaints_more_than_others() -> None:
    even = numbers([0.4, 0.4, 0.2])
    assert weigh_shares(even, even)[0].argmax() == 0
    sure = numbers([0.05, 0.9, 0.05])
    assert weigh_shares(sure, sure)[0, 1] > 0.95


def test_a_certain_head_can_be_overruled_by_the_other() -> None:
    meaning = numbers([0.55, 0.45, 0.0])
    words = numbers([0.0, 1.0, 0.0])
    # (0.57 * 0.02^0.7 * 1.2) : (0.47 * 1.02^0.7) is 0.0442 : 0.4766
    shares = weigh_shares(meaning, words)[0]
    assert shares[0] / shares[1] == pytest.approx(0.0928, abs=0.001)


def test_unsure_is_whose_two_likeliest_are_close() -> None:
    assert find_unsure(numbers([0.5, 0.4, 0.1], [0.1, 0.2, 0.7]), [0, 0], 0.2) == [0]


def test_a_long_text_must_be_more_doubtful_than_a_short_one() -> None:
    even = numbers([0.5, 0.4, 0.1], [0.5, 0.4, 0.1])
    assert find_unsure(even, [20, 10_000], 0.2) == [0]


def layer(*rows: Sequence[float]) -> tuple[Numbers, Numbers]:
    return numbers(*rows), np.zeros(len(rows[0]), np.float32)


def heads() -> Heads:
    """Return heads that read one column: the fast one is torn, the slow one follows its own."""
    nothing = WordHead(np.zeros((1, 3), np.float32), np.zeros(3, np.float32))
    return Heads(
        sentiment_fast=Head((layer([1]), layer([0, 0, 0]))),
        sentiment_slow=Head((layer([0], [1]), layer([0, 0, 9]))),
        sentiment_words=nothing,
        topics=Head(()),
        topics_words=nothing,
        unsure_below=0.5,
        threshold=0.5,
        digest="",
    )


def test_a_score_of_nearly_nothing_is_written_without_a_minus() -> None:
    # Words lean to neither; 0.004 for positive weighs up the leaning to negative, nearly.
    certain = Head((layer([1]), layer([-30, 0, -5.52])))
    model = SentimentModel(replace(heads(), sentiment_fast=certain), None)
    assert str(model.judge(["fine"], numbers([1]), [slots_of("")], [()])[0].score) == "0.0"


def test_the_slow_encoder_is_asked_about_the_unsure_alone_and_then_decides() -> None:
    asked: list[str] = []

    def slow_vectors(texts: list[str]) -> Numbers:
        asked.extend(texts)
        return np.ones((len(texts), 1), np.float32)

    model = SentimentModel(heads(), slow_vectors)
    no_slots = [slots_of("")]
    found = model.judge(["torn"], numbers([1]), no_slots, [()])
    assert (asked, found[0].label) == (["torn"], "positive")
    assert (model.judged_count, model.unsure_count) == (1, 1)
    alone = SentimentModel(heads(), None).judge(["torn"], numbers([1]), no_slots, [()])
    assert alone[0].label == "negative"
