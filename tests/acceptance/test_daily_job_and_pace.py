"""What cron calls, the token it keeps, and how politely it asks."""

import stat
import sys
from itertools import pairwise

from hostaway_message_db.simulator import Switches
from support.installation import ROOT, Account, Installation, OpenAccount

DAILY_JOB = (sys.executable, "daily_job.py")
NETWORK_SECONDS = 0.04


def _daily_job(account: Account) -> None:
    """Run `python daily_job.py` from the repository's root."""
    folder = account.installation.folder
    settings = {**account.installation.settings, "DATA_DIR": f"{folder}/data"}
    cron = Installation(
        ROOT,
        {**settings, "LOG_DIR": f"{folder}/logs"},
        account.installation.secrets,
        DAILY_JOB,
    )
    finished = cron.run()
    assert finished.code == 0, finished.errors
    assert "Complete" in finished.output


def test_the_daily_job_does_one_run_and_keeps_its_token(open_account: OpenAccount) -> None:
    account = open_account(switches=Switches(rate_limit_requests=None, refuse_young_tokens=True))
    _daily_job(account)
    assert account.differences() == []
    (cache,) = (account.installation.folder / "data").glob("token-*")
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    # A token used before it is a second old would have been refused.
    assert set(account.control.requests().by_status) == {"200"}
    account.control.clear_requests()
    account.control.add_message(account.conversation_ids()[0], "News for tomorrow's run")
    _daily_job(account)
    assert account.differences() == []
    assert "POST /accessTokens" not in account.control.requests().by_template
    runs = list(account.database["sync_runs"].find().sort("started_at"))
    assert [run["mode"] for run in runs] == ["initial", "incremental"]
    assert [run["outcome"] for run in runs] == ["complete", "complete"]


def test_a_token_that_hostaway_forgot_between_two_runs_is_renewed(
    open_account: OpenAccount,
) -> None:
    account = open_account(3)
    account.synced()
    account.control.expire_tokens()
    account.control.clear_requests()
    account.synced()
    assert account.control.requests().by_template["POST /accessTokens"] == 1


def test_a_damaged_token_file_is_made_anew(open_account: OpenAccount) -> None:
    account = open_account(3)
    account.synced()
    (cache,) = (account.installation.folder / "data").glob("token-*")
    cache.write_text('{"access_token": 12')
    account.synced()
    assert "access_token" in cache.read_text()


def test_requests_never_start_closer_than_the_delay(open_account: OpenAccount) -> None:
    delay = 0.05
    account = open_account(40, switches=Switches())
    report = account.synced(HOSTAWAY_REQUEST_DELAY=str(delay))
    assert report["refused_count"] == 0
    starts = sorted(request.started_monotonic for request in account.requests())
    assert len(starts) == report["request_count"] == 44
    assert all(later - earlier > delay - NETWORK_SECONDS for earlier, later in pairwise(starts))
    # The token settles for a second; all other requests are paced in one line.
    after_token = starts[1:]
    assert after_token[-1] - after_token[0] > delay * (len(after_token) - 1) - NETWORK_SECONDS


def test_the_pace_holds_from_one_process_to_the_next(open_account: OpenAccount) -> None:
    account = open_account(1)
    assert account.run("doctor").code == 0
    account.control.clear_requests()
    for _ in range(2):
        assert account.run("doctor", HOSTAWAY_REQUEST_DELAY="3").code == 0
    first, second = (request.started_monotonic for request in account.requests())
    assert second - first > 3 - NETWORK_SECONDS
