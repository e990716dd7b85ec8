"""Who receives what the unattended job tells: a mail server, a web server, and a silent one."""

import asyncio
import functools
import http.server
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

LOGIN, PASSWORD = "mailer", "pässword-of-the-mail-server"
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority of a test's own."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    file: Path

    @classmethod
    def made(cls, folder: Path) -> "Authority":
        """Make an authority and a certificate for loopback."""
        authority = trustme.CA()
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(HOST).configure_cert(server)
        client = ssl.create_default_context()
        authority.configure_trust(client)
        file = folder / "authority.crt"
        authority.cert_pem.write_to_path(str(file))
        return cls(server, client, file)


@dataclass(slots=True)
class MailServer:
    """A real SMTP server on loopback; what it takes is read back."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    password: str = PASSWORD
    refuses: set[str] = field(default_factory=set)
    was_encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a receiver, or not."""
        if address in self.refuses:
            return f"550 no such user {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail."""
        mail = message_from_bytes(cast("bytes", envelope.content), policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.was_encrypted.append(session.ssl is not None)
        return "250 OK"

    def authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any
    ) -> AuthResult:
        """Check a login."""
        login = cast("LoginPassword", given)
        is_right = (login.login, login.password) == (LOGIN.encode(), self.password.encode())
        return AuthResult(success=is_right, handled=is_right)

    def settings(self, **more: str) -> dict[str, str]:
        """Return the settings that reach this server without encryption and login."""
        return {
            "SMTP_HOST": HOST,
            "SMTP_PORT": str(self.port),
            "SMTP_STARTTLS": "false",
            "NOTIFY_FROM": "Hostaway copy <copy@example.com>",
            "NOTIFY_TO": "host@example.com",
            **more,
        }


class _AnyPort(Controller):
    """Listens on whatever port is free."""

    def _create_server(self) -> Any:
        return self._listen()

    async def _listen(self) -> asyncio.AbstractServer:
        server = await super()._create_server()
        self.port = cast("asyncio.Server", server).sockets[0].getsockname()[1]
        return server


@contextmanager
def mail_server(
    authority: Authority | None = None, *, is_encrypted_from_start: bool = False
) -> Iterator[MailServer]:
    """Run a mail server; with an authority it demands STARTTLS and a login, or speaks TLS."""
    server = MailServer()
    options: dict[str, Any] = {}
    if authority and is_encrypted_from_start:
        options = {"ssl_context": authority.server}
    elif authority:
        options = {
            "authenticator": server.authenticate,
            "auth_required": True,
            "tls_context": authority.server,
            "require_starttls": True,
        }
    controller = _AnyPort(server, hostname=HOST, port=0, **options)
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()


@contextmanager
def silent_server() -> Iterator[int]:
    """Listen on a port, take connections, and never say a word."""
    with socket.create_server((HOST, 0), backlog=16) as listening:
        yield listening.getsockname()[1]


def unused_port() -> int:
    """Return a port where nobody listens."""
    with socket.create_server((HOST, 0)) as listening:
        return int(listening.getsockname()[1])


@dataclass(slots=True)
class WebServer:
    """A web server on loopback; what it was asked is kept."""

    port: int
    status: int = 200
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Its address, without a path."""
        return f"{HOST}:{self.port}"


class _Receiver(http.server.BaseHTTPRequestHandler):
    def __init__(self, kept: WebServer, *arguments: Any) -> None:
        self._kept = kept
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Keep what is asked."""
        self._answer(None)

    def do_POST(self) -> None:
        """Keep what is sent."""
        length = int(self.headers.get("Content-Length", 0))
        self._answer(json.loads(self.rfile.read(length)))

    def _answer(self, body: Any) -> None:
        self._kept.asked.append((self.command, self.path, body))
        self.send_response(self._kept.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def web_server() -> Iterator[WebServer]:
    """Run a web server that keeps what it was asked."""
    kept = WebServer(0)
    with http.server.ThreadingHTTPServer((HOST, 0), functools.partial(_Receiver, kept)) as server:
        kept.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
