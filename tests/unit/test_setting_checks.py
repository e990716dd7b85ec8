"""What goes together, and what an address must be like; secrets stay out of messages."""

import pytest

from hostaway_message_db.config import load_settings
from hostaway_message_db.errors import ConfigurationError
from hostaway_message_db.setting_checks import contradictions, split_addresses
from hostaway_message_db.utils.masking import secret_parts

MAIL = {"smtp_host": "mail.example.com", "notify_to": "host@example.com"}
CA = {"mongodb_tls_ca_file": "ca.pem"}
LOGIN = {"smtp_username": "me", "smtp_password": "hunter2"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        MAIL,
        {**MAIL, **LOGIN},
        {**MAIL, "notify_summary": "true"},
        {"notify_urls": "json://localhost", "notify_summary": "yes"},
        {"notify_summary": "false", "smtp_starttls": "false"},
        {**MAIL, **LOGIN, "smtp_starttls": "off", "smtp_port": "465"},
        {**MAIL, **LOGIN, "smtp_starttls": "no", "smtp_host": "localhost"},
        {**MAIL, "smtp_starttls": "false"},
        {**CA, "mongodb_uri": "mongodb://h/?tls=true"},
    ],
)
def test_what_goes_together_is_no_problem(given: dict[str, str]) -> None:
    assert contradictions(given) == []


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"smtp_host": "mail.example.com", "notify_to": " , "}, "NOTIFY_TO is not set"),
        ({"notify_to": "host@example.com"}, "SMTP_HOST is not set"),
        ({**MAIL, "smtp_username": "me"}, "SMTP_PASSWORD is not set"),
        ({**MAIL, "smtp_password": "hunter2"}, "SMTP_USERNAME is not set"),
        ({**MAIL, **LOGIN, "smtp_starttls": "FALSE"}, "SMTP_STARTTLS is off"),
        ({"notify_summary": "1"}, "NOTIFY_SUMMARY is on"),
        ({"data_dir": "da\0ta"}, "DATA_DIR holds a NUL"),
        (CA, "MONGODB_URI is not set"),
        ({**CA, "mongodb_uri": "mongodb://u:hunter2@h/?ssl=false"}, "MONGODB_URI turns TLS off"),
        ({"mongodb_tls_certificate_key_password": "hunter2"}, "MONGODB_TLS_CERTIFICATE_KEY_FILE"),
    ],
)
def test_what_does_not_go_together_is_named(given: dict[str, str], named: str) -> None:
    (problem,) = contradictions(given)
    assert problem.startswith(named)
    assert "hunter2" not in problem


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("nothing"))


def test_a_contradiction_is_reported_with_every_other_problem() -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_settings(
            smtp_host="mail.example.com",
            daily_job_time="25:00",
            daily_job_max_minutes="0",
            smtp_timeout="0",
            notify_from="nobody",
            notify_urls="json://localhost, nosuchservice://t0ken-of-the-channel",
            heartbeat_url="http://example.com/t0ken-of-the-heartbeat",
        )
    named = {problem.split()[0] for problem in raised.value.problems}
    assert named == {
        "DAILY_JOB_TIME", "DAILY_JOB_MAX_MINUTES", "SMTP_TIMEOUT", "NOTIFY_FROM", "NOTIFY_URLS",
        "HEARTBEAT_URL", "NOTIFY_TO",
    }  # fmt: skip
    assert "t0ken" not in raised.value.message
    assert "address number 2" in raised.value.message


def test_a_refused_channel_is_not_written_to_standard_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ConfigurationError):
        load_settings(notify_urls="nosuchservice://t0ken-of-the-channel")
    assert "t0ken" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("address", ["host@example.com", "Jörg Host <host@example.com>"])
def test_mail_addresses_may_bear_a_name(address: str) -> None:
    settings = load_settings(smtp_host="localhost", notify_from=address, notify_to=(address,))
    assert settings.notify_from == address


@pytest.mark.parametrize(
    "address", ["host", "host@", "@example.com", "a@b.c\r\nBcc: x@y.z", "a b@c"]
)
def test_what_is_no_mail_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match="NOTIFY_FROM"):
        load_settings(notify_from=address)


def test_addresses_are_split_at_spaces_and_commas_but_not_within() -> None:
    text = " json://a/x , mailto://u:p@b?to=c@d,e@f  tgram://t/1,tgram://t/2 "
    assert split_addresses(text) == (
        "json://a/x", "mailto://u:p@b?to=c@d,e@f", "tgram://t/1", "tgram://t/2",
    )  # fmt: skip
    assert split_addresses("") == ()


@pytest.mark.parametrize(
    ("secret", "parts"),
    [
        ("k3y", {"k3y"}),
        ("mongodb://keeper:p%40ss@db.example.com/hostaway?tls=true", {"p%40ss", "p@ss"}),
        ("mongodb://db.example.com/hostaway", set()),
        ("https://hc.example.com/ping/6a1f-22b", {"6a1f-22b"}),
        ("slack://T0KENAAAAA/B0KENBBBB/C0K#general", {"T0KENAAAAA", "B0KENBBBB"}),
        (
            "json://user:pw@localhost:80/hook/secret-path?key=abcdefg",
            {"pw", "secret-path", "abcdefg"},
        ),
        ("hook://[half/secret-path?key=abcdefg", {"secret-path", "abcdefg"}),
    ],
)
def test_what_is_secret_within_an_address_is_masked_by_itself(secret: str, parts: set[str]) -> None:
    assert secret_parts(secret) == {secret, *parts}
