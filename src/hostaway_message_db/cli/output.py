"""What commands print: JSON for programs, tables for people."""

import sys
from datetime import datetime
from typing import Annotated, Any

import typer
from rich import markup
from rich.console import Console
from rich.table import Table

from hostaway_message_db.utils.plain_json import to_json

PIPE_WIDTH = 200
_CONTROLS = {
    code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"
}
"""What a terminal would obey instead of show."""
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def print_json(value: Any) -> None:
    """Print one JSON object to standard output, and nothing else."""
    sys.stdout.write(to_json(value) + "\n")


def console() -> Console:
    """Return the console of standard output; in a pipe its lines are wide, for grep."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def printable(text: str) -> str:
    """Return what came from outside so that a terminal shows it and does not obey it."""
    return text.translate(_CONTROLS)


def escape(text: str) -> str:
    """The same, for rich: a guest may be called `[bold]`, or something that clears the screen."""
    return markup.escape(printable(text))


def table(title: str, *columns: str) -> Table:
    """Return an empty table; a column whose name starts with `#` is right-aligned."""
    made = Table(title=title, title_justify="left", header_style="bold", title_style="bold")
    for column in columns:
        made.add_column(column.removeprefix("#"), justify="right" if column[:1] == "#" else "left")
    return made


def one_line(text: str, width: int) -> str:
    """Shorten a text to one line."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def when(moment: datetime | None) -> str:
    """Write a moment for people, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "never"
