"""Apprise and the heartbeat, against a real web server."""

import logging
import time

import pytest

from hostaway_message_db.errors import NotDelivered
from hostaway_message_db.notifications.apprise_channel import AppriseChannel
from hostaway_message_db.notifications.heartbeat import Heartbeat
from hostaway_message_db.notifications.notice import NoticeKind, compose
from hostaway_message_db.notifications.rendering import to_text
from support.receivers import silent_server, unused_port, web_server
from unit.notifications.conftest import facts

NOTICE = compose(facts(), NoticeKind.FAILURE)


async def test_apprise_delivers_the_notice_as_text() -> None:
    with web_server() as server:
        channel = AppriseChannel(f"json://{server.address}/t0ken-of-the-channel")
        await channel.deliver(NOTICE)
    ((method, path, body),) = server.asked
    assert (method, path) == ("POST", "/t0ken-of-the-channel")
    assert body["title"] == NOTICE.subject
    assert body["message"].strip() == to_text(NOTICE).strip()
    assert body["type"] == "failure"
    assert channel.name == "json"


async def test_a_channel_that_refuses_is_a_failed_delivery(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)
    with web_server() as server:
        server.status = 500
        channel = AppriseChannel(f"json://{server.address}/t0ken-of-the-channel")
        with pytest.raises(NotDelivered, match="json did not take it") as raised:
            await channel.deliver(NOTICE)
    assert "t0ken" not in raised.value.message + raised.value.hint + caplog.text
    assert "t0ken" not in "".join(capfd.readouterr())


async def test_a_channel_that_hangs_is_given_up() -> None:
    started = time.monotonic()
    with silent_server() as port:
        channel = AppriseChannel(f"json://127.0.0.1:{port}/", timeout_seconds=0.3)
        with pytest.raises(NotDelivered, match=r"json was not done within 0\.3 s"):
            await channel.deliver(NOTICE)
    assert time.monotonic() - started < 5


async def test_a_heartbeat_asks_its_address_once() -> None:
    with web_server() as server:
        await Heartbeat(f"http://{server.address}/ping/uuid?x=1").beat()
    assert server.asked == [("GET", "/ping/uuid?x=1", None)]


async def test_a_heartbeat_that_fails_says_why_without_its_address() -> None:
    with web_server() as server:
        server.status = 404
        with pytest.raises(NotDelivered, match="HTTPError") as raised:
            await Heartbeat(f"http://{server.address}/t0ken").beat()
    assert "t0ken" not in raised.value.message
    with pytest.raises(NotDelivered, match="URLError"):
        await Heartbeat(f"http://127.0.0.1:{unused_port()}/t0ken").beat()
    with silent_server() as port, pytest.raises(NotDelivered, match=r"no answer within 0\.2 s"):
        await Heartbeat(f"http://127.0.0.1:{port}/t0ken", timeout_seconds=0.2).beat()
