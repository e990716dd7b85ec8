"""Never lose, never repeat: histories of an account, its faults, and the runs of the sync.

`HYPOTHESIS_PROFILE` chooses how many histories: `dev` (the default, always the same few),
`ci`, or `deep` (a thousand, half of them for each machine). The other two print their seed;
`--hypothesis-seed` repeats it.
"""

import logging
import secrets
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test
from pymongo import MongoClient, common

from property.sync_machine.machine import SilentChangesMachine, SyncMachine


@pytest.fixture(autouse=True)
def _quick_and_quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the driver look for a lost server every 20 ms instead of 500; log nothing."""
    monkeypatch.setattr(common, "MIN_HEARTBEAT_INTERVAL", 0.02)
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("kind", [SyncMachine, SilentChangesMachine])
@pytest.mark.timeout(6 * 3600)
# The driver drops the socket of a connection whose making is cancelled, without closing it.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)
def test_whatever_happens_the_store_becomes_the_account(
    kind: type[SyncMachine],
    machine_profile: Any,
    mongodb: MongoClient[dict[str, Any]],
    mongodb_uri: str,
    request: pytest.FixtureRequest,
) -> None:
    histories = 0

    def begin() -> SyncMachine:
        nonlocal histories
        histories += 1
        if histories % 50 == 0:
            sys.stderr.write(f"{kind.__name__}: {histories} histories\n")
        return kind(mongodb, mongodb_uri)

    if not machine_profile.is_reproducible:
        given = request.config.getoption("--hypothesis-seed")
        chosen = int(given) if given else secrets.randbits(32)
        seed(chosen)(begin)
        sys.stderr.write(f"\n{kind.__name__}: --hypothesis-seed={chosen}\n")
    try:
        run_state_machine_as_test(
            begin,  # type: ignore[arg-type]  # whatever makes a machine will do
            settings=machine_profile.settings,
        )
    finally:
        sys.stderr.write(f"\n{kind.__name__}: {histories} histories\n")
