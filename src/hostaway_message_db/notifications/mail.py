"""Mail: a notice as a well-formed message of two parts, and its way to the server."""

import base64
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import default as default_policy
from email.utils import format_datetime, make_msgid, parseaddr

from hostaway_message_db.errors import NotDelivered
from hostaway_message_db.notifications.channel import in_thread
from hostaway_message_db.notifications.notice import Notice
from hostaway_message_db.notifications.rendering import to_html, to_text
from hostaway_message_db.utils.clock import Clock
from hostaway_message_db.utils.logger import get_logger

log = get_logger(__name__)

_LOGGED_IN = 235


@dataclass(frozen=True, slots=True, kw_only=True)
class MailOptions:
    """The mail server, and who writes to whom."""

    host: str
    port: int
    username: str
    password: str
    has_starttls: bool
    is_encrypted_from_start: bool
    sender: str
    receivers: tuple[str, ...]
    timeout_seconds: float


def mail_of(notice: Notice, sender: str, receivers: tuple[str, ...], now: datetime) -> EmailMessage:
    """Return a notice as a mail with a plain text and an HTML part."""
    # Longer than the usual 78: a subject that is folded at its start reads as if it were empty.
    mail = EmailMessage(policy=default_policy.clone(max_line_length=200))
    mail["Subject"] = notice.subject
    mail["From"] = sender
    mail["To"] = ", ".join(receivers)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2])
    # No holiday reply answers what says that it was written by a program (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(to_text(notice))
    mail.add_alternative(to_html(notice), subtype="html")
    return mail


class MailChannel:
    """Sends notices by mail; one connection each, all of it within the time-out."""

    name = "mail"

    def __init__(
        self, options: MailOptions, clock: Clock, encryption: ssl.SSLContext | None = None
    ) -> None:
        self._options = options
        self._clock = clock
        self._encryption = encryption

    async def deliver(self, notice: Notice) -> None:
        """Send a notice; raises `NotDelivered`, in which no address and no reply is quoted."""
        options = self._options
        try:
            mail = mail_of(notice, options.sender, options.receivers, self._clock.now())
            refused = await in_thread(lambda: self._send(mail), options.timeout_seconds)
        except TimeoutError as error:
            raise NotDelivered(
                f"the mail server was not done within {options.timeout_seconds:g} s",
                "Check SMTP_HOST, SMTP_PORT and SMTP_TIMEOUT.",
            ) from error
        except smtplib.SMTPAuthenticationError as error:
            raise NotDelivered(
                f"the mail server refuses the login (code {error.smtp_code})",
                "Check SMTP_USERNAME and SMTP_PASSWORD.",
            ) from error
        except smtplib.SMTPResponseException as error:
            raise NotDelivered(f"the mail server refuses (code {error.smtp_code})") from error
        except smtplib.SMTPRecipientsRefused as error:
            raise NotDelivered(
                "the mail server refuses every receiver", "Check NOTIFY_TO and NOTIFY_FROM."
            ) from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise NotDelivered(f"the mail server failed: {type(error).__name__}") from error
        if refused:
            log.warning("mail_receivers_refused", refused=len(refused))

    def _send(self, mail: EmailMessage) -> dict[str, tuple[int, bytes]]:
        """Send a mail and return the receivers that were refused; blocks."""
        options = self._options
        encryption = self._encryption or ssl.create_default_context()
        with self._connected(encryption) as server:
            if options.has_starttls:
                server.starttls(context=encryption)
            if options.username:
                _log_in(server, options.username, options.password)
            return server.send_message(mail)

    def _connected(self, encryption: ssl.SSLContext) -> smtplib.SMTP:
        options = self._options
        if options.is_encrypted_from_start:
            return smtplib.SMTP_SSL(
                options.host, options.port, timeout=options.timeout_seconds, context=encryption
            )
        return smtplib.SMTP(options.host, options.port, timeout=options.timeout_seconds)


def _log_in(server: smtplib.SMTP, username: str, password: str) -> None:
    """Log in; smtplib knows ASCII alone, so other logins go as RFC 4616 has them, in UTF-8."""
    if username.isascii() and password.isascii():
        server.login(username, password)
        return
    server.ehlo_or_helo_if_needed()
    login = base64.b64encode(f"\0{username}\0{password}".encode()).decode()
    code, reply = server.docmd("AUTH", f"PLAIN {login}")
    if code != _LOGGED_IN:
        raise smtplib.SMTPAuthenticationError(code, reply)
