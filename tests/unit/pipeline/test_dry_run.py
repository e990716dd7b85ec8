"""The dry run transforms the bundled sample pages and nothing else."""

from decimal import Decimal

from hostaway_message_db.pipeline.dry_run import run_dry


def test_the_dry_run_would_store_every_sample_message() -> None:
    told = run_dry("61234")
    columns = told["messages"]
    assert columns["extracted"] == len(told["would_store"]) > 0
    assert columns["extracted"] == sum(
        value for key, value in columns.items() if key != "extracted"
    )
    assert told["mode"] == "dry-run"
    assert (told["request_count"], told["retry_count"], told["refused_count"]) == (0, 0, 0)


def test_the_sample_pages_show_what_the_transform_does() -> None:
    shown = {row["message_id"]: row for row in run_dry("61234")["would_store"]}
    welcome = shown["800000001"]
    assert welcome["direction"] == "outbound"
    assert "<p>" not in welcome["content"]
    assert welcome["property"]
    assert isinstance(welcome["price"], Decimal)
    assert {row["direction"] for row in shown.values()} == {"inbound", "outbound"}
    assert len({row["nationality"] for row in shown.values()}) > 1


def test_the_newest_sample_message_is_the_latest() -> None:
    told = run_dry("61234")
    assert told["latest_message_at"] == max(row["timestamp"] for row in told["would_store"])


def test_the_same_dry_run_twice_says_the_same() -> None:
    assert run_dry("1") == run_dry("1")
