"""The installed command, run as a user runs it: a process, a folder, an environment."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from pymongo.database import Database

from hostaway_message_db.simulator import (
    ControlClient,
    FaultPlan,
    FaultRule,
    LoggedRequest,
    RunningSimulator,
)
from support.truth import Document, Truth, differences_to

COMMAND = (str(Path(sys.executable).with_name("hostaway-message-db")),)
ROOT = Path(__file__).parents[2]
MESSAGES = "/conversations/{id}/messages"
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Finished:
    """How a process ended."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        """Return standard output, which must be one JSON object and nothing else."""
        told = json.loads(self.output)
        assert isinstance(told, dict)
        return told


@dataclass(slots=True)
class Installation:
    """A working directory with the settings of one user; nothing is inherited."""

    folder: Path
    settings: dict[str, str]
    secrets: set[str] = field(default_factory=set)
    command: tuple[str, ...] = COMMAND
    patience_seconds: float = PATIENCE_SECONDS

    def environment(self, **changes: str | None) -> dict[str, str]:
        """Return the whole environment of a process; a change to None takes a setting away."""
        every = {"PATH": os.defpath, "HOME": str(self.folder), **self.settings, **changes}
        return {name: value for name, value in every.items() if value is not None}

    def start(self, *arguments: str, **changes: str | None) -> subprocess.Popen[str]:
        """Start the command and return at once."""
        return subprocess.Popen(
            [*self.command, *arguments],
            cwd=self.folder,
            env=self.environment(**changes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, *arguments: str, **changes: str | None) -> Finished:
        """Run the command to its end."""
        return self.finish(self.start(*arguments, **changes))

    def finish(self, process: subprocess.Popen[str]) -> Finished:
        """Wait for the end; whatever it was, no traceback and no secret is shown."""
        with process:
            try:
                output, errors = process.communicate(timeout=self.patience_seconds)
            finally:
                process.kill()
        assert "Traceback" not in errors, errors
        leaked = [secret for secret in self.secrets if secret in output + errors]
        assert not leaked
        return Finished(process.returncode, output, errors)

    def logs(self) -> str:
        """Return what the log files hold."""
        return "".join(
            path.read_text("utf-8") for path in sorted((self.folder / "logs").glob("*.log"))
        )


@dataclass(slots=True)
class Account:
    """A simulated Hostaway account, a user's installation and the database it fills."""

    simulator: RunningSimulator
    installation: Installation
    database: Database[Document]

    @property
    def control(self) -> ControlClient:
        """A client of the simulator's control door."""
        return self.simulator.control

    @property
    def id(self) -> str:
        """The account's id."""
        return self.simulator.world.options.account_id

    def run(self, *arguments: str, **changes: str | None) -> Finished:
        """Run a command to its end."""
        return self.installation.run(*arguments, **changes)

    def sync(self, *arguments: str, **changes: str | None) -> Finished:
        """Run `sync --json` to its end."""
        return self.installation.run("sync", "--json", *arguments, **changes)

    def synced(self, *arguments: str, **changes: str | None) -> Any:
        """Run `sync --json`, which must be complete, and return its report."""
        finished = self.sync(*arguments, **changes)
        assert finished.code == 0, finished.output + finished.errors
        report = finished.json
        assert report["is_complete"] is True
        check_columns(report)
        return report

    def truth(self) -> Truth:
        """Look at everything the account holds now."""
        return Truth(self.control)

    def differences(self, *, unless: frozenset[str] = frozenset()) -> list[str]:
        """Say in which fields the store differs from the account."""
        return differences_to(self.truth(), self.database, unless=unless)

    def requests(self) -> list[LoggedRequest]:
        """Return what Hostaway was asked since the log was cleared."""
        return self.control.requests().requests

    def asked(self) -> list[str]:
        """Return the conversations whose messages were asked for, one for each request."""
        return [r.path.split("/")[3] for r in self.requests() if r.template == MESSAGES]

    def conversation_ids(self) -> list[int]:
        """Return the conversations in order of insertion."""
        return [int(row["id"]) for row in self.control.truth_conversations()]

    def fault(self, *rules: FaultRule) -> None:
        """Put faults in force."""
        self.control.set_faults(FaultPlan(rules=rules))


OpenAccount = Callable[..., Account]
"""What the fixtures `open_account` and `open_shared_account` are."""


def check_columns(report: Any) -> None:
    """Check that every raw record is in exactly one column (law 5)."""
    for entity in ("messages", "reservations", "listings", "conversation_rows"):
        columns = dict(report[entity])
        assert columns.pop("extracted") == sum(columns.values()), entity


def until(happened: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    """Wait for something that another process or thread does."""
    for _ in range(PATIENCE_SECONDS * 50):
        if happened():
            return
        if process is not None and process.poll() is not None:
            pytest.fail(f"the process ended with {process.returncode} before it happened")
        Event().wait(0.02)
    pytest.fail("did not happen in time")
