"""The mongod that the product starts and stops itself when MONGODB_URI is empty.

All processes on one data directory share one mongod: the first starts it, the others
join, and it is stopped after the last one left, whatever way that one ended. How, is
told in `embedded_supervisor.py` and in docs/explanation/embedded-mongodb.md.
"""

import importlib.util
import json
import os
import platform
import select
import shutil
import subprocess
import sys
import time
import weakref
from dataclasses import asdict
from fcntl import LOCK_EX, LOCK_SH, LOCK_UN, flock
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote_plus

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from hostaway_message_db.database import embedded_supervisor
from hostaway_message_db.database.embedded_failures import (
    failed_start,
    slow_start,
    unusable_directory,
)
from hostaway_message_db.database.embedded_home import Home, is_locked, open_lock, try_lock
from hostaway_message_db.database.embedded_supervisor import Order, listens, trim_log
from hostaway_message_db.errors import DatabaseUnavailable

LEAST_CACHE_GIGABYTES = 0.25
"""What mongod accepts."""

LOG_BYTES = 10_000_000
ANSWER_TIMEOUT_SECONDS = 1.0
STOP_TIMEOUT_SECONDS = 60.0
RECOVERY_PATIENCE = 10
"""For how many start time-outs a recovery goes on that nobody waits for."""

CLOSE_TIMEOUT_SECONDS = 15.0
POLL_SECONDS = 0.01


def find_mongod(mongod_bin: Path | None) -> Path:
    """Return the mongod to run: the one given, else the packaged one, else PATH's.

    The path is absolute. Raises `DatabaseUnavailable`, which says what to install or
    to set, when there is none.
    """
    if mongod_bin is not None:
        if not _is_program(mongod_bin):
            raise DatabaseUnavailable(
                f"MONGOD_BIN is {mongod_bin}, which is not a program that can be run.",
                "Set it to the path of a mongod, or leave it empty to use the packaged one.",
            )
        return mongod_bin.absolute()
    packaged = next((path for path in _packaged_mongods() if path.is_file()), None)
    if packaged is not None and _is_program(packaged):
        return packaged
    on_path = shutil.which("mongod")
    if on_path:
        return Path(on_path).absolute()
    raise _no_mongod()


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _packaged_mongods() -> list[Path]:
    """Say where a wheel may have put a mongod; nothing of it is imported."""
    spec = importlib.util.find_spec("fiftyone")
    places = spec.submodule_search_locations if spec else None
    return [Path(place) / "db" / "bin" / "mongod" for place in places or ()]


def _no_mongod() -> DatabaseUnavailable:
    system, machine = platform.system(), platform.machine()
    if system == "Linux" and machine in {"x86_64", "aarch64"}:
        return DatabaseUnavailable(
            "There is no mongod to start, and MONGODB_URI is empty.",
            "Run `pip install 'hostaway-message-db[embedded]'`, or set MONGODB_URI.",
        )
    return DatabaseUnavailable(
        f"No mongod is packaged for {system} on {machine}, and MONGODB_URI is empty.",
        "Set MONGODB_URI to a MongoDB server, or MONGOD_BIN to a mongod on this computer.",
    )


