"""The pace, measured where it counts: in the simulator's log of requests."""

import random
import signal
import subprocess
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from hostaway_message_db.api.pacing import Interval
from hostaway_message_db.simulator import Switches
from support.installation import Account, OpenAccount
from support.processes import kill, wait_for_requests

WINDOW_SECONDS = 10.0
MOST_OVERSHOOT = 0.02
KEEPS_TIME = 0.003
NETWORK_SECONDS = 0.03
TRIES = 3


METRONOME = """
import sys, threading, time
delay, count = float(sys.argv[1]), int(sys.argv[2])
first = last = time.monotonic()
for _ in range(count):
    threading.Event().wait(last + delay - time.monotonic())
    last = time.monotonic()
    sum(range(200_000))
print((last - first) / (delay * count) - 1)
"""


@dataclass(frozen=True)
class Pace:
    """What a run did at one limit; `busyness` is the overshoot of a metronome beside it."""

    limit: int
    refused: int
    overshoot: float
    reading_overshoot: float
    busyness: float

    @property
    def is_good(self) -> bool:
        """Tell whether the run was hardly late.

        On a busy computer the lists take longer to store than the delay is long, so only the
        reading of messages counts; where even a metronome is late, nothing is proved.
        """
        if self.busyness > KEEPS_TIME:
            return self.reading_overshoot <= MOST_OVERSHOOT or self.busyness > MOST_OVERSHOOT / 2
        return self.overshoot <= MOST_OVERSHOOT


def _limited(open_account: OpenAccount, limit: int, conversations: int) -> Account:
    """Open an account whose first load asks once for each conversation, and for some lists."""
    account = open_account(
        conversations,
        messages_per_conversation=1,
        switches=Switches(rate_limit_requests=limit, rate_limit_counts_tokens=True),
    )
    account.installation.patience_seconds += 2 * WINDOW_SECONDS * conversations / limit
    return account


def _starts(account: Account) -> list[float]:
    """Return when the simulator saw each request begin, the token's left out.

    A token settles for a second after its issue, which has nothing to do with the pace.
    """
    return sorted(r.started_monotonic for r in account.requests() if r.method == "GET")


def _run_at_limit(open_account: OpenAccount, limit: int, conversations: int) -> Pace:
    account = _limited(open_account, limit, conversations)
    delay = WINDOW_SECONDS / limit
    metronome = subprocess.Popen(
        [sys.executable, "-c", METRONOME, str(delay), str(conversations)],
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    report = account.synced(HOSTAWAY_REQUEST_DELAY=str(delay))
    busyness = float(metronome.communicate()[0])
    starts = _starts(account)
    requests = len(starts)
    assert requests > conversations
    statuses = account.control.requests().by_status
    assert report["refused_count"] == statuses.get("429", 0)
    floor = delay * (requests - 1)
    overshoot = (starts[-1] - starts[0]) / floor - 1
    reading = starts[-conversations:]
    reading_overshoot = (reading[-1] - reading[0]) / (delay * (len(reading) - 1)) - 1
    pace = Pace(limit, report["refused_count"], overshoot, reading_overshoot, busyness)
    print(  # noqa: T201 - the figure is published
        f"limit {limit} in 10 s: {requests} requests, {pace.refused} refused,"
        f" {100 * pace.overshoot:+.2f} % over the floor of {floor:.1f} s"
        f", {100 * pace.reading_overshoot:+.2f} % from the first to the last reading of messages"
        f" (a metronome meanwhile {100 * pace.busyness:+.2f} %)"
    )
    return pace


def _check_pace(open_account: OpenAccount, limit: int, conversations: int) -> None:
    """No refusal ever, and hardly any time lost on a computer that keeps time."""
    paces: list[Pace] = []
    while len(paces) < TRIES and not (paces and paces[-1].is_good):
        paces.append(_run_at_limit(open_account, limit, conversations))
    assert [pace.refused for pace in paces] == [0] * len(paces)
    assert paces[-1].is_good, paces


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_at_the_published_limits_nothing_is_refused_and_hardly_any_time_is_lost(
    open_account: OpenAccount,
) -> None:
    """15, 20 and 200 requests in 10 s, at the same time: they wait most of it."""
    sizes = {15: 30, 20: 40, 200: 400}
    with ThreadPoolExecutor(len(sizes)) as pool:
        checks = [pool.submit(_check_pace, open_account, *item) for item in sizes.items()]
        for check in checks:
            check.result()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("limit", "conversations"), [(15, 150), (20, 200), (200, 2000)])
def test_over_many_windows_nothing_is_refused_and_hardly_any_time_is_lost(
    open_account: OpenAccount, limit: int, conversations: int
) -> None:
    _check_pace(open_account, limit, conversations)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_pace_is_kept_across_a_restart(
    open_account: OpenAccount, number: signal.Signals
) -> None:
    delay = 4.0
    account = open_account(200, messages_per_conversation=1)
    process = account.installation.start("sync", HOSTAWAY_REQUEST_DELAY="0.02")
    assert wait_for_requests(account, 30, process)
    process.send_signal(number)
    account.installation.finish(process)
    last = _starts(account)[-1]
    account.control.clear_requests()
    process = account.installation.start("sync", HOSTAWAY_REQUEST_DELAY=str(delay))
    assert wait_for_requests(account, 1, process)
    kill(process, account.installation)
    assert _starts(account)[0] - last >= delay - NETWORK_SECONDS


