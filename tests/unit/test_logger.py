"""Logs are quiet about secrets and guests, one JSON line each, in a file a day."""

import json
import logging
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from hostaway_message_db.utils import logger
from hostaway_message_db.utils.logger import (
    MASK,
    DailyFile,
    bound,
    configure_logging,
    get_logger,
    masked,
    redact,
    remember_secrets,
)

SECRET = "k3y-that-nobody-sees"


class CalendarClock:
    """A clock that a test sets by hand."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> CalendarClock:
    return CalendarClock(datetime(2026, 5, 2, 23, 59, 59, tzinfo=UTC))


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Give the process its logging back as it was."""
    root = logging.getLogger()
    handlers, level, secrets = list(root.handlers), root.level, set(logger._secrets)
    levels = {n: logging.getLogger(n).level for n in ("pymongo", "asyncio", "aiohttp", "uvicorn")}
    for handler in handlers:
        root.removeHandler(handler)
    logger._secrets.clear()
    yield
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logger._secrets.update(secrets)
    structlog.reset_defaults()


def lines_of(folder: Path) -> list[dict[str, Any]]:
    (path,) = folder.glob("*.log")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    "key",
    [
        "token", "access_token", "api_key", "apiKey", "password", "smtp_password", "Authorization",
        "client_secret", "guestName", "guest_email", "email", "phone", "recipientName", "body",
        "content", "content_html", "text", "subject", "mongodb_uri", "credentials",
    ],
)  # fmt: skip
def test_a_value_is_masked_by_its_key_at_any_depth(key: str) -> None:
    event = {"event": "x", key: "Anna", "inner": [{key: "Anna", "n": 1}, ({key: ["Anna"]},)]}
    shown = redact(None, "info", event)
    assert shown[key] == MASK
    assert shown["inner"] == [{key: MASK, "n": 1}, [{key: MASK}]]


def test_figures_and_ids_are_shown() -> None:
    event = {"event": "run_finished", "conversation_id": "44", "path": "/x", "n": 1, "ok": None}
    assert redact(None, "info", dict(event)) == event


def test_a_known_secret_is_masked_wherever_it_turns_up() -> None:
    remember_secrets([SECRET, "", "k3y"])
    event = {"event": f"failed with {SECRET}", "path": f"/x?y={SECRET}&z", "seen": {"a": [SECRET]}}
    shown = redact(None, "info", event)
    assert SECRET not in json.dumps(shown)
    assert shown["event"] == f"failed with {MASK}"
    assert shown["path"] == f"/x?y={MASK}&z"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer ey.J_x-/+=~ end", f"Authorization: Bearer {MASK} end"),
        ("bearer abc", f"Bearer {MASK}"),
        ("mongodb://me:pass@host/db", f"mongodb://{MASK}@host/db"),
        ("at https://a:b@c and https://d/e@f", f"at https://{MASK}@c and https://d/e@f"),
        ("nothing to hide: 12:30", "nothing to hide: 12:30"),
    ],
)
def test_bearer_tokens_and_logins_in_addresses_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_an_object_is_not_a_way_round_the_mask(tmp_path: Path, clock: CalendarClock) -> None:
    remember_secrets([SECRET])
    configure_logging("INFO", tmp_path, clock=clock)
    get_logger("test").info("failed", error=ValueError(SECRET), at=Path(f"/x/{SECRET}"))
    assert SECRET not in json.dumps(lines_of(tmp_path))


def test_the_longest_secret_is_masked_first() -> None:
    remember_secrets(["abc", "abcdef"])
    assert masked("abcdef") == MASK


