"""`export`: messages as a file."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hostaway_message_db.bootstrap import open_application
from hostaway_message_db.cli import runner
from hostaway_message_db.cli.accounts import AccountOption
from hostaway_message_db.config import Settings
from hostaway_message_db.insights.export.run import STANDARD_OUTPUT, export_messages
from hostaway_message_db.insights.export.writers import Format
from hostaway_message_db.insights.search import resolve, understand


def register(app: typer.Typer) -> None:
    """Add this family of commands."""
    app.command()(export)


def export(
    query: Annotated[str, typer.Argument(help="A query; every message without one.")] = "",
    *,
    kind: Annotated[Format, typer.Option("--format", help="Kind of file.")] = Format.CSV,
    output: Annotated[str, typer.Option(help="A file, or `-`: standard output.")] = STANDARD_OUTPUT,
    account: AccountOption = None,
) -> None:
    """Write the messages that a query means to a file, newest first.

    For example: export --format parquet --output messages.parquet 'from:guest after:2026-01-01'
    """

    async def work(settings: Settings) -> int:
        err = Console(stderr=True, highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        async with open_application(settings) as application:
            now = application.clock.now()
            reading = await understand(application.queries, query, now, account)
            for notice in reading.notices:
                err.print(f"Note: {notice.sentence}", markup=False)
            asked = await resolve(reading.query, application.figures.waiting_conversations)
            total = await application.queries.count(asked)
            progress = Progress(
                *columns, TimeRemainingColumn(), console=err, disable=not sys.stderr.isatty()
            )
            with progress:
                task = progress.add_task("messages", total=total)
                count = await export_messages(
                    application.queries, asked, kind, output, lambda n: progress.advance(task, n)
                )
        if output != STANDARD_OUTPUT:
            err.print(f"{count:,} messages written to {output}.", markup=False)
        return 0

    runner.run(work, quiet_console=True)
