"""The simulator over loopback: the server, the control door and its client."""

import ast
import http.client
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from hostaway_message_db import simulator as simulator_package
from hostaway_message_db.simulator import (
    ControlClient,
    ControlError,
    FaultPlan,
    FaultRule,
    RunningSimulator,
    Switches,
    World,
    WorldOptions,
)

PAIR = b"grant_type=client_credentials&client_id=61234&client_secret=simulator-key&scope=general"


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with RunningSimulator(
        WorldOptions(conversation_count=40), switches=Switches(rate_limit_requests=None)
    ) as running:
        yield running


@pytest.fixture
def control(simulator: RunningSimulator) -> Iterator[ControlClient]:
    yield simulator.control
    simulator.control.clear_faults()
    simulator.world.switches = Switches(rate_limit_requests=None)


class Caller:
    def __init__(self, simulator: RunningSimulator) -> None:
        self.url = simulator.base_url
        self.token = ""
        self.token = self.ask("/accessTokens", PAIR)["access_token"]

    def rows(self, path: str) -> Any:
        return self.ask(path)["result"]

    def ask(self, path: str, data: bytes | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        request = urllib.request.Request(self.url + path, data=data, headers=headers)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
            return msgspec.json.decode(answer.read())


@pytest.fixture
def caller(simulator: RunningSimulator) -> Caller:
    return Caller(simulator)


def test_messages_come_change_and_go(
    simulator: RunningSimulator, control: ControlClient, caller: Caller
) -> None:
    number = simulator.world.conversation_id(0)
    path = f"/conversations/{number}/messages"
    added = control.add_message(number, "from the guest")
    assert caller.rows(path)[0] == added
    stamp = caller.rows(f"/conversations/{number}")["messageReceivedOn"]
    assert stamp == added["date"]
    control.edit_message(number, added["id"], "changed my mind")
    assert caller.rows(path)[0]["body"] == "changed my mind"
    assert caller.rows(f"/conversations/{number}")["hasUnreadMessages"] == 1
    assert control.mark_seen(number) >= 1
    assert caller.rows(path)[0]["isSeen"] == 1
    control.change_message(number, added["id"], status="failed")
    assert added["id"] not in [row["id"] for row in caller.rows(path)]
    control.change_message(number, added["id"], status="sent")
    control.set_switches(unsent_message="vanishes")
    control.unsend_message(number, added["id"])
    assert added["id"] not in [row["id"] for row in caller.rows(path)]


def test_a_back_dated_message_arrives_late(
    simulator: RunningSimulator, control: ControlClient, caller: Caller
) -> None:
    number = simulator.world.conversation_id(1)
    before = caller.rows(f"/conversations/{number}")
    late = control.add_message(number, "late", date="2025-01-01 00:00:00")
    after = caller.rows(f"/conversations/{number}")
    assert caller.rows(f"/conversations/{number}/messages")[-1] == late
    assert after["messageReceivedOn"] > (before["messageReceivedOn"] or "")
    silent = control.add_message(number, "silent", date="2025-01-02 00:00:00", moves_stamps=False)
    assert silent["id"] > late["id"]
    assert caller.rows(f"/conversations/{number}") == after


def test_a_scheduled_message_is_sent_later_under_its_low_id(
    simulator: RunningSimulator, control: ControlClient, caller: Caller
) -> None:
    number = simulator.world.conversation_id(2)
    path = f"/conversations/{number}/messages"
    scheduled = control.schedule_message(number, "see you soon", "2027-01-01 09:00:00")
    assert scheduled["id"] not in [row["id"] for row in caller.rows(path)]
    newer = control.add_message(number, "meanwhile")
    released = control.release_message(number, scheduled["id"])
    assert released["id"] == scheduled["id"] < newer["id"]
    assert caller.rows(path)[0]["id"] == scheduled["id"]
    assert caller.rows(f"/conversations/{number}")["messageSentOn"] == released["date"]


def test_conversations_reservations_and_listings_change(
    simulator: RunningSimulator, control: ControlClient, caller: Caller
) -> None:
    listing = caller.rows("/listings")[1]["id"]
    new = control.add_conversation(listing, guestName="Ada Test", totalPrice=msgspec.Raw(b"1e3"))
    assert new["Reservation"]["listingMapId"] == listing
    assert caller.rows(f"/conversations/{new['id']}/messages") == []
    assert caller.rows("/reservations?limit=1")[0]["guestName"] == "Ada Test"
    control.add_message(new["id"], "first!")
    assert caller.rows(f"/conversations/{new['id']}")["messageReceivedOn"]
    inquiry = control.add_inquiry(isDatesUnspecified=1)
    assert inquiry["Reservation"]["status"] == "inquiry"
    control.change_reservation(new["reservationId"], guestName="Ada B.", status="cancelled")
    assert caller.rows(f"/conversations/{new['id']}")["recipientName"] == "Ada B."
    control.rename_listing(listing, "New Name")
    control.archive_listing(listing)
    row = caller.rows(f"/listings/{listing}")
    assert (row["name"], row["externalListingName"]) == ("New Name", "New Name")
    assert row["specialStatus"] == "archived"
    assert control.state()["conversations"] == simulator.world.conversation_count == 42


def test_the_truth_is_what_the_message_list_says(control: ControlClient, caller: Caller) -> None:
    told: dict[int, list[Any]] = {}
    for row in control.truth_messages():
        told.setdefault(row["conversationId"], []).append({**row, "attachments": []})
    conversations = list(control.truth_conversations())
    for conversation in conversations:
        path = f"/conversations/{conversation['id']}/messages?includeScheduledMessages=1&limit=500"
        listed = [{**row, "attachments": []} for row in caller.rows(path)]
        assert listed == told.get(conversation["id"], [])
    assert len(list(control.truth_reservations())) == len(conversations)
    assert {row["id"] for row in control.truth_listings()} == {
        row["id"] for row in caller.rows("/listings")
    }
    assert sum(len(rows) for rows in told.values()) == control.state()["messages"]


def test_the_log_tells_every_request(control: ControlClient, caller: Caller) -> None:
    control.clear_requests()
    caller.rows("/conversations?limit=3")
    number = caller.rows("/conversations?limit=3")[0]["id"]
    caller.rows(f"/conversations/{number}/messages")
    with pytest.raises(urllib.error.HTTPError) as missing:
        caller.rows("/conversations/1/messages")
    missing.value.close()
    log = control.requests()
    assert log.total == 4
    assert log.by_template == {
        "GET /conversations": 2,
        "GET /conversations/{id}/messages": 2,
    }
    assert log.by_status == {"200": 3, "404": 1}
    assert [request.query for request in log.requests][:2] == ["limit=3", "limit=3"]
    starts = [request.started_monotonic for request in log.requests]
    assert starts == sorted(starts)
    assert [request.status for request in control.requests(last=1).requests] == [404]


def test_the_door_refuses_mistakes_with_a_reason(control: ControlClient) -> None:
    with pytest.raises(ControlError, match="conversation 1") as missing:
        control.add_message(1, "nobody")
    assert missing.value.status == 404
    with pytest.raises(ControlError, match="nonsense") as wrong:
        control.set_switches(nonsense=True)
    assert wrong.value.status == 400
    with pytest.raises(ControlError, match="400"):
        control.set_faults({"rules": [{"effect": "explode"}]})
    with pytest.raises(ControlError, match="400"):
        control.set_now("yesterday")


def test_tokens_expire_and_time_can_be_set(control: ControlClient, caller: Caller) -> None:
    assert control.expire_tokens() >= 1
    with pytest.raises(urllib.error.HTTPError) as refused:
        caller.rows("/users")
    refused.value.close()
    assert refused.value.code == 403
    now = control.state()["now"]
    control.set_now("2027-05-01 00:00:00")
    assert control.state()["now"] == "2027-05-01 00:00:00"
    control.set_now(now)


def test_a_reset_drops_the_connection_in_mid_body(
    simulator: RunningSimulator, control: ControlClient, caller: Caller
) -> None:
    control.clear_requests()
    control.set_faults(FaultPlan(rules=(FaultRule(effect="reset", path="/listings"),)))
    with pytest.raises(http.client.IncompleteRead) as broken:
        caller.rows("/listings")
    assert broken.value.partial.startswith(b'{"status":"success"')
    assert [each.status for each in control.requests().requests] == [0]
    assert simulator.world.listing_count == 3


def test_a_hang_ends_when_the_client_goes_away(
    simulator: RunningSimulator, control: ControlClient, caller: Caller
) -> None:
    control.set_faults(FaultPlan(rules=(FaultRule(effect="hang", path="/users"),)))
    where = urlsplit(simulator.base_url)
    connection = http.client.HTTPConnection(f"{where.hostname}:{where.port}", timeout=0.2)
    connection.request("GET", "/v1/users", headers={"Authorization": f"Bearer {caller.token}"})
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
    assert caller.rows("/listings?limit=1")


def test_latency_is_added_to_each_request(control: ControlClient, caller: Caller) -> None:
    control.set_switches(latency_seconds=0.05)
    control.clear_requests()
    caller.rows("/users")
    caller.rows("/users")
    one, two = control.requests().requests
    assert two.started_monotonic - one.started_monotonic >= 0.05


def test_two_simulators_run_side_by_side_and_stop_cleanly() -> None:
    before = threading.active_count()
    options = WorldOptions(conversation_count=10, seed=9)
    with RunningSimulator(World(options)) as one, RunningSimulator(options) as two:
        assert one.base_url != two.base_url
        assert Caller(one).rows("/reservations") == Caller(two).rows("/reservations")
    assert threading.active_count() == before
    with pytest.raises(OSError, match=r".+"):
        Caller(one)


def test_serve_tells_its_address_and_ends_on_an_interrupt() -> None:
    program = (
        "from hostaway_message_db.simulator import World, WorldOptions, serve\n"
        "world = World(WorldOptions(conversation_count=3))\n"
        "serve(world, on_ready=lambda address: print(address, flush=True))\n"
        "print('ended', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert ControlClient(f"{address}/control").state()["conversations"] == 3
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)
    assert (process.returncode, out, errors) == (0, "ended\n", "")


def test_the_simulator_shares_no_code_with_the_client() -> None:
    package = "hostaway_message_db"
    for module in Path(simulator_package.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            own = [name for name in names if name.startswith(package)]
            assert all(name.startswith(f"{package}.simulator") for name in own), module.name


def test_a_control_address_must_be_http() -> None:
    with pytest.raises(ValueError, match="HTTP"):
        ControlClient("file:///etc/passwd")
