"""Mail through a real server: parsed back, encrypted, logged in; and every way it fails."""

import time
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest

from hostaway_message_db.errors import NotDelivered
from hostaway_message_db.notifications.mail import MailChannel, MailOptions
from hostaway_message_db.notifications.notice import NoticeKind, compose
from hostaway_message_db.notifications.rendering import to_html, to_text
from support.calendar import CalendarClock
from support.receivers import (
    HOST,
    LOGIN,
    PASSWORD,
    Authority,
    mail_server,
    silent_server,
    unused_port,
)
from unit.notifications.conftest import facts

NOTICE = compose(facts(problem="Für „Zoë“: 日本語 & <tags>."), NoticeKind.SUMMARY)


def options(port: int) -> MailOptions:
    return MailOptions(
        host=HOST,
        port=port,
        username="",
        password="",
        has_starttls=False,
        is_encrypted_from_start=False,
        sender="Kopie für Zoë <copy@example.com>",
        receivers=("host@example.com", "Jörg <second@example.com>"),
        timeout_seconds=10.0,
    )


def encrypted(port: int) -> MailOptions:
    return replace(options(port), username=LOGIN, password=PASSWORD, has_starttls=True)


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert isinstance(found, EmailMessage)
    assert found.get_content_charset() == "utf-8"
    return str(found.get_content()).replace("\r\n", "\n")


def check(mail: EmailMessage, clock: CalendarClock) -> None:
    assert mail["Subject"] == NOTICE.subject
    assert mail["From"].addresses[0].display_name == "Kopie für Zoë"
    assert [a.addr_spec for a in mail["To"].addresses] == ["host@example.com", "second@example.com"]
    assert mail["Date"].datetime == clock.now()
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"
    assert part(mail, "plain") == to_text(NOTICE)
    assert part(mail, "html") == to_html(NOTICE)
    assert "日本語" in part(mail, "html")
    assert mail.defects == []


async def test_a_mail_arrives_whole_in_two_parts(clock: CalendarClock) -> None:
    with mail_server() as server:
        await MailChannel(options(server.port), clock).deliver(NOTICE)
    (mail,) = server.mails
    check(mail, clock)
    assert server.was_encrypted == [False]


@pytest.mark.parametrize("password", [PASSWORD, "ascii-password"])
async def test_a_mail_is_sent_after_starttls_and_a_login(
    clock: CalendarClock, authority: Authority, password: str
) -> None:
    with mail_server(authority) as server:
        server.password = password
        given = replace(encrypted(server.port), password=password)
        channel = MailChannel(given, clock, authority.client)
        await channel.deliver(NOTICE)
        clock.moment += timedelta(days=1)
        await channel.deliver(NOTICE)
    first, second = server.mails
    assert server.was_encrypted == [True, True]
    check(second, clock)
    assert first["Message-ID"] != second["Message-ID"]
    assert PASSWORD not in first.as_string()


async def test_a_server_may_speak_tls_from_the_start(
    clock: CalendarClock, authority: Authority
) -> None:
    with mail_server(authority, is_encrypted_from_start=True) as server:
        given = replace(options(server.port), is_encrypted_from_start=True)
        await MailChannel(given, clock, authority.client).deliver(NOTICE)
    check(server.mails[0], clock)


async def refusal(channel: MailChannel, *, within_seconds: float = 5.0) -> NotDelivered:
    started = time.monotonic()
    with pytest.raises(NotDelivered) as raised:
        await channel.deliver(NOTICE)
    assert time.monotonic() - started < within_seconds
    for secret in (PASSWORD, LOGIN, "example.com"):
        assert secret not in raised.value.message
    return raised.value


@pytest.mark.parametrize("password", ["wrong", "fälsch"])
async def test_a_wrong_password_is_said_without_it(
    clock: CalendarClock, authority: Authority, password: str
) -> None:
    with mail_server(authority) as server:
        given = replace(encrypted(server.port), password=password)
        error = await refusal(MailChannel(given, clock, authority.client))
    assert "login (code 535)" in error.message
    assert "SMTP_PASSWORD" in error.hint


async def test_a_certificate_nobody_vouches_for_is_refused(
    clock: CalendarClock, authority: Authority
) -> None:
    with mail_server(authority) as server:
        error = await refusal(MailChannel(encrypted(server.port), clock))
    assert "SSLCertVerificationError" in error.message
    assert server.mails == []


async def test_a_server_without_starttls_gets_no_password(clock: CalendarClock) -> None:
    with mail_server() as server:
        error = await refusal(MailChannel(encrypted(server.port), clock))
    assert "SMTPNotSupportedError" in error.message


async def test_a_server_that_demands_encryption_refuses_without(
    clock: CalendarClock, authority: Authority
) -> None:
    with mail_server(authority) as server:
        await refusal(MailChannel(options(server.port), clock))
    assert server.mails == []


async def test_a_server_that_is_down_is_a_failed_delivery(clock: CalendarClock) -> None:
    error = await refusal(MailChannel(options(unused_port()), clock))
    assert "ConnectionRefusedError" in error.message


async def test_a_server_that_hangs_is_waited_for_no_longer_than_the_time_out(
    clock: CalendarClock,
) -> None:
    with silent_server() as port:
        given = replace(options(port), timeout_seconds=0.2)
        error = await refusal(MailChannel(given, clock), within_seconds=2.0)
    assert "within 0.2 s" in error.message


async def test_a_host_that_does_not_exist_is_a_failed_delivery(clock: CalendarClock) -> None:
    given = replace(options(25), host="no-such-host.invalid")
    await refusal(MailChannel(given, clock), within_seconds=12.0)


async def test_one_receiver_that_is_refused_does_not_stop_the_other(clock: CalendarClock) -> None:
    with mail_server() as server:
        server.refuses.add("second@example.com")
        await MailChannel(options(server.port), clock).deliver(NOTICE)
        assert len(server.mails) == 1
        server.refuses.add("host@example.com")
        error = await refusal(MailChannel(options(server.port), clock))
    assert "every receiver" in error.message
