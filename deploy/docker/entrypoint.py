"""The container's first process: run one command, and end in order.

A first process has duties that neither a shell nor our command has: signals reach nobody else,
processes whose parent ended become its children, and with its end the kernel kills whatever is
left. So this one

* starts the command in a process group of its own, the terminal's foreground where there is one;
* hands every signal on to that group, which is also where `cron` leaves the scheduler;
* collects every process that ended;
* when the command has ended, has the rest of the group end as well, waits for all who are left
  (a run that stores what it has, the embedded MongoDB that closes its files), and passes the
  command's exit code on.

It uses the standard library alone, and is started without site-packages: 10 ms, 8 MB.
"""  # noqa: INP001 - a script of the image, in no package

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

PROGRAM = "hostaway-message-db"
COMMANDS = Path(__file__).with_name("commands")
DATA = Path("/app/data")
ENDING_SECONDS = 30.0
"""How long the others may take to end after the command; `docker stop` allows 10 s in all."""

PASSED_ON = {
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
}
NOT_FOUND, NOT_EXECUTABLE = 127, 126
_PR_SET_CHILD_SUBREAPER = 36


def main() -> int:
    """Run the command given as arguments; return its exit code, as a shell would tell it."""
    command = named(sys.argv[1:])
    for warning in warnings():
        tell(warning)
    # Also where we are not process 1 (`docker run --init`), the orphans come to us.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    heard = PASSED_ON | {signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    child = os.fork()
    if child == 0:
        become(command, heard)
    with suppress(OSError):  # the child does the same; whoever is first
        os.setpgid(child, child)
    status = None
    while status is None:
        status = hear(child, signal.sigwait(heard))
    end_the_others(child, heard)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def named(arguments: list[str]) -> list[str]:
    """Put the program's name before one of its commands: `sync` is not coreutils' here."""
    if not arguments:
        return [PROGRAM, "daily-job"]
    if arguments[0].startswith("-") or arguments[0] in COMMANDS.read_text().split():
        return [PROGRAM, *arguments]
    return arguments


def warnings() -> list[str]:
    """Tell of what works, but hardly as it was meant."""
    environment = os.environ  # noqa: TID251 - read as it is, before any setting
    found = [
        f"the quotes around {name} are part of its value: --env-file takes a line as it is."
        for name, value in sorted(environment.items())
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    ]
    is_outside = environment.get("MONGODB_URI") or environment.get("DATA_DIR") != str(DATA)
    if not is_outside and not DATA.is_mount():
        found.append(
            f"the database is inside this container and is removed with it: add -v data:{DATA},"
            " or set MONGODB_URI."
        )
    return found


def become(command: list[str], heard: set[signal.Signals]) -> NoReturn:
    """Replace this child by the command, in a process group of its own."""
    os.setpgid(0, 0)
    if os.isatty(0):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        with suppress(OSError):
            os.tcsetpgrp(0, os.getpid())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, heard | {signal.SIGTTOU})
    # The interpreter ignores these two; a program expects them as the system has them.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell wanted
    except FileNotFoundError:
        tell(f"there is no program {command[0]!r} in this image.")
        os._exit(NOT_FOUND)
    except OSError as error:
        tell(f"{command[0]!r} cannot be run: {error.strerror}.")
        os._exit(NOT_EXECUTABLE)


def hear(child: int, number: int) -> int | None:
    """Act on one signal; return the command's status once it has ended."""
    if number == signal.SIGCHLD:
        return collect(child)[0]
    with suppress(ProcessLookupError):
        os.killpg(child, number)
    return None


def collect(child: int) -> tuple[int | None, bool]:
    """Collect all who ended: the command's status if it did, and whether nobody is left."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found, True
        if pid == 0:
            return found, False
        if pid == child:
            found = status


def end_the_others(child: int, heard: set[signal.Signals]) -> None:
    """Ask the rest of the command's group to end, and wait for everybody, but not for ever."""
    deadline = time.monotonic() + ENDING_SECONDS
    hear(child, signal.SIGTERM)
    while not collect(child)[1]:
        left = deadline - time.monotonic()
        if left <= 0:
            tell(f"ended although some processes did not, within {ENDING_SECONDS:.0f} s.")
            return
        # In short steps: the group may have got a new member after our SIGTERM.
        if caught := signal.sigtimedwait(heard, min(left, 1.0)):
            hear(child, caught.si_signo)


def tell(text: str) -> None:
    """Say one line on standard error."""
    sys.stderr.write(f"{PROGRAM}: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
