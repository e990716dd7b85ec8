"""Measure a first load and the unchanged second run, from outside, as a user runs them.

Each size runs in processes of its own: the simulator, the embedded MongoDB, and the
command `hostaway-message-db sync`. Requests are counted by the simulator, memory is the
peak of the sync's own process as the kernel reports it. The labels that models give come after
the load and are measured elsewhere.

    python benchmarks/first_load.py            787 conversations of 10 messages, page cap 100
    python benchmarks/first_load.py --memory   2,000 against 20,000 conversations as well
    python benchmarks/first_load.py --audit 6    first loads with and without a record of calls
    python benchmarks/first_load.py --reading 6  the same with and without the reading of texts
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hostaway_message_db.simulator import ControlClient

COMMAND = [sys.executable, "-m", "hostaway_message_db"]
PAGE_CAP = 100
WITHOUT_READING = """
from hostaway_message_db.models.records import Reading
from hostaway_message_db.pipeline import transform
transform.read_text = lambda *_, **__: Reading()
from hostaway_message_db.__main__ import main
main()
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run cost."""

    requests: int
    seconds: float
    peak_megabytes: float
    cpu_seconds: float
    report: dict[str, Any]

    @property
    def messages_per_second(self) -> float:
        """Return messages extracted per second of the whole process."""
        return float(self.report["messages"]["extracted"]) / self.seconds


@contextmanager
def simulator(conversations: int, messages: int) -> Iterator[tuple[dict[str, str], ControlClient]]:
    """Run the simulator in its own process and hand out its credentials."""
    process = subprocess.Popen(
        [
            *COMMAND,
            *("simulate", "--port", "0", "--unlimited"),
            *("--conversations", str(conversations), "--messages", str(messages)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("the simulator has no output")
        settings = dict(process.stdout.readline().strip().split("=", 1) for _ in range(3))
        control = ControlClient(settings["HOSTAWAY_BASE_URL"].removesuffix("/v1") + "/control")
        control.set_switches(
            conversation_cap=PAGE_CAP,
            message_cap=PAGE_CAP,
            reservation_cap=PAGE_CAP,
            listing_cap=PAGE_CAP,
        )
        yield settings, control
    finally:
        process.terminate()
        process.wait(timeout=30)


def sync(
    settings: dict[str, str],
    control: ControlClient,
    folder: Path,
    *arguments: str,
    command: Sequence[str] = COMMAND,
) -> Figures:
    """Run one sync as a process and measure it."""
    control.clear_requests()
    environment = {
        "PATH": os.defpath,
        "DATA_DIR": str(folder / "data"),
        "LOG_DIR": str(folder / "logs"),
        "HOSTAWAY_REQUEST_DELAY": "0",
        "ENRICH_AFTER_SYNC": "false",
        **settings,
    }
    started = time.perf_counter()
    with (folder / "report.json").open("w+b") as output:
        process = subprocess.Popen(
            [*command, "sync", "--json", *arguments],
            env=environment,
            cwd=folder,
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        report = json.loads(output.read())
    if process.returncode != 0:
        raise RuntimeError(f"the sync ended with {process.returncode}: {report}")
    cpu = usage.ru_utime + usage.ru_stime
    return Figures(control.requests(1).total, seconds, usage.ru_maxrss / 1024, cpu, report)


def measure(conversations: int, messages: int) -> tuple[Figures, Figures]:
    """Measure a first load and the run after it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        simulator(conversations, messages) as (settings, control),
    ):
        return sync(settings, control, Path(folder)), sync(settings, control, Path(folder))


def show(name: str, figures: Figures) -> None:
    """Print one line."""
    messages = figures.report["messages"]
    written = messages["inserted"] + messages["updated"]
    print(
        f"{name:<34}{figures.requests:>9}{figures.seconds:>9.2f}"
        f"{figures.messages_per_second:>12.0f}{figures.peak_megabytes:>10.1f}{written:>10}"
    )


@dataclass(frozen=True, slots=True)
class Way:
    """One of two ways to sync that are compared."""

    name: str
    settings: dict[str, str]
    command: Sequence[str] = tuple(COMMAND)


AUDIT = (
    Way("without a record of calls", {"AUDIT_RETENTION_DAYS": "0"}),
    Way("with one", {"AUDIT_RETENTION_DAYS": "90"}),
)
READING = (
    Way("without reading texts", {}, (sys.executable, "-c", WITHOUT_READING)),
    Way("with core, language, reply", {}),
)


def compare(ways: tuple[Way, Way], conversations: int, messages: int, rounds: int) -> None:
    """Measure first loads in two ways, in turns."""
    taken: tuple[list[Figures], list[Figures]] = ([], [])
    with simulator(conversations, messages) as (settings, control):
        for number in range(2 * rounds + 2):
            # In turns, first one then the other; the first two warm up.
            which = (0, 1, 1, 0)[number % 4]
            way = ways[which]
            with tempfile.TemporaryDirectory() as folder:
                chosen = {**settings, **way.settings}
                figures = sync(chosen, control, Path(folder), command=way.command)
            if number > 1:
                taken[which].append(figures)
    print(f"first load, {conversations} conversations, {rounds} rounds in turns:")
    bests: list[tuple[float, float]] = []
    for way, several in zip(ways, taken, strict=True):
        seconds = sorted(float(figures.report["duration_seconds"]) for figures in several)
        cpu = min(figures.cpu_seconds for figures in several)
        bests.append((seconds[0], cpu))
        print(
            f"{way.name:<28} best {seconds[0]:.3f} s, median {statistics.median(seconds):.3f} s,"
            f" least CPU of the process {cpu:.2f} s"
        )
    # What else the machine does only ever adds: the best rounds compare like with like.
    print(f"ratio of the best rounds {bests[1][0] / bests[0][0]:.3f}", end="")
    print(f", of the least CPU {bests[1][1] / bests[0][1]:.3f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--conversations", type=int, default=787)
    parser.add_argument("--messages", type=int, default=10)
    parser.add_argument("--memory", action="store_true", help="compare 2,000 with 20,000")
    parser.add_argument(
        "--audit", type=int, default=0, metavar="N", help="N loads with and without"
    )
    parser.add_argument(
        "--reading", type=int, default=0, metavar="N", help="N loads with and without"
    )
    options = parser.parse_args()
    for rounds, ways in ((options.audit, AUDIT), (options.reading, READING)):
        if rounds:
            compare(ways, options.conversations, options.messages, rounds)
            return
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"page cap {PAGE_CAP}, delay 0, {options.messages} messages a conversation\n")
    print(f"{'':<34}{'requests':>9}{'seconds':>9}{'messages/s':>12}{'peak MB':>10}{'written':>10}")
    first, second = measure(options.conversations, options.messages)
    show(f"first load, {options.conversations} conversations", first)
    show("unchanged second run", second)
    pages = -(-options.conversations // PAGE_CAP)
    listing_pages = -(-first.report["listings"]["extracted"] // PAGE_CAP)
    budget = options.conversations + 2 * pages + listing_pages + 1
    print(f"\nbudget of the first load: {budget} requests (messages + list pages + token)")
    print(
        f"budget of the second run: {pages + 1 + listing_pages} requests (list pages + 2), 0 writes"
    )
    if options.memory:
        print()
        small, _ = measure(2_000, options.messages)
        show("first load, 2000 conversations", small)
        large, _ = measure(20_000, options.messages)
        show("first load, 20000 conversations", large)
        ratio = large.peak_megabytes / small.peak_megabytes
        print(f"\nmemory at 20,000 conversations / at 2,000: {ratio:.2f}")


if __name__ == "__main__":
    main()
