"""The image's health check: is the product at work, and can it write?

It looks at the container alone: a process of the product runs (the scheduler, or the one run),
and the directories for data and logs are writable and not full. It starts nothing and asks
nobody, so it may run every minute, and an outage of Hostaway or of the database never makes an
orchestrator restart a container that would recover by itself. How fresh the data is, `status`
tells.

It uses the standard library alone, and is started without site-packages.
"""  # noqa: INP001 - a script of the image, in no package

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = {"hostaway-message-db", "daily_job.py"}
ENTRYPOINT = "entrypoint.py"
LEAST_FREE_BYTES = 64 * 1024 * 1024
DEAD_STATES = {"Z", "X", "T", "t"}


def main() -> int:
    """Print what is wrong, or that nothing is; 0 is healthy and 1 is not, as Docker has it."""
    problems = [*process_problems(), *directory_problems()]
    sys.stdout.write(("; ".join(problems) or "healthy") + "\n")
    return 1 if problems else 0


def process_problems() -> Iterator[str]:
    """Tell when no process of the product is alive."""
    if not any(is_at_work(folder) for folder in Path("/proc").glob("[0-9]*")):
        yield "no process of hostaway-message-db is running"


def is_at_work(folder: Path) -> bool:
    """Tell whether a process runs the product, and is neither a zombie nor stopped."""
    try:
        arguments = (folder / "cmdline").read_text(errors="replace").split("\0")
        state = (folder / "stat").read_text(errors="replace").rpartition(") ")[2][:1]
    except OSError:
        return False  # it has just ended, or is somebody else's
    # `python .../hostaway-message-db schedule`; the entrypoint has the name as an argument, too.
    names = [Path(argument).name for argument in arguments[:2]]
    return ENTRYPOINT not in names and bool(PROGRAMS & set(names)) and state not in DEAD_STATES


def directory_problems() -> Iterator[str]:
    """Tell which of the directories cannot be written to, or is full."""
    for variable in ("DATA_DIR", "LOG_DIR"):
        folder = Path(os.environ.get(variable) or "/app")  # noqa: TID251 - nothing of ours here
        if not os.access(folder, os.W_OK | os.X_OK):
            yield f"{variable} ({folder}) cannot be written to by user {os.getuid()}"
        elif shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
            yield f"{variable} ({folder}) has less than {LEAST_FREE_BYTES >> 20} MB left"


if __name__ == "__main__":
    sys.exit(main())
