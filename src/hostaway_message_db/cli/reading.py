"""`status`, `thread`: look at what is stored."""

from typing import Annotated, Any

import typer

from hostaway_message_db.bootstrap import Application, open_application
from hostaway_message_db.cli import runner
from hostaway_message_db.cli.accounts import AccountOption, for_each_account
from hostaway_message_db.cli.output import Json, console, escape, print_json, table, when
from hostaway_message_db.config import Settings
from hostaway_message_db.enrichment.language import is_detector_installed
from hostaway_message_db.errors import ModelsMissing, NotFound
from hostaway_message_db.insights.status import Status, assess


def register(app: typer.Typer) -> None:
    """Add this family of commands."""
    app.command()(status)
    app.command()(thread)


def status(*, account: AccountOption = None, as_json: Json = False) -> None:
    """Show the last runs, freshness, counts, quarantine and health."""

    async def work(settings: Settings) -> int:
        async with open_application(settings) as application:
            return await for_each_account(application, account, look, show, as_json=as_json)

    async def look(application: Application) -> Status:
        settings = application.settings
        is_one = settings.hostaway_accounts_file is None and account is None
        # Without a file the whole store is told of, whoever filled it.
        whose = None if is_one else settings.hostaway_account_id
        return assess(await application.queries.overview(whose), application.clock.now())

    def show(found: Status) -> None:
        show_status(found, as_json=as_json)

    runner.run(work, as_json=as_json, quiet_console=True)


def thread(
    conversation_id: Annotated[str, typer.Argument(help="The conversation's id.")],
    *,
    versions: Annotated[
        bool, typer.Option("--versions", help="Show what changed messages said before, too.")
    ] = False,
    account: AccountOption = None,
    as_json: Json = False,
) -> None:
    """Show one conversation, readable, oldest message first."""

    async def work(settings: Settings) -> int:
        async with open_application(settings) as application:
            messages = await application.queries.thread(conversation_id, account)
            if versions:
                former = await application.queries.former_versions(conversation_id)
                messages = [{**m, "versions": former.get(m["message_id"], [])} for m in messages]
        if not messages:
            raise NotFound(
                f"No message of conversation {conversation_id} is stored.",
                "Find its id with `search`, or run `sync` first.",
            )
        show_thread(conversation_id, messages, as_json=as_json)
        return 0

    runner.run(work, as_json=as_json, quiet_console=True)


def show_status(found: Status, *, as_json: bool) -> None:
    """Print how the copy is doing."""
    if as_json:
        print_json(found.to_json())
        return
    out, overview = console(), found.overview
    out.print(f"[bold]Health: {found.health}[/bold]")
    if overview.is_sample:
        out.print("This is sample data of a simulated account.")
    for problem in found.problems:
        out.print(f"  - {escape(problem)}")
    out.print(
        f"Newest message: {when(overview.latest_message_at)} UTC; last complete run:"
        f" {when(overview.last_complete_run_at)} UTC."
    )
    if overview.messages_without_labels:
        hint = "run `enrich`." if is_detector_installed() else ModelsMissing.default_hint
        out.print(f"{overview.messages_without_labels} messages have no labels yet: {hint}")
    if overview.api:
        api = overview.api
        out.print(
            f"Hostaway since {when(api['since'])} UTC: {api['requests']} requests,"
            f" {api['retries']} retries, {api['refused']} refused;"
            f" {api['saved']} requests saved against reading everything each time."
        )
    counts = table("Stored", "collection", "#documents")
    for name, count in overview.counts.items():
        counts.add_row(name, str(count))
    out.print(counts)
    figures = ("request_count", "retry_count", "refused_count", "requests_saved")
    heads = ("#requests", "#retries", "#refused", "#saved")
    runs = table("Last runs", "run", "kind", "started (UTC)", "outcome", *heads)
    for run in overview.last_runs:
        told = [str((run["report"] or {}).get(name, "")) for name in figures]
        runs.add_row(run["_id"], run["kind"], when(run["started_at"]), run["outcome"], *told)
    out.print(runs)
    _show_left(found)


def _show_left(found: Status) -> None:
    out, overview = console(), found.overview
    if overview.failing_conversations:
        shown = table("Conversations that could not be read", "conversation", "#runs", "why")
        for failing in overview.failing_conversations:
            why = escape(failing.get("last_error") or "")
            shown.add_row(escape(failing["conversation_id"]), str(failing["failed_runs"]), why)
        out.print(shown)
    if overview.files_not_stored:
        shown = table("Files that could not be downloaded", "message", "file", "#tries", "why")
        for file in overview.files_not_stored:
            why, name = escape(file["error"] or ""), escape(file["name"] or file["attachment_id"])
            shown.add_row(escape(file["message_id"]), name, str(file["tries"]), why)
        out.print(shown)
    if overview.quarantine:
        shown = table("Quarantine", "entity", "id", "conversation", "reasons")
        for record in overview.quarantine:
            shown.add_row(
                record["entity"],
                escape(record["record_id"] or ""),
                escape(record["conversation_id"] or ""),
                escape("; ".join(record["reasons"])),
            )
        out.print(shown)


def show_thread(conversation_id: str, messages: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print one conversation."""
    if as_json:
        print_json({"conversation_id": conversation_id, "messages": messages})
        return
    out, first = console(), messages[0]
    reservation = first["reservation"]
    out.print(
        f"[bold]{escape(first['guest']['name'] or 'guest')}[/bold]"
        f" at {escape(first['property']['name'] or 'unknown property')},"
        f" {reservation['arrival_date']} to {reservation['departure_date']},"
        f" {escape(reservation['status'] or 'no reservation')}"
    )
    for message in messages:
        who = "host" if message["direction"] == "outbound" else message["guest"]["name"] or "guest"
        marks = [
            label
            for label, holds in (
                ("automated", message["is_automated"]),
                ("unsent", message["is_unsent"]),
                ("changed", message["versions_count"]),
                (message["status"], message["status"] not in {"sent", None}),
            )
            if holds
        ]
        note = f" ({', '.join(marks)})" if marks else ""
        out.print(f"\n[bold]{when(message['timestamp'])} {escape(who)}[/bold]{escape(note)}")
        _show_content(message)
        for version in message.get("versions", ()):
            status = f", {version['status']}" if version["status"] not in {"sent", None} else ""
            out.print(
                f"\n  [bold]before, {when(version['from'])} to {when(version['until'])}"
                f"{escape(status)}[/bold]"
            )
            _show_content(version)


def _show_content(message: dict[str, Any]) -> None:
    out = console()
    out.print(escape(message["content"]))
    for attachment in message["attachments"]:
        out.print(escape(f"  [attachment] {attachment['name'] or 'unnamed'}"))
