from hypothesis import given
from hypothesis import strategies as st

from hostaway_message_db.utils.distinct import DistinctCounter


@given(st.lists(st.text(max_size=3) | st.integers(0, 50).map(str), max_size=200))
def test_it_counts_what_a_set_counts(texts: list[str]) -> None:
    counter, distinct = DistinctCounter(), set[str]()

    for text in texts:
        counter.add(text)
        distinct.add(text)
        assert len(counter) == len(distinct)


def test_it_goes_on_counting_past_its_first_slots() -> None:
    counter = DistinctCounter()

    for _ in range(2):
        for number in range(20_000):
            counter.add(str(number))

    assert len(counter) == 20_000


def test_a_text_that_is_no_unicode_is_counted_too() -> None:
    counter = DistinctCounter()

    counter.add("\ud800")

    assert len(counter) == 1
