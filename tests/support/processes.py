"""Processes that are killed, at a moment of one's choice."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo.database import Database

from support.installation import MESSAGES, Account, Finished, Installation
from support.truth import NOT_OF_HOSTAWAY, Document, stored

POLL_SECONDS = 0.005
PATIENCE_SECONDS = 60.0


def requests_so_far(account: Account) -> int:
    """Count the requests that the simulator has seen begin."""
    return account.simulator.simulation.log.summary(0).total


def messages_asked_so_far(account: Account) -> int:
    """Count the requests for messages that the simulator has seen begin."""
    asked = account.simulator.simulation.log.summary(0).by_template
    return asked.get(f"GET {MESSAGES}", 0)


def wait_for(
    happened: Callable[[], bool], process: subprocess.Popen[str], extra_seconds: float = 0.0
) -> bool:
    """Wait until something happened, and a little longer; False when the process ended first."""
    for _ in range(int(PATIENCE_SECONDS / POLL_SECONDS)):
        if happened():
            if extra_seconds:
                Event().wait(extra_seconds)
            return process.poll() is None
        if process.poll() is not None:
            return False
        Event().wait(POLL_SECONDS)
    process.kill()
    pytest.fail("did not happen in time")


def wait_for_requests(
    account: Account, goal: int, process: subprocess.Popen[str], extra_seconds: float = 0.0
) -> bool:
    """Wait until the simulator has seen so many requests; False when the process ended first."""
    return wait_for(lambda: requests_so_far(account) >= goal, process, extra_seconds)


def wait_for_readings(
    account: Account, goal: int, process: subprocess.Popen[str], extra_seconds: float = 0.0
) -> bool:
    """Wait until so many requests for messages were seen; False when the process ended first."""
    return wait_for(lambda: messages_asked_so_far(account) >= goal, process, extra_seconds)


def kill(process: subprocess.Popen[str], installation: Installation) -> Finished:
    """Kill a process with SIGKILL, whose death cannot be prepared for."""
    process.send_signal(signal.SIGKILL)
    return installation.finish(process)


def without_times(database: Database[Document]) -> dict[str, dict[str, Document]]:
    """Return what is stored, without what differs from one load to another.

    Left out are our own identities and moments, and the addresses of private files, which
    Hostaway makes anew at each reading.
    """
    return {
        name: {identity: _lasting(document) for identity, document in documents.items()}
        for name, documents in stored(database).items()
    }


def _lasting(document: Document) -> Document:
    lasting = {key: value for key, value in document.items() if key not in NOT_OF_HOSTAWAY}
    files: list[dict[str, Any]] = lasting.get("attachments") or []
    if files:
        lasting["attachments"] = [
            # The ports of two simulators differ.
            {**file, "file_id": None, "url": file["is_public"] and urlsplit(file["url"]).path}
            for file in files
        ]
    return lasting


def processes_below(directory: Path, program: str) -> list[int]:
    """Return the ids of the running programs of that name that were told of this directory.

    Only processes that a test started itself have its temporary directory on their command
    line, so nobody else's is ever found.
    """
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        told = any(os.fsencode(directory) in argument for argument in command[1:])
        if told and Path(os.fsdecode(command[0])).name == program:
            found.append(int(entry.name))
    return found


def parent_of(process_id: int) -> int:
    """Return the id of a process's parent."""
    status = Path(f"/proc/{process_id}/status").read_text("utf-8")
    return next(int(x.split()[1]) for x in status.splitlines() if x.startswith("PPid:"))


@contextmanager
def small_disk(directory: Path, megabytes: int) -> Iterator[Path]:
    """Give a file system of a few megabytes; needs the right to mount, else the test is left."""
    directory.mkdir()
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if mount is None or unmount is None:
        pytest.skip("there is no mount command")
    command = [mount, "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "none", str(directory)]
    if subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("this user may not mount a small file system")
    try:
        yield directory
    finally:
        subprocess.run([unmount, "--lazy", str(directory)], check=True)


def make_read_only(directory: Path) -> None:
    """Make the file system of `small_disk` read-only, whoever asks."""
    mount = shutil.which("mount") or "mount"
    subprocess.run([mount, "-o", "remount,ro", str(directory)], check=True)


def fill_up(directory: Path) -> Path:
    """Write a file until the disk is full; return it."""
    ballast = directory / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            block = b"\0" * size
            try:
                while file.write(block) == size:
                    pass
            except OSError:
                continue
    return ballast
