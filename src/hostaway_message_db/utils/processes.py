"""Who this process is, and whether another one still lives."""

import os
import platform
import uuid
from dataclasses import dataclass
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PID_NAMESPACE = Path("/proc/self/ns/pid")


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process among all computers; `space` is where its `pid` means something."""

    space: str
    host_name: str
    pid: int


def this_process() -> ProcessIdentity:
    """Return who this process is."""
    return ProcessIdentity(_space(), platform.node() or "unknown host", os.getpid())


def _space() -> str:
    """Name the running system and its process numbers: two containers differ, so do boots."""
    try:
        return f"{_BOOT_ID.read_text().strip()}/{_PID_NAMESPACE.readlink()}"
    except OSError:
        return f"{uuid.getnode():x}/{platform.node()}"


def is_gone(process: ProcessIdentity) -> bool:
    """Tell whether a process has certainly ended; one of another computer never has."""
    if process.space != _space():
        return False
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
