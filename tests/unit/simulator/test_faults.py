"""Every fault of API reference 13.3."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hostaway_message_db.simulator import FaultPlan, FaultRule, Switches

MESSAGES = "/conversations/{id}/messages"


def path_of(api: Any, index: int = 5) -> str:
    return f"/conversations/{api.world.conversation_id(index)}/messages"


@pytest.fixture
def api(make_api: Any) -> Any:
    return make_api(Switches(rate_limit_requests=None), messages_per_conversation=6)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_server_errors_are_html(api: Any, status: int) -> None:
    api.fault("status", status=status)
    answer = api.get("/users")
    assert answer.status == status
    assert answer.body.startswith(b"<html")


def test_429_comes_with_headers_or_without(api: Any) -> None:
    api.fault("status", status=429)
    assert "X-RateLimit-Retry-After" in api.get("/users").headers
    api.fault("status", status=429, headers="none")
    answer = api.get("/users")
    assert answer.status == 429
    assert set(answer.headers) == {"content-type", "content-length"}
    api.fault("status", status=429, headers="retry_after_seconds", retry_after_seconds=7)
    assert api.get("/users").headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("when", "struck"),
    [
        ({}, [1, 1, 1, 1, 1, 1]),
        ({"nth": 2}, [0, 1, 0, 0, 0, 0]),
        ({"every": 3}, [0, 0, 1, 0, 0, 1]),
        ({"first": 2}, [1, 1, 0, 0, 0, 0]),
        ({"probability": 0.0}, [0, 0, 0, 0, 0, 0]),
        ({"every": 2, "first": 4}, [0, 1, 0, 1, 0, 0]),
    ],
)
def test_a_rule_strikes_when_it_says(api: Any, when: dict[str, Any], struck: list[int]) -> None:
    api.fault("status", **when)
    assert [int(api.get("/users").status == 503) for _ in range(6)] == struck


def test_chance_repeats_with_its_seed(api: Any) -> None:
    def strikes(seed: int) -> list[int]:
        rule = FaultRule(effect="status", probability=0.5)
        api.simulation.set_faults(FaultPlan(seed=seed, rules=(rule,)))
        return [api.get("/users").status for _ in range(40)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert set(strikes(1)) == {200, 503}


def test_a_rule_strikes_only_what_it_matches(api: Any) -> None:
    number = api.world.conversation_id(3)
    api.fault("status", path=MESSAGES, conversation_id=number)
    assert api.get(f"/conversations/{number}/messages").status == 503
    assert api.get(f"/conversations/{number}").status == 200
    assert api.get(path_of(api, 4)).status == 200
    api.fault("status", path="^/reservations", query="afterId")
    assert api.get("/reservations").status == 200
    assert api.get("/reservations", afterId=1).status == 503
    api.fault("status", path="/accessTokens", method="POST")
    api.log_in()
    assert not api.token


def test_broken_bodies(api: Any) -> None:
    whole = api.get("/conversations").body
    api.fault("reset")
    cut = api.get("/conversations")
    assert not cut.is_whole
    assert cut.headers["content-length"] == str(len(whole))
    assert cut.body == whole[: len(whole) // 2]
    api.fault("truncated_json")
    answer = api.get("/conversations")
    assert answer.is_whole
    with pytest.raises(msgspec.DecodeError):
        _ = answer.json
    api.fault("not_json")
    answer = api.get("/conversations")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html")
    api.fault("fail_200", message="no such thing")
    answer = api.get("/conversations")
    assert answer.status == 200
    assert answer.json == {"status": "fail", "result": "no such thing"}


def test_broken_paging(api: Any) -> None:
    api.fault("empty_page", nth=2)
    api.get("/conversations", limit=20)
    early = api.get("/conversations", limit=20, offset=20).json
    assert (early["result"], early["count"]) == ([], 60)
    api.fault("duplicate_page", nth=2)
    first = api.get("/conversations", limit=20).ids
    assert api.get("/conversations", limit=20, offset=20).ids == first
    assert api.get("/conversations", limit=20, offset=40).ids != first
    first = api.get("/reservations", limit=20).ids
    api.fault("duplicate_page", nth=2, path="/reservations")
    first = api.get("/reservations", limit=20).ids
    assert api.get("/reservations", limit=20, afterId=first[-1]).ids == first
    api.fault("endless_pages")
    assert api.get("/conversations", limit=20, offset=6000).ids
    last = api.get("/reservations", sortOrder="updatedOn").ids[-1]
    assert api.get("/reservations", limit=20, sortOrder="updatedOn", afterId=last).ids


def test_strange_rows(api: Any) -> None:
    path = path_of(api)
    api.fault("duplicate_message", path=MESSAGES)
    ids = api.get(path).ids
    assert len(ids) == 7
    assert ids[-1] == ids[-2]
    api.fault("unknown_keys")
    assert "carrierPigeon" in api.get(path).rows[0]
    assert "carrierPigeon" in api.get("/reservations").rows[3]
    api.fault("unknown_enum", value="telepathy")
    assert api.get(path).rows[0]["communicationType"] == "telepathy"
    assert api.get("/reservations").rows[0]["status"] == "telepathy"


@pytest.mark.parametrize("path", ["messages", "/reservations", "/conversations", "/listings"])
@pytest.mark.parametrize(
    "kind", ["null_id", "wrong_type", "missing_date", "bad_date", "odd_unicode", "not_an_object"]
)
def test_malformed_rows(api: Any, path: str, kind: str) -> None:
    asked = path_of(api) if path == "messages" else path
    sound = api.get(asked).rows
    api.fault("malformed", kind=kind, row=1)
    rows = api.get(asked).rows
    assert rows[1] != sound[1] or kind == "missing_date"
    assert [rows[0], *rows[2:]] == [sound[0], *sound[2:]]


def test_malformed_messages(api: Any) -> None:
    path = path_of(api)
    number = api.get(path).ids[2]
    api.fault("malformed", kind="null_id", message_id=number)
    assert [row["id"] is None for row in api.get(path).rows] == [False] * 2 + [True] + [False] * 3
    api.fault("malformed", kind="missing_date")
    assert "date" not in api.get(path).rows[0]
    api.fault("malformed", kind="lone_surrogate")
    assert b"\\ud83d here" in api.get(path).body
    api.fault("malformed", kind="invalid_utf8")
    with pytest.raises(UnicodeDecodeError):
        api.get(path).body.decode()
    api.fault("malformed", kind="huge_body")
    assert len(api.get(path).rows[0]["body"]) > 2_000_000


def test_tokens_expire_in_mid_run(api: Any) -> None:
    api.fault("expire_tokens", nth=2)
    assert [api.get("/users").status for _ in range(3)] == [200, 403, 403]
    api.log_in()
    assert api.get("/users").status == 200


def test_a_message_arrives_between_list_and_detail(api: Any) -> None:
    api.fault("message_arrives", path="/conversations", nth=1, message="surprise")
    row = api.get("/conversations", limit=1).rows[0]
    newest = api.get(f"/conversations/{row['id']}/messages").rows[0]
    assert newest["body"] == "surprise"
    assert newest["date"] > row["messageReceivedOn"]


def test_a_message_arrives_in_a_named_conversation(api: Any) -> None:
    number = api.world.conversation_id(1)
    api.fault("message_arrives", path="/conversations", conversation_id=number, first=1)
    before = api.get("/conversations", limit=1)
    assert before.status == 200
    assert len(api.get(f"/conversations/{number}/messages").rows) == 7


def test_a_reservation_jumps_pages_in_mid_scan(api: Any) -> None:
    whole = api.get("/reservations").ids
    api.fault("reservation_jumps", path="/reservations", nth=1)
    seen = [
        i
        for offset in range(0, 60, 20)
        for i in api.get("/reservations", limit=20, offset=offset).ids
    ]
    assert set(whole) - set(seen) == {whole[20]}


def test_a_plan_is_read_from_text_and_from_a_file(tmp_path: Path) -> None:
    text = '{"seed": 7, "rules": [{"effect": "hang", "path": "/users", "seconds": 2}]}'
    file = tmp_path / "plan.json"
    file.write_text(text)
    assert FaultPlan.read(text) == FaultPlan.read(file) == FaultPlan.read(str(file))


@pytest.mark.parametrize(
    "text",
    [
        '{"rules": [{"effect": "explode"}]}',
        '{"rules": [{"effect": "hang", "when": 1}]}',
        '{"rules": [{"effect": "hang", "path": "^(("}]}',
        '{"rules": [{"effect": "hang", "nth": 0}]}',
        "{",
    ],
)
def test_a_wrong_plan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        FaultPlan.read(text)
