"""The file of several accounts: read whole, with every problem and no key told."""

from pathlib import Path

import pytest

from hostaway_message_db.account_file import read_accounts
from hostaway_message_db.config import accounts_of, load_settings
from hostaway_message_db.errors import ConfigurationError, ExitCode, worst_exit_code

GOOD = """
[[account]]
id = "61234"
key = "first-secret"
name = "Lisbon"

[[account]]
id = 61235
key = "second-secret"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.toml"
    path.write_text(GOOD)
    return path


def test_each_account_has_its_own_settings(file: Path) -> None:
    settings = load_settings(hostaway_needed=True, hostaway_accounts_file=file)
    each = accounts_of(settings)
    assert [s.hostaway_account_id for s in each] == ["61234", "61235"]
    assert [s.hostaway_api_key.get_secret_value() for s in each] == [
        "first-secret",
        "second-secret",
    ]
    assert read_accounts(file)[0][0].name == "Lisbon"
    assert "first-secret" not in repr(read_accounts(file))


def test_a_file_name_that_cannot_be_one_is_a_problem_too() -> None:
    entries, problems = read_accounts(Path("accounts\0.toml"))
    assert entries == ()
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "has no [[account]]"),
        ("account = 5", "has no [[account]]"),
        ("[[account]]\nid = 1\nkey = 's3cret", "is no TOML file"),
        ("[[account]]\nkey = 's3cret'", "number 1 has no id"),
        ("[[account]]\nid = 'abc'\nkey = 's3cret'", "number 1 has no id"),
        ("[[account]]\nid = 1", "number 1 has no key"),
        ("[[account]]\nid = 1\nkey = 5", "number 1 has no key"),
        ("[[account]]\nid = 1\nkey = 's3cret'\nnmae = 'x'", "not known: nmae"),
        (GOOD + GOOD, "61234 is there twice"),
    ],
)
def test_every_problem_of_a_file_is_told_and_no_key(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        load_settings(hostaway_needed=True, hostaway_accounts_file=path)
    assert problem in raised.value.message
    assert "s3cret" not in raised.value.message


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings(hostaway_accounts_file=tmp_path / "none.toml")


def test_the_worst_exit_code_is_what_needs_somebody_most() -> None:
    assert worst_exit_code([]) == ExitCode.COMPLETE
    assert worst_exit_code([0, 65, 0]) == ExitCode.DATA
    assert worst_exit_code([75, 65]) == ExitCode.PARTIAL
    assert worst_exit_code([75, 77, 0]) == ExitCode.CREDENTIALS_REFUSED
    assert worst_exit_code([77, 69]) == ExitCode.DATABASE_UNAVAILABLE
    assert worst_exit_code([0, 1]) == 1
