"""`search`: find messages."""

from typing import Annotated, Any

import typer
from rich.text import Text

from hostaway_message_db.bootstrap import open_application
from hostaway_message_db.cli import runner
from hostaway_message_db.cli.accounts import AccountOption
from hostaway_message_db.cli.output import Json, console, escape, print_json, printable, table, when
from hostaway_message_db.config import Settings
from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.marking import excerpt
from hostaway_message_db.insights.search import Found, Hit, Order
from hostaway_message_db.models.query import Notice

EXCERPT_WIDTH = 160


def register(app: typer.Typer) -> None:
    """Add this family of commands."""
    app.command()(search)


def search(
    query: Annotated[str, typer.Argument(help="Words and operators; see the query language.")],
    *,
    limit: Annotated[int, typer.Option(help="Most messages to show, from 1 to 1000.")] = 20,
    order: Annotated[Order, typer.Option(help="How the messages are ordered.")] = Order.NEWEST,
    cursor: Annotated[str, typer.Option(help="Go on after the page that returned this.")] = "",
    account: AccountOption = None,
    as_json: Json = False,
) -> None:
    """Search what was said, newest message first.

    For example: search 'wifi "not working" from:guest property:beach after:30d'
    """

    async def work(settings: Settings) -> int:
        if not query.strip():
            raise UsageError("There is nothing to search for.")
        async with open_application(settings) as application:
            found = await application.search.run(
                query,
                application.clock.now(),
                order=order,
                limit=limit,
                cursor=cursor,
                account_id=account,
            )
        show_found(found, as_json=as_json)
        return 0

    runner.run(work, as_json=as_json, quiet_console=True)


def show_found(found: Found, *, as_json: bool) -> None:
    """Print what a search found."""
    if as_json:
        print_json(found.to_json())
        return
    out = console()
    show_notices(found.reading.notices)
    if not found.hits:
        out.print(f"Nothing stored holds {escape(repr(found.typed))}.")
        return
    shown = table(
        f"{len(found.hits)} found", "time (UTC)", "who", "property", "conversation", "message"
    )
    for hit in found.hits:
        message = hit.message
        who = message["guest"]["name"] if message["direction"] == "inbound" else "host"
        shown.add_row(
            when(message["timestamp"]),
            escape(who or "guest"),
            escape(message["property"]["name"] or ""),
            escape(message["conversation_id"]),
            marked_excerpt(hit),
        )
    out.print(shown)
    if found.ranked_count is not None:
        out.print(f"More match; the newest {found.ranked_count} were ordered by relevance.")
    if found.next_cursor:
        out.print(f"More: add --cursor {found.next_cursor}", soft_wrap=True)


def show_notices(notices: tuple[Notice, ...]) -> None:
    """Print what of a query was not understood."""
    for notice in notices:
        console().print(f"[yellow]Note:[/yellow] {escape(notice.sentence)}", soft_wrap=True)


def marked_excerpt(hit: Hit) -> Text:
    """Return the part of a message around the searched words, these marked."""
    content: Any = hit.message["content"]
    part, spans = excerpt(content, hit.marks, EXCERPT_WIDTH)
    shown = Text(printable(part).replace("\n", " ").replace("\t", " "))
    for start, end in spans:
        shown.stylize("bold reverse", start, end)
    if len(part) < len(content):
        shown.append(" …")
    return shown
