"""Measure a load with everything on (further entities, files, audit) against messages alone.

The same simulated account is loaded twice into fresh databases, in processes of their own;
then the unchanged account is read again: right after, and with every beat over.

    python benchmarks/everything_on.py         2,000 conversations of 10 messages, page cap 100
"""

import argparse
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

from first_load import PAGE_CAP, Figures, simulator, sync

MESSAGES_ALONE = {"SYNC_ENTITIES": "messages", "ATTACHMENTS": "false", "AUDIT_RETENTION_DAYS": "0"}
EVERYTHING = {
    "SYNC_ENTITIES": "all",
    "ATTACHMENTS": "true",
    "AUDIT_RETENTION_DAYS": "90",
    "SYNC_RESERVATION_LOGS_PER_RUN": "100000",
}


def show(name: str, figures: Figures) -> None:
    """Print one line."""
    files = figures.report["attachments"]
    print(
        f"{name:<44}{figures.requests:>9}{figures.seconds:>9.2f}{figures.peak_megabytes:>9.1f}"
        f"{files['stored'] + files['known']:>7}"
    )


def explain(report: dict[str, Any], around: int) -> None:
    """Say where the requests of a run went."""
    print(f"  {around:>6}  listings, reservations, conversations, messages, the token")
    entities = sorted(report["entities"].items(), key=lambda item: -item[1]["requests"])
    for name, columns in entities:
        print(f"  {columns['requests']:>6}  {name} ({columns['extracted']} rows)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--conversations", type=int, default=2_000)
    parser.add_argument("--messages", type=int, default=10)
    options = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{options.conversations} conversations, page cap {PAGE_CAP} for messages, delay 0\n")
    print(f"{'':<44}{'requests':>9}{'seconds':>9}{'peak MB':>9}{'files':>7}")
    with simulator(options.conversations, options.messages) as (settings, control):
        with tempfile.TemporaryDirectory() as folder:
            alone = sync(settings | MESSAGES_ALONE, control, Path(folder))
        show("first load, messages alone", alone)
        with tempfile.TemporaryDirectory() as folder:
            every = settings | EVERYTHING
            full = sync(every, control, Path(folder))
            show("first load, everything on", full)
            again = sync(every, control, Path(folder))
            show("unchanged, right after, everything on", again)
            due = sync(every, control, Path(folder), "--entities", "all")
            show("unchanged, every beat over", due)
    print(
        f"\neverything on / messages alone: requests {full.requests / alone.requests:.2f},"
        f" time {full.seconds / alone.seconds:.2f},"
        f" memory {full.peak_megabytes / alone.peak_megabytes:.2f}"
    )
    for name, figures in (("first load", full), ("unchanged, every beat over", due)):
        of_entities = sum(c["requests"] for c in figures.report["entities"].values())
        print(f"\nrequests of: {name}, everything on")
        explain(figures.report, figures.requests - of_entities)


if __name__ == "__main__":
    main()
