"""The command tree."""

from typing import Annotated

import typer

from hostaway_message_db import __version__
from hostaway_message_db.cli import (
    auditing,
    doctor,
    enriching,
    exporting,
    figures,
    labelling,
    practice,
    privacy,
    reading,
    scheduling,
    searching,
    serving,
    syncing,
)

app = typer.Typer(
    name="hostaway-message-db",
    help="A complete, searchable, provably current copy of every guest message of a Hostaway"
    " account, in MongoDB.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hostaway-message-db {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Keep a complete, searchable copy of a Hostaway account's messages in MongoDB."""


syncing.register(app)
enriching.register(app)
scheduling.register(app)
reading.register(app)
searching.register(app)
figures.register(app)
exporting.register(app)
serving.register(app)
auditing.register(app)
labelling.register(app)
privacy.register(app)
practice.register(app)
doctor.register(app)
