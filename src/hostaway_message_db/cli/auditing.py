"""`audit`: the API calls that were made."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from hostaway_message_db.bootstrap import open_application
from hostaway_message_db.cli import runner
from hostaway_message_db.cli.accounts import AccountOption
from hostaway_message_db.cli.output import console, escape, print_json, table, when
from hostaway_message_db.config import Settings
from hostaway_message_db.errors import UsageError
from hostaway_message_db.ports import CallFilter

MAX_CALLS = 100_000
NO_REPLY = "none"


def register(app: typer.Typer) -> None:
    """Add this family of commands."""
    app.command()(audit)


def audit(
    *,
    run: Annotated[str | None, typer.Option("--run", help="Calls of this run.")] = None,
    status: Annotated[
        str | None,
        typer.Option("--status", help=f"Calls with this HTTP status; `{NO_REPLY}`: no reply."),
    ] = None,
    path: Annotated[
        str | None, typer.Option("--path", help="Calls whose path holds this, such as /messages.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Calls since this day or moment, in UTC.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_CALLS, help="Most calls to show.")] = 50,
    account: AccountOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """List the calls made to Hostaway, newest first."""

    async def work(settings: Settings) -> int:
        wanted = CallFilter(
            account_id=account,
            run_id=run,
            status=_status(status),
            path=path,
            since=_moment(since),
            limit=limit,
        )
        async with open_application(settings) as application:
            calls = await application.audit.calls(wanted)
        show_calls(calls, as_json=as_json)
        return 0

    runner.run(work, as_json=as_json, quiet_console=True)


def _status(text: str | None) -> int | None:
    if text is None:
        return None
    if text == NO_REPLY:
        return 0
    if not (text.isascii() and text.isdecimal()):
        raise UsageError(f"--status {text!r} is no HTTP status.", f"Such as 429, or {NO_REPLY}.")
    return int(text)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"--since {text!r} is no moment.", "Such as 2026-11-22 or 2026-11-22T13:00."
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def show_calls(calls: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print calls."""
    if as_json:
        print_json({"count": len(calls), "calls": calls})
        return
    if not calls:
        console().print("No such call is recorded.")
        return
    heads = ("time (UTC)", "call", "#status", "#ms", "#bytes", "#try", "parameters", "error")
    shown = table(f"{len(calls)} calls", *heads)
    for call in calls:
        params = " ".join(f"{k}={v}" for k, v in {**call["params"], **call["body"]}.items())
        target = f"{call['method']} {call['path']}"
        for identity in call["ids"]:
            target = target.replace("{id}", identity, 1)
        shown.add_row(
            when(call["at"]),
            escape(target),
            str(call["status"] or "-"),
            f"{call['duration_seconds'] * 1000:.0f}",
            str(call["bytes"]),
            str(call["attempt"]),
            escape(params),
            escape(call["error_words"] or call["error"] or ""),
        )
    console().print(shown)
