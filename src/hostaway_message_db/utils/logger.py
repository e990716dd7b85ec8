"""Logs: one format, UTC, quiet about secrets and guests.

Human-readable on standard error, JSON lines in a daily file of `LOG_DIR`. Event names
are static; values that may hold a secret or a guest's words are masked by key, and the
secrets of the configuration are masked wherever they occur.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

from hostaway_message_db.utils.clock import Clock, SystemClock

MASK = "***"
FILE_PREFIX = "hostaway-message-db"
_SENSITIVE_KEY = re.compile(
    r"token|secret|password|api_?key|authorization|credential|email|phone|guest|recipient"
    r"|body|content|text|subject|uri",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?i)bearer\s+[\w.~+/=-]+")
_URL_LOGIN = re.compile(r"(?<=://)[^/@\s]*:[^/@\s]*@")
_secrets: set[str] = set()


def get_logger(name: str) -> Any:
    """Return the logger of a module."""
    return structlog.get_logger(name)


@contextmanager
def bound(**values: Any) -> Iterator[None]:
    """Put these values on every line that is logged inside, by whatever is called there."""
    with structlog.contextvars.bound_contextvars(**values):
        yield


def remember_secrets(secrets: Iterable[str]) -> None:
    """Mask these strings wherever they turn up in a log line from now on."""
    _secrets.update(secret for secret in secrets if secret)


def masked(text: str) -> str:
    """Return a text without known secrets, bearer tokens and logins in addresses."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return _URL_LOGIN.sub(f"{MASK}@", _BEARER.sub(f"Bearer {MASK}", text))


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what a log line must not carry; runs last before a line is rendered."""
    for key, value in event.items():
        if key != "event" and _SENSITIVE_KEY.search(key):
            event[key] = MASK
        else:
            event[key] = _redact_value(value)
    return event


def _redact_value(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {
            key: MASK if _SENSITIVE_KEY.search(str(key)) else _redact_value(part)
            for key, part in value.items()
        }
    if isinstance(value, list | tuple | set):
        return [_redact_value(part) for part in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return masked(str(value))


class DailyFile(logging.Handler):
    """Appends each line to the file of its UTC day and drops files past their days."""

    def __init__(self, folder: Path, retention_days: int, clock: Clock) -> None:
        super().__init__()
        self._folder = folder
        self._retention = timedelta(days=retention_days)
        self._clock = clock
        self._day = ""
        self._file: Any = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a full disk never stops the run."""
        try:
            self._file_of(self._clock.now()).write(self.format(record) + "\n")
            self._file.flush()
        except OSError:
            self.handleError(record)

    def _file_of(self, now: datetime) -> Any:
        day = f"{now:%Y-%m-%d}"
        if day != self._day:
            self.close()
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{FILE_PREFIX}-{day}.log"
            self._file = path.open("a", encoding="utf-8", errors="backslashreplace")
            path.chmod(0o640)
            self._day = day
            self._drop_old(now)
        return self._file

    def _drop_old(self, now: datetime) -> None:
        oldest = f"{FILE_PREFIX}-{now - self._retention:%Y-%m-%d}.log"
        for path in self._folder.glob(f"{FILE_PREFIX}-????-??-??.log"):
            if path.name < oldest:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the open file."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._day = ""
        super().close()


class Console(logging.StreamHandler[Any]):
    """Writes to whatever standard error is at the moment: a progress bar may replace it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        self.setStream(sys.stderr)
        super().emit(record)


def configure_logging(
    level: str,
    log_dir: Path | None = None,
    retention_days: int = 30,
    clock: Clock | None = None,
    console_level: str | None = None,
) -> None:
    """Send logs to standard error, and to daily files when `log_dir` is given.

    `console_level` quiets standard error alone. Raises `OSError` when `log_dir` cannot be
    written to.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_where_it_broke),
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    for noisy in ("pymongo", "asyncio", "aiohttp", "uvicorn"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    for indiscreet in ("apprise", "requests", "urllib3"):
        # They write the addresses of channels, which are secrets.
        logging.getLogger(indiscreet).setLevel(logging.CRITICAL + 1)
    colors = sys.stderr.isatty()
    console = Console()
    console.setLevel(console_level or level)
    console.setFormatter(_formatter(structlog.dev.ConsoleRenderer(colors=colors), shared))
    root.addHandler(console)
    if log_dir is not None:
        log_dir.mkdir(parents=True, exist_ok=True)
        daily = DailyFile(log_dir, retention_days, clock or SystemClock())
        daily.setFormatter(_formatter(structlog.processors.JSONRenderer(), shared))
        root.addHandler(daily)


def _where_it_broke(
    exc_info: tuple[type[BaseException], BaseException, TracebackType | None],
) -> str:
    """Write a traceback without the errors' messages, which may quote a guest."""
    error: BaseException | None = exc_info[1]
    told: list[str] = []
    while error is not None:
        told += [f"{type(error).__module__}.{type(error).__qualname__}", *_frames(error)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(told)


def _frames(error: BaseException) -> list[str]:
    return [line.rstrip("\n") for line in traceback.format_tb(error.__traceback__)]


def _formatter(renderer: Any, shared: list[Any]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
