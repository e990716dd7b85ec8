"""One table walks every class of the error tree."""

import inspect
import re

import pytest

from hostaway_message_db import errors
from hostaway_message_db.errors import (
    ConfigurationError,
    ExitCode,
    HostawayMessageDbError,
    RateLimited,
    RecordMalformed,
    Recovery,
)

CONTRACT_EXIT_CODES = {0, 64, 65, 69, 75, 77, 78, 130}
DRAWN = re.compile(r"(?:[│ ]|[├└]──)*[├└]── (?P<name>\w+)(?: +(?P<code>\d+)  | |$)")


def error_classes() -> list[type[HostawayMessageDbError]]:
    found = [HostawayMessageDbError]
    for kind in found:
        found += kind.__subclasses__()
    return sorted(set(found), key=lambda kind: kind.__name__)


CLASSES = error_classes()
LEAVES = [kind for kind in CLASSES if not kind.__subclasses__()]


def made(kind: type[HostawayMessageDbError]) -> HostawayMessageDbError:
    if issubclass(kind, ConfigurationError | RecordMalformed):
        return kind(["what", "went wrong"])
    return kind("what went wrong")


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_says_where_it_happened_and_what_to_do(
    kind: type[HostawayMessageDbError],
) -> None:
    assert kind.__module__ == errors.__name__
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
    assert kind.exit_code in CONTRACT_EXIT_CODES - {0}
    assert 400 <= kind.http_status <= 599
    assert isinstance(kind.recovery, Recovery)
    first_line = (inspect.getdoc(kind) or "").splitlines()[0]
    assert re.fullmatch(r"[A-Z].+\.", first_line)
    error = made(kind)
    assert "went wrong" in error.message
    assert str(error) == error.message
    assert error.hint == kind.default_hint


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_every_error_that_is_raised_has_a_hint_that_is_a_sentence(
    kind: type[HostawayMessageDbError],
) -> None:
    assert re.fullmatch(r"[A-Z].+\.", kind.default_hint)


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in CLASSES]
    assert len(codes) == len(set(codes))


def test_the_exit_codes_are_those_of_the_contract() -> None:
    values = {value for name, value in vars(ExitCode).items() if name.isupper()}
    assert values == CONTRACT_EXIT_CODES


def test_the_tree_at_the_top_draws_every_class_under_its_parent_with_its_exit_code() -> None:
    drawing = (errors.__doc__ or "").splitlines()
    drawn = [(match.start("name"), match["name"], match["code"]) for line in drawing
             if (match := DRAWN.match(line))]  # fmt: skip
    assert {name for _, name, _ in drawn} | {"HostawayMessageDbError"} == {
        kind.__name__ for kind in CLASSES
    }
    above: list[tuple[int, str]] = [(4, "HostawayMessageDbError")]
    for column, name, code in drawn:
        kind: type[HostawayMessageDbError] = getattr(errors, name)
        while above[-1][0] >= column:
            above.pop()
        assert kind.__mro__[1].__name__ == above[-1][1], f"{name} is drawn under {above[-1][1]}"
        assert code is None or int(code) == kind.exit_code, name
        assert code is not None or kind.__subclasses__(), f"{name} is drawn without exit code"
        above.append((column, name))


def test_a_hint_of_its_own_goes_before_that_of_the_class() -> None:
    assert errors.UsageError("wrong", "Do this.").hint == "Do this."


def test_a_configuration_error_lists_every_problem() -> None:
    error = ConfigurationError(["A is wrong.", "B is missing."])
    assert error.problems == ["A is wrong.", "B is missing."]
    assert "  - A is wrong.\n  - B is missing." in error.message


def test_a_rate_limit_is_a_429_and_keeps_what_it_was_told() -> None:
    error = RateLimited("slow", retry_at=5.0, retry_after_seconds=2.0)
    assert (error.status, error.retry_at, error.retry_after_seconds) == (429, 5.0, 2.0)


def test_a_malformed_record_keeps_its_reasons() -> None:
    assert RecordMalformed(["id: is missing", "date: is wrong"]).message == (
        "id: is missing; date: is wrong"
    )
