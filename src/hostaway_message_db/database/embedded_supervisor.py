"""The process that starts one mongod, watches over it, and stops it after its last user.

Run as a file, `python -I -S embedded_supervisor.py ORDER`, by `embedded.py`; it imports
the standard library alone and is nobody's child, so it outlives whoever started it.

    starting ── mongod listens ──────────────▶ serving     ("ready" is reported)
    starting ── mongod ends ─────────────────▶ gone        ("failed" is reported)
    serving ── last user left ───────────────▶ stopping
    starting, too long for anybody to wait ──▶ stopping
    starting, serving ── SIGTERM to us ──────▶ stopping
    serving ── mongod crashed ───────────────▶ starting    (bounded; the data recovers)
    serving ── mongod was asked to stop ─────▶ gone
    stopping ── mongod ended ────────────────▶ gone

Three locks carry all of it, and the kernel drops them whatever way a process ends:

* `users.lock`: each user holds it shared. A child of ours waits for it exclusively; the
  kernel grants that the moment nobody is left. From then on the lock is held until we
  are gone, so that a user who arrives meanwhile waits for the end of the stopping. It is
  waited for only once mongod listens: a long recovery whose user lost patience is
  brought to its end, so that the next start is quick.
* `server.lock`: held by us and, inherited, by mongod: free means that neither lives.
* `supervisor.lock`: held by us alone: free while `server.lock` is held means that we
  were killed and mongod is an orphan. On Linux the kernel has it stop then; elsewhere
  the next user asks it to.
"""

import ctypes
import json
import os
import resource
import shutil
import signal
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from threading import Event
from types import FrameType
from typing import NoReturn

MAX_POLL_SECONDS = 0.5
POLL_SECONDS = 0.01
"""How often a starting or stopping mongod is looked at."""

WATCHER_PAUSE_SECONDS = 0.5
"""Pause before the child that waits for the last user is replaced, when it was killed."""

LOG_CHECK_SECONDS = 300
"""How often a running mongod's log is measured."""

MOST_CRASHES = 5
CRASH_WINDOW_SECONDS = 300.0
"""A mongod that crashes so often within so long is left alone."""

CANNOT_EXECUTE = 126
"""Exit code when the file could not be executed, as the shells have it."""

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Order:
    """What to start and where; travels as JSON."""

    command: list[str]
    socket: str
    users_lock: str
    server_lock: str
    supervisor_lock: str
    log: str
    log_bytes: int
    recovery_timeout_seconds: float
    stop_timeout_seconds: float


class Stopped(Exception):
    """SIGTERM arrived."""


