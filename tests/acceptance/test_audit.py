"""The audit: every call of every run can be listed and filtered, and is forgotten in time."""

from datetime import timedelta

from hostaway_message_db.simulator import FaultRule, Switches
from support.installation import MESSAGES, OpenAccount


def test_every_call_of_a_run_is_recorded_and_can_be_found(open_account: OpenAccount) -> None:
    account = open_account(8, switches=Switches(rate_limit_requests=None))
    account.fault(FaultRule(effect="status", path=MESSAGES, nth=2, status=503))
    report = account.synced(AUDIT_RETENTION_DAYS="3")
    asked = [(r.method, r.template, r.status) for r in account.requests()]
    told = account.run("audit", "--json", "--limit", "1000").json
    assert told["count"] == report["request_count"] == len(asked)
    recorded = [(c["method"], c["path"], c["status"]) for c in told["calls"]]
    assert sorted(recorded) == sorted(asked)
    assert {c["run_id"] for c in told["calls"]} == {report["run_id"]}

    def found(*arguments: str) -> list[int | None]:
        return [c["status"] for c in account.run("audit", "--json", *arguments).json["calls"]]

    assert found("--status", "503") == [503]
    assert len(found("--path", "/messages")) == 9
    assert found("--run", "another") == []
    assert len(found("--run", report["run_id"], "--limit", "2")) == 2
    assert found("--since", "2100-01-01") == []
    assert account.run("audit", "--since", "yesterday").code == 64
    assert account.run("audit", "--status", "ok").code == 64
    shown = account.run("audit", "--status", "503").output
    assert "/messages" in shown

    kept = account.database["api_audit"].find_one()
    assert kept is not None
    assert kept["expires_at"] - kept["at"] == timedelta(days=3)
    expiry = account.database["api_audit"].index_information()["audit_expiry"]
    assert expiry["expireAfterSeconds"] == 0

    account.synced(AUDIT_RETENTION_DAYS="0")
    assert account.database["api_audit"].count_documents({}) == told["count"]


def test_the_status_shows_requests_refusals_retries_and_what_was_saved(
    open_account: OpenAccount,
) -> None:
    account = open_account(8, switches=Switches(rate_limit_requests=None))
    account.fault(
        FaultRule(effect="status", path=MESSAGES, nth=3, status=429, retry_after_seconds=0.0)
    )
    first = account.synced()
    second = account.synced()
    assert (first["requests_saved"], second["requests_saved"]) == (0, 8)
    api = account.run("status", "--json").json["api"]
    assert api["requests"] == first["request_count"] + second["request_count"]
    assert (api["retries"], api["refused"], api["saved"]) == (1, 1, 8)
    shown = account.run("status").output
    assert "8 requests saved" in shown
