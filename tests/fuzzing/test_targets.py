"""The seeds and a slice of made-up inputs through every parser of bytes from outside.

The slice is small and the same each time; `make fuzz` is the search.
"""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fuzzing.targets import TARGETS, Target, check

INPUTS_OF_THE_SLICE = 60


def by_name(target: Target) -> str:
    return target.name


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Make bytes out of seeds cut short, the words of the format, and noise."""
    words = st.sampled_from([word.encode("utf-8", "surrogatepass") for word in target.words])
    cuts = st.builds(
        lambda seed, begin, end: seed[begin : max(begin, end)],
        st.sampled_from(target.seeds),
        st.integers(0, 60),
        st.integers(0, 600),
    )
    return st.lists(words | cuts | st.binary(max_size=20), max_size=6).map(b"".join)


@pytest.mark.parametrize("target", TARGETS, ids=by_name)
def test_the_seeds_are_understood(target: Target) -> None:
    for seed in target.seeds:
        check(target, seed)


@pytest.mark.parametrize("target", TARGETS, ids=by_name)
def test_a_slice_of_the_fuzzing_finds_nothing(target: Target) -> None:
    @settings(
        max_examples=INPUTS_OF_THE_SLICE,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(target))
    def through_the_parser(given_bytes: bytes) -> None:
        check(target, given_bytes)

    through_the_parser()


def test_the_names_are_distinct_and_everything_is_described() -> None:
    assert len({target.name for target in TARGETS}) == len(TARGETS)
    assert all(target.reads and target.seeds and target.words for target in TARGETS)