def test_each_line_of_the_file_is_one_json_object(
    tmp_path: Path, clock: CalendarClock, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("INFO", tmp_path, clock=clock)
    remember_secrets([SECRET])
    get_logger("hostaway_message_db.test").info("step", step="two\nlines", guest="Anna", n=3)
    get_logger("test").debug("not logged at this level")
    logging.getLogger("foreign").warning("connecting with %s", SECRET)
    first, second = lines_of(tmp_path)
    assert (first["event"], first["step"], first["guest"], first["n"]) == (
        "step", "two\nlines", MASK, 3,
    )  # fmt: skip
    assert (first["level"], first["logger"]) == ("info", "hostaway_message_db.test")
    assert first["timestamp"].endswith("Z")
    assert second["event"] == f"connecting with {MASK}"
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "step" in shown.err
    assert "Anna" not in shown.err
    assert SECRET not in shown.err


def test_a_traceback_in_the_log_tells_no_secret(tmp_path: Path, clock: CalendarClock) -> None:
    remember_secrets([SECRET])
    configure_logging("INFO", tmp_path, clock=clock)
    try:
        int(SECRET)
    except ValueError:
        get_logger("test").exception("failed")
    (line,) = lines_of(tmp_path)
    assert "ValueError" in line["exception"]
    assert SECRET not in json.dumps(line)


def test_the_console_can_be_quieter_than_the_file(
    tmp_path: Path, clock: CalendarClock, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("INFO", tmp_path, clock=clock, console_level="WARNING")
    get_logger("test").info("whispered")
    get_logger("test").warning("said")
    assert [line["event"] for line in lines_of(tmp_path)] == ["whispered", "said"]
    shown = capsys.readouterr().err
    assert "said" in shown
    assert "whispered" not in shown


def test_configuring_twice_logs_each_line_once(tmp_path: Path, clock: CalendarClock) -> None:
    for _ in range(2):
        configure_logging("INFO", tmp_path, clock=clock)
    get_logger("test").info("once")
    assert len(lines_of(tmp_path)) == 1


def test_a_log_folder_that_cannot_be_made_is_an_error_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        configure_logging("INFO", tmp_path / "file" / "logs")


@pytest.fixture
def daily(tmp_path: Path, clock: CalendarClock) -> Iterator[DailyFile]:
    handler = DailyFile(tmp_path / "logs", 30, clock)
    yield handler
    handler.close()


def emit(handler: logging.Handler, text: str) -> None:
    handler.emit(logging.LogRecord("x", logging.INFO, "x", 1, text, None, None))


def test_the_file_is_named_by_its_utc_day_and_changes_at_midnight(
    daily: DailyFile, clock: CalendarClock, tmp_path: Path
) -> None:
    emit(daily, "late")
    clock.moment += timedelta(seconds=1)
    emit(daily, "early")
    logs = {path.name: path.read_text() for path in (tmp_path / "logs").iterdir()}
    assert logs == {
        "hostaway-message-db-2026-05-02.log": "late\n",
        "hostaway-message-db-2026-05-03.log": "early\n",
    }


def test_files_past_their_days_are_dropped_and_no_others(daily: DailyFile, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    kept = ["hostaway-message-db-2026-04-02.log", "cron.log", "other-2020-01-01.log"]
    dropped = ["hostaway-message-db-2026-04-01.log", "hostaway-message-db-2020-01-01.log"]
    for name in kept + dropped:
        (folder / name).touch()
    emit(daily, "today")
    assert {path.name for path in folder.iterdir()} == {
        *kept, "hostaway-message-db-2026-05-02.log",
    }  # fmt: skip


def test_a_log_file_is_appended_to_and_not_readable_by_everybody(
    clock: CalendarClock, tmp_path: Path
) -> None:
    for text in ("one", "two"):
        handler = DailyFile(tmp_path, 30, clock)
        emit(handler, text)
        handler.close()
    (path,) = tmp_path.iterdir()
    assert path.read_text() == "one\ntwo\n"
    assert not stat.S_IMODE(path.stat().st_mode) & 0o007


def test_broken_unicode_does_not_stop_the_log(daily: DailyFile, tmp_path: Path) -> None:
    emit(daily, "odd \ud83d")
    (path,) = (tmp_path / "logs").iterdir()
    assert path.read_text() == "odd \\ud83d\n"


def test_what_is_bound_is_on_every_line_inside_and_on_none_outside(
    tmp_path: Path, clock: CalendarClock
) -> None:
    configure_logging("INFO", tmp_path, clock=clock)
    with bound(run_id="run-1", account_id="7"):
        get_logger("test").info("inside")
        logging.getLogger("foreign").warning("inside as well")
    get_logger("test").info("outside")
    assert [(line.get("run_id"), line.get("account_id")) for line in lines_of(tmp_path)] == [
        ("run-1", "7"), ("run-1", "7"), (None, None),
    ]  # fmt: skip


def test_a_traceback_tells_where_it_broke_and_not_in_which_words(
    tmp_path: Path, clock: CalendarClock
) -> None:
    configure_logging("INFO", tmp_path, clock=clock)
    words = "what Anna wrote"
    broken: dict[str, str] = {}

    def fail() -> None:
        try:
            broken[words]
        except KeyError as error:
            raise ValueError(words) from error

    try:
        fail()
    except ValueError:
        get_logger("test").exception("failed")
    (line,) = lines_of(tmp_path)
    assert words not in json.dumps(line)
    assert line["exception"].startswith("builtins.ValueError\n")
    assert "builtins.KeyError\n" in line["exception"]
    assert "test_logger.py" in line["exception"]


@pytest.mark.parametrize("name", ["apprise", "requests", "urllib3.connectionpool"])
def test_libraries_that_write_the_addresses_of_channels_are_silent(
    tmp_path: Path, clock: CalendarClock, name: str
) -> None:
    configure_logging("DEBUG", tmp_path, clock=clock)
    logging.getLogger(name).critical("POST /t0ken")
    assert not list(tmp_path.glob("*.log")) or lines_of(tmp_path) == []