class EmbeddedMongo:
    """One process's share in the mongod of a data directory.

    Everything is kept in `data_dir/mongodb`, which only its owner may enter: the
    database files, the log, the locks and the Unix socket, the only door. No TCP port
    is opened. `cache_gigabytes` and `mongod_bin` hold for the one who starts mongod;
    who joins takes it as it is. Not for use by two threads at once.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        mongod_bin: Path | None = None,
        cache_gigabytes: float = 0.5,
        start_timeout_seconds: float = 60,
    ) -> None:
        if cache_gigabytes < LEAST_CACHE_GIGABYTES:
            raise ValueError(f"cache_gigabytes must be at least {LEAST_CACHE_GIGABYTES}")
        try:
            self._home = Home(data_dir)
        except OSError as error:
            raise unusable_directory(data_dir, error) from error
        self._mongod_bin = mongod_bin
        self._cache_gigabytes = cache_gigabytes
        self._start_timeout_seconds = start_timeout_seconds
        self._users_lock = -1
        self._uri = ""
        _sharers.add(self)

    def __enter__(self) -> Self:
        """Start or join; see `start`."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave; see `close`."""
        self.close()

    @property
    def uri(self) -> str:
        """Return the address; empty while not started."""
        return self._uri

    @property
    def log_path(self) -> Path:
        """Return mongod's log; one predecessor stands beside it as `mongod.log.1`."""
        return self._home.log

    def start(self) -> str:
        """Start mongod or join the running one; return its address.

        When it returns, mongod answered a ping. It waits `start_timeout_seconds` at
        most, for a mongod that is just being stopped included. Raises
        `DatabaseUnavailable` with the reason; nothing is held then.
        """
        if self._uri:
            return self._uri
        deadline = time.monotonic() + self._start_timeout_seconds
        try:
            self._home.create()
            self._users_lock = open_lock(self._home.users_lock)
            self._lock(self._users_lock, LOCK_SH, deadline)
            self._uri = self._start_or_join(deadline)
        except OSError as error:
            self._leave()
            raise unusable_directory(self._home.directory, error) from error
        except BaseException:
            self._leave()
            raise
        return self._uri

    def revive(self) -> bool:
        """Start mongod again if its supervisor ended while we use it; tell whether it had to be.

        Our share is kept meanwhile. Raises `DatabaseUnavailable` with the reason.
        """
        if not self._uri or self._is_running():
            return False
        try:
            self._start_or_join(time.monotonic() + self._start_timeout_seconds)
        except OSError as error:
            raise unusable_directory(self._home.directory, error) from error
        return True

    def close(self) -> None:
        """Leave; the last one to leave waits, 15 s at most, until mongod has stopped.

        Does nothing when not started. The data are safe however long it takes.
        """
        if self._users_lock < 0:
            return
        self._leave()
        deadline = time.monotonic() + CLOSE_TIMEOUT_SECONDS
        while time.monotonic() < deadline and self._is_stopping():
            Event().wait(POLL_SECONDS)

    def _leave(self) -> None:
        """Give up our share, even while a forked child still has its file open."""
        if self._users_lock >= 0:
            flock(self._users_lock, LOCK_UN)
        self._forget()

    def _forget(self) -> None:
        """Close without unlocking: in a forked child the share is the parent's."""
        if self._users_lock >= 0:
            os.close(self._users_lock)
        self._users_lock, self._uri = -1, ""

    def _is_stopping(self) -> bool:
        """Tell whether a server is up that nobody uses any more."""
        try:
            if not self._is_running():
                return False
            users = open_lock(self._home.users_lock)
        except OSError:
            return False  # the directory is gone, and with it the question
        try:
            nobody_uses_it = try_lock(users, LOCK_EX)
            others_use_it = not nobody_uses_it and try_lock(users, LOCK_SH)
            return not others_use_it
        finally:
            os.close(users)

    def _is_running(self) -> bool:
        """Tell whether a supervisor or a mongod lives, in whatever state."""
        return is_locked(self._home.server_lock)

    def _start_or_join(self, deadline: float) -> str:
        """Under `start.lock`, so that of many at the same moment one starts it."""
        log_offset = self._home.log_size()
        start_lock = open_lock(self._home.start_lock)
        try:
            self._lock(start_lock, LOCK_EX, deadline)
            while time.monotonic() < deadline:
                if not self._is_running():
                    trim_log(self._home.log, LOG_BYTES)
                    log_offset = self._home.log_size()
                    self._spawn(deadline, log_offset)
                uri = self._join(deadline)
                if uri:
                    return uri
                Event().wait(POLL_SECONDS)
        finally:
            os.close(start_lock)
        raise self._too_slow(log_offset)

    def _join(self, deadline: float) -> str:
        """Return the running server's address; empty while it cannot be joined."""
        socket_path = self._home.published_socket()
        if not listens(str(socket_path)):
            return ""
        if not is_locked(self._home.supervisor_lock):
            _ask(socket_path, "shutdown", deadline)  # an orphan: nobody would ever stop it
            return ""
        if not _ask(socket_path, "ping", deadline):
            return ""
        still_supervised = is_locked(self._home.supervisor_lock)
        return _uri(socket_path) if still_supervised else ""

    def _spawn(self, deadline: float, log_offset: int) -> None:
        """Start a supervisor and wait for its word; raises when mongod does not start."""
        home = self._home
        mongod = find_mongod(self._mongod_bin)
        socket_path = home.choose_socket()
        order = Order(
            command=self._command(mongod, socket_path),
            socket=str(socket_path),
            users_lock=str(home.users_lock),
            server_lock=str(home.server_lock),
            supervisor_lock=str(home.supervisor_lock),
            log=str(home.log),
            log_bytes=LOG_BYTES,
            recovery_timeout_seconds=RECOVERY_PATIENCE * self._start_timeout_seconds,
            stop_timeout_seconds=STOP_TIMEOUT_SECONDS,
        )
        python = (sys.executable, "-I", "-S", embedded_supervisor.__file__)
        log = os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            starter = subprocess.Popen(
                [*python, json.dumps(asdict(order))],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        finally:
            os.close(log)
        with starter:
            report = _read_report(starter, deadline)
        if report.get("state") == "slow":
            raise self._too_slow(log_offset)
        if report.get("state") not in {"ready", "busy"}:
            raise failed_start(report.get("exit_code"), home.log, log_offset, home.data, mongod)

    def _command(self, mongod: Path, socket_path: Path) -> list[str]:
        """Build mongod's command line; docs/explanation/embedded-mongodb.md has the reasons."""
        return [
            str(mongod),
            *("--dbpath", str(self._home.data)),
            *("--bind_ip", str(socket_path), "--nounixsocket"),
            *("--networkMessageCompressors", "disabled"),
            *("--wiredTigerCacheSizeGB", f"{self._cache_gigabytes:g}"),
            *("--wiredTigerEngineConfigString", "log=(prealloc=false,file_max=16MB)"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            *("--slowms", "1000"),
            "--quiet",
        ]

    def _lock(self, descriptor: int, kind: int, deadline: float) -> None:
        """Wait for a lock until `deadline`, a time of the monotonic clock."""
        while not try_lock(descriptor, kind):
            if time.monotonic() >= deadline:
                raise self._too_slow(self._home.log_size())
            Event().wait(POLL_SECONDS)

    def _too_slow(self, log_offset: int) -> DatabaseUnavailable:
        home = self._home
        return slow_start(self._start_timeout_seconds, home.log, log_offset, home.data)


_sharers: weakref.WeakSet[EmbeddedMongo] = weakref.WeakSet()


def _forget_after_fork() -> None:
    for sharer in list(_sharers):
        sharer._forget()  # noqa: SLF001 - this module's own


os.register_at_fork(after_in_child=_forget_after_fork)


def _uri(socket_path: Path) -> str:
    return f"mongodb://{quote_plus(str(socket_path))}/?directConnection=true&journal=true"


def _ask(socket_path: Path, command: str, deadline: float) -> bool:
    """Send a command; False when no good answer came within a second or the deadline."""
    seconds = min(ANSWER_TIMEOUT_SECONDS, deadline - time.monotonic())
    milliseconds = max(1, round(1000 * seconds))
    client: MongoClient[dict[str, Any]] = MongoClient(
        _uri(socket_path), serverSelectionTimeoutMS=milliseconds, timeoutMS=milliseconds
    )
    with client:
        try:
            client.admin.command(command)
        except PyMongoError:
            return False
    return True


def _read_report(starter: subprocess.Popen[bytes], deadline: float) -> dict[str, Any]:
    """Wait for the supervisor's one line; `state` is "slow" when none came in time."""
    if starter.stdout is None:
        return {}
    ready, _, _ = select.select([starter.stdout], [], [], max(0.0, deadline - time.monotonic()))
    if not ready:
        return {"state": "slow"}
    line = starter.stdout.readline()
    report: dict[str, Any] = json.loads(line) if line else {}
    return report
