"""Several accounts in one store: each for itself, all told of, one's failure no other's."""

from pathlib import Path

import pytest

from hostaway_message_db.simulator import Switches
from support.installation import Account, OpenAccount

UNLIMITED = Switches(rate_limit_requests=None)


@pytest.fixture
def accounts(open_account: OpenAccount, tmp_path: Path) -> tuple[Account, str, str]:
    """Return an installation of two accounts at one address; the second's key is wrong at first."""
    account = open_account(8, switches=UNLIMITED)
    file = tmp_path / "accounts.toml"
    first, second = account.id, "99999"
    key = account.simulator.world.options.api_key
    file.write_text(
        f'[[account]]\nid = "{second}"\nkey = "wr0ng-key"\nname = "Porto"\n'
        f'[[account]]\nid = "{first}"\nkey = "{key}"\nname = "Lisbon"\n'
    )
    settings = account.installation.settings
    del settings["HOSTAWAY_ACCOUNT_ID"], settings["HOSTAWAY_API_KEY"]
    settings["HOSTAWAY_ACCOUNTS_FILE"] = str(file)
    account.installation.secrets.add("wr0ng-key")
    return account, first, second


def test_one_accounts_failure_leaves_the_others(accounts: tuple[Account, str, str]) -> None:
    account, first, second = accounts
    finished = account.sync()
    assert finished.code == finished.json["exit_code"] == 77
    refused, complete = finished.json["accounts"]
    assert (refused["account_id"], refused["exit_code"]) == (second, 77)
    assert refused["error"]["code"] == "credentials_refused"
    assert (complete["account_id"], complete["exit_code"]) == (first, 0)
    assert complete["is_complete"] is True
    assert account.database["messages"].distinct("account_id") == [first]

    alone = account.sync("--account", first)
    assert (alone.code, alone.json["account_id"]) == (0, first)
    assert account.sync("--account", "1").code == 64
    daily = account.run("daily-job")
    assert daily.code == 77
    runs = account.database["sync_runs"]
    assert runs.count_documents({"account_id": first, "outcome": "complete"}) == 3
    proof = account.run("verify", "--json")
    assert [a["exit_code"] for a in proof.json["accounts"]] == [77, 0]
    paces = {path.name for path in (account.installation.folder / "data").glob("pace-*")}
    assert paces == set()  # Unpaced here; else one for each account.


def test_every_query_can_be_limited_to_one_account(accounts: tuple[Account, str, str]) -> None:
    account, first, second = accounts
    account.sync("--account", first)
    message = account.database["messages"].find_one({"direction": "inbound"})
    assert message is not None
    message.pop("_id")
    foreign = {
        **message,
        "message_id": "5",
        "account_id": second,
        "conversation_id": "5",
        "content": "zanzibar",
        "search_terms": ["zanzibar"],
    }
    account.database["messages"].insert_one(foreign)

    def found(*arguments: str) -> int:
        count: int = account.run("search", "zanzibar", "--json", *arguments).json["count"]
        return count

    assert (found(), found("--account", second), found("--account", first)) == (1, 1, 0)
    assert account.run("thread", "5", "--account", second).code == 0
    assert account.run("thread", "5", "--account", first).code != 0
    told = {a["account_id"]: a for a in account.run("status", "--json").json["accounts"]}
    assert told[second]["counts"]["messages"] == 1
    assert told[first]["counts"]["messages"] > 1
    assert told[first]["health"] == "ok"
    assert told[second]["health"] == "empty"
    one = account.run("status", "--json", "--account", second).json
    assert one["counts"]["messages"] == 1
    calls = account.run("audit", "--json", "--account", first).json
    assert calls["count"] > 0
    assert account.run("audit", "--json", "--account", second).json["count"] == 0
    stay = message["reservation"]["id"]
    assert account.run("forget-guest", "--reservation", stay, "--dry-run").code == 64
    finished = account.run("forget-guest", "--reservation", stay, "--yes", "--account", first)
    assert finished.code == 0
    checks = account.run("doctor", "--json").json["checks"]
    assert [c["is_good"] for c in checks if c["name"].startswith("Hostaway account")] == [
        False,
        True,
    ]
