"""Message history: the newest is shown, what was said before is kept and can be asked for."""

from hostaway_message_db.simulator import Switches
from support.installation import OpenAccount


def test_the_thread_shows_what_edited_and_unsent_messages_said(open_account: OpenAccount) -> None:
    account = open_account(
        6, switches=Switches(rate_limit_requests=None, unsent_message="vanishes")
    )
    control, conversation = account.control, account.conversation_ids()[0]
    edited = control.add_message(conversation, "The first text")
    unsent = control.add_message(conversation, "Never mind")
    planned = control.schedule_message(conversation, "Later", "2027-01-01 09:00:00")
    account.synced()
    control.edit_message(conversation, edited["id"], "The second text")
    account.synced("--full")
    control.edit_message(conversation, edited["id"], "The third text")
    control.unsend_message(conversation, unsent["id"])
    control.release_message(conversation, planned["id"])
    report = account.synced("--full")
    assert report["unsent_messages"] == 1
    # Temporary addresses of files changed at each of these readings.
    assert account.database["message_versions"].count_documents({}) == 3
    assert account.synced("--full")["messages"]["updated"] == 0

    told = account.run("thread", str(conversation), "--versions", "--json").json
    shown = {m["message_id"]: m for m in told["messages"]}
    history = shown[str(edited["id"])]
    assert (history["content"], history["versions_count"]) == ("The third text", 2)
    assert [v["content"] for v in history["versions"]] == ["The first text", "The second text"]
    assert history["versions"][0]["until"] == history["versions"][1]["from"]
    assert [v["status"] for v in shown[str(planned["id"])]["versions"]] == ["awaiting"]
    gone = shown[str(unsent["id"])]
    assert (gone["content"], gone["is_unsent"], gone["versions"]) == ("Never mind", True, [])

    page = account.run("thread", str(conversation), "--versions").output
    assert page.index("The third text") < page.index("The first text")
    assert "The first text" not in account.run("thread", str(conversation)).output

    stay = shown[str(edited["id"])]["reservation"]["id"]
    exported = account.run(
        "export-guest", "--reservation", stay, "--output", "guest.json", "--json"
    ).json
    assert exported["counts"]["message_versions"] == 3
    assert account.run("forget-guest", "--reservation", stay, "--yes").code == 0
    assert account.database["message_versions"].count_documents({}) == 0
