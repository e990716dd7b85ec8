"""Whatever the unknown truth about Hostaway is, and whatever goes wrong once: it all arrives."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hostaway_message_db.simulator import FaultRule, RunningSimulator, Switches, WorldOptions
from support.installation import MESSAGES, Account, OpenAccount

UNLIMITED = Switches(rate_limit_requests=None)
CAPS_OF_7 = {
    "conversation_cap": 7,
    "message_cap": 7,
    "reservation_cap": 7,
    "listing_cap": 2,
}


@dataclass(frozen=True, slots=True)
class Hostaway:
    """One simulated account for all tests of this module, and a folder that keeps its token."""

    simulator: RunningSimulator
    data_dir: Path


@pytest.fixture(scope="module")
def hostaway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostaway]:
    with RunningSimulator(WorldOptions(conversation_count=24), switches=UNLIMITED) as simulator:
        yield Hostaway(simulator, tmp_path_factory.mktemp("data"))


@pytest.fixture
def account(hostaway: Hostaway, open_account: OpenAccount) -> Account:
    """The shared account as new, with an empty database."""
    simulator = hostaway.simulator
    simulator.world.switches = UNLIMITED
    simulator.control.clear_faults()
    simulator.control.clear_requests()
    return open_account(simulator=simulator, data_dir=hostaway.data_dir)


VARIANTS: dict[str, dict[str, Any]] = {
    "pages of 100": dict.fromkeys(CAPS_OF_7, 100),
    "small pages": CAPS_OF_7,
    "small pages, insertion order": {**CAPS_OF_7, "conversation_order": "insertion"},
    "small pages, random order": {**CAPS_OF_7, "conversation_order": "random_stable"},
    "small pages, oldest message first": {**CAPS_OF_7, "message_order": "oldest_first"},
    "small pages, without a count": {**CAPS_OF_7, "count": "null"},
    "ids as strings": {**CAPS_OF_7, "ids_as_strings": True},
    "the conversation names its listing": {"conversation_listing_id": "listing"},
    "some without a reservation": {"share_without_reservation": 0.4},
    "limits above the cap are refused": {**dict.fromkeys(CAPS_OF_7, 100), "over_limit": "reject"},
    "a slow Hostaway": {"latency_seconds": 0.02},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_message_arrives(account: Account, name: str) -> None:
    account.control.set_switches(**VARIANTS[name])
    report = account.synced()
    assert account.differences() == []
    assert report["retry_count"] == 0


@pytest.mark.parametrize("count", ["present", "null"])
def test_a_list_shuffled_at_each_reading_is_whole_or_said_not_to_be(
    open_account: OpenAccount, count: Any
) -> None:
    account = open_account(
        24,
        messages_per_conversation=1,
        switches=Switches(
            rate_limit_requests=None,
            conversation_order="shuffled",
            conversation_cap=7,
            count=count,
        ),
    )
    codes: list[int] = []
    while 0 not in codes and len(codes) < 4:
        codes.append(account.sync().code)
    assert set(codes) <= {0, 75}
    assert codes[-1] == 0
    assert account.differences() == []


PASSING_FAULTS: dict[str, tuple[FaultRule, ...]] = {
    "500, 502, 503 with HTML": (
        FaultRule(effect="status", status=500, path="/listings", nth=1),
        FaultRule(effect="status", status=502, path="/conversations", nth=1),
        FaultRule(effect="status", status=503, path=MESSAGES, nth=4),
    ),
    "a reset in mid-body": (
        FaultRule(effect="reset", path="/conversations", nth=1),
        FaultRule(effect="reset", path=MESSAGES, nth=3),
    ),
    "truncated JSON": (
        FaultRule(effect="truncated_json", path="/reservations", nth=1),
        FaultRule(effect="truncated_json", path=MESSAGES, nth=2),
    ),
    "a login page instead of JSON": (
        FaultRule(effect="not_json", path="/conversations", nth=1),
        FaultRule(effect="not_json", path=MESSAGES, nth=5),
    ),
    "429 with the moment to come back": (
        FaultRule(effect="status", status=429, path=MESSAGES, nth=3, retry_after_seconds=1.0),
    ),
    "429 with seconds to wait": (
        FaultRule(
            effect="status",
            status=429,
            path=MESSAGES,
            nth=45,
            headers="retry_after_seconds",
            retry_after_seconds=1.0,
        ),
    ),
    "a reply that never comes": (FaultRule(effect="hang", path=MESSAGES, nth=2),),
    "one in ten replies broken": (
        FaultRule(effect="reset", probability=0.1),
        FaultRule(effect="status", probability=0.1),
        FaultRule(effect="truncated_json", probability=0.1),
    ),
}


@pytest.mark.parametrize("name", PASSING_FAULTS)
def test_a_fault_that_passes_is_retried_within_the_run(account: Account, name: str) -> None:
    rules = PASSING_FAULTS[name]
    account.control.set_switches(**CAPS_OF_7)
    account.fault(*rules)
    report = account.synced(HOSTAWAY_TIMEOUT="2")
    assert account.differences() == []
    assert report["retry_count"] >= len(rules)
    statuses = account.control.requests().by_status
    assert report["refused_count"] == statuses.get("429", 0)
    assert report["request_count"] == account.control.requests().total


SHIFTING_FAULTS: dict[str, tuple[FaultRule, ...]] = {
    "an empty page before the count is reached": (
        FaultRule(effect="empty_page", path="/conversations", nth=2),
        FaultRule(effect="empty_page", path="/reservations", nth=2),
        FaultRule(effect="empty_page", path=MESSAGES, nth=1),
    ),
    "the same page twice": (
        FaultRule(effect="duplicate_page", path="/conversations", nth=3),
        FaultRule(effect="duplicate_page", path="/listings", nth=2),
    ),
    "the same message id twice in a page": (FaultRule(effect="duplicate_message", path=MESSAGES),),
}


@pytest.mark.parametrize("name", SHIFTING_FAULTS)
def test_pages_that_shift_lose_nothing_after_one_healthy_run(account: Account, name: str) -> None:
    account.control.set_switches(**CAPS_OF_7)
    account.fault(*SHIFTING_FAULTS[name])
    assert account.sync().code in {0, 75}
    account.control.clear_faults()
    account.synced()
    assert account.differences() == []


def test_unknown_keys_are_kept_as_they_came(account: Account) -> None:
    account.fault(FaultRule(effect="unknown_keys"))
    account.synced()
    kept = account.database["messages"].find_one()
    assert kept is not None
    assert kept["source"]["carrierPigeon"]["name"] == "Bob"
    assert str(kept["source"]["carrierPigeon"]["stops"][1]) == "2.5"
    assert kept["source"]["x-new"] == 1


def test_pages_that_never_end_are_given_up_and_said(account: Account) -> None:
    truth = account.truth()
    endless = max(account.conversation_ids(), key=lambda c: len(truth.messages_of(str(c))))
    account.control.set_switches(count="null")
    account.fault(FaultRule(effect="endless_pages", path=MESSAGES, conversation_id=endless))
    assert account.sync().code in {0, 75}
    assert len(account.requests()) < 2_000
    account.control.clear_faults()
    account.synced()
    assert account.differences() == []


@pytest.mark.parametrize("status", [403, 401])
def test_a_token_that_expires_in_mid_run_is_renewed_once(account: Account, status: int) -> None:
    account.control.set_switches(expired_token_status=status)
    account.synced()
    account.control.clear_requests()
    account.fault(FaultRule(effect="expire_tokens", path=MESSAGES, nth=6))
    report = account.synced("--full")
    assert account.differences() == []
    assert account.control.requests().by_template["POST /accessTokens"] == 1
    assert report["refused_count"] == 0


def test_fail_with_status_200_leaves_the_conversation_and_tells_hostaways_words(
    account: Account,
) -> None:
    left = account.conversation_ids()[5]
    account.fault(
        FaultRule(effect="fail_200", path=MESSAGES, conversation_id=left, message="Try later, OK?")
    )
    finished = account.sync()
    assert finished.code == 75
    (failure,) = finished.json["failures"]
    assert str(left) in failure["subject"]
    assert "Try later, OK?" in failure["reason"]
    account.control.clear_faults()
    account.control.clear_requests()
    account.synced()
    assert account.asked() == [str(left)]
    assert account.differences() == []


def test_a_refusal_without_headers_waits_a_whole_window(account: Account) -> None:
    account.fault(FaultRule(effect="status", status=429, path=MESSAGES, nth=22, headers="none"))
    report = account.synced()
    assert report["refused_count"] == 1
    assert report["duration_seconds"] >= 10
    assert account.differences() == []


def test_a_real_rate_limit_is_obeyed_and_all_arrives(account: Account) -> None:
    account.control.set_switches(rate_limit_requests=16, rate_limit_window_seconds=4.0)
    report = account.synced()
    assert report["refused_count"] > 0
    statuses = account.control.requests().by_status
    assert report["refused_count"] == statuses["429"]
    assert account.differences() == []
