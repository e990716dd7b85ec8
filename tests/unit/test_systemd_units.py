"""The units for systemd: well-formed, hardened, bounded, and at the job's own time."""

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from hostaway_message_db.config import Settings
from hostaway_message_db.errors import ExitCode
from support.installation import COMMAND, ROOT

UNITS = ROOT / "deploy" / "systemd"
SERVICE, TIMER = (UNITS / f"hostaway-message-db.{kind}" for kind in ("service", "timer"))
SERVE = UNITS / "hostaway-message-db-serve.service"
SERVICES = (SERVICE, SERVE)
ANALYZE = shutil.which("systemd-analyze")
SECONDS = {"s": 1, "min": 60, "h": 3600}
MOST_EXPOSURE = 3.0
"""Of 10, as `systemd-analyze security` counts; 2 to 4 it calls OK."""


def options_of(path: Path) -> dict[str, list[str]]:
    """Read a unit: every option under `[Section].Name`."""
    options: dict[str, list[str]] = defaultdict(list)
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if header := re.fullmatch(r"\[(\w+)\]", line):
            section = header[1]
            continue
        name, is_option, value = line.partition("=")
        assert is_option, line
        assert section, line
        options[f"{section}.{name}"].append(value)
    return options


def seconds(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(\w+)", text).groups()  # type: ignore[union-attr]
    return int(number) * SECONDS[unit]


def test_the_timer_is_at_the_daily_jobs_time_and_makes_up_for_missed_ones() -> None:
    timer = options_of(TIMER)
    at = Settings.model_fields["daily_job_time"].default
    assert timer["Timer.OnCalendar"] == [f"*-*-* {at}:00 UTC"]
    assert timer["Timer.Persistent"] == ["yes"]
    assert timer["Timer.Unit"] == [SERVICE.name]
    assert timer["Install.WantedBy"] == ["timers.target"]


def test_the_service_runs_the_job_once_and_is_bounded_above_its_own_bound() -> None:
    service = options_of(SERVICE)
    assert service["Service.Type"] == ["oneshot"]
    (command,) = service["Service.ExecStart"]
    assert command.endswith("/hostaway-message-db daily-job --if-due")
    own_bound = Settings.model_fields["daily_job_max_minutes"].default * 60
    assert seconds(service["Service.TimeoutStartSec"][0]) > own_bound
    assert service["Service.MemoryMax"] == ["2G"]


def test_the_api_is_served_by_the_jobs_user_and_started_again_unless_wrongly_set_up() -> None:
    serve, job = options_of(SERVE), options_of(SERVICE)
    assert serve["Service.ExecStart"][0].endswith("/hostaway-message-db serve")
    # A user of a dynamic unit without a name of its own is called like the unit.
    assert serve["Service.User"] == [SERVICE.stem]
    assert "Service.User" not in job
    for shared in ("EnvironmentFile", "Environment", "StateDirectory", "LogsDirectory"):
        assert serve[f"Service.{shared}"] == job[f"Service.{shared}"]
    assert serve["Service.RestartPreventExitStatus"] == [str(ExitCode.CONFIGURATION)]
    assert serve["Service.SuccessExitStatus"] == [str(ExitCode.INTERRUPTED)]
    assert serve["Install.WantedBy"] == ["multi-user.target"]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("DynamicUser", "yes"), ("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"), ("PrivateTmp", "yes"), ("PrivateDevices", "yes"),
        ("CapabilityBoundingSet", ""), ("SystemCallFilter", "@system-service"),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"), ("UMask", "0077"),
    ],
)  # fmt: skip
def test_the_service_is_shut_in(option: str, value: str, unit: Path) -> None:
    assert options_of(unit)[f"Service.{option}"] == [value]


@pytest.fixture
def installed(tmp_path: Path) -> list[str]:
    """The units with a command that exists here, as systemd demands it."""
    for unit in (*SERVICES, TIMER):
        text = unit.read_text(encoding="utf-8")
        text = re.sub(r"(?<=^ExecStart=)\S+", COMMAND[0], text, flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    return [str(tmp_path / unit.name) for unit in (*SERVICES, TIMER)]


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    if ANALYZE is None:
        pytest.skip("systemd-analyze is not here; the tests above read the units themselves")
    return subprocess.run(
        [ANALYZE, *arguments], capture_output=True, text=True, check=False, timeout=30
    )


def test_systemd_finds_nothing_wrong_with_the_units(installed: list[str]) -> None:
    ran = analyze("verify", "--man=no", "--recursive-errors=no", *installed)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_systemd_calls_the_service_little_exposed(installed: list[str]) -> None:
    threshold = str(int(MOST_EXPOSURE * 10))
    ran = analyze(
        "security", "--offline=yes", f"--threshold={threshold}", "--no-pager", *installed[:2]
    )
    assert ran.returncode == 0, ran.stdout[-300:] + ran.stderr
