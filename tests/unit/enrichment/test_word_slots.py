"""Words as slots: what meets, what differs, and that any text has some."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hostaway_message_db.enrichment.word_slots import SLOTS, slots_of


def shared(one: str, other: str) -> int:
    return len(np.intersect1d(slots_of(one), slots_of(other)))


def test_case_accents_and_punctuation_do_not_count() -> None:
    assert np.array_equal(slots_of("Café, CERRADO!"), slots_of("cafe cerrado"))


def test_inflected_forms_meet_in_their_start() -> None:
    assert shared("cleaning", "cleaned") > 0
    assert shared("cleaning", "parking") == 0


def test_compounds_meet_in_their_parts_and_words_with_and_without_an_article_too() -> None:
    assert shared("Hausschlüssel", "schlüssellos") > 0
    assert shared("المفتاح", "مفتاح") >= 3
    assert shared("המפתח", "מפתח") >= 2


def test_what_is_denied_is_told_from_what_is_not_by_pairs_of_words() -> None:
    alone = set(slots_of("not")) | set(slots_of("working"))
    assert set(slots_of("not working")) > alone
    assert set(slots_of("working not")) != set(slots_of("not working"))


def test_scripts_without_spaces_are_read_in_short_runs() -> None:
    assert shared("没有热水", "热水器坏了") >= 3
    assert shared("お湯が出ない", "お湯はあります") >= 3


def test_a_text_without_words_has_no_slots_and_a_long_one_counts_as_its_start() -> None:
    assert len(slots_of(" ?! ")) == 0
    assert np.array_equal(slots_of("a " * 500 + "b" * 10_000), slots_of("a " * 500))


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_has_slots_in_order_each_once(text: str) -> None:
    slots = slots_of(text)
    assert np.array_equal(slots, np.unique(slots))
    assert slots.size == 0 or (slots[0] >= 0 and slots[-1] < SLOTS)
