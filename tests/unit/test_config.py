"""Settings: every default and bound, every problem at once, no secret in a problem."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from annotated_types import Ge, Gt, Le
from pydantic import SecretStr

from hostaway_message_db.cli.setting_origins import describe_settings
from hostaway_message_db.config import Settings, load_settings
from hostaway_message_db.errors import ConfigurationError

NAMES = tuple(Settings.model_fields)
SECRET = "s3cr3t-value"
KEY = f"{SECRET}-of-the-api"


@pytest.fixture(autouse=True)
def clean_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start in an empty folder, without a setting in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):  # noqa: TID251 - it is emptied of our settings
        if name.lower() in NAMES:
            monkeypatch.delenv(name)


def problems_of(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[str]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    return caught.value.problems


def plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


CONTRACT_DEFAULTS: dict[str, Any] = {
    "hostaway_account_id": "",
    "hostaway_api_key": "",
    "hostaway_base_url": "https://api.hostaway.com/v1",
    "hostaway_request_delay": 1.0,
    "hostaway_timeout": 30,
    "hostaway_max_retries": 5,
    "hostaway_page_size": 500,
    "hostaway_concurrency": 8,
    "mongodb_uri": "",
    "mongodb_database": "hostaway",
    "data_dir": Path("data"),
    "log_level": "INFO",
    "log_dir": Path("logs"),
    "log_retention_days": 30,
    "smtp_host": "",
    "smtp_username": "",
    "smtp_password": "",
    "notify_from": "",
    "notify_to": (),
    "web_host": "127.0.0.1",
    "web_port": 8000,
    "web_api_keys": (),
    "webhook_login": "",
    "webhook_password": "",
}


@pytest.mark.parametrize("name", CONTRACT_DEFAULTS)
def test_the_default_is_that_of_the_contract(name: str) -> None:
    assert plain(getattr(load_settings(), name)) == CONTRACT_DEFAULTS[name]


def test_every_setting_is_described_in_a_sentence_and_has_a_default() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
        assert not field.is_required(), name


def bounds_of(name: str) -> tuple[str, str, str]:
    """Return the least and the most that a number among the settings may be."""
    step = 1 if Settings.model_fields[name].annotation is int else 0.01
    least, most = "", ""
    for bound in Settings.model_fields[name].metadata:
        if isinstance(bound, Ge):
            least = str(bound.ge)
        elif isinstance(bound, Gt):
            least = str(step)
        elif isinstance(bound, Le):
            most = str(bound.le)
    return name.upper(), least, most


BOUNDS = [
    bounds_of(name)
    for name, field in Settings.model_fields.items()
    if field.annotation is int or field.annotation is float
]


def test_every_number_among_the_settings_is_bounded_on_both_sides() -> None:
    assert len(BOUNDS) >= 12
    assert not [name for name, least, most in BOUNDS if not least or not most]


@pytest.mark.parametrize(("name", "least", "most"), BOUNDS)
def test_a_number_is_taken_at_its_bounds(
    monkeypatch: pytest.MonkeyPatch, name: str, least: str, most: str
) -> None:
    for value in (least, most):
        monkeypatch.setenv(name, value)
        assert getattr(load_settings(), name.lower()) == float(value)


@pytest.mark.parametrize(("name", "least", "most"), BOUNDS)
def test_a_number_out_of_its_bounds_is_a_problem_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, least: str, most: str
) -> None:
    is_whole = Settings.model_fields[name.lower()].annotation is int
    below = str(int(least) - 1) if is_whole else str(float(least) - 0.01)
    above = str(int(most) + 1) if is_whole else str(float(most) + 0.01)
    for value in (below, above, "many", "nan", "inf", "-inf"):
        (problem,) = problems_of(monkeypatch, **{name: value})
        assert problem.startswith(f"{name} is {value!r}:")
        assert str(Settings.model_fields[name.lower()].description) in problem


WRONG: list[tuple[str, str]] = [
    ("HOSTAWAY_ACCOUNT_ID", "12a"),
    ("HOSTAWAY_ACCOUNT_ID", "1" * 20),
    ("HOSTAWAY_BASE_URL", "api.hostaway.com"),
    ("HOSTAWAY_BASE_URL", "ftp://api.hostaway.com"),
    ("HOSTAWAY_BASE_URL", "https://"),
    ("HOSTAWAY_BASE_URL", "http://api.hostaway.com/v1"),
    ("HOSTAWAY_BASE_URL", "http://127.0.0.1.example.org/v1"),
    ("HOSTAWAY_MAX_RETRIES", "1.5"),
    ("MONGODB_URI", "localhost:27017"),
    ("MONGODB_URI", "postgres://localhost"),
    ("MONGODB_DATABASE", "a.b"),
    ("MONGODB_DATABASE", "a b"),
    ("MONGODB_DATABASE", "a" * 64),
    ("LOG_LEVEL", "LOUD"),
    ("SMTP_STARTTLS", "perhaps"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_a_problem_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    (problem,) = problems_of(monkeypatch, **{name: value})
    assert problem.startswith(name)
    assert str(Settings.model_fields[name.lower()].description) in problem


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("HOSTAWAY_BASE_URL", "http://127.0.0.1:8099/v1/", "http://127.0.0.1:8099/v1"),
        ("HOSTAWAY_BASE_URL", "http://localhost/v1", "http://localhost/v1"),
        ("HOSTAWAY_BASE_URL", "http://[::1]:80/v1", "http://[::1]:80/v1"),
        ("HOSTAWAY_BASE_URL", "https://other.example/v1", "https://other.example/v1"),
        ("MONGODB_URI", "mongodb://a:b@h/x", "mongodb://a:b@h/x"),
        ("MONGODB_URI", "mongodb+srv://h", "mongodb+srv://h"),
        ("LOG_LEVEL", "debug", "DEBUG"),
        ("SMTP_STARTTLS", "false", False),
        ("DATA_DIR", "/var/lib/x", Path("/var/lib/x")),
    ],
)
def test_a_good_value_is_read_as_what_it_means(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, read: Any
) -> None:
    monkeypatch.setenv(name, value)
    assert plain(getattr(load_settings(), name.lower())) == read


def test_receivers_of_mail_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_HOST", "mail.x.org")
    monkeypatch.setenv("NOTIFY_TO", "a@x.org, b@x.org ,")
    assert load_settings().notify_to == ("a@x.org", "b@x.org")


def test_api_keys_are_separated_by_commas_and_kept_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_API_KEYS", f"{KEY}, {KEY}-too")
    settings = load_settings()
    assert [key.get_secret_value() for key in settings.web_api_keys] == [KEY, f"{KEY}-too"]
    assert SECRET not in repr(settings)


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    monkeypatch.setenv("WEB_PORT", "70000")
    monkeypatch.setenv("HOSTAWAY_BASE_URL", "nowhere")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(hostaway_needed=True)
    named = {problem.split()[0] for problem in caught.value.problems}
    assert named == {
        "LOG_LEVEL", "WEB_PORT", "HOSTAWAY_BASE_URL", "HOSTAWAY_ACCOUNT_ID", "HOSTAWAY_API_KEY",
    }  # fmt: skip
    assert caught.value.exit_code == 78


def test_credentials_are_needed_only_where_hostaway_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().hostaway_account_id == ""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(hostaway_needed=True)
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "HOSTAWAY_ACCOUNT_ID",
        "HOSTAWAY_API_KEY",
    ]
    monkeypatch.setenv("HOSTAWAY_ACCOUNT_ID", "61234")
    monkeypatch.setenv("HOSTAWAY_API_KEY", SECRET)
    assert load_settings(hostaway_needed=True).hostaway_account_id == "61234"


SECRET_SETTINGS = [
    name for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)
]


def test_every_password_key_and_address_with_a_login_is_a_secret() -> None:
    assert set(SECRET_SETTINGS) >= {
        "hostaway_api_key", "mongodb_uri", "smtp_password", "web_api_keys", "webhook_password",
    }  # fmt: skip
    named_so = {name for name in NAMES if re.search(r"password|secret|token|_keys?$|_uri$", name)}
    assert named_so <= set(SECRET_SETTINGS)


def test_no_problem_ever_tells_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRET_SETTINGS:
        monkeypatch.setenv(name.upper(), f"{SECRET}@wrong://address")
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(hostaway_needed=True)
    assert SECRET not in caught.value.message


def test_credentials_the_wrong_way_round_do_not_show_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOSTAWAY_API_KEY", "61234")
    (problem,) = problems_of(monkeypatch, HOSTAWAY_ACCOUNT_ID=SECRET)
    assert SECRET not in problem


def test_a_login_in_the_address_of_hostaway_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = problems_of(monkeypatch, HOSTAWAY_BASE_URL=f"http://me:{SECRET}@hostaway.com/v1")
    assert SECRET not in problem


def test_the_environment_stands_above_the_file_and_both_above_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("WEB_PORT=1111\nSMTP_PORT=2222\nHOSTAWAY_API_KEY=abc\n")
    monkeypatch.setenv("WEB_PORT", "3333")
    settings = load_settings()
    assert (settings.web_port, settings.smtp_port, settings.log_retention_days) == (3333, 2222, 30)
    shown = {setting.name: setting for setting in describe_settings(settings)}
    assert (shown["WEB_PORT"].value, shown["WEB_PORT"].origin) == ("3333", "environment")
    assert (shown["SMTP_PORT"].value, shown["SMTP_PORT"].origin) == ("2222", ".env")
    assert (shown["LOG_LEVEL"].value, shown["LOG_LEVEL"].origin) == ("INFO", "default")
    assert (shown["HOSTAWAY_API_KEY"].value, shown["HOSTAWAY_API_KEY"].origin) == (
        "********",
        ".env",
    )
    assert set(shown) == {name.upper() for name in NAMES}


def test_an_override_stands_above_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_PORT", "3333")
    assert load_settings(web_port=4444).web_port == 4444


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name.upper(), "")
    assert load_settings() == Settings()
    Path(".env").write_text("WEB_PORT=1111\nLOG_LEVEL=\n")
    settings = load_settings()
    assert (settings.web_port, settings.log_level) == (1111, "INFO")
    origins = {setting.name: setting.origin for setting in describe_settings(settings)}
    assert (origins["WEB_PORT"], origins["LOG_LEVEL"]) == (".env", "default")


def test_described_secrets_are_masked_and_absent_ones_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEB_API_KEYS", f"{KEY},{KEY}2")
    monkeypatch.setenv("MONGODB_URI", f"mongodb://u:{SECRET}@h/")
    described = describe_settings(load_settings())
    assert not any(SECRET in setting.value for setting in described)
    shown = {setting.name: setting.value for setting in described}
    assert (shown["MONGODB_URI"], shown["SMTP_PASSWORD"]) == ("********", "")
    assert shown["WEB_API_KEYS"] == "********, ********"
    assert shown["MONGOD_BIN"] == ""


@pytest.mark.parametrize("hostaway_needed", [False, True])
def test_a_file_that_is_no_text_is_a_problem_and_no_traceback(hostaway_needed: bool) -> None:
    Path(".env").write_bytes(b"\xff\xfeH\x00O\x00")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(hostaway_needed=hostaway_needed)
    assert ".env cannot be read" in caught.value.problems[0]


def test_unknown_variables_in_the_file_are_left_alone() -> None:
    Path(".env").write_text("SOMETHING_ELSE=1\nexport WEB_PORT=1234\n# a comment\n")
    assert load_settings().web_port == 1234