def _check_slows_down(open_account: OpenAccount, limit: int, windows: int) -> None:
    """With a delay ten times too low, the client finds the limit and stays just under it."""
    account = _limited(open_account, limit, round(limit * (windows + 0.3)))
    report = account.synced(HOSTAWAY_REQUEST_DELAY=str(WINDOW_SECONDS / limit / 10))
    requests = account.control.requests().requests
    data = [r for r in requests if r.method == "GET"]
    first = min(r.started_monotonic for r in data)
    accepted = sorted(r.started_monotonic - first for r in data if r.status == 200)
    refused = len(data) - len(accepted)
    assert report["refused_count"] == refused > 0
    spent = accepted[-1] - WINDOW_SECONDS
    rate = sum(moment >= WINDOW_SECONDS for moment in accepted) / spent * WINDOW_SECONDS
    print(  # noqa: T201 - the figure is published
        f"limit {limit} in 10 s, delay ten times too low: {refused} of {len(data)} refused,"
        f" after the first window {rate:.1f} accepted in 10 s"
    )
    assert rate >= 0.85 * limit
    # Those in flight at the first refusal, and now and then a look at whether more will go.
    assert refused <= 8 + 8 * windows
    assert account.differences() == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_delay_that_is_too_low_is_slowed_down_to_just_under_the_limit(
    open_account: OpenAccount,
) -> None:
    _check_slows_down(open_account, limit=60, windows=2)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("limit", "windows"), [(15, 8), (20, 8), (200, 8)])
def test_a_delay_that_is_too_low_stays_just_under_the_limit(
    open_account: OpenAccount, limit: int, windows: int
) -> None:
    _check_slows_down(open_account, limit, windows)


# --- the interval alone, by a clock of our own -------------------------------------------------


class Hostaway:
    """A sliding window of 10 s, and a client that starts whenever its interval says so."""

    def __init__(self, delay_seconds: float) -> None:
        self.interval = Interval(delay_seconds)
        self.moment = 0.0
        self.accepted = 0
        self.refused = 0
        self._window: deque[float] = deque()

    def ask(self, limit: int | None, *, names_limit: bool, until: float) -> None:
        """Ask until a moment; a refusal holds everybody back until a place is free again."""
        while self.moment < until:
            self.interval.started(self.moment)
            while self._window and self._window[0] <= self.moment - WINDOW_SECONDS:
                self._window.popleft()
            if limit is not None and len(self._window) >= limit:
                self.refused += 1
                self.interval.refused(limit if names_limit else None)
                free_at = self._window[0] + WINDOW_SECONDS
                self.moment = max(self.moment + self.interval.seconds, free_at)
                continue
            self._window.append(self.moment)
            self.accepted += 1
            self.interval.accepted()
            self.moment += self.interval.seconds

    def ask_until_fast(self, most_requests: int) -> int:
        """Ask a Hostaway without a limit until at the delay again; return the requests taken."""
        for number in range(most_requests):
            if self.interval.seconds == self.interval._delay_seconds:
                return number
            self.ask(None, names_limit=False, until=self.moment + self.interval.seconds / 2)
        pytest.fail(f"not at the delay again after {most_requests} requests")


@pytest.mark.parametrize("names_limit", [True, False])
@pytest.mark.parametrize("limit", [15, 20, 200])
def test_the_interval_settles_near_the_limit_and_returns_to_the_delay(
    limit: int, names_limit: bool
) -> None:
    delay = WINDOW_SECONDS / limit / 10
    hostaway = Hostaway(delay)
    hostaway.ask(limit, names_limit=names_limit, until=WINDOW_SECONDS)
    in_first_window = hostaway.accepted
    hostaway.ask(limit, names_limit=names_limit, until=600.0)
    per_window = (hostaway.accepted - in_first_window) / 59
    assert per_window >= 0.85 * limit
    assert hostaway.refused <= 60
    assert hostaway.interval.seconds > delay
    # The limit is lifted: the way up is found again, all of it.
    taken = hostaway.ask_until_fast(100_000)
    print(  # noqa: T201 - the figure is published
        f"limit {limit}{'' if names_limit else ' unnamed'}: {per_window:.1f} accepted in 10 s,"
        f" {hostaway.refused} refused in 600 s; {taken} requests up to the delay again"
    )


def test_the_interval_is_never_below_the_delay_whatever_happens() -> None:
    seed = 20261122
    dice = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(200):
        delay = dice.choice([0.0, 0.05, 0.5, 1.0])
        interval = Interval(delay)
        moment = 0.0
        for _ in range(500):
            moment += interval.seconds * dice.random() + 0.001
            interval.started(moment)
            if dice.random() < 0.1:
                interval.refused(dice.choice([None, 15, 200]))
            else:
                interval.accepted()
            assert delay <= interval.seconds <= 30.0