class Supervisor:
    """One mongod and the two children of ours: it, and the one that waits for the last user."""

    def __init__(self, order: Order, report_descriptor: int) -> None:
        self._order = order
        self._report_descriptor = report_descriptor
        self._libc = ctypes.CDLL(None) if sys.platform == "linux" else None
        flags = os.O_RDWR | os.O_CREAT
        self._supervisor_lock = os.open(order.supervisor_lock, flags, 0o600)
        self._server_lock = os.open(order.server_lock, flags, 0o600)
        self._users_lock = os.open(order.users_lock, flags, 0o600)
        self._mongod = 0
        self._watcher = 0
        self._is_abandoned = False
        self._exit_code = 0
        self._crashes: deque[float] = deque(maxlen=MOST_CRASHES)

    def run(self) -> None:
        """Serve until the last user left, mongod gave up or SIGTERM arrived."""
        try:
            flock(self._supervisor_lock, LOCK_EX | LOCK_NB)
            flock(self._server_lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            self._report("busy")
            return
        signal.signal(signal.SIGTERM, _raise_stopped)
        try:
            self._serve()
        except Stopped:
            self._log("was asked to stop")
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            self._stop_mongod()
            if self._watcher:
                os.kill(self._watcher, signal.SIGKILL)
            Path(self._order.socket).unlink(missing_ok=True)

    def _serve(self) -> None:
        while True:
            self._mongod = self._fork_mongod()
            if self._wait_until_it_listens():
                self._report("ready")
                signal.signal(signal.SIGALRM, self._trim_log)
                signal.setitimer(signal.ITIMER_REAL, LOG_CHECK_SECONDS, LOG_CHECK_SECONDS)
                while self._mongod and not self._is_abandoned:
                    self._watcher = self._watcher or self._fork_watcher()
                    self._reap(0)
            if self._is_abandoned:
                self._log("the last user left")
                return
            if not self._may_restart():
                return

    def _may_restart(self) -> bool:
        """Tell whether a mongod that ended is started again, after a growing pause."""
        if self._report_descriptor >= 0 or self._exit_code == 0:
            self._report("failed", exit_code=self._exit_code)
            return False
        now = time.monotonic()
        self._log(f"mongod ended by itself, exit code {self._exit_code}")
        if len(self._crashes) == MOST_CRASHES and now - self._crashes[0] < CRASH_WINDOW_SECONDS:
            self._log(f"gave up: {MOST_CRASHES} crashes in {CRASH_WINDOW_SECONDS:.0f} s")
            return False
        if not self._directory_is_ours():
            return False
        self._crashes.append(now)
        Event().wait(0.1 * 2 ** len(self._crashes))
        return True

    def _directory_is_ours(self) -> bool:
        """Tell whether the directory is still the one of our lock: it may be another by now."""
        try:
            return os.path.samestat(
                os.fstat(self._server_lock), Path(self._order.server_lock).stat()
            )
        except FileNotFoundError:
            return False

    def _wait_until_it_listens(self) -> bool:
        """Wait for the socket; False when mongod ended, or waiting was given up, first.

        Given up is a mongod that nobody waits for any more after the recovery's time.
        """
        deadline = time.monotonic() + self._order.recovery_timeout_seconds
        pause_seconds = POLL_SECONDS
        while self._mongod:
            if listens(self._order.socket):
                return True
            is_late = time.monotonic() > deadline
            if is_late and (self._nobody_waits() or not self._directory_is_ours()):
                self._is_abandoned = True
                return False
            Event().wait(pause_seconds)
            pause_seconds = min(pause_seconds * 1.1, MAX_POLL_SECONDS)
            self._reap(os.WNOHANG)
        return False

    def _nobody_waits(self) -> bool:
        try:
            flock(self._users_lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _reap(self, options: int) -> None:
        """Collect one ended child; wait for one unless `options` is WNOHANG."""
        pid, status = os.waitpid(-1, options)
        code = os.waitstatus_to_exitcode(status)
        if pid and pid == self._mongod:
            self._mongod, self._exit_code = 0, code
        elif pid and pid == self._watcher:
            self._watcher = 0
            self._is_abandoned = code == 0
            if code:  # somebody killed it, which proves nothing; the next one, not at once
                Event().wait(WATCHER_PAUSE_SECONDS)

    def _fork_watcher(self) -> int:
        """Start the child that ends with 0 once no user holds `users.lock`.

        The open file is shared with us, so the lock it gets stays ours after its end.
        """
        pid = os.fork()
        if pid:
            return pid
        try:
            self._die_with_parent(signal.SIGKILL)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # ours to hear, and we kill it
            os.close(self._server_lock)
            os.close(self._supervisor_lock)
            self._close_report()
            flock(self._users_lock, LOCK_EX)
            os._exit(0)
        except OSError as error:
            self._log(f"cannot wait for the last user: {error}")
        finally:
            os._exit(1)

    def _fork_mongod(self) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        try:
            self._die_with_parent(signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(0)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os.set_inheritable(self._server_lock, True)
            _execute(self._order.command)
        finally:
            os._exit(CANNOT_EXECUTE)

    def _die_with_parent(self, signal_number: int) -> None:
        if self._libc is not None:
            self._libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)

    def _stop_mongod(self) -> None:
        """End our child: SIGTERM, a bounded wait, SIGKILL; its journal makes both safe."""
        if not self._mongod:
            return
        os.kill(self._mongod, signal.SIGTERM)
        deadline = time.monotonic() + self._order.stop_timeout_seconds
        while time.monotonic() < deadline:
            if os.waitpid(self._mongod, os.WNOHANG)[0]:
                return
            Event().wait(POLL_SECONDS)
        self._log(f"mongod did not stop in {self._order.stop_timeout_seconds:.0f} s: killed")
        os.kill(self._mongod, signal.SIGKILL)
        os.waitpid(self._mongod, 0)

    def _report(self, state: str, **details: int) -> None:
        """Tell the process that started us, once; it may be dead by now."""
        line = json.dumps({"state": state, **details}) + "\n"
        with suppress(BrokenPipeError):
            if self._report_descriptor >= 0:
                os.write(self._report_descriptor, line.encode())
        self._close_report()

    def _close_report(self) -> None:
        if self._report_descriptor >= 0:
            os.close(self._report_descriptor)
        self._report_descriptor = -1

    def _trim_log(self, _signal_number: int, _frame: FrameType | None) -> None:
        trim_log(Path(self._order.log), self._order.log_bytes)

    def _log(self, text: str) -> None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        sys.stderr.write(f"{moment} supervisor {os.getpid()}: {text}\n")
        sys.stderr.flush()


def _raise_stopped(_signal_number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped


def _execute(command: list[str]) -> NoReturn:
    """Become `command`; what hinders it stands in the log, where its own words would."""
    try:
        os.execv(command[0], command)  # noqa: S606 - no shell wanted
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(CANNOT_EXECUTE)


def listens(path: str) -> bool:
    """Tell whether somebody accepts connections on this Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


def trim_log(log: Path, log_bytes: int) -> None:
    """Keep a log and one predecessor, each of about `log_bytes` at most.

    The file is emptied in place: its writers append, and need not be told.
    """
    try:
        if log.stat().st_size > log_bytes:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)
    except OSError:
        return  # a log that cannot be kept small stops nobody


def main() -> None:
    """Detach from whoever started us, and supervise."""
    order = Order(**json.loads(sys.argv[1]))
    if os.fork():
        os._exit(0)  # orphaned: init collects us, not the one who started us
    os.umask(0o077)
    report_descriptor = os.dup(1)
    os.dup2(2, 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard and sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    Supervisor(order, report_descriptor).run()


if __name__ == "__main__":
    main()
