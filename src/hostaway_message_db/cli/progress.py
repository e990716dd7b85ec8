"""Who watches a run: a bar on a terminal, log lines in a pipe."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from hostaway_message_db.ports import Audience, ProgressNumbers
from hostaway_message_db.utils.clock import Clock, SystemClock
from hostaway_message_db.utils.logger import get_logger

log = get_logger(__name__)

SECONDS_BETWEEN_LINES = 10.0


class LogAudience:
    """Says how far the run is in a log line every few seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_line_at = clock.monotonic()

    def show(self, progress: ProgressNumbers) -> None:
        """Log a line, if the last one is old enough."""
        now = self._clock.monotonic()
        if now - self._last_line_at < SECONDS_BETWEEN_LINES:
            return
        self._last_line_at = now
        log.info(
            "progress",
            step=progress.step,
            conversations_done=progress.conversations_done,
            conversations_total=progress.conversations_total,
            messages=progress.messages,
            requests=progress.requests,
        )


class BarAudience:
    """Draws a bar: conversations done of all, messages, requests, pace, time left."""

    def __init__(self, bar: Progress, task: TaskID, clock: Clock) -> None:
        self._bar = bar
        self._task = task
        self._clock = clock
        self._started = clock.monotonic()

    def show(self, progress: ProgressNumbers) -> None:
        """Redraw."""
        elapsed = max(self._clock.monotonic() - self._started, 0.001)
        self._bar.update(
            self._task,
            description=progress.step,
            total=progress.conversations_total or None,
            completed=progress.conversations_done,
            messages=progress.messages,
            requests=progress.requests,
            pace=f"{progress.requests / elapsed:.1f}",
        )


def has_terminal() -> bool:
    """Tell whether a person watches."""
    return sys.stderr.isatty()


@contextmanager
def audience() -> Iterator[Audience]:
    """Give a run somebody to report to."""
    clock = SystemClock()
    if not has_terminal():
        yield LogAudience(clock)
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[messages]} messages"),
        TextColumn("{task.fields[requests]} requests ({task.fields[pace]}/s)"),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("starting", total=None, messages=0, requests=0, pace="0")
        yield BarAudience(bar, task, clock)
